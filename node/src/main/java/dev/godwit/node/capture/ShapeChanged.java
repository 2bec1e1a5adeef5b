package dev.godwit.node.capture;

import dev.godwit.protocol.table.TableName;

/**
 * The source has altered a table, so that its changes cannot be joined any more. Nothing of the message has been done: told
 * again after {@link ChangeJoin#abandon}, it is passed over for this table.
 */
public final class ShapeChanged extends RuntimeException {
    private static final long serialVersionUID = 1;

    private final transient TableName table;
    private final long oid;

    ShapeChanged(TableName table, String words) {
        this(table, 0, words);
    }

    /** @param oid of a table that the migration does not know */
    ShapeChanged(TableName table, long oid, String words) {
        super("The table " + words + ".");
        this.table = table;
        this.oid = oid;
    }

    /** Of the table at the source, where the migration knows none of that name; else 0. */
    public long oid() {
        return oid;
    }

    /** The table as the migration knows it; as the stream calls it where the migration knows none of that name. */
    public TableName table() {
        return table;
    }
}
