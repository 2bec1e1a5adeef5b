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
     * A row is to be read from the source by its key, as it is now, in a snapshot of its own: the stream does not hold all
     * of its values. No target does this: it is replaced by what {@link ChangeJoin#rowRead} says.
     *
     * @param key in the order of {@link TableSpec#keyColumns}
     */
    record ReadRow(TableSpec table, Relation relation, List<String> key) implements Effect {
        public ReadRow {
            key = List.copyOf(key);
        }

        @Override
        public long bytes() {
            return 64 + key.stream().mapToLong(String::length).sum();
        }

        /** Without the key. */
        @Override
        public String toString() {
            return "a row of " + table.name() + " to be read";
        }
    }

    /**
     * A row that was read by itself is in the target, or is not there, as that snapshot sees it: to be kept as a landed
     * shard of its own.
     *
     * @param shard of a range {@link JoinedShard#isOneKey}; caught up from the beginning
     */
    record KeyLanded(JoinedShard shard) implements Effect {
        @Override
        public long bytes() {
            return 256;
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

    /** The source has added columns: from here on rows may have values for {@link TableSpec#added}. */
    record ColumnsAdded(TableSpec table) implements Effect {
        @Override
        public long bytes() {
            return 64;
        }
    }

    /**
     * From here on the table's changes are not followed: to be kept, since nobody could tell it from the stream again.
     *
     * @param why a sentence for people
     */
    record TableHalted(TableName table, String why) implements Effect {
        @Override
        public long bytes() {
            return 64 + 2L * why.length();
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
