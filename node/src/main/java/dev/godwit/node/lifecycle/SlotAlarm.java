package dev.godwit.node.lifecycle;

import dev.godwit.protocol.error.ErrorCode;
import dev.godwit.protocol.error.Problem;
import dev.godwit.protocol.event.MigrationEvent;
import dev.godwit.protocol.event.MigrationEvent.SlotNearLimit;
import dev.godwit.protocol.event.MigrationEvent.SlotSafe;
import dev.godwit.protocol.plan.Limits;
import dev.godwit.protocol.status.CaptureStatus;
import java.time.Instant;
import java.util.List;

/**
 * Whether the source keeps so much of its log for the changes that it may soon throw it away, or fill its disk: an alarm
 * that begins at the plan's limits, and ends well below them. Pure.
 */
final class SlotAlarm {
    /** Of a limit: the alarm ends below this share, so that it does not come and go. */
    private static final double ENDS_BELOW = 0.8;

    private static final String UNRESERVED = "unreserved";
    private static final String LOST = "lost";
    private static final double PERCENT = 100;

    private SlotAlarm() {}

    static boolean isLost(Problem problem) {
        return problem != null && problem.code() == ErrorCode.SOURCE_SLOT_LOST;
    }

    /** Told again and again: what is known already is no news, and what is not known decides nothing. */
    static List<MigrationEvent> after(MigrationLedger ledger, CaptureStatus capture, Instant now) {
        boolean known = capture.retainedBytes() >= 0 && !capture.walStatus().equals(LOST);
        if (!known || ledger.phaseUnderPause().ended() || ledger.capture().isEmpty()) {
            return List.of();
        }
        double used = used(ledger.plan().limits(), capture);
        boolean alarmed = ledger.slotAlarm().isPresent();
        if (!alarmed && used >= 1) {
            return List.of(new SlotNearLimit(problem(ledger, capture), now));
        }
        return alarmed && used < ENDS_BELOW ? List.of(new SlotSafe(now)) : List.of();
    }

    /** What is kept as a share of the nearest limit. */
    private static double used(Limits limits, CaptureStatus capture) {
        double kept = capture.retainedBytes();
        double used = kept / limits.retainedLogBytes();
        if (capture.safeBytes() >= 0) {
            double most = Math.max(1, kept + capture.safeBytes());
            used = Math.max(used, kept / most * PERCENT / limits.retainedLogPercent());
        }
        return capture.walStatus().equals(UNRESERVED) ? Math.max(1, used) : used;
    }

    private static Problem problem(MigrationLedger ledger, CaptureStatus capture) {
        String left = capture.safeBytes() < 0
                ? ", and no max_slot_wal_keep_size bounds that"
                : ": after " + mebibytes(capture.safeBytes()) + " more it throws away what changed";
        return new Problem(
                ErrorCode.SOURCE_SLOT_NEAR_LIMIT,
                "The source keeps " + mebibytes(capture.retainedBytes())
                        + " of its log for changes that are not applied ("
                        + (capture.walStatus().isEmpty() ? "wal_status unknown" : "wal_status " + capture.walStatus())
                        + ")" + left + ". No new shard and no index build is begun meanwhile.",
                "replication slot " + ledger.capture().orElseThrow().name(),
                "Resume what is paused or halted, look for what makes the target slow and for long transactions at the"
                        + " source; or raise max_slot_wal_keep_size there as far as its disk allows.");
    }

    private static String mebibytes(long bytes) {
        return (bytes >> 20) + " MiB";
    }
}
