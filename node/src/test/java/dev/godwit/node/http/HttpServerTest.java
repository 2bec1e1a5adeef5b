package dev.godwit.node.http;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import ch.qos.logback.classic.Logger;
import ch.qos.logback.classic.spi.ILoggingEvent;
import ch.qos.logback.core.read.ListAppender;
import dev.godwit.node.http.RunningServer.Answer;
import dev.godwit.protocol.error.GodwitException;
import dev.godwit.protocol.status.Phase;
import java.io.IOException;
import java.net.ConnectException;
import java.net.InetAddress;
import java.net.Socket;
import java.net.http.HttpRequest.BodyPublishers;
import java.time.Duration;
import java.util.Optional;
import java.util.concurrent.CompletableFuture;
import org.junit.jupiter.api.Test;
import org.slf4j.LoggerFactory;

class HttpServerTest {
    private final InMemoryGateway gateway = new InMemoryGateway();

    private RunningServer start(HttpSettings settings) {
        return new RunningServer(gateway, settings);
    }

    private RunningServer start() {
        return start(RunningServer.settings());
    }

    @Test
    void a_node_is_alive_while_it_is_not_ready_and_says_why_it_is_not() {
        try (RunningServer server = start()) {
            server.notReady = Optional.of("The cluster is forming.");

            Answer ready = server.get("/ready");

            assertThat(server.get("/alive").status()).isEqualTo(200);
            assertThat(ready.status()).isEqualTo(503);
            assertThat(ready.contentType()).isEqualTo("application/problem+json");
            assertThat(ready.body().path("code").asText()).isEqualTo("CLUSTER_NOT_READY");
            assertThat(ready.body().path("detail").asText()).isEqualTo("The cluster is forming.");
            assertThat(ready.header("Retry-After")).isEqualTo("2");

            server.notReady = Optional.empty();
            assertThat(server.get("/ready").status()).isEqualTo(200);
            assertThat(server.get("/ready").body().path("status").asText()).isEqualTo("ready");
        }
    }

    @Test
    void liveness_and_readiness_ask_no_database() {
        gateway.listingBy(CompletableFuture::new);
        try (RunningServer server = start()) {
            assertThat(server.get("/alive").status()).isEqualTo(200);
            assertThat(server.get("/ready").status()).isEqualTo(200);
            assertThat(gateway.lists).hasValue(0);
        }
    }

    @Test
    void a_request_of_a_foreign_host_or_page_is_refused() throws IOException {
        try (RunningServer server = start()) {
            String foreignHost = server.raw("GET /v1/migrations HTTP/1.1", "Host: evil.example", "Connection: close");
            String foreignPage = server.raw(
                    "POST /v1/migrations/shop:cancel HTTP/1.1",
                    "Host: localhost:" + server.port,
                    "Origin: http://evil.example",
                    "Content-Length: 0",
                    "Connection: close");

            assertThat(foreignHost).startsWith("HTTP/1.1 403 ").contains("\"code\":\"REQUEST_REFUSED\"");
            assertThat(foreignPage).startsWith("HTTP/1.1 403 ").contains("\"code\":\"REQUEST_REFUSED\"");
            assertThat(gateway.calls).isEmpty();
        }
    }

    @Test
    void the_nodes_own_page_may_act() {
        gateway.put(InMemoryGateway.status("shop", Phase.COPYING));
        try (RunningServer server = start()) {
            Answer answer = server.send(server.request("/v1/migrations/shop:pause")
                    .header("Origin", "http://127.0.0.1:" + server.port)
                    .header("Sec-Fetch-Site", "same-origin")
                    .POST(BodyPublishers.noBody()));

            assertThat(answer.status()).isEqualTo(202);
        }
    }

    @Test
    void an_answer_that_takes_too_long_becomes_a_problem() {
        gateway.listingBy(CompletableFuture::new);
        HttpSettings hasty = new HttpSettings(
                "127.0.0.1",
                0,
                8,
                8,
                Duration.ofSeconds(1),
                Duration.ofMillis(300),
                Duration.ofSeconds(5),
                Duration.ofSeconds(2));
        try (RunningServer server = start(hasty)) {
            Answer answer = server.get("/v1/migrations");

            assertThat(answer.status()).isEqualTo(504);
            assertThat(answer.contentType()).isEqualTo("application/problem+json");
            assertThat(answer.body().path("code").asText()).isEqualTo("TIMED_OUT");
        }
    }

    @Test
    void a_taken_port_is_told_as_such() {
        try (RunningServer server = start()) {
            assertThatThrownBy(() -> start(HttpSettings.listeningOn("127.0.0.1", server.port)))
                    .hasRootCauseInstanceOf(GodwitException.class)
                    .rootCause()
                    .hasMessageContaining("127.0.0.1:" + server.port)
                    .hasMessageContaining("godwit.http.port");
        }
    }

    @Test
    void nothing_listens_after_the_node_has_left() {
        RunningServer server = start();
        int port = server.port;
        server.close();

        assertThatThrownBy(() -> new Socket(InetAddress.getLoopbackAddress(), port).close())
                .isInstanceOf(ConnectException.class);
    }

    @Test
    void a_server_for_other_machines_warns_and_one_on_loopback_does_not() {
        Logger logger = (Logger) LoggerFactory.getLogger(HttpServer.class);
        ListAppender<ILoggingEvent> log = new ListAppender<>();
        log.start();
        logger.addAppender(log);
        try {
            start().close();
            assertThat(log.list).isEmpty();

            start(HttpSettings.listeningOn("0.0.0.0", 0)).close();
            assertThat(log.list).hasSize(1);
            assertThat(log.list.get(0).getFormattedMessage())
                    .contains("0.0.0.0")
                    .contains("without authentication");
        } finally {
            logger.detachAppender(log);
        }
    }

    @Test
    void the_page_needs_nothing_from_elsewhere() {
        try (RunningServer server = start()) {
            Answer page = server.get("/");

            assertThat(page.status()).isEqualTo(200);
            assertThat(page.contentType()).isEqualTo("text/html; charset=UTF-8");
            assertThat(page.header("Content-Security-Policy")).contains("default-src 'none'");
            assertThat(page.response().body())
                    .contains("<title>Godwit</title>")
                    .doesNotContain("http://")
                    .doesNotContain("https://")
                    .doesNotContain("innerHTML");
        }
    }
}
