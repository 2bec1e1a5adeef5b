package dev.godwit.load.cluster;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.net.URI;
import java.net.http.HttpClient;
import java.net.http.HttpRequest;
import java.net.http.HttpResponse;
import java.time.Duration;
import java.time.Instant;
import java.util.Map;
import java.util.Optional;
import java.util.concurrent.ConcurrentHashMap;
import java.util.function.Consumer;
import java.util.stream.Stream;

/** Follows a migration's server-sent events until it has ended. Remembers the first event of each name. */
public final class EventLog {
    private static final ObjectMapper JSON = new ObjectMapper();

    private final Map<String, JsonNode> first = new ConcurrentHashMap<>();

    private EventLog() {}

    /**
     * Reads until the migration has ended.
     *
     * @param seen told of each event, by name, as soon as it is here
     */
    public static EventLog follow(URI node, String migration, Duration within, Consumer<String> seen) {
        EventLog log = new EventLog();
        HttpRequest request = HttpRequest.newBuilder(node.resolve("/v1/migrations/" + migration + "/events"))
                .timeout(within)
                .build();
        HttpClient client =
                HttpClient.newBuilder().version(HttpClient.Version.HTTP_1_1).build();
        long deadline = System.nanoTime() + within.toNanos();
        try (Stream<String> lines =
                client.send(request, HttpResponse.BodyHandlers.ofLines()).body()) {
            for (String line : (Iterable<String>) lines::iterator) {
                if (line.startsWith("data:")) {
                    JsonNode event = JSON.readTree(line.substring("data:".length()));
                    String name = event.path("event").asText();
                    log.first.putIfAbsent(name, event);
                    seen.accept(name);
                    if (log.ended().isPresent()) {
                        return log;
                    }
                }
                if (System.nanoTime() > deadline) {
                    break;
                }
            }
        } catch (IOException e) {
            throw new UncheckedIOException("the events of " + migration + " can't be read", e);
        } catch (InterruptedException e) {
            Thread.currentThread().interrupt();
            throw new IllegalStateException("interrupted", e);
        }
        throw new IllegalStateException("the migration " + migration + " did not end in time");
    }

    private Optional<String> ended() {
        return Stream.of("migration-completed", "migration-failed", "snapshot-lost", "table-paused")
                .filter(first::containsKey)
                .findFirst();
    }

    /** The first event of a name. */
    public JsonNode event(String name) {
        JsonNode event = first.get(name);
        if (event == null) {
            String last = ended().map(first::get).map(JsonNode::toString).orElse("it did not end");
            throw new IllegalStateException("there was no event " + name + ": " + last);
        }
        return event;
    }

    /** By the node's clock. */
    public Instant at(String name) {
        return Instant.parse(event(name).path("at").asText());
    }
}
