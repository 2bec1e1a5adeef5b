package dev.godwit.node.capture;

import dev.godwit.protocol.table.TableName;

/**
 * The source has altered a table, so that its changes cannot be joined any more. Nothing of the message has been done: told
 * again after {@link ChangeJoin#abandon}, it is passed over for this table.
 */
public final class ShapeChanged extends RuntimeException {
    private static final long serialVersionUID = 1;

    private final transient TableName table;

    ShapeChanged(TableName table, String words) {
        super("The table " + words + ".");
        this.table = table;
    }

    /** The table as the migration knows it; as the stream calls it where the migration knows none of that name. */
    public TableName table() {
        return table;
    }
}
