package dev.godwit.node.capture;

import dev.godwit.protocol.table.ShardRange;
import dev.godwit.protocol.table.TableName;
import dev.godwit.protocol.table.TableSpec;
import java.util.List;

/** What is to be done in the target because of a change, in the order in which it is told. Each must find what it says. */
public sealed interface Effect {
    /** Bytes of memory that it takes, about. */
    long bytes();

    /** The row is not there yet. */
    record InsertRow(Relation relation, Tuple row) implements Effect {
        @Override
        public long bytes() {
            return row.bytes();
        }
    }

    /**
     * Exactly one row is there that has these old values.
     *
     * @param old values by which the row is found: those of the identity's columns, or of all columns where {@code whole}
     * @param whole whether the row is found by all its columns, since the table has no key
     * @param row what is now; unchanged values stay as they are
     */
    record UpdateRow(Relation relation, Tuple old, boolean whole, Tuple row) implements Effect {
        @Override
        public long bytes() {
            return old.bytes() + row.bytes();
        }
    }

    /** Exactly one row is there that has these old values, as with {@link UpdateRow}. */
    record DeleteRow(Relation relation, Tuple old, boolean whole) implements Effect {
        @Override
        public long bytes() {
            return old.bytes();
        }
    }

    /**
     * A row that has come to this key, of which the stream does not hold all values: it is to be read from the source,
     * as it is now, in a snapshot of its own.
     *
     * @param row what the stream holds of it
     */
    record ReadRow(TableSpec table, Relation relation, Tuple row) implements Effect {
        @Override
        public long bytes() {
            return row.bytes();
        }
    }

    /** All rows of these ranges go. */
    record EmptyRanges(TableSpec table, List<ShardRange> ranges) implements Effect {
        public EmptyRanges {
            ranges = List.copyOf(ranges);
        }

        @Override
        public long bytes() {
            return 64 + 64L * ranges.size();
        }
    }

    /** All rows of these tables go. */
    record EmptyTables(List<TableName> tables) implements Effect {
        public EmptyTables {
            tables = List.copyOf(tables);
        }

        @Override
        public long bytes() {
            return 64;
        }
    }

    /** From here on the shard is in step with the stream: all changes before are in the target, or were in its snapshot. */
    record CaughtUp(TableName table, String shard) implements Effect {
        @Override
        public long bytes() {
            return 64;
        }
    }
}
