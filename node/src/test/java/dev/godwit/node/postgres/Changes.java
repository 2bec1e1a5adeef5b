package dev.godwit.node.postgres;

import dev.godwit.node.capture.Effect.DeleteRow;
import dev.godwit.node.capture.Effect.InsertRow;
import dev.godwit.node.capture.Effect.UpdateRow;
import dev.godwit.node.capture.Relation;
import dev.godwit.node.capture.Relation.Identity;
import dev.godwit.node.capture.Tuple;
import dev.godwit.node.postgres.TargetServer.Database;
import dev.godwit.protocol.table.ColumnSpec;
import dev.godwit.protocol.table.TableSpec;
import java.nio.charset.StandardCharsets;
import java.util.ArrayList;
import java.util.List;

/** Changes of one table, as the stream would tell them. */
record Changes(TableSpec table, Relation relation) {
    /** Stands for a value that the stream does not hold. */
    static final String UNCHANGED = "\0unchanged";

    static Changes of(Database database, String schema, String name, String... keys) {
        TableSpec table = database.spec(schema, name, false, keys);
        List<String> key = List.of(keys);
        List<Relation.Column> columns = new ArrayList<>();
        for (ColumnSpec column : table.columns()) {
            columns.add(new Relation.Column(column.name(), key.isEmpty() || key.contains(column.name()), 25, -1));
        }
        Identity identity = key.isEmpty() ? Identity.FULL : Identity.DEFAULT;
        return new Changes(table, new Relation(1, table.name(), identity, columns));
    }

    static Tuple tuple(String... values) {
        Tuple.Builder builder = new Tuple.Builder(values.length);
        for (String value : values) {
            if (UNCHANGED.equals(value)) {
                builder.unchanged();
            } else if (value == null) {
                builder.isNull();
            } else {
                builder.text(value.getBytes(StandardCharsets.UTF_8));
            }
        }
        return builder.build();
    }

    /** The key's values alone, all others NULL without meaning it. */
    private Tuple old(String... row) {
        String[] old = row.clone();
        for (int i = 0; i < old.length; i++) {
            old[i] = relation.columns().get(i).inIdentity() ? old[i] : null;
        }
        return tuple(old);
    }

    private boolean whole() {
        return table.keyColumns().isEmpty();
    }

    InsertRow insert(String... row) {
        return new InsertRow(relation, tuple(row));
    }

    /** Of the key that the row has. */
    UpdateRow update(String... row) {
        return new UpdateRow(relation, old(row), whole(), tuple(row));
    }

    UpdateRow update(String[] old, String... row) {
        return new UpdateRow(relation, old(old), whole(), tuple(row));
    }

    DeleteRow delete(String... row) {
        return new DeleteRow(relation, old(row), whole());
    }
}
