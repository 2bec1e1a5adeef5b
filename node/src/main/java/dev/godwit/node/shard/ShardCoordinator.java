package dev.godwit.node.shard;

import dev.godwit.node.access.Databases;
import dev.godwit.node.ledger.AfterFailure;
import dev.godwit.node.ledger.TableLedger;
import dev.godwit.node.shard.CoordinatorWork.Step;
import dev.godwit.node.target.TargetDatabase.Confirmation;
import dev.godwit.node.target.TargetDatabase.Retirement;
import dev.godwit.protocol.Wire;
import dev.godwit.protocol.error.Problem;
import dev.godwit.protocol.error.Retry;
import dev.godwit.protocol.event.StoredTable;
import dev.godwit.protocol.event.StoredTable.OpenShard;
import dev.godwit.protocol.event.TableEvent;
import dev.godwit.protocol.event.TableEvent.ShardFailed;
import dev.godwit.protocol.event.TableEvent.ShardLanded;
import dev.godwit.protocol.event.TableEvent.ShardStarted;
import dev.godwit.protocol.event.TableEvent.ShardsReleased;
import dev.godwit.protocol.event.TableEvent.TableContinued;
import dev.godwit.protocol.event.TableEvent.TableHalted;
import dev.godwit.protocol.event.TableEvent.TableOpened;
import dev.godwit.protocol.plan.Plan;
import dev.godwit.protocol.status.ShardStatus;
import dev.godwit.protocol.status.TableStatus;
import dev.godwit.protocol.table.TableName;
import dev.godwit.protocol.table.TableSpec;
import dev.godwit.protocol.table.Window;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.ThreadLocalRandom;
import java.util.function.Consumer;
import java.util.stream.Collectors;
import org.apache.pekko.actor.typed.ActorRef;
import org.apache.pekko.actor.typed.Behavior;
import org.apache.pekko.actor.typed.SupervisorStrategy;
import org.apache.pekko.actor.typed.javadsl.ActorContext;
import org.apache.pekko.actor.typed.javadsl.Behaviors;
import org.apache.pekko.actor.typed.javadsl.TimerScheduler;
import org.apache.pekko.cluster.sharding.typed.javadsl.EntityTypeKey;
import org.apache.pekko.persistence.typed.PersistenceId;
import org.apache.pekko.persistence.typed.RecoveryCompleted;
import org.apache.pekko.persistence.typed.SnapshotAdapter;
import org.apache.pekko.persistence.typed.javadsl.CommandHandler;
import org.apache.pekko.persistence.typed.javadsl.Effect;
import org.apache.pekko.persistence.typed.javadsl.EventHandler;
import org.apache.pekko.persistence.typed.javadsl.EventSourcedBehavior;
import org.apache.pekko.persistence.typed.javadsl.RetentionCriteria;
import org.apache.pekko.persistence.typed.javadsl.SignalHandler;

/**
 * Owns one table of one migration: cuts it into shards a window at a time, hands them out, and knows the outcome of
 * each. The states of a shard are drawn in {@link TableLedger}, those of the table are {@link TableLedger#state}.
 *
 * <p>After a start it asks the target what became of the shards that the journal holds for open, for the claims are the
 * truth; then it hands out. It does nothing until the migration has told it to by {@link Open}, which comes again and
 * again: so nothing that it is told can be lost for good. What runs on a node that has left, or of which nothing is
 * heard for {@link CoordinatorWork#SILENCE}, is handed out again; the claim keeps the silent worker from landing it too.
 */
public final class ShardCoordinator extends EventSourcedBehavior<ShardCoordinator.Command, TableEvent, TableLedger> {
    public static final EntityTypeKey<Command> ENTITY_KEY = EntityTypeKey.create(Command.class, "ShardCoordinator");

    /** Shards of a window. */
    static final int WINDOW_SHARDS = 64;

    static final Duration TICK = Duration.ofSeconds(1);

    /** What a coordinator is told. */
    public sealed interface Command {}

    /** What it is told from other nodes. */
    public sealed interface Message extends Command, Wire {}

    /**
     * Work on this table; repeated every second.
     *
     * @param active whether shards are to be handed out, false while the migration is paused
     * @param workers workers in the whole cluster
     * @param cluster id of this cluster
     * @param oneMoment whether the table, once all its shards have landed, holds one moment of the source, so that its keys
     *     may be made
     */
    public record Open(Plan plan, TableSpec table, boolean active, int workers, String cluster, boolean oneMoment)
            implements Message {}

    public record PullWork(TableName table, String worker, String node, ActorRef<ShardWorker.Command> replyTo)
            implements Message {}

    /** A sign of life. */
    public record Progress(String shard, int attempt, String worker, String node, long rows, long bytes)
            implements Message {}

    public record Finished(
            String shard,
            int attempt,
            String worker,
            String node,
            WorkOutcome outcome,
            ActorRef<ShardWorker.Command> replyTo)
            implements Message {}

    /** Go on after the table was halted. */
    public record Continue(String by) implements Message {}

    public record ListShards(ActorRef<ShardList> replyTo) implements Message {}

    public record ShardList(List<ShardStatus> shards) implements Wire {}

    record Recollected(TableDesk.Recollection recollection) implements Command {}

    record WindowReady(int number, Window window) implements Command {}

    record RetireEnded(String shard, Retirement retirement) implements Command {}

    record CannotBeCut(String shard) implements Command {}

    record ConfirmEnded(Confirmation confirmation) implements Command {}

    record KeysEnded() implements Command {}

    record StepFailed(Step step, String shard, Problem problem) implements Command {}

    private record MemberGone(String node) implements Command {}

    private record Tick() implements Command {}

    /** Told about the table's progress, about once a second. */
    public interface Owner {
        /** @param foreignCluster id of another cluster that was seen to land shards; empty if none was */
        void tableReports(String migration, TableStatus status, String foreignCluster);
    }

    /**
     * Where a recovery begins. It begins there again after each failure of the journal, with this very object, so no
     * event may ever change it.
     */
    private final TableLedger nothingYet = TableLedger.empty();

    private final ActorContext<Command> context;
    private final TimerScheduler<Command> timers;
    private final CoordinatorWork work;
    private final CoordinatorSteps steps;

    private ShardCoordinator(
            PersistenceId id,
            ActorContext<Command> context,
            TimerScheduler<Command> timers,
            Databases databases,
            Owner owner) {
        super(
                id,
                SupervisorStrategy.restartWithBackoff(Duration.ofMillis(500), Duration.ofSeconds(10), 0.3)
                        .withStashCapacity(10_000));
        this.context = context;
        this.timers = timers;
        this.work = new CoordinatorWork(context, databases, owner);
        this.steps = new CoordinatorSteps(context, work);
    }

    public static Behavior<Command> create(PersistenceId id, Databases databases, Owner owner) {
        return Behaviors.setup(context -> Behaviors.withTimers(timers -> {
            Members.tellOfRemoved(context, event -> new MemberGone(MemberName.of(event.member())));
            return new ShardCoordinator(id, context, timers, databases, owner);
        }));
    }

    @Override
    public TableLedger emptyState() {
        return nothingYet;
    }

    @Override
    public EventHandler<TableLedger, TableEvent> eventHandler() {
        return (ledger, event) -> (ledger == nothingYet ? TableLedger.empty() : ledger).apply(event);
    }

    @Override
    public SnapshotAdapter<TableLedger> snapshotAdapter() {
        return new LedgerSnapshots<>(TableLedger::stored, StoredTable.class, TableLedger::of);
    }

    @Override
    public RetentionCriteria retentionCriteria() {
        return RetentionCriteria.snapshotEvery(500, 2).withDeleteEventsOnSnapshot();
    }

    @Override
    public SignalHandler<TableLedger> signalHandler() {
        return newSignalHandlerBuilder()
                .onSignal(RecoveryCompleted.instance(), ledger -> {
                    work.forget();
                    // Here, since a restart after a failure of the journal has ended all timers.
                    timers.startTimerWithFixedDelay(new Tick(), TICK);
                })
                .build();
    }

    @Override
    public CommandHandler<Command, TableEvent, TableLedger> commandHandler() {
        return newCommandHandlerBuilder()
                .forAnyState()
                .onCommand(Open.class, this::onOpen)
                .onCommand(PullWork.class, this::onPullWork)
                .onCommand(Progress.class, this::onProgress)
                .onCommand(Finished.class, this::onFinished)
                .onCommand(Continue.class, this::onContinue)
                .onCommand(ListShards.class, this::onListShards)
                .onCommand(Recollected.class, (ledger, ended) -> decide(steps.recollected(ledger, ended)))
                .onCommand(WindowReady.class, (ledger, ended) -> decide(steps.windowReady(ledger, ended)))
                .onCommand(RetireEnded.class, (ledger, ended) -> decide(steps.retireEnded(ledger, ended)))
                .onCommand(CannotBeCut.class, (ledger, ended) -> decide(steps.cannotBeCut(ledger, ended)))
                .onCommand(ConfirmEnded.class, (ledger, ended) -> decide(steps.confirmEnded(ledger, ended)))
                .onCommand(KeysEnded.class, (ledger, ended) -> decide(steps.keysEnded(ledger, ended)))
                .onCommand(StepFailed.class, (ledger, ended) -> decide(steps.stepFailed(ledger, ended)))
                .onCommand(MemberGone.class, this::onMemberGone)
                .onCommand(Tick.class, this::onTick)
                .build();
    }

    /** Persists and then looks what is to be done next. */
    private Effect<TableEvent, TableLedger> decide(List<TableEvent> events, Consumer<TableLedger> then) {
        if (events.isEmpty()) {
            return Effect().none().thenRun(ledger -> {
                then.accept(ledger);
                work.proceed(ledger);
            });
        }
        return Effect().persist(events).thenRun(ledger -> {
            then.accept(ledger);
            work.proceed(ledger);
        });
    }

    private Effect<TableEvent, TableLedger> decide(List<TableEvent> events) {
        return decide(events, ledger -> {});
    }

    private Effect<TableEvent, TableLedger> onOpen(TableLedger ledger, Open command) {
        work.open(command);
        List<TableEvent> events = ledger.opened()
                ? List.of()
                : List.of(new TableOpened(command.plan().name(), command.table()));
        return decide(events);
    }

    private Effect<TableEvent, TableLedger> onPullWork(TableLedger ledger, PullWork command) {
        if (!work.handsOut(ledger)) {
            return nothingFor(command, ledger);
        }
        // A worker has one shard at a time: if it asks, it does not have the one that it was given.
        OpenShard next = ledger.open().stream()
                .filter(shard -> !work.isRetiring(shard.id()))
                .filter(shard -> command.worker().equals(shard.worker())
                        && command.node().equals(shard.node()))
                .findFirst()
                .or(() -> ledger.open().stream()
                        .filter(shard -> work.mayStart(shard, command.node()))
                        .findFirst())
                .orElse(null);
        if (next == null) {
            return nothingFor(command, ledger);
        }
        int attempt = next.attempts() + 1;
        work.heardOf(next.id(), 0, 0);
        return decide(
                List.of(new ShardStarted(next.id(), command.worker(), command.node(), attempt)),
                after -> command.replyTo().tell(work.given(after, next.id(), attempt)));
    }

    private Effect<TableEvent, TableLedger> nothingFor(PullWork command, TableLedger ledger) {
        command.replyTo().tell(new ShardWorker.NothingNow(command.table(), work.hasMoreSoon(ledger)));
        return Effect().none();
    }

    private Effect<TableEvent, TableLedger> onProgress(TableLedger ledger, Progress command) {
        ledger.open(command.shard())
                .filter(shard -> shard.attempts() == command.attempt())
                .ifPresent(shard -> work.heardOf(shard.id(), command.rows(), command.bytes()));
        return Effect().none();
    }

    private Effect<TableEvent, TableLedger> onFinished(TableLedger ledger, Finished command) {
        Consumer<TableLedger> acknowledge = after -> command.replyTo()
                .tell(new ShardWorker.Acknowledged(after.table().name(), command.shard(), command.attempt()));
        OpenShard shard = ledger.open(command.shard()).orElse(null);
        if (shard == null || work.isRetiring(command.shard())) {
            return decide(List.of(), acknowledge);
        }
        // What landed has landed, whoever did it; all else counts only from the worker that has the shard now.
        if (command.outcome() instanceof WorkOutcome.Landed landed) {
            work.landed(ledger, shard.id(), landed);
            return decide(
                    List.of(new ShardLanded(
                            shard.id(), landed.rows(), landed.bytes(), landed.durationMillis(), landed.node())),
                    acknowledge);
        } else if (shard.attempts() != command.attempt() || shard.node() == null) {
            return decide(List.of(), acknowledge);
        } else if (command.outcome() instanceof WorkOutcome.AlreadyRetired) {
            return decide(List.of(), after -> {
                acknowledge.accept(after);
                work.adoptPieces(shard.id());
            });
        } else if (command.outcome() instanceof WorkOutcome.TooBig tooBig) {
            return decide(List.of(), after -> {
                acknowledge.accept(after);
                work.retire(shard.id(), tooBig.bytesSoFar());
            });
        } else if (command.outcome() instanceof WorkOutcome.Failed failed) {
            return decide(failureEvents(shard, failed.problem()), acknowledge);
        }
        work.endedTry(shard.id());
        return decide(List.of(new ShardsReleased(List.of(shard.id()), command.node())), acknowledge);
    }

    private List<TableEvent> failureEvents(OpenShard shard, Problem problem) {
        List<TableEvent> events = new ArrayList<>();
        events.add(new ShardFailed(shard.id(), problem, shard.attempts()));
        AfterFailure after = AfterFailure.of(
                problem.code(),
                shard.failures() + 1,
                ThreadLocalRandom.current().nextDouble());
        if (after instanceof AfterFailure.TryAgain again) {
            work.backOff(shard.id(), again.pause());
            if (problem.code().retry() == Retry.UNTIL_IT_WORKS) {
                work.preferOthers(shard);
            }
        } else {
            work.endedTry(shard.id());
            events.add(new TableHalted(problem));
        }
        return events;
    }

    private Effect<TableEvent, TableLedger> onContinue(TableLedger ledger, Continue command) {
        work.clearBackOff();
        return ledger.halted().isPresent()
                ? decide(List.of(new TableContinued(command.by())))
                : Effect().none();
    }

    private Effect<TableEvent, TableLedger> onListShards(TableLedger ledger, ListShards command) {
        command.replyTo().tell(new ShardList(work.shards(ledger)));
        return Effect().none();
    }

    private Effect<TableEvent, TableLedger> onMemberGone(TableLedger ledger, MemberGone command) {
        List<String> shards = ledger.open().stream()
                .filter(shard -> command.node().equals(shard.node()))
                .map(OpenShard::id)
                .collect(Collectors.toList());
        shards.removeIf(work::isRetiring);
        if (shards.isEmpty()) {
            return Effect().none();
        }
        shards.forEach(work::endedTry);
        return decide(List.of(new ShardsReleased(shards, command.node())));
    }

    private Effect<TableEvent, TableLedger> onTick(TableLedger ledger, Tick command) {
        if (!ledger.opened()) {
            return Effect().none();
        }
        if (work.isForgotten(ledger)) {
            return Effect().stop();
        }
        work.report(ledger);
        List<OpenShard> silent = work.silent(ledger);
        if (silent.isEmpty()) {
            return decide(List.of());
        }
        silent.forEach(shard -> work.endedTry(shard.id()));
        return decide(silent.stream()
                .<TableEvent>map(shard -> new ShardsReleased(List.of(shard.id()), shard.node()))
                .toList());
    }
}
