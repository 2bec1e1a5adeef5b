package dev.godwit.protocol.table;

import com.fasterxml.jackson.annotation.JsonSubTypes;
import com.fasterxml.jackson.annotation.JsonTypeInfo;
import java.util.List;

/**
 * The rows of one shard. Ranges of one table never overlap and together hold every row once. Bounds are values of rows:
 * a range is kept in the target and sent to workers, and never enters a log, an error or an event.
 */
@JsonTypeInfo(use = JsonTypeInfo.Id.NAME, property = "kind")
@JsonSubTypes({
    @JsonSubTypes.Type(value = ShardRange.Whole.class, name = "whole"),
    @JsonSubTypes.Type(value = ShardRange.Keys.class, name = "keys"),
    @JsonSubTypes.Type(value = ShardRange.NullKeys.class, name = "null-keys"),
    @JsonSubTypes.Type(value = ShardRange.Blocks.class, name = "blocks")
})
public sealed interface ShardRange {
    /** Every row of the table. */
    record Whole() implements ShardRange {}

    /**
     * Rows whose key is at or above {@code from} and below {@code to} in the source's order.
     *
     * @param from one text per key column, inclusive; null: open below
     * @param to one text per key column, exclusive; null: open above
     */
    record Keys(List<String> from, List<String> to) implements ShardRange {
        public Keys {
            from = from == null ? null : List.copyOf(from);
            to = to == null ? null : List.copyOf(to);
        }
    }

    /** Rows with a NULL in any column of the key. */
    record NullKeys() implements ShardRange {}

    /**
     * Rows in blocks {@code from} (inclusive) to {@code to} (exclusive).
     *
     * @param from first block, 0 or more
     * @param to block after the last; -1: open above
     */
    record Blocks(long from, long to) implements ShardRange {}
}
