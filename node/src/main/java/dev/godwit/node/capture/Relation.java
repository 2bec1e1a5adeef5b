package dev.godwit.node.capture;

import dev.godwit.protocol.table.TableName;
import java.util.List;

/**
 * A table as the stream describes it before its first change, and again when it has another shape.
 *
 * @param oid of the table at the source
 * @param columns in the order in which tuples hold them; generated columns are not among them
 */
public record Relation(long oid, TableName name, Identity identity, List<Column> columns) {
    public Relation {
        columns = List.copyOf(columns);
    }

    /**
     * @param inIdentity whether it is part of the replica identity; all are with {@link Identity#FULL}
     * @param type oid of its type at the source
     * @param modifier the type's modifier; -1 if it has none
     */
    public record Column(String name, boolean inIdentity, long type, int modifier) {}

    /** What the stream tells of the row before an update or a delete: {@code pg_class.relreplident}. */
    public enum Identity {
        /** The primary key, where it changed. */
        DEFAULT,
        /** Nothing: updates and deletes are not possible at the source. */
        NOTHING,
        /** The whole row. */
        FULL,
        /** The columns of a unique index, where one of them changed. */
        INDEX
    }

    /** Places of these columns in a tuple. */
    public int[] places(List<String> names) {
        return names.stream().mapToInt(this::place).toArray();
    }

    private int place(String column) {
        for (int i = 0; i < columns.size(); i++) {
            if (columns.get(i).name().equals(column)) {
                return i;
            }
        }
        throw new IllegalArgumentException("no such column");
    }
}
