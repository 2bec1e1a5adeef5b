package dev.godwit.node.capture;

import dev.godwit.protocol.table.ShardRange;

/** A range of one table that somebody has announced, or that is in the target. */
final class Held {
    private final String shard;
    private final ShardRange range;
    private final Key from;
    private final Key to;
    private Stand stand;

    /**
     * @param shard null where settled ranges of several shards are one
     * @param from inclusive; null: open below, or not a range of keys
     * @param to exclusive; null: open above, or not a range of keys
     */
    Held(String shard, ShardRange range, Key from, Key to, Stand stand) {
        this.shard = shard;
        this.range = range;
        this.from = from;
        this.to = to;
        this.stand = stand;
    }

    String shard() {
        return shard;
    }

    ShardRange range() {
        return range;
    }

    Key from() {
        return from;
    }

    Key to() {
        return to;
    }

    Stand stand() {
        return stand;
    }

    void stand(Stand next) {
        this.stand = next;
    }

    boolean isSettled() {
        return stand instanceof Stand.Settled;
    }

    /** Whether it is one row that was read, or is to be read, by itself. */
    boolean isRow() {
        return from != null && from == to;
    }

    /** Of a range of keys: whether it begins at or below that key and ends above it. */
    boolean holds(Key key) {
        return (from == null || from.compareTo(key) <= 0) && (to == null || to.compareTo(key) > 0);
    }

    /** Of ranges of keys: whether this one holds all that the other can hold. */
    boolean contains(Held other) {
        boolean below = from == null || other.from != null && from.compareTo(other.from) <= 0;
        boolean above = to == null || other.to != null && to.compareTo(other.to) >= 0;
        return below && above;
    }
}
