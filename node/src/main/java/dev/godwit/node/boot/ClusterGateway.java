package dev.godwit.node.boot;

import dev.godwit.node.changes.ChangeCapture;
import dev.godwit.node.lifecycle.Transition;
import dev.godwit.node.migration.Migration;
import dev.godwit.node.migration.MigrationGateway;
import dev.godwit.node.plan.PlanDigest;
import dev.godwit.node.shard.BlockingDispatcher;
import dev.godwit.node.shard.ShardCoordinator;
import dev.godwit.protocol.error.ErrorCode;
import dev.godwit.protocol.error.GodwitException;
import dev.godwit.protocol.event.MigrationEvent;
import dev.godwit.protocol.plan.Plan;
import dev.godwit.protocol.status.Action;
import dev.godwit.protocol.status.MigrationStatus;
import dev.godwit.protocol.status.Phase;
import dev.godwit.protocol.status.ShardStatus;
import dev.godwit.protocol.status.SyncStatus;
import dev.godwit.protocol.status.TableStatus;
import dev.godwit.protocol.table.TableName;
import java.time.Duration;
import java.util.ArrayList;
import java.util.Comparator;
import java.util.List;
import java.util.UUID;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CompletionException;
import java.util.concurrent.CompletionStage;
import java.util.concurrent.Executor;
import java.util.concurrent.TimeoutException;
import java.util.concurrent.atomic.AtomicReference;
import java.util.function.Supplier;
import org.apache.pekko.NotUsed;
import org.apache.pekko.actor.typed.ActorRef;
import org.apache.pekko.actor.typed.ActorSystem;
import org.apache.pekko.cluster.sharding.typed.javadsl.EntityRef;
import org.apache.pekko.japi.function.Function;
import org.apache.pekko.persistence.jdbc.query.javadsl.JdbcReadJournal;
import org.apache.pekko.persistence.query.EventEnvelope;
import org.apache.pekko.persistence.query.PersistenceQuery;
import org.apache.pekko.persistence.typed.PersistenceId;
import org.apache.pekko.stream.javadsl.Source;

/** Asks the entities of the cluster. */
final class ClusterGateway implements MigrationGateway {
    /** One ask; the first ones may be lost while entities move. */
    private static final Duration ASK = Duration.ofSeconds(4);

    private static final int TRIES = 4;

    private final ActorSystem<?> system;
    private final ClusterWiring wiring;
    private final Executor blocking;

    ClusterGateway(ActorSystem<?> system, ClusterWiring wiring) {
        this.system = system;
        this.wiring = wiring;
        this.blocking = BlockingDispatcher.of(system);
    }

    @Override
    public CompletionStage<MigrationStatus> submit(Plan plan, String by) {
        String digest = PlanDigest.of(plan);
        return CompletableFuture.supplyAsync(() -> wiring.addJob(plan, digest, by), blocking)
                .thenCompose(stored -> statusOf(plan.name(), replyTo -> new Migration.Submit(plan, digest, by, replyTo))
                        .thenApplyAsync(
                                status -> {
                                    if (!stored.equals(digest)) {
                                        wiring.replaceJob(plan, digest);
                                    }
                                    return status;
                                },
                                blocking));
    }

    @Override
    public CompletionStage<List<MigrationStatus>> list() {
        return CompletableFuture.supplyAsync(wiring::names, blocking).thenCompose(names -> {
            List<CompletableFuture<MigrationStatus>> asked = names.stream()
                    .map(name -> status(name).toCompletableFuture())
                    .toList();
            return CompletableFuture.allOf(asked.toArray(new CompletableFuture<?>[0]))
                    .thenApply(
                            all -> asked.stream().map(CompletableFuture::join).toList());
        });
    }

    @Override
    public CompletionStage<MigrationStatus> status(String migration) {
        return statusOf(migration, Migration.AskStatus::new);
    }

    @Override
    public CompletionStage<MigrationStatus> act(String migration, Action action, String by) {
        return action == Action.COMPLETE ? complete(migration, by, false) : decide(migration, action, by);
    }

    @Override
    public CompletionStage<MigrationStatus> completeWithoutHalted(String migration, String by) {
        return complete(migration, by, true);
    }

    private CompletionStage<MigrationStatus> complete(String migration, String by, boolean withoutHalted) {
        return status(migration)
                .thenCompose(status -> status.allowedActions().contains(Action.COMPLETE.word())
                        ? sync(migration, -1).thenAccept(sync -> requireReached(sync, withoutHalted))
                        : CompletableFuture.<Void>completedStage(null)) // refused below, with what may be asked instead
                .thenCompose(passed -> decide(migration, Action.COMPLETE, by));
    }

    private CompletionStage<MigrationStatus> decide(String migration, Action action, String by) {
        String request = UUID.randomUUID().toString();
        return statusOf(migration, replyTo -> new Migration.Act(action, by, request, replyTo));
    }

    /** The slot is dropped at the end: what is not in the targets by then never will be. */
    private static void requireReached(SyncStatus sync, boolean withoutHalted) {
        if (sync.halted() && !withoutHalted) {
            throw new GodwitException(
                    ErrorCode.ACTION_NOT_ALLOWED_NOW,
                    sync.problem().what(),
                    "migration " + sync.migration(),
                    "'godwit complete " + sync.migration()
                            + " --without-halted' leaves these tables behind as they are");
        } else if (!sync.reached() && !sync.halted()) {
            throw new GodwitException(
                    ErrorCode.ACTION_NOT_ALLOWED_NOW,
                    "changes that are committed at the source are not all in the targets"
                            + (sync.problem() == null
                                    ? ""
                                    : ": " + sync.problem().what()),
                    "migration " + sync.migration(),
                    "let 'godwit sync " + sync.migration() + " --until now' end well, or cancel the migration");
        }
    }

    @Override
    public CompletionStage<SyncStatus> sync(String migration, long lsn) {
        return status(migration).thenCompose(status -> {
            if (status.phase() != Phase.CATCHING_UP && status.phase() != Phase.IN_STEP) {
                throw new GodwitException(
                        ErrorCode.ACTION_NOT_ALLOWED_NOW,
                        "a migration that is " + status.phase().word() + " has not all rows in its targets",
                        "migration " + migration,
                        status.capture() == null
                                ? "only a plan with consistency: online takes changes over"
                                : "wait until it is catching-up or in-step");
            }
            return this.<ChangeCapture.Command, ChangeCapture.Reached>ask(
                            wiring.capture(migration), replyTo -> new ChangeCapture.AskReached(lsn, replyTo))
                    .thenApply(answer -> {
                        if (answer.lsn() < 0) {
                            throw new GodwitException(answer.problem());
                        }
                        return new SyncStatus(migration, answer.lsn(), answer.reached(), answer.problem());
                    });
        });
    }

    @Override
    public CompletionStage<List<TableStatus>> tables(String migration) {
        return status(migration)
                .thenCompose(known -> this.<Migration.Command, Migration.Tables>ask(
                        wiring.migration(migration), Migration.AskTables::new))
                .thenApply(answer -> {
                    List<TableStatus> tables = new ArrayList<>(answer.tables());
                    tables.sort(Comparator.comparingLong(TableStatus::estimatedBytes)
                            .reversed());
                    return tables;
                });
    }

    @Override
    public CompletionStage<List<ShardStatus>> shards(String migration, TableName table) {
        return tables(migration)
                .thenCompose(tables -> {
                    if (tables.stream().noneMatch(known -> known.table().equals(table.text()))) {
                        throw new GodwitException(
                                ErrorCode.TABLE_NOT_FOUND, "the migration has no such table", migration, "");
                    }
                    return this.<ShardCoordinator.Command, ShardCoordinator.ShardList>ask(
                            wiring.coordinator(migration, table), ShardCoordinator.ListShards::new);
                })
                .thenApply(ShardCoordinator.ShardList::shards);
    }

    private CompletionStage<MigrationStatus> statusOf(
            String migration, Function<ActorRef<Migration.Reply>, Migration.Command> message) {
        return this.<Migration.Command, Migration.Reply>ask(wiring.migration(migration), message)
                .thenApply(reply -> {
                    if (reply.problem() != null) {
                        throw new GodwitException(reply.problem());
                    }
                    return reply.status();
                });
    }

    private <M, R> CompletionStage<R> ask(EntityRef<M> entity, Function<ActorRef<R>, M> message) {
        return again(() -> entity.ask(message, ASK), TRIES);
    }

    private static <R> CompletionStage<R> again(Supplier<CompletionStage<R>> ask, int tries) {
        return ask.get().exceptionallyCompose(failure -> {
            Throwable cause = failure instanceof CompletionException ? failure.getCause() : failure;
            if (!(cause instanceof TimeoutException)) {
                return CompletableFuture.failedFuture(cause);
            }
            return tries > 1
                    ? again(ask, tries - 1)
                    : CompletableFuture.failedFuture(new GodwitException(
                            ErrorCode.TIMED_OUT,
                            "the cluster did not answer in time",
                            "",
                            "a node may be failing over, or the state store be down: try again in some" + " seconds"));
        });
    }

    @Override
    public Source<NumberedEvent, NotUsed> events(String migration, long after) {
        return Source.completionStageSource(status(migration).thenApply(status -> from(migration, after, status)))
                .mapMaterializedValue(ignored -> NotUsed.getInstance());
    }

    /**
     * What is there, then what comes. An end counts only where nothing follows it: a migration that failed may have
     * begun anew.
     */
    private Source<NumberedEvent, NotUsed> from(String migration, long after, MigrationStatus status) {
        JdbcReadJournal journal =
                PersistenceQuery.get(system).getReadJournalFor(JdbcReadJournal.class, JdbcReadJournal.Identifier());
        String id = PersistenceId.of(Migration.ENTITY_KEY.name(), migration).id();
        AtomicReference<NumberedEvent> last = new AtomicReference<>();
        Source<NumberedEvent, NotUsed> there = journal.currentEventsByPersistenceId(id, after + 1, Long.MAX_VALUE)
                .map(ClusterGateway::numbered)
                .map(event -> {
                    last.set(event);
                    return event;
                });
        if (status.phase().ended()) {
            return there;
        }
        return there.concatLazy(Source.lazySource(() -> {
            NumberedEvent seen = last.get();
            return seen != null && Transition.ends(seen.event())
                    ? Source.<NumberedEvent>empty()
                    : journal.eventsByPersistenceId(id, (seen == null ? after : seen.number()) + 1, Long.MAX_VALUE)
                            .map(ClusterGateway::numbered)
                            .takeWhile(numbered -> !Transition.ends(numbered.event()), true);
        }));
    }

    private static NumberedEvent numbered(EventEnvelope envelope) {
        return new NumberedEvent(envelope.sequenceNr(), (MigrationEvent) envelope.event());
    }
}
