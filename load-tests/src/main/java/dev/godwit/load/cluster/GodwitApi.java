package dev.godwit.load.cluster;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import java.io.IOException;
import java.net.URI;
import java.net.http.HttpClient;
import java.net.http.HttpRequest;
import java.net.http.HttpResponse;
import java.time.Duration;
import java.util.Optional;
import java.util.concurrent.locks.LockSupport;

/** A node's HTTP interface. */
public final class GodwitApi {
    private static final ObjectMapper JSON = new ObjectMapper();
    private static final HttpClient CLIENT =
            HttpClient.newBuilder().version(HttpClient.Version.HTTP_1_1).build();
    private static final Duration PAUSE = Duration.ofMillis(200);

    private final URI node;

    public GodwitApi(URI node) {
        this.node = node;
    }

    /** Hands a plan in; tries again for a while, since a cluster that has just lost a node may not answer at once. */
    public void apply(String plan) {
        HttpRequest request = HttpRequest.newBuilder(node.resolve("/v1/migrations"))
                .header("Content-Type", "application/yaml")
                .timeout(Duration.ofSeconds(30))
                .POST(HttpRequest.BodyPublishers.ofString(plan))
                .build();
        String refusal = "";
        for (int attempt = 0; attempt < 100; attempt++) {
            try {
                HttpResponse<String> answer = CLIENT.send(request, HttpResponse.BodyHandlers.ofString());
                if (answer.statusCode() == 202) {
                    return;
                }
                refusal = answer.statusCode() + " " + answer.body();
                if (answer.statusCode() < 500) {
                    break;
                }
            } catch (IOException e) {
                refusal = e.toString();
            } catch (InterruptedException e) {
                throw interrupted(e);
            }
            LockSupport.parkNanos(PAUSE.toNanos());
        }
        throw new IllegalStateException("the plan was refused: " + refusal);
    }

    /** The answer to a GET; empty if there is none within the time, or it is no success. */
    public Optional<JsonNode> get(String path, Duration within) {
        return answer(HttpRequest.newBuilder(node.resolve(path)).timeout(within).build());
    }

    /** The answer to a POST without a body, likewise. */
    public Optional<JsonNode> post(String path, Duration within) {
        return answer(HttpRequest.newBuilder(node.resolve(path))
                .timeout(within)
                .POST(HttpRequest.BodyPublishers.noBody())
                .build());
    }

    private static Optional<JsonNode> answer(HttpRequest request) {
        try {
            HttpResponse<String> answer = CLIENT.send(request, HttpResponse.BodyHandlers.ofString());
            return answer.statusCode() / 100 == 2 ? Optional.of(JSON.readTree(answer.body())) : Optional.empty();
        } catch (IOException e) {
            return Optional.empty();
        } catch (InterruptedException e) {
            throw interrupted(e);
        }
    }

    public Optional<JsonNode> status(String migration) {
        return get("/v1/migrations/" + migration, Duration.ofSeconds(2));
    }

    private static IllegalStateException interrupted(InterruptedException e) {
        Thread.currentThread().interrupt();
        return new IllegalStateException("interrupted", e);
    }
}
