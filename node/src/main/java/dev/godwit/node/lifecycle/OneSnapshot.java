package dev.godwit.node.lifecycle;

import dev.godwit.protocol.event.MigrationEvent;
import dev.godwit.protocol.event.MigrationEvent.ForeignClusterSeen;
import dev.godwit.protocol.event.MigrationEvent.SnapshotShared;
import dev.godwit.protocol.event.MigrationEvent.SnapshotTaken;
import dev.godwit.protocol.status.Phase;
import java.time.Instant;
import java.util.List;

/** The one snapshot that all shards are read in, where the plan wants one: what is decided about it. Pure. */
public final class OneSnapshot {
    private OneSnapshot() {}

    /** Whether it was taken and rows are still to be read in it. */
    public static boolean isNeeded(MigrationLedger ledger) {
        Phase phase = ledger.phaseUnderPause();
        return ledger.oneSnapshot()
                && ledger.snapshot().isPresent()
                && (phase == Phase.CHECKED || phase == Phase.PREPARED || phase == Phase.COPYING)
                && !ledger.allCopied();
    }

    /**
     * A node tells that it holds a snapshot. The first one is the migration's; a node that holds another one drops it as
     * soon as it hears of that.
     *
     * @param exported name of the node's own export
     * @param snapshot text of what it holds
     */
    public static List<MigrationEvent> afterReport(
            MigrationLedger ledger, String node, String exported, String snapshot, Instant now) {
        if (!ledger.oneSnapshot() || ledger.allCopied()) {
            return List.of();
        } else if (ledger.snapshot().isEmpty()) {
            return ledger.phaseUnderPause() == Phase.CHECKED
                    ? List.of(new SnapshotTaken(exported, snapshot, node, now))
                    : List.of();
        }
        boolean news = ledger.snapshot().get().equals(snapshot)
                && !exported.equals(ledger.exports().get(node));
        return news ? List.of(new SnapshotShared(exported, node, now)) : List.of();
    }

    /** Another cluster has entered the target first: what it exported takes the place of ours. */
    public static List<MigrationEvent> adopted(
            MigrationLedger ledger, String cluster, String exported, String snapshot, Instant now) {
        return List.of(
                new ForeignClusterSeen(
                        cluster, ledger.tables().iterator().next().spec().name(), now),
                new SnapshotTaken(exported, snapshot, "cluster " + cluster, now));
    }
}
