package dev.godwit.node.changes;

import dev.godwit.node.capture.JoinedShard;
import dev.godwit.node.capture.Position;
import dev.godwit.node.target.ChangeTarget.Takeover;
import dev.godwit.protocol.error.ErrorCode;
import dev.godwit.protocol.error.GodwitException;

/**
 * Whether the slot, the source's log and the target are of one history. A target that was put back, a slot that was made anew
 * or moved by somebody, or a source that was put back, would lose changes without a word.
 */
final class OneHistory {
    private OneHistory() {}

    /**
     * @param confirmedLsn where the slot was acknowledged when it was opened
     * @param sourceLsn where the source's log ends now
     * @param slot its name
     * @throws GodwitException with SOURCE_SLOT_LOST if they are not
     */
    static void require(Takeover takeover, long confirmedLsn, long sourceLsn, String slot) {
        boolean fresh = takeover.acknowledged() == 0;
        boolean slotIsAhead =
                fresh ? hasSomething(takeover) : Long.compareUnsigned(confirmedLsn, takeover.acknowledged()) > 0;
        if (slotIsAhead || sourceLsn < furthest(takeover)) {
            throw new GodwitException(
                    ErrorCode.SOURCE_SLOT_LOST,
                    slotIsAhead
                            ? "The replication slot is further than what the target has: changes are missing."
                            : "The source's log ends before what the target has: the source was put back.",
                    "slot " + slot,
                    "Start a migration under a new name, into empty tables.");
        }
    }

    private static boolean hasSomething(Takeover takeover) {
        return !takeover.landed().isEmpty() || takeover.applied().compareTo(Position.START) > 0;
    }

    private static long furthest(Takeover takeover) {
        long furthest = Math.max(takeover.applied().commitLsn(), takeover.acknowledged());
        for (JoinedShard shard : takeover.landed()) {
            furthest = Math.max(furthest, shard.lsn());
        }
        return furthest;
    }
}
