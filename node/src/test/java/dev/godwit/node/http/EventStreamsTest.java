package dev.godwit.node.http;

import static org.assertj.core.api.Assertions.assertThat;
import static org.awaitility.Awaitility.await;

import com.fasterxml.jackson.databind.JsonNode;
import dev.godwit.node.http.RunningServer.Answer;
import dev.godwit.node.migration.MigrationGateway.NumberedEvent;
import dev.godwit.protocol.status.Phase;
import java.io.BufferedReader;
import java.io.IOException;
import java.io.InputStreamReader;
import java.io.UncheckedIOException;
import java.net.Socket;
import java.nio.charset.StandardCharsets;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.Callable;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.atomic.AtomicLong;
import org.apache.pekko.Done;
import org.apache.pekko.NotUsed;
import org.apache.pekko.actor.CoordinatedShutdown;
import org.apache.pekko.stream.javadsl.Source;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;

class EventStreamsTest {
    private static final String EVENTS = "/v1/migrations/shop/events";

    private final InMemoryGateway gateway = new InMemoryGateway();
    private RunningServer server;

    @BeforeEach
    void start() {
        gateway.put(InMemoryGateway.status("shop", Phase.COPYING));
        HttpSettings bounds = new HttpSettings(
                "127.0.0.1",
                0,
                64,
                2,
                Duration.ofMillis(200),
                Duration.ofSeconds(5),
                Duration.ofSeconds(2),
                Duration.ofSeconds(3));
        server = new RunningServer(gateway, bounds);
    }

    @AfterEach
    void stop() {
        server.close();
    }

    private static List<String> ids(String stream) {
        return stream.lines()
                .filter(line -> line.startsWith("id: "))
                .map(line -> line.substring(4))
                .toList();
    }

    private BufferedReader subscribe(String... headers) throws IOException {
        List<String> lines = new ArrayList<>(List.of("GET " + EVENTS + " HTTP/1.1", "Host: localhost"));
        lines.addAll(List.of(headers));
        Socket socket = server.open(lines.toArray(new String[0]));
        return new BufferedReader(new InputStreamReader(socket.getInputStream(), StandardCharsets.UTF_8));
    }

    private static String readUntil(BufferedReader reader, String wanted) throws IOException {
        StringBuilder seen = new StringBuilder();
        for (String line = reader.readLine(); line != null; line = reader.readLine()) {
            seen.append(line).append('\n');
            if (line.contains(wanted)) {
                return seen.toString();
            }
        }
        throw new AssertionError("the stream ended without " + wanted + ": " + seen);
    }

    @Test
    void events_carry_number_wire_name_and_json() throws IOException {
        gateway.journal(1, Source.empty());

        Answer answer = server.get(EVENTS);

        assertThat(answer.status()).isEqualTo(200);
        assertThat(answer.contentType()).startsWith("text/event-stream");
        assertThat(answer.header("Cache-Control")).isEqualTo("no-store");
        String body = answer.response().body();
        assertThat(body).startsWith("retry: 2000\n").contains("id: 1\nevent: migration-paused\ndata: {");
        String data = body.lines()
                .filter(line -> line.startsWith("data: "))
                .findFirst()
                .orElseThrow();
        JsonNode event = Json.mapper().readTree(data.substring(6));
        assertThat(event.path("event").asText()).isEqualTo("migration-paused");
        assertThat(event.path("at").asText()).isEqualTo("2026-11-21T01:02:03Z");
    }

    @Test
    void a_stream_goes_on_after_the_last_event_that_the_client_saw() {
        gateway.journal(5, Source.empty());

        Answer byHeader = server.send(server.request(EVENTS).header("Last-Event-ID", "3"));
        Answer byQuery = server.get(EVENTS + "?after=4");
        Answer both = server.send(server.request(EVENTS + "?after=1").header("Last-Event-ID", "2"));

        assertThat(ids(byHeader.response().body())).containsExactly("4", "5");
        assertThat(ids(byQuery.response().body())).containsExactly("5");
        assertThat(ids(both.response().body())).containsExactly("3", "4", "5");
    }

    @Test
    void a_number_that_is_none_is_a_usage_error() {
        for (String number : List.of("-1", "x", "1.5", "99999999999999999999")) {
            assertThat(server.get(EVENTS + "?after=" + number).status()).isEqualTo(400);
            Answer answer = server.send(server.request(EVENTS).header("Last-Event-ID", number));
            assertThat(answer.status()).isEqualTo(400);
            assertThat(answer.body().path("where").asText()).isEqualTo("header Last-Event-ID");
        }
    }

    @Test
    void a_client_that_has_seen_all_of_an_ended_migration_is_told_not_to_come_back() {
        gateway.put(InMemoryGateway.status("shop", Phase.COMPLETED));
        gateway.journal(2, Source.empty());

        assertThat(server.send(server.request(EVENTS).header("Last-Event-ID", "2"))
                        .status())
                .isEqualTo(204);
        assertThat(ids(server.send(server.request(EVENTS).header("Last-Event-ID", "1"))
                        .response()
                        .body()))
                .containsExactly("2");
    }

    @Test
    void a_silent_stream_sends_comments_and_outlives_the_idle_timeout() throws IOException {
        try (BufferedReader reader = subscribe()) {
            for (int beat = 0; beat < 15; beat++) {
                readUntil(reader, ": heartbeat");
            }
        }
    }

    @Test
    void a_caller_who_does_not_accept_event_streams_gets_none() {
        assertThat(server.send(server.request(EVENTS).header("Accept", "application/json"))
                        .status())
                .isEqualTo(406);
        assertThat(server.send(server.request(EVENTS + "?after=x").header("Accept", "text/event-stream"))
                        .status())
                .isEqualTo(400);
    }

    @Test
    void streams_above_the_bound_are_refused_until_one_is_closed() throws IOException {
        BufferedReader first = subscribe();
        BufferedReader second = subscribe();
        readUntil(first, ": godwit");
        readUntil(second, ": godwit");

        Answer third = server.get(EVENTS);
        first.close();
        gateway.journal(1, Source.empty());

        assertThat(third.status()).isEqualTo(503);
        assertThat(third.body().path("code").asText()).isEqualTo("TOO_MANY_STREAMS");
        assertThat(third.header("Retry-After")).isEqualTo("2");
        await().untilAsserted(() -> assertThat(server.get(EVENTS).status()).isEqualTo(200));
        second.close();
    }

    @Test
    void events_are_not_taken_for_a_client_that_does_not_read_and_it_is_dropped_in_time() throws IOException {
        AtomicLong taken = new AtomicLong();
        AtomicLong ended = new AtomicLong();
        gateway.journal(0, endless(taken, ended));

        try (Socket silent = server.open("GET " + EVENTS + " HTTP/1.1", "Host: localhost")) {
            await().until(() -> taken.get() > 0);
            await().during(Duration.ofSeconds(1)).until(standsStill(taken));
            assertThat(taken.get()).isLessThan(200_000);
            await().until(() -> ended.get() == 1);
            assertThat(silent.isClosed()).isFalse();
        }
    }

    private static Source<NumberedEvent, NotUsed> endless(AtomicLong taken, AtomicLong ended) {
        return Source.repeat(1)
                .map(one -> InMemoryGateway.event(taken.incrementAndGet()))
                .watchTermination((notUsed, done) -> {
                    done.whenComplete((end, failure) -> ended.incrementAndGet());
                    return notUsed;
                });
    }

    private static Callable<Boolean> standsStill(AtomicLong counter) {
        AtomicLong before = new AtomicLong(-1);
        return () -> before.getAndSet(counter.get()) == counter.get();
    }

    @Test
    void a_stream_that_fails_is_cut_off_so_that_the_client_comes_back() throws IOException {
        gateway.journal(1, Source.failed(new IllegalStateException("row value hunter2")));

        StringBuilder answer = new StringBuilder();
        try (BufferedReader reader = subscribe()) {
            reader.lines().forEach(line -> answer.append(line).append('\n'));
        } catch (UncheckedIOException e) {
            answer.append("cut off");
        }

        assertThat(answer).endsWith("cut off").doesNotContain("hunter2").doesNotContain("\n0\n");
    }

    @Test
    void streams_end_when_the_node_leaves() throws IOException {
        try (BufferedReader reader = subscribe()) {
            readUntil(reader, ": godwit");
            // A phase ends with the last of its tasks: connections stay until the client has read to the end.
            CompletableFuture<Done> readToTheEnd = new CompletableFuture<>();
            CoordinatedShutdown.get(server.system)
                    .addTask(CoordinatedShutdown.PhaseServiceUnbind(), "wait-for-the-client", () -> readToTheEnd);
            server.system.terminate();
            assertThat(reader.lines().anyMatch("0"::equals))
                    .as("the last chunk, which says that the stream is whole")
                    .isTrue();
            readToTheEnd.complete(Done.getInstance());
        }
    }
}
