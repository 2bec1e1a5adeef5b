package dev.godwit.node.online;

import static org.awaitility.Awaitility.await;

import com.fasterxml.jackson.databind.JsonNode;
import dev.godwit.node.cluster.Api;
import java.time.Duration;
import java.util.Set;

/** How a migration of consistency {@code online} is asked, over HTTP, how far it is: the one place that knows the words. */
final class InStep {
    private static final String CATCHING_UP = "catching-up";
    private static final String IN_STEP = "in-step";
    private static final Set<String> ENDED = Set.of("failed", "cancelled", "completed");

    private InStep() {}

    /** Waits until all rows are there and only changes are left. */
    static void awaitCopied(Api api, String migration, Duration atMost) {
        await(migration + " copied")
                .atMost(atMost)
                .pollInterval(Duration.ofMillis(250))
                .until(() -> status(api, migration), status -> isCopied(status));
    }

    static boolean isCopied(Api api, String migration) {
        return isCopied(status(api, migration));
    }

    private static boolean isCopied(JsonNode status) {
        return Set.of(CATCHING_UP, IN_STEP).contains(status.path("phase").asText());
    }

    /** Waits until everything that was committed at the source before this call is in the target. */
    static void awaitSync(Api api, String migration, Duration atMost) {
        awaitCopied(api, migration, atMost);
        String sync = "/v1/migrations/" + migration + ":sync";
        long until = api.post(sync).path("until").asLong();
        await(migration + " has what was committed before")
                .atMost(atMost)
                .pollInterval(Duration.ofMillis(250))
                .until(() -> {
                    status(api, migration);
                    return api.post(sync + "?until=" + until).path("reached").asBoolean();
                });
    }

    /** @throws AssertionError if it has ended, or something needs a person */
    private static JsonNode status(Api api, String migration) {
        JsonNode status = api.get("/v1/migrations/" + migration);
        if (ENDED.contains(status.path("phase").asText())
                || status.path("tablesPaused").asInt() > 0) {
            throw new AssertionError(migration + " needs a person: " + status);
        }
        return status;
    }
}
