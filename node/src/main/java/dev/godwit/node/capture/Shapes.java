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
        if (relations.size() == 1) {
            TableJoin table = check(relations.get(0), tables, byOid);
            return table == null ? Set.of() : Set.of(table);
        }
        Set<TableJoin> concerned = new LinkedHashSet<>();
        for (Relation relation : relations) {
            TableJoin table = check(relation, tables, byOid);
            if (table != null) {
                concerned.add(table);
            }
        }
        return concerned;
    }

    /** Null for one that was abandoned. */
    private static TableJoin check(Relation relation, Map<TableName, TableJoin> tables, Map<Long, TableJoin> byOid) {
        TableJoin known = byOid.get(relation.oid());
        TableJoin table = known == null ? first(relation, tables) : known;
        if (table.isAbandoned()) {
            return null;
        }
        if (!relation.name().equals(table.spec().name())) {
            throw new ShapeChanged(table.spec().name(), "has another name at the source than before");
        }
        table.shape().check(relation);
        if (known == null) {
            byOid.put(relation.oid(), table);
        }
        return table;
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
