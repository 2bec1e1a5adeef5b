package dev.godwit.node.capture;

import dev.godwit.protocol.table.TableName;
import java.util.LinkedHashSet;
import java.util.List;
import java.util.Map;
import java.util.Set;

/** Finds the tables that a message is about. Stateless. */
final class Shapes {
    private Shapes() {}

    /**
     * @param byOid tables by their oid at the source, as far as the stream has told
     * @return without tables that were abandoned
     * @throws ShapeChanged if one is not known, or is not what it was
     */
    static Set<TableJoin> check(
            List<Relation> relations, Map<TableName, TableJoin> tables, Map<Long, TableJoin> byOid) {
        Set<TableJoin> concerned = new LinkedHashSet<>();
        for (Relation relation : relations) {
            TableJoin table = byOid.get(relation.oid());
            if (table == null) {
                table = first(relation, tables);
            }
            if (table.isAbandoned()) {
                continue;
            }
            if (!relation.name().equals(table.spec().name())) {
                throw new ShapeChanged(table.spec().name(), "has another name at the source than before");
            }
            table.shape().check(relation);
            byOid.put(relation.oid(), table);
            concerned.add(table);
        }
        return concerned;
    }

    private static TableJoin first(Relation relation, Map<TableName, TableJoin> tables) {
        TableJoin table = tables.get(relation.name());
        if (table == null) {
            throw new ShapeChanged(
                    relation.name(), relation.oid(), "is not one of the migration's, or had another name");
        }
        return table;
    }
}
