package dev.godwit.node.migration;

import com.sun.management.OperatingSystemMXBean;
import dev.godwit.node.access.Databases;
import dev.godwit.node.progress.WorkerShare;
import dev.godwit.node.shard.BlockingDispatcher;
import dev.godwit.node.shard.ChangeReader;
import dev.godwit.node.shard.CopyMeter;
import dev.godwit.node.shard.ShardWorker;
import dev.godwit.node.sink.TargetSink;
import dev.godwit.node.source.SessionWaits;
import dev.godwit.node.target.SessionBudget;
import dev.godwit.protocol.error.Problem;
import dev.godwit.protocol.plan.Consistency;
import dev.godwit.protocol.plan.Plan;
import dev.godwit.protocol.status.NodeStatus;
import dev.godwit.protocol.table.TableName;
import java.lang.management.ManagementFactory;
import java.time.Duration;
import java.util.ArrayList;
import java.util.HashSet;
import java.util.List;
import java.util.Objects;
import java.util.Optional;
import java.util.concurrent.CompletableFuture;
import java.util.function.Function;
import java.util.function.Supplier;
import org.apache.pekko.actor.typed.ActorRef;
import org.apache.pekko.actor.typed.Behavior;
import org.apache.pekko.actor.typed.PostStop;
import org.apache.pekko.actor.typed.Terminated;
import org.apache.pekko.actor.typed.javadsl.AbstractBehavior;
import org.apache.pekko.actor.typed.javadsl.ActorContext;
import org.apache.pekko.actor.typed.javadsl.Behaviors;
import org.apache.pekko.actor.typed.javadsl.Receive;

/**
 * One migration on one node: owns its workers, its sink and its keeper here, and tells the migration how they do.
 *
 * <p>Stops when the migration has ended or the node leaves, after its workers have; then this node's sessions of the
 * migration are closed. Nothing survives a restart: the next {@code Work} makes it anew.
 */
public final class MigrationHere extends AbstractBehavior<MigrationHere.Command> {
    private static final Duration REPORT = Duration.ofSeconds(1);

    /** Local messages; never serialized. */
    public sealed interface Command {}

    record Do(NodeAgent.Work work) implements Command {}

    /** @param now whether running shards are given up */
    record End(boolean now) implements Command {}

    private record Health(TargetSink.SinkHealth health) implements Command {}

    private record Holds(String exported, String snapshot, Problem why) implements Command {}

    /** @param waits null if the database has not said */
    private record Looked(CopyLoad.End end, SessionWaits waits) implements Command {}

    private record Adapt() implements Command {}

    private record Tick() implements Command {}

    /** What a node has for all its migrations. */
    public interface Surroundings {
        /** Name of this node: {@link dev.godwit.node.shard.MemberName}. */
        String node();

        /** URL of this node's HTTP interface. */
        String http();

        Databases databases();

        void tellMigration(String migration, Migration.Message message);

        Function<TableName, ShardWorker.Recipient> coordinators(String migration);

        /** The way to the one who reads the migration's changes. */
        ChangeReader changes(String migration);

        /** How many nodes there are, and the place of this one among them. */
        Rank rank();
    }

    public record Rank(int members, int place) {}

    private volatile Plan plan;
    private final Surroundings around;
    private final CopyLoad load;
    private final OperatingSystemMXBean machine = (OperatingSystemMXBean) ManagementFactory.getOperatingSystemMXBean();
    private final List<ActorRef<ShardWorker.Command>> workers = new ArrayList<>();
    private final ActorRef<TargetSink.Command> sink;
    private final ActorRef<TargetSink.SinkHealth> healthAnswers;
    private final String cluster;
    private ActorRef<SnapshotKeeper.Command> keeper;
    private volatile List<TableName> tables = List.of();
    /** What this node's keeper holds; null if nothing. */
    private volatile ShardWorker.SharedSnapshot held;

    /** Why nothing is held although it is wanted; null if that is not known. */
    private Problem notHeld;

    /** Text of the migration's snapshot; null if it is not taken yet. */
    private volatile String snapshot;

    private boolean snapshotNeeded;
    private boolean ending;
    private int workersStarted;
    private TargetSink.SinkHealth health = new TargetSink.SinkHealth(true, 0, 0, 0);

    private MigrationHere(ActorContext<Command> context, Plan plan, String cluster, Surroundings around) {
        super(context);
        this.plan = plan;
        this.cluster = cluster;
        this.around = around;
        SessionBudget budget = around.databases().budget(plan);
        this.load = new CopyLoad(budget);
        this.sink = context.spawn(
                TargetSink.create(
                        budget, plan.limits().workersPerNode(), plan.limits().memoryPerNode()),
                "sink");
        this.healthAnswers = context.messageAdapter(TargetSink.SinkHealth.class, Health::new);
    }

    static Behavior<Command> create(Plan plan, String cluster, Surroundings around) {
        return Behaviors.setup(context -> Behaviors.withTimers(timers -> {
            timers.startTimerWithFixedDelay(new Tick(), Duration.ZERO, REPORT);
            timers.startTimerWithFixedDelay(new Adapt(), CopyLoad.ADAPT);
            return new MigrationHere(context, plan, cluster, around);
        }));
    }

    @Override
    public Receive<Command> createReceive() {
        return newReceiveBuilder()
                .onMessage(Do.class, this::onDo)
                .onMessage(End.class, this::onEnd)
                .onMessage(Health.class, this::onHealth)
                .onMessage(Holds.class, this::onHolds)
                .onMessage(Looked.class, this::onLooked)
                .onMessage(Adapt.class, this::onAdapt)
                .onMessage(Tick.class, this::onTick)
                .onSignal(Terminated.class, this::onWorkerGone)
                .onSignal(PostStop.class, this::onStop)
                .build();
    }

    private Behavior<Command> onDo(Do message) {
        if (ending) {
            return this;
        }
        NodeAgent.Work work = message.work();
        takePlan(work.plan());
        snapshotNeeded = work.keepSnapshot();
        boolean news = !Objects.equals(snapshot, work.snapshot()) || !new HashSet<>(tables).containsAll(work.tables());
        snapshot = work.snapshot();
        tables = List.copyOf(work.tables());
        if (news) {
            wakeWorkers();
        }
        keepSnapshot(work);
        Rank rank = around.rank();
        int wanted = WorkerShare.of(plan.limits(), rank.members(), rank.place());
        int sessions = WorkerShare.sessions(plan.limits(), rank.members(), rank.place());
        around.databases().limit(plan, wanted, sessions);
        for (int i = workers.size(); i < wanted; i++) {
            spawnWorker();
        }
        for (int i = workers.size() - 1; i >= wanted; i--) {
            workers.get(i).tell(new ShardWorker.StopWhenIdle());
        }
        return this;
    }

    private void takePlan(Plan now) {
        Plan before = plan;
        plan = now;
        if (!before.limits().equals(now.limits())) {
            sink.tell(new TargetSink.Resize(
                    now.limits().workersPerNode(), now.limits().memoryPerNode()));
        }
        String sourceBefore = before.source().postgres().place();
        String sourceNow = now.source().postgres().place();
        if (keeper != null && !sourceNow.equals(sourceBefore)) {
            getContext().stop(keeper); // what it holds is not of the source that is to be read
            keeper = null;
        }
    }

    private void keepSnapshot(NodeAgent.Work work) {
        if (work.keepSnapshot()) {
            if (keeper == null) {
                ActorRef<Command> self = getContext().getSelf();
                keeper = getContext()
                        .spawnAnonymous(SnapshotKeeper.create(
                                () -> around.databases().source(plan),
                                (name, text, why) -> self.tell(new Holds(name, text, why))));
            }
            keeper.tell(new SnapshotKeeper.Keep(
                    work.snapshot(), work.exports(), around.node().equals(work.taker())));
        } else if (keeper != null) {
            // All rows are in: an old snapshot would only keep the source from vacuuming.
            getContext().stop(keeper);
            keeper = null;
        }
    }

    private void spawnWorker() {
        ActorRef<ShardWorker.Command> worker = getContext()
                .spawn(
                        ShardWorker.create(new ShardWorker.Surroundings(
                                () -> plan,
                                cluster,
                                around.node(),
                                around.databases(),
                                this::tablesWithWork,
                                this::sharedSnapshot,
                                this::coordinator,
                                around.changes(plan.name()),
                                sink,
                                load.meter())),
                        "worker-" + workersStarted++);
        getContext().watch(worker);
        workers.add(worker);
    }

    /** Small tables are handed out by the migration itself. Called by workers' threads. */
    private ShardWorker.Recipient coordinator(TableName table) {
        if (!table.equals(BundleDesk.NAME)) {
            return around.coordinators(plan.name()).apply(table);
        }
        return command -> around.tellMigration(plan.name(), BundleDesk.message(command));
    }

    /** None as long as the snapshot that is needed is not held here. Called by workers' threads. */
    private List<TableName> tablesWithWork() {
        boolean snapshotMissing =
                plan.consistency() == Consistency.SNAPSHOT && sharedSnapshot().isEmpty();
        return snapshotMissing ? List.of() : tables;
    }

    /** Empty where another snapshot is held: one that was taken and came too late. Called by workers' threads. */
    private Optional<ShardWorker.SharedSnapshot> sharedSnapshot() {
        return Optional.ofNullable(held).filter(s -> s.text().equals(snapshot));
    }

    private Behavior<Command> onHolds(Holds message) {
        notHeld = message.why();
        held = message.exported() == null
                ? null
                : new ShardWorker.SharedSnapshot(message.exported(), message.snapshot());
        report();
        wakeWorkers();
        return this;
    }

    private void wakeWorkers() {
        workers.forEach(worker -> worker.tell(new ShardWorker.LookAgain()));
    }

    private Behavior<Command> onEnd(End message) {
        ending = true;
        tables = List.of();
        ShardWorker.Command how = message.now() ? new ShardWorker.StopNow() : new ShardWorker.StopWhenIdle();
        workers.forEach(worker -> worker.tell(how));
        return workers.isEmpty() ? Behaviors.stopped() : this;
    }

    private Behavior<Command> onWorkerGone(Terminated signal) {
        workers.removeIf(worker -> worker.equals(signal.getRef()));
        return ending && workers.isEmpty() ? Behaviors.stopped() : this;
    }

    private Behavior<Command> onHealth(Health message) {
        health = message.health();
        return this;
    }

    private Behavior<Command> onAdapt(Adapt tick) {
        load.adapt();
        return this;
    }

    private Behavior<Command> onLooked(Looked message) {
        load.looked(message.end(), message.waits());
        return this;
    }

    /** Asks the database that is waited for whether it waits for us: then it is the network between. */
    private void look() {
        if (!ending) {
            load.endToLookAt(machine.getCpuLoad()).ifPresent(this::look);
        }
    }

    private void look(CopyLoad.End end) {
        Supplier<SessionWaits> question = end == CopyLoad.End.SOURCE
                ? around.databases().source(plan)::waits
                : around.databases().target(plan)::waits;
        getContext()
                .pipeToSelf(
                        CompletableFuture.supplyAsync(
                                question, BlockingDispatcher.of(getContext().getSystem())),
                        (waits, failure) -> new Looked(end, failure == null ? waits : null));
    }

    private Behavior<Command> onTick(Tick tick) {
        look();
        sink.tell(new TargetSink.AskHealth(healthAnswers));
        report();
        return this;
    }

    private void report() {
        CopyLoad.Shares shares = load.shares();
        CopyMeter meter = load.meter();
        NodeStatus status = new NodeStatus(
                around.node(),
                around.http(),
                workers.size(),
                meter.running(),
                load.inFlight(),
                shares.read(),
                shares.write(),
                shares.busy(),
                shares.sourceNetwork(),
                shares.targetNetwork(),
                share(machine.getProcessCpuLoad()),
                Runtime.getRuntime().totalMemory() - Runtime.getRuntime().freeMemory(),
                health.grantedBytes(),
                meter.sourceReachable(),
                health.reachable(),
                held != null);
        around.tellMigration(
                plan.name(),
                new Migration.NodeReport(
                        status,
                        snapshotNeeded && held != null ? held.exported() : null,
                        held == null ? null : held.text(),
                        notHeld));
    }

    private static double share(double value) {
        return Double.isFinite(value) ? Math.max(0, Math.min(1, value)) : 0;
    }

    private Behavior<Command> onStop(PostStop signal) {
        around.databases().close(plan.name());
        return this;
    }
}
