package dev.godwit.node.http;

import dev.godwit.node.migration.MigrationGateway;
import dev.godwit.protocol.status.MigrationStatus;
import java.time.Clock;
import java.time.Duration;
import java.time.Instant;
import java.util.List;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CompletionStage;
import java.util.concurrent.TimeUnit;

/**
 * The migrations as the gateway told them last. However often it is scraped, the gateway is asked at most once in
 * {@link #MIN_AGE}, never twice at the same time, and nobody waits longer than {@link #MAX_WAIT} for it.
 */
final class RecentMigrations {
    static final Duration MIN_AGE = Duration.ofSeconds(5);
    static final Duration MAX_WAIT = Duration.ofSeconds(2);

    /** After this long without an answer a question is given up, and the next scrape asks again. */
    static final Duration GIVE_UP = Duration.ofSeconds(30);

    private final MigrationGateway gateway;
    private final Clock clock;
    private Instant askedAt = Instant.MIN;
    private CompletableFuture<Void> asking = CompletableFuture.completedFuture(null);
    private Answer latest = new Answer(List.of(), null, 0);

    RecentMigrations(MigrationGateway gateway, Clock clock) {
        this.gateway = gateway;
        this.clock = clock;
    }

    /**
     * What was told.
     *
     * @param migrations all of them
     * @param at when they were told; null if they never were
     * @param failures how often the question was not answered
     */
    record Answer(List<MigrationStatus> migrations, Instant at, long failures) {}

    synchronized Answer latest() {
        return latest;
    }

    /** Completes, never with a failure, once the latest answer is fresh, or as fresh as it gets in time. */
    synchronized CompletionStage<Void> refresh() {
        if (asking.isDone()
                && !clock.instant().isBefore(askedAt.plus(askedAt.equals(Instant.MIN) ? Duration.ZERO : MIN_AGE))) {
            askedAt = clock.instant();
            asking = ask();
        }
        return asking.copy().completeOnTimeout(null, MAX_WAIT.toMillis(), TimeUnit.MILLISECONDS);
    }

    private CompletableFuture<Void> ask() {
        CompletionStage<List<MigrationStatus>> question;
        try {
            question = gateway.list();
        } catch (RuntimeException e) {
            question = CompletableFuture.failedFuture(e);
        }
        return question.toCompletableFuture()
                .copy()
                .orTimeout(GIVE_UP.toMillis(), TimeUnit.MILLISECONDS)
                .handle((migrations, failure) -> {
                    keep(migrations, failure);
                    return null;
                });
    }

    private synchronized void keep(List<MigrationStatus> migrations, Throwable failure) {
        latest = failure == null
                ? new Answer(List.copyOf(migrations), clock.instant(), latest.failures())
                : new Answer(latest.migrations(), latest.at(), latest.failures() + 1);
    }
}
