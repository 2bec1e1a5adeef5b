package dev.godwit.protocol.status;

import dev.godwit.protocol.Wire;
import dev.godwit.protocol.error.Problem;
import java.time.Instant;
import java.util.Objects;

/**
 * How the changes of the source come over.
 *
 * @param running whether they are read and applied now
 * @param node that reads them; empty if none does
 * @param bytesBehind bytes of the source's log that are not yet known to be in the target; -1 if not known
 * @param changesWaiting changes that are read and not yet applied
 * @param secondsBehind how long ago all that was committed at the source is in the target, by the source's clock; 0 if the
 *     target has everything, -1 if it is not known
 * @param shardsJoining shards that are being copied, or not yet in step with the changes
 * @param counted changes of all tables since {@code countedSince}; each table's are in its own status
 * @param countedSince since when they are counted: they begin anew where the reader moves to another node, and not where
 *     it only begins again; null where nothing is counted
 * @param walStatus {@code pg_replication_slots.wal_status}; empty if not known
 * @param retainedBytes what the source keeps of its log for us; -1 if not known
 * @param safeBytes how much may still be written before it throws that away; -1: no limit, or not known
 * @param oldestSnapshotSeconds age of the oldest snapshot that a shard under way holds; 0 if none
 * @param problem why it does not run, or what people should know although it does; null if there is nothing
 */
public record CaptureStatus(
        boolean running,
        String node,
        long bytesBehind,
        long changesWaiting,
        double secondsBehind,
        int shardsJoining,
        CountedChanges counted,
        Instant countedSince,
        String walStatus,
        long retainedBytes,
        long safeBytes,
        double oldestSnapshotSeconds,
        Problem problem)
        implements Wire {
    public CaptureStatus {
        counted = Objects.requireNonNullElse(counted, CountedChanges.NONE); // an older node does not tell it
    }
}
