package dev.godwit.node.http;

import com.fasterxml.jackson.databind.JsonNode;
import com.typesafe.config.ConfigFactory;
import dev.godwit.node.migration.MigrationGateway;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.net.InetAddress;
import java.net.Socket;
import java.net.URI;
import java.net.http.HttpClient;
import java.net.http.HttpRequest;
import java.net.http.HttpResponse;
import java.nio.charset.StandardCharsets;
import java.time.Clock;
import java.time.Duration;
import java.util.Optional;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.TimeoutException;
import org.apache.pekko.actor.typed.ActorSystem;
import org.apache.pekko.actor.typed.javadsl.Behaviors;
import org.apache.pekko.http.javadsl.ServerBinding;

/** A real server on a free port of loopback, in an actor system of its own, and a client for it. */
final class RunningServer implements AutoCloseable {
    final ActorSystem<Void> system;
    final int port;
    final ServerBinding binding;
    volatile Optional<String> notReady = Optional.empty();
    private final NodeMetrics metrics;
    private final HttpClient client = HttpClient.newBuilder()
            .version(HttpClient.Version.HTTP_1_1)
            .connectTimeout(Duration.ofSeconds(5))
            .build();

    RunningServer(MigrationGateway gateway, HttpSettings settings) {
        system = ActorSystem.create(
                Behaviors.empty(), "http-test", ConfigFactory.parseString("""
                                pekko.actor.provider = local
                                pekko.loglevel = WARNING
                                pekko.coordinated-shutdown.exit-jvm = off
                                pekko.coordinated-shutdown.run-by-jvm-shutdown-hook = off
                                """).withFallback(ConfigFactory.load()));
        metrics = new NodeMetrics(gateway, () -> 3, "0.1.0-test", Clock.systemUTC());
        try {
            binding = HttpServer.start(system, settings, gateway, () -> notReady, metrics)
                    .toCompletableFuture()
                    .get(10, TimeUnit.SECONDS);
        } catch (InterruptedException | ExecutionException | TimeoutException e) {
            system.terminate();
            throw new IllegalStateException(e);
        }
        port = binding.localAddress().getPort();
    }

    static HttpSettings settings() {
        return HttpSettings.listeningOn("127.0.0.1", 0);
    }

    /** An answer with its body as JSON. */
    record Answer(int status, HttpResponse<String> response, JsonNode body) {
        String contentType() {
            return response.headers().firstValue("Content-Type").orElse("");
        }

        String header(String name) {
            return response.headers().firstValue(name).orElse("");
        }
    }

    HttpRequest.Builder request(String pathAndQuery) {
        return HttpRequest.newBuilder(URI.create("http://127.0.0.1:" + port + pathAndQuery))
                .timeout(Duration.ofSeconds(20));
    }

    Answer get(String pathAndQuery) {
        return send(request(pathAndQuery).GET());
    }

    Answer post(String pathAndQuery, String body) {
        return send(request(pathAndQuery)
                .header("Content-Type", "application/yaml")
                .POST(HttpRequest.BodyPublishers.ofString(body)));
    }

    Answer send(HttpRequest.Builder request) {
        try {
            HttpResponse<String> response = client.send(request.build(), HttpResponse.BodyHandlers.ofString());
            boolean json = response.headers()
                    .firstValue("Content-Type")
                    .filter(type -> type.contains("json"))
                    .isPresent();
            return new Answer(
                    response.statusCode(),
                    response,
                    json
                            ? Json.mapper().readTree(response.body())
                            : Json.mapper().nullNode());
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        } catch (InterruptedException e) {
            throw new IllegalStateException(e);
        }
    }

    /** What a client sees that sends exactly these lines and reads to the end; the request must close the connection. */
    String raw(String... lines) throws IOException {
        try (Socket socket = open(lines)) {
            return new String(socket.getInputStream().readAllBytes(), StandardCharsets.UTF_8);
        }
    }

    /** A connection on which these lines were sent. */
    Socket open(String... lines) throws IOException {
        Socket socket = new Socket(InetAddress.getLoopbackAddress(), port);
        socket.setSoTimeout(20_000);
        socket.getOutputStream().write((String.join("\r\n", lines) + "\r\n\r\n").getBytes(StandardCharsets.UTF_8));
        socket.getOutputStream().flush();
        return socket;
    }

    @Override
    public void close() {
        system.terminate();
        try {
            system.getWhenTerminated().toCompletableFuture().get(20, TimeUnit.SECONDS);
        } catch (InterruptedException | ExecutionException | TimeoutException e) {
            throw new IllegalStateException(e);
        } finally {
            metrics.close();
        }
    }
}
