package dev.godwit.node.postgres;

import dev.godwit.node.capture.Relation;
import dev.godwit.protocol.table.TableName;
import dev.godwit.protocol.table.TableSpec;
import java.sql.Connection;
import java.sql.SQLException;
import java.util.HashMap;
import java.util.IdentityHashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.stream.Collectors;

/** The relations of the stream beside the target's tables as they were when they were read. Thread-safe. */
final class ChangedRelations {
    /** The stream describes a table again now and then. */
    private static final int RELATIONS = 10_000;

    private final Map<TableName, TableSpec> specs;
    private final Map<TableName, ChangedTable> tables = new HashMap<>();
    private final Map<Relation, ChangedRelation> relations = new IdentityHashMap<>();

    ChangedRelations(List<TableSpec> specs) {
        this.specs = specs.stream().collect(Collectors.toMap(TableSpec::name, spec -> spec));
    }

    /** Empty if it has to be {@link #read} first. */
    synchronized Optional<ChangedRelation> known(Relation relation) {
        return Optional.ofNullable(relations.get(relation));
    }

    synchronized ChangedRelation read(Connection connection, Relation relation) throws SQLException {
        ChangedRelation known = relations.get(relation);
        if (known == null) {
            if (relations.size() >= RELATIONS) {
                relations.clear();
            }
            TableSpec spec = specs.get(relation.name());
            if (spec == null) {
                throw new IllegalArgumentException("a change of a table that is not migrated");
            }
            known = new ChangedRelation(table(connection, relation.name()), relation, spec.keyColumns());
            relations.put(relation, known);
        }
        return known;
    }

    synchronized ChangedTable table(Connection connection, TableName name) throws SQLException {
        ChangedTable table = tables.get(name);
        if (table == null) {
            table = ChangedTable.read(connection, name);
            tables.put(name, table);
        }
        return table;
    }

    /** All is read anew: a table may have got an index since. */
    synchronized void forget() {
        tables.clear();
        relations.clear();
    }
}
