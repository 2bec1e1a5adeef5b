package dev.godwit.node.postgres;

import dev.godwit.node.target.SessionBudget;
import java.util.ArrayList;
import java.util.List;
import java.util.Set;
import java.util.concurrent.CancellationException;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Future;
import java.util.concurrent.FutureTask;
import java.util.concurrent.RejectedExecutionException;
import java.util.concurrent.SynchronousQueue;
import java.util.concurrent.ThreadPoolExecutor;
import java.util.concurrent.TimeUnit;
import java.util.function.Supplier;

/**
 * Runs the builds of one target on one node, each in a session of the target, as many at once as the budget that they share
 * with shards gives turns. A build that waits holds no session and no thread. Thread-safe.
 */
final class Builds implements AutoCloseable {
    private final SessionBudget budget;
    private final Set<Build<?>> queued = ConcurrentHashMap.newKeySet();

    /** As many threads as turns. */
    private final ExecutorService threads =
            new ThreadPoolExecutor(0, Integer.MAX_VALUE, 10, TimeUnit.SECONDS, new SynchronousQueue<>(), runnable -> {
                Thread thread = new Thread(runnable, "godwit-build");
                thread.setDaemon(true);
                return thread;
            });

    Builds(SessionBudget budget) {
        this.budget = budget;
    }

    private final class Build<T> {
        private final FutureTask<T> task;
        private volatile SessionBudget.Turn turn;

        Build(Supplier<T> build) {
            this.task = new FutureTask<>(build::get);
        }

        void queue() {
            queued.add(this);
            turn = budget.build(this::begin);
        }

        private void begin() {
            queued.remove(this);
            try {
                threads.execute(this::run);
            } catch (RejectedExecutionException e) {
                task.cancel(false); // the target is closed
                budget.buildEnded();
            }
        }

        private void run() {
            try {
                task.run();
            } finally {
                budget.buildEnded();
            }
        }

        void cancel(boolean interrupt) {
            task.cancel(interrupt);
            withdraw();
        }

        /** @return whether it had not begun; it will have no turn then */
        boolean withdraw() {
            SessionBudget.Turn its = turn;
            boolean withdrawn = its != null && budget.withdraw(its);
            if (withdrawn) {
                queued.remove(this);
            }
            return withdrawn;
        }
    }

    /**
     * Runs one that has its session already, and can't wait for a turn: beside the caller where there is a turn now, else
     * before this returns.
     */
    <T> Future<T> beside(Supplier<T> build) {
        Build<T> its = new Build<>(build);
        its.queue();
        if (its.withdraw()) {
            its.task.run();
        }
        return its.task;
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
        List<Build<T>> running = builds.stream().map(Build::new).toList();
        running.forEach(Build::queue);
        List<T> results = new ArrayList<>();
        RuntimeException failed = null;
        for (Build<T> build : running) {
            try {
                results.add(build.task.get());
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
        threads.shutdownNow();
        queued.forEach(never -> never.cancel(false));
    }
}
