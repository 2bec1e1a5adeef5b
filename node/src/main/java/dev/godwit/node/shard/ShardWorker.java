package dev.godwit.node.shard;

import dev.godwit.node.access.Databases;
import dev.godwit.node.sink.TargetSink;
import dev.godwit.protocol.Wire;
import dev.godwit.protocol.error.Category;
import dev.godwit.protocol.error.ErrorCode;
import dev.godwit.protocol.plan.Consistency;
import dev.godwit.protocol.plan.Plan;
import dev.godwit.protocol.table.Shard;
import dev.godwit.protocol.table.TableName;
import dev.godwit.protocol.table.TableSpec;
import java.time.Duration;
import java.util.List;
import java.util.Optional;
import java.util.concurrent.ThreadLocalRandom;
import java.util.function.Function;
import java.util.function.Supplier;
import org.apache.pekko.actor.typed.ActorRef;
import org.apache.pekko.actor.typed.Behavior;
import org.apache.pekko.actor.typed.PostStop;
import org.apache.pekko.actor.typed.javadsl.ActorContext;
import org.apache.pekko.actor.typed.javadsl.Behaviors;
import org.apache.pekko.actor.typed.javadsl.TimerScheduler;

/**
 * Carries one shard at a time and decides nothing: asks the sink for a grant; asks coordinators for a shard, the biggest
 * table's first; copies; reports the outcome until the coordinator has acknowledged it. The grant comes first, so that a
 * node that can't reach the target takes no shard that others could copy. A bundle of small tables is to it a shard of one
 * more table, whose coordinator is the migration itself.
 *
 * <pre>
 *   waiting for a grant --Grant--> asking --WorkGiven--> copying --CopyEnded--> reporting
 *     ^        ^                     |                                              |
 *     |        +------ resting <-----+ NothingNow                                   |
 *     +-------------------------------------- Acknowledged -------------------------+
 * </pre>
 *
 * Timeouts: an answer of a coordinator is awaited {@link #ANSWER_TIMEOUT}; an outcome is told again every
 * {@link #REPEAT}; progress is told every {@link #PROGRESS}; a write that the target has not taken for
 * {@link WriteWatch#STALL} is given up. Nothing survives a restart: the coordinator notices the silence, and the claim in
 * the target keeps a second copy from landing.
 */
public final class ShardWorker {
    static final Duration ANSWER_TIMEOUT = Duration.ofSeconds(5);
    static final Duration REPEAT = Duration.ofSeconds(2);
    static final Duration PROGRESS = Duration.ofSeconds(1);
    static final Duration SHORTEST_IDLE = Duration.ofMillis(100);
    static final Duration LONGEST_IDLE = Duration.ofSeconds(2);

    /** What a worker is told. */
    public interface Command extends Wire {}

    /** An answer with something to carry, named by table and shard. */
    public sealed interface Given extends Command {
        TableName ofTable();

        String ofShard();

        int attempt();
    }

    /** A coordinator's answer: copy this. */
    public record WorkGiven(TableSpec table, Shard shard, int attempt, long aimedBytes, boolean splittable)
            implements Given {
        @Override
        public TableName ofTable() {
            return table.name();
        }

        @Override
        public String ofShard() {
            return shard.id();
        }
    }

    /**
     * The answer of who hands out small tables: copy these together.
     *
     * @param table name under which the bundles were asked for
     */
    public record BundleGiven(TableName table, String bundle, int attempt, List<TableSpec> tables) implements Given {
        public BundleGiven {
            tables = List.copyOf(tables);
        }

        @Override
        public TableName ofTable() {
            return table;
        }

        @Override
        public String ofShard() {
            return bundle;
        }
    }

    /**
     * A coordinator's answer: ask elsewhere, or later.
     *
     * @param soon whether more is being made ready
     */
    public record NothingNow(TableName table, boolean soon) implements Command {}

    /** There may be work where there was none a moment ago. Local. */
    public record LookAgain() implements Command {}

    /** The outcome of this try is durable in the coordinator's journal. */
    public record Acknowledged(TableName table, String shard, int attempt) implements Command {}

    /** Stop when the shard under way has ended; a worker that has none stops at once. */
    public record StopWhenIdle() implements Command {}

    /** Give the shard under way back and stop. */
    public record StopNow() implements Command {}

    private record Granted(TargetSink.Grant grant) implements Command {}

    private record CopyEnded(WorkOutcome outcome) implements Command {}

    private record Tick() implements Command {}

    /**
     * What all workers of a migration on a node share.
     *
     * @param plan what may change of it changes while running: a shard is copied by the plan of its beginning
     * @param tables the tables that have work, the biggest first; changes while running
     * @param sharedSnapshot the one snapshot, if there is one and it is held here; changes while running
     * @param coordinator finds the coordinator of a table; for small tables that is the migration
     * @param changes the way to the reader of changes; used where the plan's consistency is online
     */
    public record Surroundings(
            Supplier<Plan> plan,
            String cluster,
            String node,
            Databases databases,
            Supplier<List<TableName>> tables,
            Supplier<Optional<SharedSnapshot>> sharedSnapshot,
            Function<TableName, Recipient> coordinator,
            ChangeReader changes,
            ActorRef<TargetSink.Command> sink,
            CopyMeter meter) {}

    /**
     * The snapshot that all shards read.
     *
     * @param exported name of a live export of it
     * @param text its {@code pg_current_snapshot()}
     */
    public record SharedSnapshot(String exported, String text) {}

    /** The way to a coordinator, wherever it is. */
    public interface Recipient {
        void tell(ShardCoordinator.Command command);
    }

    private final ActorContext<Command> context;
    private final TimerScheduler<Command> timers;
    private final Surroundings around;
    private final ActorRef<TargetSink.Grant> grants;
    private final String path;
    private boolean stopping;

    /** Whether there may be work that the last round of asking has not seen. */
    private boolean news;

    /** What is being copied, as it was given last. */
    private Given carried;

    private int failuresInARow;
    private Duration idle = SHORTEST_IDLE;

    private ShardWorker(ActorContext<Command> context, TimerScheduler<Command> timers, Surroundings around) {
        this.context = context;
        this.timers = timers;
        this.around = around;
        this.grants = context.messageAdapter(TargetSink.Grant.class, Granted::new);
        this.path = context.getSelf().path().name();
    }

    public static Behavior<Command> create(Surroundings around) {
        return Behaviors.setup(
                context -> Behaviors.withTimers(timers -> new ShardWorker(context, timers, around).waitForGrant()));
    }

    private Behavior<Command> waitForGrant() {
        if (stopping) {
            return Behaviors.stopped();
        }
        around.sink().tell(new TargetSink.Acquire(grants));
        return Behaviors.receive(Command.class)
                .onMessage(Granted.class, granted -> {
                    news = false;
                    return ask(granted.grant(), 0);
                })
                .onMessage(Given.class, this::giveBack)
                // The sink sees the end of a worker, and takes it off its list.
                .onMessage(StopWhenIdle.class, message -> Behaviors.stopped())
                .onMessage(StopNow.class, message -> Behaviors.stopped())
                .onAnyMessage(message -> Behaviors.same())
                .build();
    }

    /** Asks the coordinator of the n-th table; after the last one rests for a while. */
    private Behavior<Command> ask(TargetSink.Grant grant, int n) {
        List<TableName> tables = around.tables().get();
        if (stopping || n >= tables.size()) {
            release(TargetSink.Use.NONE);
            return stopping ? Behaviors.stopped() : rest();
        }
        around.coordinator()
                .apply(tables.get(n))
                .tell(new ShardCoordinator.PullWork(tables.get(n), path, around.node(), context.getSelf()));
        timers.startSingleTimer("tick", new Tick(), ANSWER_TIMEOUT);
        return Behaviors.receive(Command.class)
                .onMessage(Given.class, work -> {
                    idle = SHORTEST_IDLE;
                    return copy(work, grant);
                })
                .onMessage(NothingNow.class, nothing -> nothing.table().equals(tables.get(n)), nothing -> {
                    idle = nothing.soon() ? SHORTEST_IDLE : idle;
                    return ask(grant, n + 1);
                })
                .onMessage(LookAgain.class, this::remember)
                .onMessage(Tick.class, tick -> ask(grant, n + 1))
                .onMessage(StopWhenIdle.class, message -> {
                    stopping = true; // the answer may be on its way: it is awaited, so that no shard is given to nobody
                    return Behaviors.same();
                })
                .onMessage(StopNow.class, message -> Behaviors.stopped())
                .onAnyMessage(message -> Behaviors.same())
                .build();
    }

    /** An answer that came after its time, from a table that was not asked any more: others may have that shard now. */
    private Behavior<Command> giveBack(Given late) {
        tellOutcome(late, new WorkOutcome.GivenBack());
        return Behaviors.same();
    }

    private Behavior<Command> remember(LookAgain message) {
        news = true;
        return Behaviors.same();
    }

    private Behavior<Command> rest() {
        if (news) {
            idle = SHORTEST_IDLE;
            return waitForGrant();
        }
        Duration pause =
                idle.multipliedBy(50 + ThreadLocalRandom.current().nextInt(50)).dividedBy(75);
        idle = idle.multipliedBy(2).compareTo(LONGEST_IDLE) > 0 ? LONGEST_IDLE : idle.multipliedBy(2);
        timers.startSingleTimer("tick", new Tick(), pause);
        return Behaviors.receive(Command.class)
                .onMessage(Tick.class, tick -> waitForGrant())
                .onMessage(LookAgain.class, message -> {
                    idle = SHORTEST_IDLE;
                    return waitForGrant();
                })
                // An answer that came after its time: nobody copies that shard, and it goes back.
                .onMessage(Given.class, work -> report(work, new WorkOutcome.GivenBack()))
                .onMessage(StopWhenIdle.class, message -> Behaviors.stopped())
                .onMessage(StopNow.class, message -> Behaviors.stopped())
                .onAnyMessage(message -> Behaviors.same())
                .build();
    }

    private void release(TargetSink.Use use) {
        around.sink().tell(new TargetSink.Release(grants, use));
    }

    private Behavior<Command> copy(Given work, TargetSink.Grant grant) {
        Optional<SharedSnapshot> snapshot = around.sharedSnapshot().get();
        // It may have gone away since the shard was asked for: the shard must not be read as of another moment.
        Plan plan = around.plan().get();
        boolean snapshotMissing = plan.consistency() == Consistency.SNAPSHOT && snapshot.isEmpty();
        if (stopping || snapshotMissing) {
            release(TargetSink.Use.NONE);
            return report(work, new WorkOutcome.GivenBack());
        }
        Carriage copy = Carriage.of(work, around, plan, snapshot, grant.bytes());
        context.pipeToSelf(
                copy.start(context.getSystem()),
                (outcome, failure) -> new CopyEnded(outcome != null ? outcome : new WorkOutcome.GivenBack()));
        carried = work;
        timers.startTimerWithFixedDelay("tick", new Tick(), PROGRESS);
        return Behaviors.receive(Command.class)
                .onMessage(CopyEnded.class, ended -> {
                    around.meter().onSource(!failedWith(ended.outcome(), ErrorCode.SOURCE_UNREACHABLE));
                    release(
                            failedWith(ended.outcome(), ErrorCode.TARGET_UNREACHABLE)
                                    ? TargetSink.Use.UNREACHABLE
                                    : TargetSink.Use.ANSWERED);
                    return report(carried, ended.outcome());
                })
                .onMessage(Tick.class, tick -> {
                    copy.giveUpIfStalled();
                    tellProgress(carried, copy.rows(), copy.bytes());
                    return Behaviors.same();
                })
                .onMessage(Given.class, given -> isOfSameShard(given, work), given -> {
                    carried = given; // asked for twice, since the first answer was long in coming
                    return Behaviors.same();
                })
                .onMessage(Given.class, this::giveBack)
                .onMessage(StopWhenIdle.class, message -> {
                    stopping = true;
                    return Behaviors.same();
                })
                .onMessage(StopNow.class, message -> {
                    stopping = true;
                    copy.cancel();
                    return Behaviors.same();
                })
                .onAnyMessage(message -> Behaviors.same())
                .onSignal(PostStop.class, signal -> {
                    copy.cancel();
                    return Behaviors.same();
                })
                .build();
    }

    private static boolean isOfSameShard(Given one, Given other) {
        return one.ofTable().equals(other.ofTable()) && one.ofShard().equals(other.ofShard());
    }

    private static boolean failedWith(WorkOutcome outcome, ErrorCode code) {
        return outcome instanceof WorkOutcome.Failed failed && failed.problem().code() == code;
    }

    private void tellProgress(Given work, long rows, long bytes) {
        around.coordinator()
                .apply(work.ofTable())
                .tell(new ShardCoordinator.Progress(work.ofShard(), work.attempt(), path, around.node(), rows, bytes));
    }

    private Behavior<Command> report(Given work, WorkOutcome outcome) {
        failuresInARow = outcome instanceof WorkOutcome.Failed ? failuresInARow + 1 : 0;
        tellOutcome(work, outcome);
        timers.startTimerWithFixedDelay("tick", new Tick(), REPEAT);
        return Behaviors.receive(Command.class)
                .onMessage(
                        Acknowledged.class,
                        ack -> ack.table().equals(work.ofTable())
                                && ack.shard().equals(work.ofShard())
                                && ack.attempt() == work.attempt(),
                        ack -> {
                            timers.cancel("tick");
                            return failuresInARow == 0 || stopping ? waitForGrant() : coolDown(outcome);
                        })
                .onMessage(Tick.class, tick -> {
                    tellOutcome(work, outcome);
                    return Behaviors.same();
                })
                .onMessage(Given.class, this::giveBack)
                .onMessage(StopWhenIdle.class, message -> {
                    stopping = true;
                    return Behaviors.same();
                })
                // The claim says it all: nothing is lost if nobody hears of this outcome.
                .onMessage(StopNow.class, message -> Behaviors.stopped())
                .onAnyMessage(message -> Behaviors.same())
                .build();
    }

    /** After failures this worker asks for nothing for a while, so that a database that is down is not stormed. */
    private Behavior<Command> coolDown(WorkOutcome outcome) {
        boolean databaseIsDown = outcome instanceof WorkOutcome.Failed failed
                && failed.problem().code().category() == Category.SOURCE;
        long mostMillis = databaseIsDown ? Math.min(10_000, 250L << Math.min(failuresInARow, 6)) : 200;
        idle = Duration.ofMillis(mostMillis / 2 + ThreadLocalRandom.current().nextLong(mostMillis / 2 + 1));
        news = false;
        return rest();
    }

    private void tellOutcome(Given work, WorkOutcome outcome) {
        around.coordinator()
                .apply(work.ofTable())
                .tell(new ShardCoordinator.Finished(
                        work.ofShard(), work.attempt(), path, around.node(), outcome, context.getSelf()));
    }
}
