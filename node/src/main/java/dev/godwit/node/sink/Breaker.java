package dev.godwit.node.sink;

import java.time.Duration;

/**
 * Keeps a target that fails from being asked all the time. Immutable.
 *
 * <pre>
 *   closed --failure--> open until T --T passes--> one probe --success--> closed
 *                          ^                           |
 *                          +---------- failure --------+   (T grows, up to a ceiling)
 * </pre>
 *
 * @param failures failures in a row; 0: closed
 * @param openUntilNanos no grants before this time of {@link System#nanoTime}
 */
record Breaker(int failures, long openUntilNanos) {
    static final Duration FIRST_PAUSE = Duration.ofMillis(250);
    static final Duration LONGEST_PAUSE = Duration.ofSeconds(10);

    static Breaker closed() {
        return new Breaker(0, 0);
    }

    boolean isClosed() {
        return failures == 0;
    }

    /** Whether a probe may go while it is not closed. */
    boolean mayProbe(long nowNanos) {
        return nowNanos - openUntilNanos >= 0;
    }

    /** @param spread 0 to 1, chosen at random, so that nodes do not come back together */
    Breaker onFailure(long nowNanos, double spread) {
        long most = Math.min(FIRST_PAUSE.toMillis() << Math.min(failures, 10), LONGEST_PAUSE.toMillis());
        long pause = most / 2 + (long) (most / 2.0 * spread);
        return new Breaker(failures + 1, nowNanos + Duration.ofMillis(pause).toNanos());
    }

    /** How long until a probe may go; not negative. */
    Duration untilProbe(long nowNanos) {
        return Duration.ofNanos(Math.max(0, openUntilNanos - nowNanos));
    }
}
