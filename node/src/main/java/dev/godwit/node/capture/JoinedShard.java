package dev.godwit.node.capture;

import dev.godwit.protocol.table.ShardRange;
import dev.godwit.protocol.table.TableName;
import java.util.List;

/**
 * A shard that has landed, as the target keeps it.
 *
 * @param snapshot {@code pg_current_snapshot()} of its reader
 * @param lsn the source's insert position, asked for after the snapshot was taken: whatever it sees committed before
 * @param caughtUp whether {@link Effect.CaughtUp} is committed for it
 */
public record JoinedShard(
        TableName table, String shard, ShardRange range, String snapshot, long lsn, boolean caughtUp) {

    /** The range of one row that was read by itself: both of its bounds are its key. It lies in the range of another shard. */
    static ShardRange.Keys oneKey(List<String> key) {
        return new ShardRange.Keys(key, key);
    }

    /** Whether it is one row that was read by itself, {@link Effect.KeyLanded}. */
    public boolean isOneKey() {
        return range instanceof ShardRange.Keys keys
                && keys.from() != null
                && keys.from().equals(keys.to());
    }

    /** Without the range, whose bounds are values of rows. */
    @Override
    public String toString() {
        return "shard " + shard + " of " + table;
    }
}
