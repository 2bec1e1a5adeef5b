package dev.godwit.node.join;

import java.time.Duration;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.TimeUnit;

/** Ends a thread that mostly pauses: each pause ends at once and throws when the stop is asked for. */
final class Stop {
    private final CountDownLatch asked = new CountDownLatch(1);
    private volatile boolean deregister;

    /** An orderly end: the node's row goes. */
    void andDeregister() {
        deregister = true;
        asked.countDown();
    }

    /** The system is gone already: the node's row stays, and tells others nothing but a time. */
    void atOnce() {
        asked.countDown();
    }

    boolean deregisters() {
        return deregister;
    }

    void pause(Duration duration) throws InterruptedException, Stopped {
        if (asked.await(duration.toMillis(), TimeUnit.MILLISECONDS)) {
            throw new Stopped();
        }
    }

    /** The stop was asked for. */
    static final class Stopped extends Exception {
        private static final long serialVersionUID = 1L;

        private Stopped() {
            super("stopped", null, false, false);
        }
    }
}
