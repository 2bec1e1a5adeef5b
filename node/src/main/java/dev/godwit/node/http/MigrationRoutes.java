package dev.godwit.node.http;

import static org.apache.pekko.http.javadsl.server.PathMatchers.segment;

import dev.godwit.node.migration.MigrationGateway;
import dev.godwit.node.plan.PlanReader;
import dev.godwit.protocol.error.ErrorCode;
import dev.godwit.protocol.error.GodwitException;
import dev.godwit.protocol.status.Action;
import dev.godwit.protocol.status.MigrationStatus;
import dev.godwit.protocol.status.ShardStatus;
import dev.godwit.protocol.status.TableStatus;
import dev.godwit.protocol.table.TableName;
import java.util.List;
import java.util.Optional;
import java.util.concurrent.CompletionStage;
import java.util.concurrent.Executor;
import java.util.function.Supplier;
import java.util.regex.Pattern;
import java.util.stream.Stream;
import org.apache.pekko.actor.typed.ActorSystem;
import org.apache.pekko.actor.typed.DispatcherSelector;
import org.apache.pekko.http.javadsl.model.AttributeKeys;
import org.apache.pekko.http.javadsl.model.HttpHeader;
import org.apache.pekko.http.javadsl.model.HttpRequest;
import org.apache.pekko.http.javadsl.model.HttpResponse;
import org.apache.pekko.http.javadsl.model.MediaTypes;
import org.apache.pekko.http.javadsl.model.headers.Location;
import org.apache.pekko.http.javadsl.server.AllDirectives;
import org.apache.pekko.http.javadsl.server.Route;

/** {@code /v1/migrations} and what is below it, each path one question or command to the {@link MigrationGateway}. */
final class MigrationRoutes extends AllDirectives {
    /** As a plan may name a migration; anything else is not asked for, so that no actor is made for it. */
    private static final Pattern NAME = Pattern.compile("[a-z][a-z0-9_-]{0,62}");

    /** Bounds what a caller makes us keep; the key is not needed, as the plan's name and digest tell repeats apart. */
    private static final int MAX_IDEMPOTENCY_KEY_CHARACTERS = 255;

    private static final String SYNC = "sync";

    private final ActorSystem<?> system;
    private final MigrationGateway gateway;
    /** Reading a plan of 1 MiB takes a second of one processor, which the actors' own threads are not kept for. */
    private final Executor reading;

    private final EventStreams events;

    MigrationRoutes(ActorSystem<?> system, MigrationGateway gateway, EventStreams events) {
        this.system = system;
        this.gateway = gateway;
        this.reading = system.dispatchers().lookup(DispatcherSelector.blocking());
        this.events = events;
    }

    record Migrations(List<MigrationStatus> migrations) {}

    record Tables(List<TableStatus> tables) {}

    record Shards(List<ShardStatus> shards) {}

    Route create() {
        return pathPrefix(
                "v1",
                () -> pathPrefix(
                        "migrations",
                        () -> concat(
                                pathEnd(() -> concat(get(this::list), post(this::submit))),
                                path(segment(), this::migrationOrAction),
                                path(segment().slash("tables"), name -> get(() -> tables(name))),
                                path(
                                        segment()
                                                .slash("tables")
                                                .slash(segment())
                                                .slash("shards"),
                                        (name, table) -> get(() -> shards(name, table))),
                                path(segment().slash("events"), name -> get(() -> events(name))))));
    }

    private Route list() {
        return json(() -> gateway.list().thenApply(found -> Answers.json(200, new Migrations(found))));
    }

    private Route submit() {
        return extractRequest(request -> json(() -> {
            requireFitIdempotencyKey(request);
            return RequestBody.read(request, system)
                    .thenApplyAsync(text -> PlanReader.read(text, "request body"), reading)
                    .thenCompose(plan -> gateway.submit(plan, caller(request)))
                    .thenApply(status ->
                            Answers.json(202, status).addHeader(Location.create("/v1/migrations/" + status.name())));
        }));
    }

    private Route migrationOrAction(String segment) {
        int colon = segment.lastIndexOf(':');
        if (colon < 0) {
            return get(() -> json(() -> gateway.status(known(segment)).thenApply(status -> Answers.json(200, status))));
        }
        String word = segment.substring(colon + 1);
        if (word.equals(SYNC)) {
            return post(() -> sync(segment.substring(0, colon)));
        }
        return action(word)
                .map(action -> post(() -> act(segment.substring(0, colon), action)))
                .orElseThrow(() -> new UsageException(
                        404,
                        "There is no such action on a migration.",
                        "",
                        "The actions are pause, resume, cancel, complete and sync."));
    }

    private Route act(String name, Action action) {
        return parameterOptional(
                "without",
                without -> extractRequest(request -> json(() -> RequestBody.discard(request, system)
                        .thenCompose(done -> withoutHalted(without, action)
                                ? gateway.completeWithoutHalted(known(name), caller(request))
                                : gateway.act(known(name), action, caller(request)))
                        .thenApply(status -> Answers.json(202, status)))));
    }

    private static boolean withoutHalted(Optional<String> without, Action action) {
        if (without.isPresent() && !(action == Action.COMPLETE && without.get().equals("halted"))) {
            throw new UsageException(
                    400, "The parameter without means nothing here.", "", "Only :complete takes it: without=halted.");
        }
        return without.isPresent();
    }

    private Route sync(String name) {
        return parameterOptional(
                "until",
                until -> extractRequest(request -> json(() -> RequestBody.discard(request, system)
                        .thenCompose(done -> gateway.sync(known(name), place(until)))
                        .thenApply(answer -> Answers.json(200, answer)))));
    }

    /** Where it is now, if none is given. */
    private static long place(Optional<String> until) {
        try {
            long place =
                    Long.parseLong(until.filter(text -> !text.equals("now")).orElse("-1"));
            if (place >= 0 || until.isEmpty() || until.get().equals("now")) {
                return place;
            }
        } catch (NumberFormatException e) {
            // Told below, together with negative numbers.
        }
        throw new GodwitException(
                ErrorCode.USAGE,
                "The place is neither now nor a number that an earlier answer gave.",
                "query parameter until",
                "Leave it out, or give what the answer named until.");
    }

    private Route tables(String name) {
        return json(() -> gateway.tables(known(name)).thenApply(found -> Answers.json(200, new Tables(found))));
    }

    private Route shards(String name, String table) {
        return json(() ->
                gateway.shards(known(name), tableName(table)).thenApply(found -> Answers.json(200, new Shards(found))));
    }

    private Route events(String name) {
        return parameterOptional(
                "after",
                after -> extractRequest(request -> {
                    Negotiation.require(request, MediaTypes.TEXT_EVENT_STREAM);
                    return completeWithFuture(events.open(known(name), lastSeen(request, after)));
                }));
    }

    /** Lets the answer be made if the caller takes JSON. */
    private Route json(Supplier<CompletionStage<HttpResponse>> answer) {
        return extractRequest(request -> {
            Negotiation.require(request, MediaTypes.APPLICATION_JSON);
            return completeWithFuture(answer.get());
        });
    }

    private static Optional<Action> action(String word) {
        return Stream.of(Action.values())
                .filter(action -> action.word().equals(word))
                .findFirst();
    }

    private static String known(String name) {
        if (!NAME.matcher(name).matches()) {
            throw new GodwitException(
                    ErrorCode.MIGRATION_NOT_FOUND,
                    "There is no migration of that name.",
                    "",
                    "A name is a lower-case letter, then up to 62 of a-z, 0-9, '-' and '_'; GET /v1/migrations lists all.");
        }
        return name;
    }

    private static TableName tableName(String text) {
        try {
            return TableName.parse(text);
        } catch (IllegalArgumentException e) {
            throw new GodwitException(
                    ErrorCode.USAGE,
                    "The path does not name a table.",
                    "",
                    "Name it schema.table, percent-encoded, with a backslash before a dot inside a name.");
        }
    }

    /** What a browser has really seen wins over what the address said when the stream was first opened. */
    private static long lastSeen(HttpRequest request, Optional<String> after) {
        Optional<String> header = request.getHeader("Last-Event-ID").map(HttpHeader::value);
        String text = header.or(() -> after).orElse("0");
        try {
            long number = Long.parseLong(text);
            if (number >= 0) {
                return number;
            }
        } catch (NumberFormatException e) {
            // Told below, together with negative numbers.
        }
        throw new GodwitException(
                ErrorCode.USAGE,
                "The number of the last seen event is not a whole number from 0 up.",
                header.isPresent() ? "header Last-Event-ID" : "query parameter after",
                "Give the id of the last event that was received, or leave it out.");
    }

    private static void requireFitIdempotencyKey(HttpRequest request) {
        boolean tooLong = request.getHeader("Idempotency-Key")
                .filter(header -> header.value().length() > MAX_IDEMPOTENCY_KEY_CHARACTERS)
                .isPresent();
        if (tooLong) {
            throw new GodwitException(
                    ErrorCode.USAGE,
                    "The key is longer than " + MAX_IDEMPOTENCY_KEY_CHARACTERS + " characters.",
                    "header Idempotency-Key",
                    "Shorten it or leave it out: the same plan again is the same migration in any case.");
        }
    }

    /** Who asked, as far as a server without authentication knows. */
    private static String caller(HttpRequest request) {
        return request.getAttribute(AttributeKeys.remoteAddress)
                .flatMap(address -> address.getAddress())
                .map(address -> "http " + address.getHostAddress())
                .orElse("http");
    }
}
