package dev.godwit.ops.view;

import dev.godwit.ops.client.ClusterClient;
import dev.godwit.protocol.error.Category;
import dev.godwit.protocol.error.ErrorCode;
import dev.godwit.protocol.error.GodwitException;
import dev.godwit.protocol.error.Retry;
import dev.godwit.protocol.status.MigrationStatus;
import dev.godwit.protocol.status.TableStatus;
import java.time.Duration;
import java.util.List;
import java.util.concurrent.locks.LockSupport;
import java.util.function.Consumer;
import java.util.function.Supplier;

/**
 * Follows a migration until it comes to an end. A cluster that does not answer for a while (a node died, an entity moves
 * to another) is waited for.
 */
public final class MigrationWatch {
    private final ClusterClient client;
    private final ProgressView view;
    private final Duration pollInterval;
    private final Duration patience;
    private final Runnable beforePoll;

    /**
     * @param pollInterval pause between two questions to the cluster
     * @param patience how long the cluster may be silent before its problem is thrown
     * @param beforePoll called before each question; what it throws ends the watch
     */
    public MigrationWatch(
            ClusterClient client, ProgressView view, Duration pollInterval, Duration patience, Runnable beforePoll) {
        this.client = client;
        this.view = view;
        this.pollInterval = pollInterval;
        this.patience = patience;
        this.beforePoll = beforePoll;
    }

    /** Hands the plan in as soon as the cluster takes it. */
    public MigrationStatus apply(String plan) {
        return patiently(() -> client.apply(plan));
    }

    /** Lets what is paused go on. */
    public void resume(String name) {
        try {
            patiently(() -> client.resume(name));
        } catch (GodwitException e) {
            // It goes on already: an earlier try came through whose answer did not.
            if (e.code() != ErrorCode.ACTION_NOT_ALLOWED_NOW) {
                throw e;
            }
        }
    }

    /**
     * Returns when the migration has come to an end by itself ({@link Outcome}).
     *
     * @param observer sees every status that was polled, more often than it is shown
     * @return the last status
     */
    public MigrationStatus untilEnd(String name, Consumer<MigrationStatus> observer) {
        long shown = 0;
        while (true) {
            MigrationStatus status = patiently(() -> client.migration(name));
            observer.accept(status);
            boolean ended = Outcome.of(status).isPresent();
            long now = System.nanoTime();
            if (ended || shown == 0 || now - shown >= view.interval().toNanos()) {
                view.show(status, tables(name));
                shown = now;
            }
            if (ended) {
                return status;
            }
            LockSupport.parkNanos(pollInterval.toNanos());
        }
    }

    /** The tables are a detail of the picture: where they can't be had just now, the rest is shown. */
    private List<TableStatus> tables(String name) {
        try {
            return client.tables(name);
        } catch (GodwitException e) {
            return List.of();
        }
    }

    private <T> T patiently(Supplier<T> question) {
        long deadline = System.nanoTime() + patience.toNanos();
        boolean told = false;
        while (true) {
            beforePoll.run();
            try {
                return question.get();
            } catch (GodwitException e) {
                boolean passing =
                        e.code().category() == Category.RESOURCE && e.code().retry() == Retry.UNTIL_IT_WORKS;
                if (!passing || System.nanoTime() > deadline) {
                    throw e;
                }
                if (!told) {
                    view.notice("waiting for the cluster: " + e.problem().line());
                    told = true;
                }
                LockSupport.parkNanos(Duration.ofMillis(500).toNanos());
            }
        }
    }
}
