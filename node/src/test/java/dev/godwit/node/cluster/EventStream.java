package dev.godwit.node.cluster;

import static org.awaitility.Awaitility.await;

import java.io.BufferedReader;
import java.io.IOException;
import java.io.InputStream;
import java.io.InputStreamReader;
import java.net.http.HttpClient;
import java.net.http.HttpRequest;
import java.net.http.HttpResponse;
import java.nio.charset.StandardCharsets;
import java.time.Duration;
import java.util.List;
import java.util.concurrent.CopyOnWriteArrayList;

/** A migration's events as a node streams them, read as they come. */
public final class EventStream implements AutoCloseable {
    private final List<String> names = new CopyOnWriteArrayList<>();
    private final InputStream body;
    private final Thread reader;

    private EventStream(InputStream body) {
        this.body = body;
        this.reader = new Thread(this::read, "events");
        reader.setDaemon(true);
        reader.start();
    }

    /** Returns when the node has answered. */
    public static EventStream open(NodeJvm node, String migration) {
        HttpRequest request = HttpRequest.newBuilder(node.http().resolve("/v1/migrations/" + migration + "/events"))
                .timeout(Duration.ofSeconds(30))
                .build();
        try {
            HttpResponse<InputStream> answer =
                    HttpClient.newHttpClient().send(request, HttpResponse.BodyHandlers.ofInputStream());
            if (answer.statusCode() != 200) {
                throw new AssertionError("the stream of events is answered with " + answer.statusCode());
            }
            return new EventStream(answer.body());
        } catch (IOException e) {
            throw new AssertionError("the stream of events is not answered", e);
        } catch (InterruptedException e) {
            Thread.currentThread().interrupt();
            throw new IllegalStateException(e);
        }
    }

    private void read() {
        try (BufferedReader lines = new BufferedReader(new InputStreamReader(body, StandardCharsets.UTF_8))) {
            for (String line = lines.readLine(); line != null; line = lines.readLine()) {
                if (line.startsWith("event: ")) {
                    names.add(line.substring("event: ".length()));
                }
            }
        } catch (IOException e) {
            names.add("broken off");
        }
    }

    /** Waits until an event of this name has come. */
    public void awaitEvent(String name, Duration atMost) {
        await("the event " + name).atMost(atMost).until(() -> names.contains(name));
    }

    /** Waits until the node ends the stream; the names of all its events. */
    public List<String> awaitEnd(Duration atMost) {
        await("the end of the stream of events").atMost(atMost).until(() -> !reader.isAlive());
        return names;
    }

    @Override
    public void close() throws IOException {
        body.close();
    }
}
