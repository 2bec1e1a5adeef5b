package dev.godwit.node.shard;

import dev.godwit.protocol.error.ErrorCode;
import dev.godwit.protocol.error.Problem;
import java.time.Duration;

/** The write that is under way, and whether the target still takes it. Thread-safe. */
final class WriteWatch {
    /** A write that the target has not taken for so long is given up: its network may be a black hole. */
    static final Duration STALL = Duration.ofSeconds(120);

    /** Since when a write waits, of {@link System#nanoTime}; 0 while none does. */
    private volatile long sinceNanos;

    private volatile boolean stalled;

    void begun(long nanos) {
        sinceNanos = nanos;
    }

    void ended() {
        sinceNanos = 0;
    }

    /** Whether the write under way is to be given up now; then {@link #stalled} from now on. */
    boolean stalls() {
        long since = sinceNanos;
        if (since != 0 && System.nanoTime() - since > STALL.toNanos()) {
            stalled = true;
            return true;
        }
        return false;
    }

    boolean stalled() {
        return stalled;
    }

    /** @param place what was tried */
    static WorkOutcome notTaken(String place) {
        return new WorkOutcome.Failed(new Problem(
                ErrorCode.TARGET_UNREACHABLE,
                "the target has taken no byte for " + STALL.toSeconds() + " s: the try was given up",
                place,
                ""));
    }
}
