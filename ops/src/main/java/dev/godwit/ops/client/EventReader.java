package dev.godwit.ops.client;

import com.fasterxml.jackson.core.JsonProcessingException;
import com.fasterxml.jackson.databind.JsonNode;
import java.io.BufferedReader;
import java.io.IOException;
import java.io.InputStream;
import java.io.InputStreamReader;
import java.net.URI;
import java.net.http.HttpClient;
import java.net.http.HttpRequest;
import java.net.http.HttpResponse;
import java.nio.charset.StandardCharsets;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.CopyOnWriteArrayList;

/** Reads a stream of server-sent events: the lines {@code data:} of those that are there. */
final class EventReader {
    private static final String LAST = "migration-completed";

    private final HttpClient http;

    EventReader(HttpClient http) {
        this.http = http;
    }

    /** The events up to the migration's completion, or what came within {@code limit}; none if no node answers. */
    List<JsonNode> read(URI events, Duration limit) {
        List<JsonNode> seen = new CopyOnWriteArrayList<>();
        InputStream[] open = new InputStream[1];
        Thread reader = new Thread(() -> follow(events, limit, seen, open), "godwit-events");
        reader.setDaemon(true);
        reader.start();
        try {
            reader.join(limit.toMillis());
        } catch (InterruptedException e) {
            Thread.currentThread().interrupt();
        }
        synchronized (open) {
            close(open[0]);
        }
        return new ArrayList<>(seen);
    }

    private void follow(URI events, Duration limit, List<JsonNode> seen, InputStream[] open) {
        HttpRequest request = HttpRequest.newBuilder(events)
                .timeout(limit)
                .header("Accept", "text/event-stream")
                .GET()
                .build();
        try {
            HttpResponse<InputStream> response = http.send(request, HttpResponse.BodyHandlers.ofInputStream());
            synchronized (open) {
                open[0] = response.body();
            }
            if (response.statusCode() != 200) {
                return;
            }
            BufferedReader lines = new BufferedReader(new InputStreamReader(response.body(), StandardCharsets.UTF_8));
            for (String line = lines.readLine(); line != null; line = lines.readLine()) {
                if (line.startsWith("data:")) {
                    JsonNode event = parse(line.substring("data:".length()));
                    seen.add(event);
                    if (event.path("event").asText().equals(LAST)) {
                        return;
                    }
                }
            }
        } catch (IOException e) {
            // the stream ended or its time is over: what was seen is the answer
            return;
        } catch (InterruptedException e) {
            Thread.currentThread().interrupt();
        }
    }

    private static JsonNode parse(String data) throws JsonProcessingException {
        return data.isBlank() ? Json.MAPPER.createObjectNode() : Json.MAPPER.readTree(data);
    }

    private static void close(InputStream stream) {
        if (stream == null) {
            return;
        }
        try {
            stream.close();
        } catch (IOException e) {
            // it is of no use any more either way
            return;
        }
    }
}
