package dev.godwit.node.http;

import dev.godwit.protocol.error.ErrorCode;
import dev.godwit.protocol.error.Problem;
import java.io.IOException;
import java.io.InputStream;
import java.io.UncheckedIOException;
import java.util.Map;
import java.util.Optional;
import java.util.function.Supplier;
import org.apache.pekko.http.javadsl.model.ContentType;
import org.apache.pekko.http.javadsl.model.ContentTypes;
import org.apache.pekko.http.javadsl.model.HttpEntities;
import org.apache.pekko.http.javadsl.model.HttpResponse;
import org.apache.pekko.http.javadsl.model.headers.RawHeader;
import org.apache.pekko.http.javadsl.server.AllDirectives;
import org.apache.pekko.http.javadsl.server.Route;
import org.apache.pekko.util.ByteString;

/** What a node says of itself: {@code /alive}, {@code /ready}, {@code /metrics}, and the page at {@code /}. */
final class NodeRoutes extends AllDirectives {
    private static final ContentType METRICS = ContentTypes.parse("text/plain; version=0.0.4; charset=utf-8");

    private static final String PAGE_POLICY = "default-src 'none'; connect-src 'self'; img-src data:; "
            + "style-src 'unsafe-inline'; script-src 'unsafe-inline'; base-uri 'none'; frame-ancestors 'none'";

    private final Supplier<Optional<String>> notReady;
    private final NodeMetrics metrics;
    private final byte[] page;

    NodeRoutes(Supplier<Optional<String>> notReady, NodeMetrics metrics) {
        this.notReady = notReady;
        this.metrics = metrics;
        this.page = resource("dashboard.html");
    }

    Route create() {
        return concat(
                pathSingleSlash(() -> get(() -> complete(HttpResponse.create()
                        .addHeader(RawHeader.create("Content-Security-Policy", PAGE_POLICY))
                        .withEntity(HttpEntities.create(ContentTypes.TEXT_HTML_UTF8, page))))),
                path("alive", () -> get(() -> complete(Answers.json(200, Map.of("status", "alive"))))),
                path("ready", () -> get(() -> complete(ready()))),
                path(
                        "metrics",
                        () -> get(() -> completeWithFuture(metrics.scrape()
                                .thenApply(text -> HttpResponse.create()
                                        .withEntity(HttpEntities.create(METRICS, ByteString.fromString(text))))))));
    }

    private HttpResponse ready() {
        return notReady.get()
                .map(reason -> Answers.problem(new Problem(
                        ErrorCode.CLUSTER_NOT_READY, reason, "", "Wait, or look at this node's log if it stays so.")))
                .orElseGet(() -> Answers.json(200, Map.of("status", "ready")));
    }

    private static byte[] resource(String name) {
        try (InputStream stream = NodeRoutes.class.getResourceAsStream(name)) {
            return stream.readAllBytes();
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        }
    }
}
