package dev.godwit.node.postgres;

import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.CancellationException;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Future;
import java.util.concurrent.LinkedBlockingQueue;
import java.util.concurrent.ThreadPoolExecutor;
import java.util.concurrent.TimeUnit;
import java.util.function.Supplier;

/**
 * Runs the builds of one target on one node, a few at once, each in a session of the target: so many are kept free beside
 * those in which shards land. Thread-safe.
 */
final class Builds implements AutoCloseable {
    /** As many as {@code WorkerShare} leaves to them. */
    static final int AT_ONCE = 2;

    private final ExecutorService threads;

    Builds() {
        ThreadPoolExecutor pool = new ThreadPoolExecutor(
                AT_ONCE, AT_ONCE, 10, TimeUnit.SECONDS, new LinkedBlockingQueue<>(), runnable -> {
                    Thread thread = new Thread(runnable, "godwit-build");
                    thread.setDaemon(true);
                    return thread;
                });
        pool.allowCoreThreadTimeOut(true);
        this.threads = pool;
    }

    /** Runs one, when it is its turn. */
    <T> T one(Supplier<T> build) {
        return all(List.of(build)).get(0);
    }

    /**
     * Runs all of them and waits for all.
     *
     * @return their results in order
     * @throws RuntimeException of the first that failed, once none runs any more
     */
    <T> List<T> all(List<Supplier<T>> builds) {
        List<Future<T>> running = new ArrayList<>();
        builds.forEach(build -> running.add(threads.submit(build::get)));
        List<T> results = new ArrayList<>();
        RuntimeException failed = null;
        for (Future<T> future : running) {
            try {
                results.add(future.get());
            } catch (ExecutionException e) {
                failed = failed != null
                        ? failed
                        : e.getCause() instanceof RuntimeException cause ? cause : new IllegalStateException(e);
            } catch (CancellationException e) {
                failed =
                        failed != null ? failed : new IllegalStateException("the target was closed before its turn", e);
            } catch (InterruptedException e) {
                running.forEach(other -> other.cancel(true));
                Thread.currentThread().interrupt();
                throw new IllegalStateException("interrupted while it was built", e);
            }
        }
        if (failed != null) {
            throw failed;
        }
        return results;
    }

    /** Who waits for a turn that never comes is told so. */
    @Override
    public void close() {
        threads.shutdownNow().forEach(never -> ((Future<?>) never).cancel(false));
    }
}
