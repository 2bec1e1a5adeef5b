package dev.godwit.load.cluster;

import com.fasterxml.jackson.databind.JsonNode;
import java.time.Duration;
import java.util.Optional;
import java.util.Set;
import java.util.concurrent.locks.LockSupport;
import java.util.function.Predicate;
import java.util.function.Supplier;

/** One migration of consistency {@code online}: how far it is. The one place that knows the words of its status. */
public final class InStep {
    private static final Duration POLL = Duration.ofMillis(50);
    private static final Duration ANSWER = Duration.ofSeconds(10);
    private static final Set<String> COPIED = Set.of("catching-up", "in-step");
    private static final Set<String> ENDED = Set.of("failed", "cancelled", "completed");

    private final Supplier<GodwitApi> api;
    private final String path;

    /** @param api of a node that lives, asked for each time */
    public InStep(Supplier<GodwitApi> api, String migration) {
        this.api = api;
        this.path = "/v1/migrations/" + migration;
    }

    /** Whether all rows are there and only changes are left; false too where no node answers. */
    public boolean isCopied() {
        return api.get()
                .get(path, ANSWER)
                .filter(status -> COPIED.contains(phase(status)))
                .isPresent();
    }

    /** Waits until it is. */
    public void awaitCopied(Duration within) {
        await(status -> COPIED.contains(phase(status)), within);
    }

    /** Waits until it is, and then until everything that was committed at the source by then is in the target. */
    public void awaitSync(Duration within) {
        awaitCopied(within);
        long deadline = System.nanoTime() + within.toNanos();
        String query = "";
        while (true) {
            Optional<JsonNode> sync = api.get().post(path + ":sync" + query, ANSWER);
            if (sync.filter(answer -> answer.path("reached").asBoolean()).isPresent()) {
                return;
            }
            if (sync.isPresent()) {
                // The place of the first answer counts.
                query = "?until=" + sync.get().path("until").asLong();
            }
            pause(deadline, sync);
        }
    }

    /** Ends it, so that nobody reads its slot any more. */
    public void cancel() {
        api.get().post(path + ":cancel", ANSWER);
    }

    private void await(Predicate<JsonNode> reached, Duration within) {
        long deadline = System.nanoTime() + within.toNanos();
        while (true) {
            Optional<JsonNode> status = api.get().get(path, ANSWER);
            if (status.filter(reached).isPresent()) {
                return;
            }
            status.filter(InStep::needsAPerson).ifPresent(now -> {
                throw new IllegalStateException("it has stopped: " + now);
            });
            pause(deadline, status);
        }
    }

    private static void pause(long deadline, Optional<JsonNode> status) {
        if (System.nanoTime() > deadline) {
            throw new IllegalStateException("it is not in step in time: "
                    + status.map(JsonNode::toString).orElse("no node answers"));
        }
        LockSupport.parkNanos(POLL.toNanos());
    }

    private static boolean needsAPerson(JsonNode status) {
        return ENDED.contains(phase(status)) || status.path("tablesPaused").asInt() > 0;
    }

    private static String phase(JsonNode status) {
        return status.path("phase").asText();
    }
}
