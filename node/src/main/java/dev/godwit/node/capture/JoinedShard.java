package dev.godwit.node.capture;

import dev.godwit.protocol.table.ShardRange;
import dev.godwit.protocol.table.TableName;

/**
 * A shard that has landed, as the target keeps it.
 *
 * @param snapshot {@code pg_current_snapshot()} of its reader
 * @param lsn the source's insert position, asked for after the snapshot was taken: whatever it sees committed before
 * @param caughtUp whether {@link Effect.CaughtUp} is committed for it
 */
public record JoinedShard(
        TableName table, String shard, ShardRange range, String snapshot, long lsn, boolean caughtUp) {}
