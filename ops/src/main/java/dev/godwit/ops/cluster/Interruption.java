package dev.godwit.ops.cluster;

import java.util.concurrent.atomic.AtomicBoolean;

/**
 * Cleans up exactly once: when the work is over, or when the process is told to end (Ctrl-C, SIGTERM). Then the work's
 * own thread sees its surroundings vanish, and must not report that.
 */
public final class Interruption implements AutoCloseable {
    private final AtomicBoolean cleaned = new AtomicBoolean();
    private final Runnable cleanUp;
    private final Thread hook;
    private volatile boolean interrupted;

    /**
     * @param cleanUp called once
     * @param onInterrupt called after it if the process was told to end
     */
    public Interruption(Runnable cleanUp, Runnable onInterrupt) {
        this.cleanUp = cleanUp;
        this.hook = new Thread(
                () -> {
                    interrupted = true;
                    clean();
                    onInterrupt.run();
                },
                "godwit-interrupted");
        Runtime.getRuntime().addShutdownHook(hook);
    }

    public boolean interrupted() {
        return interrupted;
    }

    private void clean() {
        if (cleaned.compareAndSet(false, true)) {
            cleanUp.run();
        }
    }

    /** The work is over; if the process is ending already, the hook's thread does the rest and this one waits for it. */
    @Override
    public void close() {
        try {
            Runtime.getRuntime().removeShutdownHook(hook);
        } catch (IllegalStateException e) {
            awaitEndOfProcess();
        }
        clean();
    }

    private void awaitEndOfProcess() {
        try {
            hook.join();
            // the JVM halts when its hooks have ended; nothing may be printed by this thread until then
            Thread.currentThread().join();
        } catch (InterruptedException e) {
            Thread.currentThread().interrupt();
        }
    }
}
