package dev.godwit.protocol.status;

import dev.godwit.protocol.Wire;

/**
 * Changes of one table, or of all. The two need never be equal: what a shard's snapshot has seen is captured and not
 * applied.
 *
 * @param captured that the source's log has told
 * @param applied that are durable in the target
 */
public record CountedChanges(ChangeCounts captured, ChangeCounts applied) implements Wire {
    public static final CountedChanges NONE = new CountedChanges(ChangeCounts.NONE, ChangeCounts.NONE);

    public CountedChanges plus(CountedChanges other) {
        return new CountedChanges(captured.plus(other.captured), applied.plus(other.applied));
    }
}
