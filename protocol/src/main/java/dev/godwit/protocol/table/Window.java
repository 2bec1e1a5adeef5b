package dev.godwit.protocol.table;

import java.util.List;
import java.util.stream.IntStream;

/**
 * A run of neighbouring shards that were cut in one go. Kept in the target under its name, first writer wins, so that
 * everybody who copies the same migration agrees on the ranges.
 *
 * @param name {@code 0}, {@code 1}, … for the windows of a table, or the id of the shard that was cut again
 * @param ranges in order, at least one
 * @param last whether the table ends with this window; false for a shard that was cut again
 */
public record Window(String name, List<ShardRange> ranges, boolean last) {
    public Window {
        ranges = List.copyOf(ranges);
        if (ranges.isEmpty()) {
            throw new IllegalArgumentException("a window has at least one range");
        }
    }

    /** The shards with their ids, in order. */
    public List<Shard> shards() {
        return IntStream.range(0, ranges.size())
                .mapToObj(i -> new Shard(name + "." + i, ranges.get(i)))
                .toList();
    }
}
