package dev.godwit.node.http;

import com.typesafe.config.ConfigFactory;
import dev.godwit.node.migration.MigrationGateway;
import dev.godwit.protocol.error.ErrorCode;
import dev.godwit.protocol.error.GodwitException;
import dev.godwit.protocol.error.Problem;
import java.net.BindException;
import java.util.List;
import java.util.Optional;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CompletionStage;
import java.util.function.Supplier;
import java.util.stream.Collectors;
import org.apache.pekko.actor.CoordinatedShutdown;
import org.apache.pekko.actor.typed.ActorSystem;
import org.apache.pekko.http.javadsl.Http;
import org.apache.pekko.http.javadsl.ServerBinding;
import org.apache.pekko.http.javadsl.model.HttpMethod;
import org.apache.pekko.http.javadsl.model.HttpResponse;
import org.apache.pekko.http.javadsl.model.headers.Allow;
import org.apache.pekko.http.javadsl.model.headers.RawHeader;
import org.apache.pekko.http.javadsl.server.AllDirectives;
import org.apache.pekko.http.javadsl.server.ExceptionHandler;
import org.apache.pekko.http.javadsl.server.MethodRejection;
import org.apache.pekko.http.javadsl.server.Rejection;
import org.apache.pekko.http.javadsl.server.RejectionHandler;
import org.apache.pekko.http.javadsl.server.Route;
import org.apache.pekko.http.javadsl.settings.ServerSettings;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * The node's HTTP server: all routes behind {@link OriginGuard}, every error as a problem, every wait and size bounded.
 * There is no authentication in this version, so it belongs on loopback or behind something that has it.
 */
public final class HttpServer extends AllDirectives {
    private static final Logger LOG = LoggerFactory.getLogger(HttpServer.class);

    private final ActorSystem<?> system;
    private final HttpSettings settings;
    private final OriginGuard guard;
    private final EventStreams events;
    private final Route routes;

    private HttpServer(
            ActorSystem<?> system,
            HttpSettings settings,
            MigrationGateway gateway,
            Supplier<Optional<String>> notReady,
            NodeMetrics metrics) {
        this.system = system;
        this.settings = settings;
        this.guard = new OriginGuard(OriginGuard.isLoopback(settings.host()));
        this.events = new EventStreams(system, gateway, settings.maxEventStreams(), settings.heartbeat());
        this.routes = concat(
                new MigrationRoutes(system, gateway, events).create(), new NodeRoutes(notReady, metrics).create());
    }

    /**
     * Starts to listen. Coordinated shutdown ends the event streams, stops listening, and waits for open requests.
     *
     * @param notReady why the node can't serve now, in words for people; empty if it can. Must answer at once
     * @return the binding; fails with USAGE where the address can't be listened on
     */
    public static CompletionStage<ServerBinding> start(
            ActorSystem<?> system,
            HttpSettings settings,
            MigrationGateway gateway,
            Supplier<Optional<String>> notReady,
            NodeMetrics metrics) {
        return new HttpServer(system, settings, gateway, notReady, metrics).bind();
    }

    private CompletionStage<ServerBinding> bind() {
        if (!OriginGuard.isLoopback(settings.host())) {
            LOG.warn(
                    "HTTP listens on {}, which other machines may reach, without authentication: "
                            + "whoever reaches it may start, pause and cancel migrations. "
                            + "Keep it behind a firewall or a proxy that asks who is there, or set godwit.http.host = 127.0.0.1",
                    settings.host());
        }
        return Http.get(system)
                .newServerAt(settings.host(), settings.port())
                .withSettings(serverSettings())
                .bind(sealed())
                .thenApply(this::leaveWithTheNode)
                .exceptionallyCompose(failure -> CompletableFuture.failedFuture(cannotListen(failure)));
    }

    private ServerBinding leaveWithTheNode(ServerBinding binding) {
        CoordinatedShutdown.get(system)
                .addTask(CoordinatedShutdown.PhaseServiceUnbind(), "end-event-streams", events::close);
        return binding.addToCoordinatedShutdown(settings.shutdownTimeout(), system);
    }

    private ServerSettings serverSettings() {
        String overrides = String.join(
                "\n",
                "pekko.http.server {",
                "  server-header = godwit",
                "  max-connections = " + settings.maxConnections(),
                "  request-timeout = " + settings.requestTimeout().toMillis() + "ms",
                "  idle-timeout = " + settings.idleTimeout().toMillis() + "ms",
                // The caller's address stands in the events of what it asked for.
                "  remote-address-attribute = on",
                "  transparent-head-requests = on",
                "  verbose-error-messages = off",
                // A bound for bodies that nobody reads; a plan's own bound is RequestBody's.
                "  parsing.max-content-length = " + RequestBody.MAX_BYTES,
                "  parsing.illegal-header-warnings = off",
                "  parsing.error-logging-verbosity = off",
                "  parsing.error-handler = \"" + MalformedRequests.class.getName() + "\"",
                "}");
        return ServerSettings.create(ConfigFactory.parseString(overrides)
                .withFallback(system.settings().config()));
    }

    /** All routes, so wrapped that nothing but our own answers leaves. */
    private Route sealed() {
        Route answered = extractRequest(request -> guard.refusal(request)
                        .map(problem -> complete(Answers.problem(problem)))
                        .orElse(routes))
                .seal(rejections(), exceptions());
        return withRequestTimeoutResponse(
                request -> Answers.problem(Failures.timedOut()),
                () -> mapResponse(HttpServer::withSafeHeaders, () -> answered));
    }

    private static HttpResponse withSafeHeaders(HttpResponse response) {
        return response.addHeaders(List.of(
                RawHeader.create("Cache-Control", "no-store"), RawHeader.create("X-Content-Type-Options", "nosniff")));
    }

    private ExceptionHandler exceptions() {
        return ExceptionHandler.newBuilder()
                .matchAny(failure -> complete(Failures.response(failure)))
                .build();
    }

    private RejectionHandler rejections() {
        return RejectionHandler.newBuilder()
                .handleAll(MethodRejection.class, this::methodNotAllowed)
                .handle(
                        Rejection.class,
                        rejection -> complete(Answers.problem(new Problem(
                                ErrorCode.USAGE,
                                "The request does not fit its path.",
                                "",
                                "Compare it with docs/reference/http.md."))))
                .handleNotFound(complete(Answers.problem(
                        404,
                        new Problem(
                                ErrorCode.USAGE,
                                "There is nothing at this path.",
                                "",
                                "The paths begin with /v1/migrations; names in them are percent-encoded."))))
                .build();
    }

    private Route methodNotAllowed(List<MethodRejection> rejections) {
        List<HttpMethod> methods =
                rejections.stream().map(MethodRejection::supported).distinct().toList();
        String names = methods.stream().map(HttpMethod::name).collect(Collectors.joining(", "));
        Problem problem =
                new Problem(ErrorCode.USAGE, "This path does not take that method.", "", "It takes " + names + ".");
        return complete(Answers.problem(405, problem).addHeader(Allow.create(methods.toArray(new HttpMethod[0]))));
    }

    private Throwable cannotListen(Throwable failure) {
        Throwable cause = failure.getCause() == null ? failure : failure.getCause();
        return cause instanceof BindException || cause.getCause() instanceof BindException
                ? new GodwitException(
                        ErrorCode.USAGE,
                        "The node can't listen there: the port is taken, or the address is not this machine's.",
                        settings.host() + ":" + settings.port(),
                        "Set godwit.http.port to a free port, or to 0 for any.")
                : cause;
    }
}
