package dev.godwit.node.migration;

import dev.godwit.node.access.Databases;
import dev.godwit.node.changes.ChangeCapture;
import dev.godwit.node.changes.ChangeTally;
import dev.godwit.node.lifecycle.MigrationLedger;
import dev.godwit.node.lifecycle.NextSteps;
import dev.godwit.node.lifecycle.Requests;
import dev.godwit.node.plan.PlanDigest;
import dev.godwit.node.shard.LedgerSnapshots;
import dev.godwit.node.shard.MemberName;
import dev.godwit.node.shard.Members;
import dev.godwit.node.shard.ShardCoordinator;
import dev.godwit.protocol.Wire;
import dev.godwit.protocol.error.Problem;
import dev.godwit.protocol.event.MigrationEvent;
import dev.godwit.protocol.event.MigrationEvent.MigrationSubmitted;
import dev.godwit.protocol.event.MigrationEvent.TableResumed;
import dev.godwit.protocol.event.StoredMigration;
import dev.godwit.protocol.plan.Plan;
import dev.godwit.protocol.status.Action;
import dev.godwit.protocol.status.MigrationStatus;
import dev.godwit.protocol.status.NodeStatus;
import dev.godwit.protocol.status.Phase;
import dev.godwit.protocol.status.TableStatus;
import dev.godwit.protocol.table.TableName;
import java.time.Clock;
import java.time.Duration;
import java.time.Instant;
import java.util.List;
import java.util.Map;
import java.util.Set;
import org.apache.pekko.actor.typed.ActorRef;
import org.apache.pekko.actor.typed.Behavior;
import org.apache.pekko.actor.typed.SupervisorStrategy;
import org.apache.pekko.actor.typed.javadsl.ActorContext;
import org.apache.pekko.actor.typed.javadsl.Behaviors;
import org.apache.pekko.actor.typed.javadsl.TimerScheduler;
import org.apache.pekko.cluster.MemberStatus;
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
 * Owns one migration: its phase (the table of phases is {@link dev.godwit.node.lifecycle.Transition}), its snapshot,
 * which tables run, pause and resume.
 *
 * <p>What it wants done it tells once a second, to the agents on all nodes and to the coordinators of the running
 * tables, and they tell as often how far they are: so nothing that is told can be lost for good. All that it has not
 * kept in the journal comes back that way after a start.
 *
 * <p>What follows by itself is decided in {@link NextSteps}, from what people ask in {@link Requests}, from the steps that
 * ask its databases in {@link MigrationSteps}, from reports in {@link MigrationReports}, from bundles in {@link BundleDesk}.
 */
public final class Migration extends EventSourcedBehavior<Migration.Command, MigrationEvent, MigrationLedger> {
    public static final EntityTypeKey<Command> ENTITY_KEY = EntityTypeKey.create(Command.class, "Migration");

    static final Duration TICK = Duration.ofSeconds(1);

    /** What a migration is told. */
    public sealed interface Command {}

    /** What it is told from other nodes. */
    public sealed interface Message extends Command, Wire {}

    /** Begin, or go on. Answered once it is durable. */
    public record Submit(Plan plan, String planDigest, String by, ActorRef<Reply> replyTo) implements Message {}

    /** @param request tells this request from others: it may come again, since its answer may be lost */
    public record Act(Action action, String by, String request, ActorRef<Reply> replyTo) implements Message {}

    /** A worker asks for small tables to carry together. */
    public record PullBundle(ShardCoordinator.PullWork pull) implements Message {}

    public record BundleProgress(ShardCoordinator.Progress progress) implements Message {}

    public record BundleFinished(ShardCoordinator.Finished finished) implements Message {}

    public record AskStatus(ActorRef<Reply> replyTo) implements Message {}

    public record AskTables(ActorRef<Tables> replyTo) implements Message {}

    /** Be there, and begin if that was lost: the reconciler's call to a migration that should run. */
    public record Wake(Plan plan, String planDigest) implements Message {}

    /** How far a table is, told by its coordinator. */
    public record TableReport(TableStatus status, String foreignCluster) implements Message {}

    /**
     * How a node does, told by its agent.
     *
     * @param exported name of the node's own export of the snapshot; null if it holds none
     * @param snapshot text of the snapshot that it holds; null if it holds none
     * @param notHeld why it holds none although it is to; null if it does, or that is not known
     */
    public record NodeReport(NodeStatus status, String exported, String snapshot, Problem notHeld) implements Message {}

    /** How the changes of the source come over, told by who reads them. */
    public record CaptureReport(ChangeCapture.Report report) implements Message {}

    /** How many changes of some tables there were, told by who reads them; of all of them in turn. */
    public record ChangesCounted(List<ChangeTally.OfTable> tables) implements Message {}

    /**
     * @param status null if there was no such migration, or the problem says why not
     * @param problem null if all is well
     */
    public record Reply(MigrationStatus status, Problem problem) implements Wire {}

    public record Tables(List<TableStatus> tables) implements Wire {}

    /** @param planDigest of the plan that was checked: another one may have taken its place since */
    record CheckEnded(String planDigest, MigrationCheck.Checked checked) implements Command {}

    /**
     * @param planDigest of the plan that was entered
     * @param snapshot that was entered; empty if there is none
     */
    record EntryEnded(String planDigest, String snapshot, Preparation.Entered entered) implements Command {}

    record SearchEnded(Preparation.Search search) implements Command {}

    record SchemaEnded(List<Problem> problems) implements Command {}

    record CaptureDropped() implements Command {}

    record StepFailed(String step, Problem problem) implements Command {}

    private record MemberGone(String node) implements Command {}

    /** What follows by itself is due now: it need not wait for the next tick. */
    private record Due() implements Command {}

    private record Tick() implements Command {}

    /** The way to the rest of the cluster. */
    public interface Surroundings {
        /** Id of this cluster: the same for all its nodes and over restarts. */
        String cluster();

        Databases databases();

        /** Major versions of the client programs that each node has found, by node. */
        Map<String, Set<Integer>> clientPrograms();

        /** Tells every node's agent. */
        void tellAgents(NodeAgent.Message message);

        void tellCoordinator(String migration, TableName table, ShardCoordinator.Message message);

        /** To the one who reads the migration's changes. */
        void tellCapture(String migration, ChangeCapture.Message message);

        /** Notes in the state store that the migration needs nobody's call any more. */
        void ended(String migration);

        /** Notes that it needs it again. */
        void reopened(String migration);
    }

    /**
     * Where a recovery begins. It begins there again after each failure of the journal, with this very object, so no
     * event may ever change it.
     */
    private final MigrationLedger nothingYet = MigrationLedger.empty();

    private final String name;
    private final ActorContext<Command> context;
    private final TimerScheduler<Command> timers;
    private final Clock clock;
    private final Surroundings around;
    private final MigrationWatch watch;
    private final CaptureWatch capture = new CaptureWatch();
    private final MigrationSteps steps;
    private final MigrationReports reports;
    private final BundleDesk bundles = new BundleDesk();
    private final Instructions instructions;

    private Migration(
            PersistenceId id,
            String name,
            ActorContext<Command> context,
            TimerScheduler<Command> timers,
            Clock clock,
            Surroundings around) {
        super(
                id,
                SupervisorStrategy.restartWithBackoff(Duration.ofMillis(500), Duration.ofSeconds(10), 0.3)
                        .withStashCapacity(10_000));
        this.name = name;
        this.context = context;
        this.timers = timers;
        this.clock = clock;
        this.around = around;
        this.watch = new MigrationWatch(clock, bundles::holds, capture);
        this.steps = new MigrationSteps(name, context, clock, watch, new Preparation(context, around));
        this.reports = new MigrationReports(clock, watch);
        this.instructions = new Instructions(name, around, watch, capture, bundles);
    }

    public static Behavior<Command> create(PersistenceId id, String name, Clock clock, Surroundings around) {
        return Behaviors.setup(context -> Behaviors.withTimers(timers -> {
            // A node that left in order has given its shards back and is no event.
            Members.tellOfRemoved(
                    context,
                    event -> new MemberGone(
                            event.previousStatus() == MemberStatus.down() ? MemberName.of(event.member()) : ""));
            return new Migration(id, name, context, timers, clock, around);
        }));
    }

    @Override
    public MigrationLedger emptyState() {
        return nothingYet;
    }

    @Override
    public EventHandler<MigrationLedger, MigrationEvent> eventHandler() {
        return (ledger, event) -> (ledger == nothingYet ? MigrationLedger.empty() : ledger).apply(event);
    }

    @Override
    public SnapshotAdapter<MigrationLedger> snapshotAdapter() {
        return new LedgerSnapshots<>(MigrationLedger::stored, StoredMigration.class, MigrationLedger::of);
    }

    @Override
    public RetentionCriteria retentionCriteria() {
        // The events stay: they are what people and the event stream read. A snapshot holds every table: frequent ones
        // would cost the square of the tables' number.
        return RetentionCriteria.snapshotEvery(5000, 2);
    }

    @Override
    public SignalHandler<MigrationLedger> signalHandler() {
        return newSignalHandlerBuilder()
                .onSignal(RecoveryCompleted.instance(), ledger -> {
                    steps.forget();
                    watch.forget();
                    capture.forget();
                    bundles.forget();
                    // Here, since a restart after a failure of the journal has ended all timers.
                    timers.startTimerWithFixedDelay(new Tick(), TICK);
                })
                .build();
    }

    @Override
    public CommandHandler<Command, MigrationEvent, MigrationLedger> commandHandler() {
        return newCommandHandlerBuilder()
                .forAnyState()
                .onCommand(Submit.class, this::onSubmit)
                .onCommand(Act.class, this::onAct)
                .onCommand(AskStatus.class, this::onAskStatus)
                .onCommand(AskTables.class, this::onAskTables)
                .onCommand(Wake.class, this::onWake)
                .onCommand(TableReport.class, (ledger, report) -> persist(reports.ofTable(ledger, report)))
                .onCommand(NodeReport.class, this::onNodeReport)
                .onCommand(CaptureReport.class, this::onCaptureReport)
                .onCommand(ChangesCounted.class, this::onChangesCounted)
                .onCommand(CaptureDropped.class, (ledger, ended) -> persist(steps.captureDropped(ledger)))
                .onCommand(PullBundle.class, this::onPullBundle)
                .onCommand(BundleProgress.class, this::onBundleProgress)
                .onCommand(BundleFinished.class, this::onBundleFinished)
                .onCommand(CheckEnded.class, (ledger, ended) -> persist(steps.checkEnded(ledger, ended)))
                .onCommand(EntryEnded.class, (ledger, ended) -> persist(steps.entryEnded(ledger, ended)))
                .onCommand(SearchEnded.class, (ledger, ended) -> persist(steps.searchEnded(ledger, ended)))
                .onCommand(SchemaEnded.class, (ledger, ended) -> persist(steps.schemaEnded(ledger, ended)))
                .onCommand(StepFailed.class, (ledger, ended) -> persist(steps.failed(ledger, ended)))
                .onCommand(MemberGone.class, this::onMemberGone)
                .onCommand(Due.class, (ledger, due) -> persist(NextSteps.due(ledger, now())))
                .onCommand(Tick.class, this::onTick)
                .build();
    }

    private Effect<MigrationEvent, MigrationLedger> persist(List<MigrationEvent> events) {
        return events.isEmpty() ? Effect().none() : Effect().persist(events).thenRun(this::proceed);
    }

    private Instant now() {
        return clock.instant();
    }

    private Effect<MigrationEvent, MigrationLedger> onSubmit(MigrationLedger ledger, Submit command) {
        // What a plan leaves open means what was decided when it was handed in first.
        boolean goesOn = ledger.submitted() && !ledger.mayBeginAnew();
        Plan plan = goesOn ? command.plan().decided(ledger.plan().schema()) : command.plan();
        String digest = plan.schema() == command.plan().schema() ? command.planDigest() : PlanDigest.of(plan);
        Requests.Answer answer = Requests.submit(name, ledger, plan, digest, now());
        if (!answer.events().isEmpty()) {
            around.reopened(name);
        }
        return answer(answer, command.replyTo());
    }

    private Effect<MigrationEvent, MigrationLedger> onAct(MigrationLedger ledger, Act command) {
        boolean again = watch.askedBefore(command.request());
        Requests.Answer answer = Requests.act(name, ledger, command.action(), command.by(), now());
        if (again && answer.refusal().isPresent()) {
            return Effect().none().thenRun(after -> command.replyTo().tell(reply(after))); // it was done the first time
        }
        return answer(answer, command.replyTo());
    }

    private Effect<MigrationEvent, MigrationLedger> answer(Requests.Answer answer, ActorRef<Reply> replyTo) {
        if (answer.refusal().isPresent()) {
            Problem refusal = answer.refusal().get();
            return Effect().none().thenRun(after -> replyTo.tell(new Reply(null, refusal)));
        }
        if (answer.events().isEmpty()) {
            return Effect().none().thenRun(after -> replyTo.tell(reply(after)));
        }
        return Effect()
                .persist(answer.events())
                .thenRun(after -> answer.events().forEach(this::passOn))
                .thenRun(this::proceed)
                .thenRun(after -> replyTo.tell(reply(after)));
    }

    /** The coordinator of a table that is to go on has its own halt to end. */
    private void passOn(MigrationEvent event) {
        if (event instanceof TableResumed resumed) {
            watch.resumed(resumed.table());
            around.tellCoordinator(name, resumed.table(), new ShardCoordinator.Continue(resumed.by()));
        }
    }

    private Effect<MigrationEvent, MigrationLedger> onWake(MigrationLedger ledger, Wake command) {
        return ledger.submitted()
                ? Effect().none()
                : persist(List.of(new MigrationSubmitted(command.plan(), command.planDigest(), now())));
    }

    private Reply reply(MigrationLedger ledger) {
        return new Reply(watch.status(name, ledger), null);
    }

    private Effect<MigrationEvent, MigrationLedger> onAskStatus(MigrationLedger ledger, AskStatus command) {
        watch.asked();
        command.replyTo().tell(ledger.submitted() ? reply(ledger) : new Reply(null, Requests.notFound(name)));
        return Effect().none();
    }

    private Effect<MigrationEvent, MigrationLedger> onAskTables(MigrationLedger ledger, AskTables command) {
        command.replyTo().tell(new Tables(watch.tables(ledger)));
        return Effect().none();
    }

    private Effect<MigrationEvent, MigrationLedger> onNodeReport(MigrationLedger ledger, NodeReport report) {
        boolean first = watch.heard(report.status());
        List<MigrationEvent> events = reports.ofNode(ledger, report);
        // The snapshot is taken by a node that was heard of.
        boolean mayTake = first && report.exported() == null && ledger.submitted();
        return mayTake ? Effect().none().thenRun(this::proceed) : persist(events);
    }

    private Effect<MigrationEvent, MigrationLedger> onCaptureReport(MigrationLedger ledger, CaptureReport report) {
        capture.heard(report.report());
        return ledger.submitted()
                ? persist(reports.ofCapture(ledger, report.report()))
                : Effect().none();
    }

    private Effect<MigrationEvent, MigrationLedger> onChangesCounted(MigrationLedger ledger, ChangesCounted report) {
        capture.counted(ledger, report.tables());
        return Effect().none();
    }

    private Effect<MigrationEvent, MigrationLedger> onPullBundle(MigrationLedger ledger, PullBundle command) {
        bundles.pull(ledger, command.pull(), ledger.phase() == Phase.COPYING);
        return Effect().none();
    }

    private Effect<MigrationEvent, MigrationLedger> onBundleProgress(MigrationLedger ledger, BundleProgress command) {
        bundles.heard(command.progress());
        return Effect().none();
    }

    private Effect<MigrationEvent, MigrationLedger> onBundleFinished(MigrationLedger ledger, BundleFinished command) {
        ShardCoordinator.Finished finished = command.finished();
        List<MigrationEvent> events = bundles.ended(ledger, finished, now());
        return events.isEmpty()
                ? Effect().none().thenRun(after -> BundleDesk.acknowledge(finished))
                : Effect()
                        .persist(events)
                        .thenRun(after -> BundleDesk.acknowledge(finished))
                        .thenRun(this::proceedIfDue);
    }

    private Effect<MigrationEvent, MigrationLedger> onMemberGone(MigrationLedger ledger, MemberGone command) {
        bundles.nodeGone(command.node());
        return persist(reports.nodeGone(ledger, command.node()));
    }

    private Effect<MigrationEvent, MigrationLedger> onTick(MigrationLedger ledger, Tick command) {
        if (!ledger.submitted()) {
            return Effect().none();
        }
        watch.tick(ledger);
        bundles.tick();
        if (watch.restsInPeace(ledger)) {
            return Effect().stop();
        }
        proceed(ledger);
        return capture.isSilent()
                ? persist(NextSteps.afterSilence(ledger, now()))
                : Effect().none();
    }

    /** After one of many bundles there is no need to tell everybody anew: only what ends or begins is news. */
    private void proceedIfDue(MigrationLedger ledger) {
        if (ledger.phase() != Phase.COPYING || NextSteps.isDue(ledger)) {
            proceed(ledger);
        }
    }

    /** Tells everybody what is wanted now, and starts the step that is due. */
    private void proceed(MigrationLedger ledger) {
        instructions.tell(ledger);
        if (ledger.phaseUnderPause().ended() && !ledger.captureEndIsDue()) {
            return;
        }
        steps.begin(ledger);
        if (NextSteps.isDue(ledger)) {
            context.getSelf().tell(new Due());
        }
    }
}
