package dev.godwit.node.changes;

import dev.godwit.node.source.ChangeSource;
import dev.godwit.protocol.error.Problem;
import dev.godwit.protocol.status.CaptureStatus;
import java.util.Optional;

/**
 * How a run does, as its reading thread saw it last.
 *
 * @param sourceLsn the source's insert position
 * @param reachedLsn up to where all is in the target; -1 if that is not known
 * @param waiting changes that are judged and not applied
 * @param secondsBehind as {@link TimeBehind#seconds}
 * @param joining shards in flight
 * @param slot empty where the source does not know it
 */
record RunState(
        long sourceLsn,
        long reachedLsn,
        long waiting,
        double secondsBehind,
        int joining,
        double oldestSnapshotSeconds,
        Optional<ChangeSource.SlotHealth> slot) {
    /**
     * @param node that runs it
     * @param tally of what was counted
     * @param note what people should know although it runs; null if there is nothing
     */
    CaptureStatus status(String node, ChangeTally tally, Problem note) {
        boolean known = sourceLsn >= 0 && reachedLsn >= 0;
        return new CaptureStatus(
                true,
                node,
                known ? Math.max(0, sourceLsn - reachedLsn) : -1,
                waiting,
                secondsBehind,
                joining,
                tally.total(),
                tally.since(),
                slot.map(ChangeSource.SlotHealth::walStatus).orElse(""),
                slot.map(ChangeSource.SlotHealth::retainedBytes).orElse(-1L),
                slot.map(ChangeSource.SlotHealth::safeBytes).orElse(-1L),
                oldestSnapshotSeconds,
                note);
    }

    /** Of one that does not run. */
    static CaptureStatus none(String node, ChangeTally tally, Problem why, Optional<ChangeSource.SlotHealth> slot) {
        return new CaptureStatus(
                false,
                node,
                -1,
                0,
                -1,
                0,
                tally.total(),
                tally.since(),
                slot.map(ChangeSource.SlotHealth::walStatus).orElse(""),
                slot.map(ChangeSource.SlotHealth::retainedBytes).orElse(-1L),
                slot.map(ChangeSource.SlotHealth::safeBytes).orElse(-1L),
                0,
                why);
    }

    static final RunState NONE = new RunState(-1, -1, 0, -1, 0, 0, Optional.empty());
}
