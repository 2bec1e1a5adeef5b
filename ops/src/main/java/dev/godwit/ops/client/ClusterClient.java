package dev.godwit.ops.client;

import com.fasterxml.jackson.core.JsonProcessingException;
import com.fasterxml.jackson.core.type.TypeReference;
import com.fasterxml.jackson.databind.JsonNode;
import dev.godwit.protocol.error.ErrorCode;
import dev.godwit.protocol.error.GodwitException;
import dev.godwit.protocol.error.Problem;
import dev.godwit.protocol.status.MigrationStatus;
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
import java.util.Collections;
import java.util.List;
import java.util.Locale;
import java.util.OptionalLong;
import java.util.function.Supplier;

/**
 * Talks to a cluster through any of its nodes. Nodes are equal: where one does not answer, or answers that it can't just
 * now, the next one is asked, and stays the one that is asked first. Every request may be sent twice without harm.
 *
 * <p>Every method throws {@link GodwitException} with the node's own problem; {@link ErrorCode#CLUSTER_NOT_READY} if no
 * node answers.
 */
public final class ClusterClient {
    private static final Duration CONNECT_TIMEOUT = Duration.ofSeconds(3);
    private static final Duration ANSWER_TIMEOUT = Duration.ofSeconds(10);
    /** Planning a large catalog may take a while before the plan is accepted. */
    private static final Duration APPLY_TIMEOUT = Duration.ofSeconds(60);

    private final HttpClient http =
            HttpClient.newBuilder().connectTimeout(CONNECT_TIMEOUT).build();
    private final Supplier<List<URI>> nodes;
    private URI current;

    /** @param nodes base URLs, at least one; the first is asked first */
    public ClusterClient(List<URI> nodes) {
        this(fixed(nodes));
    }

    /** @param nodes base URLs as they are now, for a cluster whose nodes come and go */
    public ClusterClient(Supplier<List<URI>> nodes) {
        this.nodes = nodes;
    }

    private static Supplier<List<URI>> fixed(List<URI> nodes) {
        if (nodes.isEmpty()) {
            throw new IllegalArgumentException("a client needs at least one URL");
        }
        List<URI> copy = List.copyOf(nodes);
        return () -> copy;
    }

    /**
     * URLs that a user wrote, separated by commas.
     *
     * @throws GodwitException {@link ErrorCode#USAGE} if one is not an http or https URL, or carries a password
     */
    public static ClusterClient of(String urls) {
        List<URI> nodes = new ArrayList<>();
        for (String url : urls.split(",", -1)) {
            nodes.add(parse(url.strip()));
        }
        return new ClusterClient(nodes);
    }

    private static URI parse(String url) {
        String fix = "Write http://HOST:PORT, several separated by commas.";
        URI parsed;
        try {
            parsed = URI.create(url.endsWith("/") ? url.substring(0, url.length() - 1) : url);
        } catch (IllegalArgumentException e) {
            throw new GodwitException(ErrorCode.USAGE, "The server's URL can't be read.", "--server", fix);
        }
        boolean web = "http".equals(parsed.getScheme()) || "https".equals(parsed.getScheme());
        if (!web || parsed.getHost() == null || parsed.getRawUserInfo() != null || parsed.getRawQuery() != null) {
            throw new GodwitException(
                    ErrorCode.USAGE, "The server's URL is not a plain http or https URL.", "--server", fix);
        }
        return parsed;
    }

    /** The node that is asked first. */
    public URI node() {
        return inTurn().stream().findFirst().orElseThrow(() -> silent(List.of()));
    }

    /** The nodes, beginning with the one that answered last. */
    private synchronized List<URI> inTurn() {
        List<URI> now = new ArrayList<>(nodes.get());
        Collections.rotate(now, -Math.max(0, now.indexOf(current)));
        return now;
    }

    /** Hands a plan in, or resumes it. */
    public MigrationStatus apply(String plan) {
        return read(
                post("/v1/migrations", HttpRequest.BodyPublishers.ofString(plan), "application/yaml", APPLY_TIMEOUT),
                new TypeReference<>() {});
    }

    public List<MigrationStatus> migrations() {
        return list(get("/v1/migrations"), "migrations", new TypeReference<>() {});
    }

    public MigrationStatus migration(String name) {
        return read(get(path(name)), new TypeReference<>() {});
    }

    public List<TableStatus> tables(String name) {
        return list(get(path(name) + "/tables"), "tables", new TypeReference<>() {});
    }

    /** @param table {@code schema.table} as the table's status names it */
    public List<ShardStatus> shards(String name, String table) {
        return list(get(path(name) + "/tables/" + encode(table) + "/shards"), "shards", new TypeReference<>() {});
    }

    public MigrationStatus pause(String name) {
        return act(name, "pause");
    }

    public MigrationStatus resume(String name) {
        return act(name, "resume");
    }

    public MigrationStatus cancel(String name) {
        return act(name, "cancel");
    }

    /** @param withoutHalted whether tables may stay behind whose changes are not followed any more */
    public MigrationStatus complete(String name, boolean withoutHalted) {
        return act(name, withoutHalted ? "complete?without=halted" : "complete");
    }

    /** @param until a place that an earlier answer named; empty: now */
    public SyncStatus sync(String name, OptionalLong until) {
        return read(
                post(
                        path(name) + ":sync" + (until.isPresent() ? "?until=" + until.getAsLong() : ""),
                        HttpRequest.BodyPublishers.noBody(),
                        "application/json",
                        ANSWER_TIMEOUT),
                new TypeReference<>() {});
    }

    /** What happened so far, from the first event on: the stream is read until {@code limit} or its end. */
    public List<JsonNode> events(String name, Duration limit) {
        return new EventReader(http).read(node().resolve(base(node()) + path(name) + "/events"), limit);
    }

    private MigrationStatus act(String name, String action) {
        return read(
                post(
                        path(name) + ":" + action,
                        HttpRequest.BodyPublishers.noBody(),
                        "application/json",
                        ANSWER_TIMEOUT),
                new TypeReference<>() {});
    }

    private HttpResponse<String> get(String path) {
        return send(node -> request(node, path, ANSWER_TIMEOUT).GET().build());
    }

    private HttpResponse<String> post(
            String path, HttpRequest.BodyPublisher body, String contentType, Duration timeout) {
        return send(node -> request(node, path, timeout)
                .header("Content-Type", contentType)
                .POST(body)
                .build());
    }

    private static HttpRequest.Builder request(URI node, String path, Duration timeout) {
        return HttpRequest.newBuilder(node.resolve(base(node) + path))
                .timeout(timeout)
                .header("Accept", "application/json, application/problem+json");
    }

    private static String base(URI node) {
        return node.getRawPath() == null ? "" : node.getRawPath();
    }

    private interface Request {
        HttpRequest to(URI node);
    }

    /** Asks one node after the other, beginning with the one that answered last. */
    private HttpResponse<String> send(Request request) {
        GodwitException unready = null;
        List<URI> candidates = inTurn();
        for (URI candidate : candidates) {
            try {
                HttpResponse<String> response = http.send(request.to(candidate), HttpResponse.BodyHandlers.ofString());
                if (response.statusCode() / 100 == 2) {
                    synchronized (this) {
                        current = candidate;
                    }
                    return response;
                }
                GodwitException problem = problem(response, candidate);
                if (response.statusCode() != 503) {
                    throw problem;
                }
                unready = problem;
            } catch (IOException e) {
                // the next node may answer; if none does, the message below names them all
                continue;
            } catch (InterruptedException e) {
                Thread.currentThread().interrupt();
                throw new GodwitException(ErrorCode.TIMED_OUT, "The request was interrupted.", "", "");
            }
        }
        if (unready != null) {
            throw unready;
        }
        throw silent(candidates);
    }

    private static GodwitException silent(List<URI> asked) {
        return new GodwitException(
                ErrorCode.CLUSTER_NOT_READY,
                "No node answers.",
                String.join(", ", asked.stream().map(URI::toString).toList()),
                "Start one with 'godwit node', or name one with --server URL or GODWIT_URL.");
    }

    private static GodwitException problem(HttpResponse<String> response, URI node) {
        JsonNode body;
        try {
            body = Json.MAPPER.readTree(response.body());
        } catch (JsonProcessingException e) {
            body = null;
        }
        if (body == null || !body.hasNonNull("code")) {
            return new GodwitException(
                    ErrorCode.INTERNAL,
                    "The server answered with HTTP status " + response.statusCode() + " and not as a Godwit node does.",
                    node.toString(),
                    "Check that --server or GODWIT_URL names a Godwit node.");
        }
        List<Problem> problems = new ArrayList<>();
        body.path("problems").forEach(p -> problems.add(problem(p, "what")));
        if (problems.isEmpty()) {
            problems.add(problem(body, "detail"));
        }
        return new RefusedException(problems);
    }

    private static Problem problem(JsonNode json, String what) {
        String code = json.path("code").asText();
        String text = json.path(what).asText();
        String where = json.path("where").asText();
        String fix = json.path("fix").asText();
        try {
            return new Problem(ErrorCode.valueOf(code), text, where, fix);
        } catch (IllegalArgumentException e) {
            // a newer node knows more codes: its own words are kept
            return new Problem(ErrorCode.INTERNAL, code + ": " + text, where, fix);
        }
    }

    private <T> List<T> list(HttpResponse<String> response, String field, TypeReference<List<T>> type) {
        try {
            return Json.MAPPER.convertValue(
                    Json.MAPPER.readTree(response.body()).required(field), type);
        } catch (JsonProcessingException | IllegalArgumentException e) {
            throw unreadable();
        }
    }

    private <T> T read(HttpResponse<String> response, TypeReference<T> type) {
        try {
            return Json.MAPPER.readValue(response.body(), type);
        } catch (JsonProcessingException e) {
            throw unreadable();
        }
    }

    private GodwitException unreadable() {
        return new GodwitException(
                ErrorCode.INTERNAL,
                "The server's answer can't be read.",
                node().toString(),
                "Use the command line of the cluster's version.");
    }

    private static String path(String name) {
        return "/v1/migrations/" + encode(name);
    }

    private static String encode(String part) {
        return URLEncoder.encode(part, StandardCharsets.UTF_8).replace("+", "%20");
    }

    @Override
    public String toString() {
        return String.format(Locale.ROOT, "ClusterClient(%s)", nodes.get());
    }
}
