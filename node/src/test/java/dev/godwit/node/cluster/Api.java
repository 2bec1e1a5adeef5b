package dev.godwit.node.cluster;

import static org.awaitility.Awaitility.await;

import com.fasterxml.jackson.core.JsonProcessingException;
import com.fasterxml.jackson.databind.JsonNode;
import dev.godwit.node.http.Json;
import dev.godwit.protocol.status.MigrationStatus;
import dev.godwit.protocol.status.Phase;
import dev.godwit.protocol.status.ShardStatus;
import dev.godwit.protocol.status.SyncStatus;
import dev.godwit.protocol.status.TableStatus;
import java.io.IOException;
import java.net.URI;
import java.net.URLEncoder;
import java.net.http.HttpClient;
import java.net.http.HttpRequest;
import java.net.http.HttpResponse;
import java.nio.charset.StandardCharsets;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.OptionalLong;
import java.util.function.Supplier;

/**
 * The HTTP interface of a cluster, through any node that answers. What fails because nodes come and go is asked again, of
 * another one, for a bounded time.
 */
public final class Api {
    private static final Duration ANSWERS_WITHIN = Duration.ofSeconds(60);

    private final HttpClient client =
            HttpClient.newBuilder().connectTimeout(Duration.ofSeconds(5)).build();
    private final Supplier<List<URI>> nodes;

    /** @param nodes URLs of the nodes that live now */
    public Api(Supplier<List<URI>> nodes) {
        this.nodes = nodes;
    }

    /** Hands a plan in. */
    public MigrationStatus submit(PlanText plan) {
        return as(MigrationStatus.class, answered("POST", "/v1/migrations", plan.yaml()));
    }

    public MigrationStatus status(String migration) {
        return as(MigrationStatus.class, answered("GET", "/v1/migrations/" + migration, null));
    }

    public List<TableStatus> tables(String migration) {
        return list(TableStatus.class, answered("GET", "/v1/migrations/" + migration + "/tables", null), "tables");
    }

    /**
     * The shards that are cut and not yet done.
     *
     * @param table as its status names it
     */
    public List<ShardStatus> shards(String migration, String table) {
        return list(ShardStatus.class, answered("GET", shardsPath(migration, table), null), "shards");
    }

    /** Where the shards of a table of any name are asked for. */
    public static String shardsPath(String migration, String table) {
        String encoded = URLEncoder.encode(table, StandardCharsets.UTF_8).replace("+", "%20");
        return "/v1/migrations/" + migration + "/tables/" + encoded + "/shards";
    }

    /** @param action pause, resume or cancel */
    public MigrationStatus act(String migration, String action) {
        return as(MigrationStatus.class, answered("POST", "/v1/migrations/" + migration + ":" + action, ""));
    }

    /**
     * Whether everything that was committed at the source is in the target.
     *
     * @param until before which place in the source's log; empty: now
     */
    public SyncStatus sync(String migration, OptionalLong until) {
        String query = until.isPresent() ? "?until=" + until.getAsLong() : "";
        return as(SyncStatus.class, answered("POST", "/v1/migrations/" + migration + ":sync" + query, ""));
    }

    /**
     * Waits until the migration is in this phase.
     *
     * @throws AssertionError at once if it has ended in another one
     */
    public MigrationStatus awaitPhase(String migration, Phase phase, Duration atMost) {
        return await("migration " + migration + " " + phase.word())
                .atMost(atMost)
                .pollInterval(Duration.ofMillis(250))
                .failFast(() -> {
                    MigrationStatus now = status(migration);
                    if (now.phase().ended() && now.phase() != phase) {
                        throw new AssertionError(
                                "the migration has ended " + now.phase().word() + ": " + now.problems());
                    }
                })
                .until(() -> status(migration), now -> now.phase() == phase);
    }

    /** The node's name in the cluster ({@code host:port/uid}), as the migration tells it; waits until it takes part. */
    public String member(String migration, NodeJvm node) {
        return await(node + " takes part")
                .atMost(ANSWERS_WITHIN)
                .until(
                        () -> status(migration).nodes().stream()
                                .filter(one -> one.http().equals(node.http().toString()))
                                .map(one -> one.node())
                                .findFirst()
                                .orElse(""),
                        name -> !name.isEmpty());
    }

    /** The answer with a status below 400, of whichever node gives one in time. */
    private String answered(String method, String path, String body) {
        long deadline = System.nanoTime() + ANSWERS_WITHIN.toNanos();
        List<String> refusals = new ArrayList<>();
        while (System.nanoTime() < deadline) {
            for (URI node : nodes.get()) {
                try {
                    HttpResponse<String> answer = send(node, method, path, body);
                    if (answer.statusCode() < 400) {
                        return answer.body();
                    }
                    refusals.add(answer.statusCode() + " " + answer.body());
                    // What the user did wrong does not get better.
                    if (answer.statusCode() < 500 && answer.statusCode() != 429) {
                        throw new AssertionError(method + " " + path + ": " + refusals);
                    }
                } catch (IOException e) {
                    refusals.add(e.toString());
                }
            }
        }
        throw new AssertionError(method + " " + path + " was not answered: "
                + refusals.subList(Math.max(0, refusals.size() - 5), refusals.size()));
    }

    /**
     * One request to one node.
     *
     * @param body null for none
     */
    public HttpResponse<String> send(URI node, String method, String path, String body) throws IOException {
        HttpRequest request = HttpRequest.newBuilder(node.resolve(path))
                .timeout(Duration.ofSeconds(30))
                .header("Content-Type", "application/yaml")
                .method(
                        method,
                        body == null ? HttpRequest.BodyPublishers.noBody() : HttpRequest.BodyPublishers.ofString(body))
                .build();
        try {
            return client.send(request, HttpResponse.BodyHandlers.ofString());
        } catch (InterruptedException e) {
            Thread.currentThread().interrupt();
            throw new IllegalStateException(e);
        }
    }

    private static <T> T as(Class<T> type, String json) {
        try {
            return Json.mapper().readValue(json, type);
        } catch (JsonProcessingException e) {
            throw new AssertionError("not a " + type.getSimpleName() + ": " + json, e);
        }
    }

    private static <T> List<T> list(Class<T> type, String json, String field) {
        try {
            List<T> items = new ArrayList<>();
            for (JsonNode item : Json.mapper().readTree(json).get(field)) {
                items.add(Json.mapper().treeToValue(item, type));
            }
            return items;
        } catch (JsonProcessingException e) {
            throw new AssertionError("no list of " + type.getSimpleName() + ": " + json, e);
        }
    }
}
