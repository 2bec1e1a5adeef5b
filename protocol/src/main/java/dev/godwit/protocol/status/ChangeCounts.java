package dev.godwit.protocol.status;

import dev.godwit.protocol.Wire;

/**
 * How many changes, by kind.
 *
 * @param inserted rows
 * @param updated rows; one that leaves a shard for another counts as deleted and inserted where it is applied
 * @param deleted rows
 * @param truncated tables, or parts of them, that were emptied
 */
public record ChangeCounts(long inserted, long updated, long deleted, long truncated) implements Wire {
    public static final ChangeCounts NONE = new ChangeCounts(0, 0, 0, 0);

    public ChangeCounts plus(ChangeCounts other) {
        return new ChangeCounts(
                inserted + other.inserted,
                updated + other.updated,
                deleted + other.deleted,
                truncated + other.truncated);
    }

    public long total() {
        return inserted + updated + deleted + truncated;
    }
}
