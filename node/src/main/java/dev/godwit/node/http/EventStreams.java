package dev.godwit.node.http;

import com.fasterxml.jackson.databind.JsonNode;
import dev.godwit.node.migration.MigrationGateway;
import dev.godwit.node.migration.MigrationGateway.NumberedEvent;
import dev.godwit.protocol.error.ErrorCode;
import dev.godwit.protocol.error.GodwitException;
import dev.godwit.protocol.error.Problem;
import dev.godwit.protocol.status.MigrationStatus;
import java.time.Duration;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CompletionStage;
import java.util.concurrent.atomic.AtomicInteger;
import org.apache.pekko.Done;
import org.apache.pekko.NotUsed;
import org.apache.pekko.actor.typed.ActorSystem;
import org.apache.pekko.http.javadsl.model.ContentType;
import org.apache.pekko.http.javadsl.model.ContentTypes;
import org.apache.pekko.http.javadsl.model.HttpEntities;
import org.apache.pekko.http.javadsl.model.HttpResponse;
import org.apache.pekko.http.javadsl.model.StatusCodes;
import org.apache.pekko.pattern.Patterns;
import org.apache.pekko.stream.KillSwitches;
import org.apache.pekko.stream.SharedKillSwitch;
import org.apache.pekko.stream.javadsl.Sink;
import org.apache.pekko.stream.javadsl.Source;
import org.apache.pekko.util.ByteString;

/**
 * A migration's events as server-sent events (WHATWG HTML, section 9.2). An event is taken from the gateway only when
 * the client has room for it, so a slow client costs no memory; one that reads nothing at all is dropped by the
 * connection's idle timeout. The number of open streams is bounded.
 */
final class EventStreams {
    private static final ContentType EVENT_STREAM = ContentTypes.parse("text/event-stream; charset=UTF-8");

    /** Sent first: how long a browser waits before it comes back, and a reason for proxies to pass the headers on. */
    private static final ByteString PRELUDE = ByteString.fromString("retry: 2000\n: godwit\n\n");

    private static final ByteString HEARTBEAT = ByteString.fromString(": heartbeat\n\n");

    /** How long the last bytes of a stream that has ended take to their socket, which nobody tells us. */
    private static final Duration LAST_CHUNK = Duration.ofMillis(100);

    private final ActorSystem<?> system;
    private final MigrationGateway gateway;
    private final int maxStreams;
    private final Duration heartbeat;
    private final AtomicInteger open = new AtomicInteger();
    private final SharedKillSwitch closing = KillSwitches.shared("godwit-event-streams");
    private final CompletableFuture<Done> ended = new CompletableFuture<>();
    private volatile boolean leaving;

    EventStreams(ActorSystem<?> system, MigrationGateway gateway, int maxStreams, Duration heartbeat) {
        this.system = system;
        this.gateway = gateway;
        this.maxStreams = maxStreams;
        this.heartbeat = heartbeat;
    }

    /**
     * Opens a stream.
     *
     * @param after number of the last event that the client has seen, 0 for none
     * @return 200 with the stream; 204, which tells a browser to stop coming back, if the migration has ended and the
     *     client has seen all; or a problem
     */
    CompletionStage<HttpResponse> open(String migration, long after) {
        if (open.get() >= maxStreams) {
            return CompletableFuture.completedFuture(Answers.problem(tooMany()));
        }
        return gateway.status(migration).thenCompose(status -> respond(migration, after, status));
    }

    /**
     * Ends all streams, so that the node's shutdown need not wait for them; clients come back to another node.
     *
     * @return done once no stream runs any more, and what was the last of each is on its way
     */
    CompletionStage<Done> close() {
        leaving = true;
        closing.shutdown();
        if (open.get() == 0) {
            ended.complete(Done.getInstance());
        }
        return ended.thenCompose(
                done -> Patterns.after(LAST_CHUNK, system, () -> CompletableFuture.completedFuture(done)));
    }

    private CompletionStage<HttpResponse> respond(String migration, long after, MigrationStatus status) {
        Source<NumberedEvent, NotUsed> events = gateway.events(migration, after);
        if (after == 0 || !status.phase().ended()) {
            return CompletableFuture.completedFuture(stream(events));
        }
        return events.prefixAndTail(1)
                .runWith(Sink.head(), system)
                .thenApply(split -> split.first().isEmpty()
                        ? HttpResponse.create().withStatus(StatusCodes.NO_CONTENT)
                        : stream(Source.from(split.first()).concat(split.second())));
    }

    private HttpResponse stream(Source<NumberedEvent, NotUsed> events) {
        Source<ByteString, NotUsed> frames = events.map(EventStreams::frame)
                .mapError(Throwable.class, Failures::withoutForeignWords)
                .keepAlive(heartbeat, () -> HEARTBEAT)
                .prepend(Source.single(PRELUDE))
                .via(closing.flow());
        return HttpResponse.create().withEntity(HttpEntities.createChunked(EVENT_STREAM, counted(frames)));
    }

    /** Counts from the moment at which the stream really runs: a response that is never sent holds no place. */
    private Source<ByteString, ?> counted(Source<ByteString, NotUsed> frames) {
        return Source.lazySource(() -> {
            if (open.incrementAndGet() > maxStreams) {
                open.decrementAndGet();
                return Source.<ByteString>failed(new GodwitException(tooMany()));
            }
            return frames.watchTermination((notUsed, done) -> {
                done.whenComplete((end, failure) -> onEnded());
                return notUsed;
            });
        });
    }

    private void onEnded() {
        if (open.decrementAndGet() == 0 && leaving) {
            ended.complete(Done.getInstance());
        }
    }

    private static ByteString frame(NumberedEvent event) {
        JsonNode data = Json.mapper().valueToTree(event.event());
        String name = data.path("event").asText();
        return ByteString.fromString("id: " + event.number() + "\nevent: " + name + "\ndata: " + data + "\n\n");
    }

    private Problem tooMany() {
        return new Problem(
                ErrorCode.TOO_MANY_STREAMS,
                "This node already serves " + maxStreams + " event streams.",
                "",
                "Ask another node, close streams that nobody reads, or poll the migration's status.");
    }
}
