package dev.godwit.node.changes;

import dev.godwit.node.access.Databases;
import dev.godwit.node.shard.BlockingDispatcher;
import dev.godwit.protocol.Wire;
import dev.godwit.protocol.error.ErrorCode;
import dev.godwit.protocol.error.GodwitException;
import dev.godwit.protocol.error.Problem;
import dev.godwit.protocol.error.Retry;
import dev.godwit.protocol.event.CaptureSlot;
import dev.godwit.protocol.plan.Plan;
import dev.godwit.protocol.plan.SchemaChanges;
import dev.godwit.protocol.status.CaptureStatus;
import dev.godwit.protocol.table.Shard;
import dev.godwit.protocol.table.TableName;
import dev.godwit.protocol.table.TableSpec;
import java.time.Clock;
import java.time.Duration;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.concurrent.CompletableFuture;
import org.apache.pekko.actor.typed.ActorRef;
import org.apache.pekko.actor.typed.Behavior;
import org.apache.pekko.actor.typed.PostStop;
import org.apache.pekko.actor.typed.javadsl.AbstractBehavior;
import org.apache.pekko.actor.typed.javadsl.ActorContext;
import org.apache.pekko.actor.typed.javadsl.Behaviors;
import org.apache.pekko.actor.typed.javadsl.Receive;
import org.apache.pekko.actor.typed.javadsl.TimerScheduler;
import org.apache.pekko.cluster.sharding.typed.javadsl.EntityTypeKey;

/**
 * Reads the changes of one migration, once in the cluster: owns a {@link ChangeRun} as long as the migration says so, and
 * begins another when one has failed. Keeps nothing: the target holds what counts. Tells the migration how it does each
 * second; stops when nothing was heard of the migration for {@link #SILENCE}.
 */
public final class ChangeCapture extends AbstractBehavior<ChangeCapture.Command> {
    public static final EntityTypeKey<Command> ENTITY_KEY = EntityTypeKey.create(Command.class, "ChangeCapture");

    /** How often it is looked whether the source's tables are still what they were. */
    private static final Duration LOOK = Duration.ofMinutes(1);

    /** Tables whose counts are told at once. */
    private static final int TABLES_TOLD = 500;

    private static final Duration TICK = Duration.ofSeconds(1);
    private static final Duration SILENCE = Duration.ofSeconds(15);
    private static final Duration FIRST_PAUSE = Duration.ofMillis(500);
    private static final Duration LONGEST_PAUSE = Duration.ofSeconds(10);

    /** How long a run counts as new: its failure makes the next pause longer. */
    private static final Duration YOUNG = Duration.ofSeconds(30);

    /** So many young runs in a row that fail for no passing reason are not tried again. */
    private static final int MOST_FAILURES = 6;

    public interface Command {}

    public sealed interface Message extends Command, Wire {}

    /**
     * Read and apply; repeated every second.
     *
     * @param tables the migration's tables; empty where they were told before
     * @param confirmed tables of which every shard has landed, and that wait to be in step
     * @param active false while nothing is to be applied
     * @param sequences whether the target's sequences are there and follow those of the source
     */
    public record Run(
            Plan plan,
            CaptureSlot slot,
            List<TableSpec> tables,
            List<TableName> confirmed,
            boolean active,
            boolean sequences)
            implements Message {}

    /** The migration has ended. */
    public record End() implements Message {}

    public record Announce(TableSpec table, Shard shard, ActorRef<Answer> replyTo) implements Message {}

    public record Landed(long epoch, TableName table, String shard) implements Message {}

    public record FoundLanded(TableName table, String shard) implements Message {}

    public record GaveUp(long epoch, long ticket, TableName table, String shard) implements Message {}

    public record Mistrust(String why) implements Message {}

    /** A table was found to be altered at the source. */
    public record Altered(TableName table) implements Message {}

    /** The try goes on. Answered true unless it can't land the shard any more. */
    public record Alive(long epoch, long ticket, TableName table, String shard, ActorRef<Boolean> replyTo)
            implements Message {}

    /**
     * Tell when all that was committed before this place is in the target, or after some seconds that it is not yet.
     *
     * @param lsn a place in the source's log; negative: where it is now
     */
    public record AskReached(long lsn, ActorRef<Reached> replyTo) implements Message {}

    /**
     * @param lsn the place that was asked for
     * @param problem why that can't be known; null if it can
     */
    public record Reached(long lsn, boolean reached, Problem problem) implements Wire {}

    /** @param problem why the shard is not announced; null if it is */
    public record Answer(boolean alreadyLanded, long epoch, long ticket, Set<Long> passedBy, Problem problem)
            implements Wire {}

    private record Looked(ChangeRun run, SourceLook look) implements Command {}

    private record Failed(ChangeRun run, Problem problem) implements Command {}

    private record Begin() implements Command {}

    private record Tick() implements Command {}

    /** These have further columns by now: whatever is compared with what is known is compared with that. */
    private record Followed(List<TableSpec> tables) implements Command {}

    /**
     * How it does.
     *
     * @param inStep those of the confirmed tables that hold one moment of the source
     * @param followed tables that have got further columns, at the source and in the target
     * @param halted tables whose changes are not followed any more
     * @param needsTables whether the list of tables is to be told
     * @param needsAPerson whether its problem will not pass by itself
     */
    public record Report(
            CaptureStatus status,
            Set<TableName> inStep,
            List<TableSpec> followed,
            List<HaltedTable> halted,
            boolean needsTables,
            boolean needsAPerson) {}

    /** A table whose changes are not followed any more. */
    public record HaltedTable(TableName table, Problem problem) {}

    /** Told about once a second. */
    public interface Owner {
        void captureReports(String migration, Report report);

        /** @param counted changes of some of the tables; of all of them in turn */
        void changesCounted(String migration, List<ChangeTally.OfTable> counted);
    }

    private final TimerScheduler<Command> timers;
    private final String migration;
    private final String node;
    private final Databases databases;
    private final Owner owner;
    private final Clock clock;
    private final SyncDesk sync;
    private final SlotWatch slot;
    private final ChangeTally tally;
    private Run wanted;
    private List<TableSpec> tables = List.of();
    private ChangeRun run;
    private long begunNanos;
    private Problem problem;
    private Duration pause = FIRST_PAUSE;
    private int failuresInARow;
    private long heardNanos = System.nanoTime();
    private long lookedNanos = heardNanos;
    private Problem note;

    private ChangeCapture(
            ActorContext<Command> context,
            TimerScheduler<Command> timers,
            String migration,
            String node,
            Databases databases,
            Owner owner,
            Clock clock) {
        super(context);
        this.timers = timers;
        this.migration = migration;
        this.node = node;
        this.databases = databases;
        this.owner = owner;
        this.clock = clock;
        this.sync = new SyncDesk(context, timers, migration, databases);
        this.slot = new SlotWatch(context, databases, migration);
        this.tally = new ChangeTally(clock.instant());
    }

    /** @param node name of the node on which it runs */
    public static Behavior<Command> create(
            String migration, String node, Databases databases, Owner owner, Clock clock) {
        return Behaviors.setup(context -> Behaviors.withTimers(timers -> {
            timers.startTimerWithFixedDelay(new Tick(), TICK);
            return new ChangeCapture(context, timers, migration, node, databases, owner, clock);
        }));
    }

    @Override
    public Receive<Command> createReceive() {
        return newReceiveBuilder()
                .onMessage(Run.class, this::onRun)
                .onMessage(End.class, message -> Behaviors.stopped())
                .onMessage(Announce.class, this::onAnnounce)
                .onMessage(Landed.class, this::onLanded)
                .onMessage(FoundLanded.class, this::onFoundLanded)
                .onMessage(GaveUp.class, this::onGaveUp)
                .onMessage(Mistrust.class, this::onMistrust)
                .onMessage(Altered.class, this::onAltered)
                .onMessage(Alive.class, this::onAlive)
                .onMessage(AskReached.class, message -> told(() -> sync.ask(message, wanted, tables)))
                .onMessage(SyncDesk.LookedUp.class, message -> told(() -> sync.lookedUp(message, wanted, run, problem)))
                .onMessage(SyncDesk.Wait.class, message -> told(() -> sync.wait(message, wanted, run, problem)))
                .onMessage(Failed.class, this::onFailed)
                .onMessage(SyncDesk.Carried.class, message -> told(() -> sync.carried(message)))
                .onMessage(SlotWatch.Seen.class, message -> told(() -> slot.seen(message)))
                .onMessage(Looked.class, this::onLooked)
                .onMessage(Begin.class, message -> begin())
                .onMessage(Tick.class, this::onTick)
                .onMessage(Followed.class, this::onFollowed)
                .onSignal(PostStop.class, signal -> {
                    stop();
                    return this;
                })
                .build();
    }

    private Behavior<Command> told(Runnable what) {
        what.run();
        return this;
    }

    private Behavior<Command> onRun(Run message) {
        heardNanos = System.nanoTime();
        wanted = message;
        if (!message.tables().isEmpty()) {
            tables = message.tables();
        }
        if (!message.active()) {
            stop();
            timers.cancel("begin");
            problem = null;
            failuresInARow = 0;
            pause = FIRST_PAUSE;
        }
        return begin();
    }

    private Behavior<Command> begin() {
        boolean may = wanted != null && wanted.active() && !tables.isEmpty() && run == null;
        if (may && !timers.isTimerActive("begin") && !needsAPerson()) {
            Plan plan = wanted.plan();
            ActorRef<Command> self = getContext().getSelf();
            ChangeRun[] begun = new ChangeRun[1];
            begun[0] = new ChangeRun(
                    new ChangeRun.Ends(
                            databases.source(plan).capture(plan),
                            databases.target(plan).follow(plan),
                            wanted.slot(),
                            tables,
                            plan.schemaChanges() == SchemaChanges.FOLLOW,
                            Duration.ofSeconds(plan.limits().heartbeatSeconds())),
                    tally,
                    why -> self.tell(new Failed(begun[0], Problem.of(why, "changes of " + migration))));
            run = begun[0];
            begunNanos = System.nanoTime();
            run.start();
        }
        return this;
    }

    private boolean needsAPerson() {
        if (problem == null || run != null) {
            return false;
        }
        Retry retry = problem.code().retry();
        return retry == Retry.BOUNDED ? failuresInARow >= MOST_FAILURES : retry != Retry.UNTIL_IT_WORKS;
    }

    private void stop() {
        if (run != null) {
            run.stop();
            run = null;
        }
    }

    private Behavior<Command> onFailed(Failed message) {
        if (message.run() != run) {
            return this;
        }
        run = null;
        problem = message.problem();
        boolean young = System.nanoTime() - begunNanos < YOUNG.toNanos();
        failuresInARow = young ? failuresInARow + 1 : 1;
        getContext().getLog().warn("the changes of {} stopped: {}", migration, problem.line());
        pause = young ? min(pause.multipliedBy(2), LONGEST_PAUSE) : FIRST_PAUSE;
        timers.startSingleTimer("begin", new Begin(), pause);
        return this;
    }

    /** Ends the run from here. */
    private Behavior<Command> fail(Problem why) {
        run.stop();
        return onFailed(new Failed(run, why));
    }

    private static Duration min(Duration one, Duration other) {
        return one.compareTo(other) < 0 ? one : other;
    }

    private Behavior<Command> onMistrust(Mistrust message) {
        return run == null
                ? this
                : fail(new Problem(ErrorCode.CAPTURE_NOT_READY, message.why(), migration, "It begins again."));
    }

    private Behavior<Command> onAltered(Altered message) {
        if (run != null && run.isReady()) {
            run.lookAt(List.of(message.table()));
        }
        return this;
    }

    private Behavior<Command> onAnnounce(Announce message) {
        ActorRef<Answer> replyTo = message.replyTo();
        if (run == null || !run.isReady()) {
            refuse(replyTo, ChangeRun.notReady());
            return this;
        }
        run.announce(
                message.table(),
                message.shard(),
                announced -> replyTo.tell(new Answer(
                        announced.alreadyLanded(), announced.epoch(), announced.ticket(), announced.passedBy(), null)),
                refusal -> refuse(replyTo, refusal));
        return this;
    }

    private static void refuse(ActorRef<Answer> replyTo, GodwitException why) {
        replyTo.tell(new Answer(false, 0, 0, Set.of(), why.problem()));
    }

    private Behavior<Command> onLanded(Landed message) {
        if (run != null) {
            run.landed(message.epoch(), message.table(), message.shard());
        }
        return this;
    }

    private Behavior<Command> onFoundLanded(FoundLanded message) {
        if (run != null) {
            run.foundLanded(message.table(), message.shard());
        }
        return this;
    }

    private Behavior<Command> onGaveUp(GaveUp message) {
        if (run != null) {
            run.gaveUp(message.epoch(), message.ticket(), message.table(), message.shard());
        }
        return this;
    }

    private Behavior<Command> onAlive(Alive message) {
        boolean mayLand = run == null
                || !run.isReady()
                || run.alive(message.epoch(), message.ticket(), message.table(), message.shard());
        message.replyTo().tell(mayLand);
        return this;
    }

    private void look() {
        if (run == null || !run.isReady() || System.nanoTime() - lookedNanos < LOOK.toNanos()) {
            return;
        }
        lookedNanos = System.nanoTime();
        ChangeRun looking = run;
        Plan plan = wanted.plan();
        CaptureSlot slot = wanted.slot();
        List<TableSpec> known = tables;
        getContext()
                .pipeToSelf(
                        CompletableFuture.supplyAsync(
                                () -> SourceLook.at(databases.source(plan), plan, slot, known),
                                BlockingDispatcher.of(getContext().getSystem())),
                        (look, failure) ->
                                new Looked(looking, failure == null ? look : new SourceLook(null, List.of(), note)));
    }

    private Behavior<Command> onLooked(Looked message) {
        note = message.look().note();
        if (message.run() != run) {
            return this;
        } else if (message.look().halt() != null) {
            return fail(message.look().halt());
        } else if (!message.look().altered().isEmpty()) {
            run.lookAt(message.look().altered());
        }
        return this;
    }

    private Behavior<Command> onFollowed(Followed message) {
        Map<TableName, TableSpec> now = new HashMap<>();
        message.tables().forEach(table -> now.put(table.name(), table));
        if (!now.isEmpty()) {
            tables = tables.stream()
                    .map(table -> now.getOrDefault(table.name(), table))
                    .toList();
        }
        return this;
    }

    private Behavior<Command> onTick(Tick tick) {
        if (System.nanoTime() - heardNanos > SILENCE.toNanos()) {
            return Behaviors.stopped();
        }
        if (wanted == null) {
            return this;
        }
        if (wanted.sequences() && wanted.active()) {
            sync.carryIfDue(wanted.plan());
        }
        look();
        List<ChangeTally.OfTable> counted = tally.next(TABLES_TOLD);
        if (!counted.isEmpty()) {
            owner.changesCounted(migration, counted);
        }
        if (run == null || !run.isReady()) {
            slot.lookIfDue(wanted);
            Problem lost = run == null ? slot.lost(wanted) : null;
            report(
                    RunState.none(node, tally, lost == null ? problem : lost, slot.health()),
                    TableNews.News.NONE,
                    lost != null || needsAPerson());
            return this;
        }
        slot.forget();
        if (System.nanoTime() - begunNanos > YOUNG.toNanos()) {
            problem = null;
        }
        CaptureStatus status = run.state().status(node, tally, note);
        ActorRef<Command> self = getContext().getSelf();
        run.inOneMoment(Set.copyOf(wanted.confirmed()), news -> {
            self.tell(new Followed(news.followed()));
            report(status, news, false);
        });
        return this;
    }

    /** From any thread. */
    private void report(CaptureStatus status, TableNews.News news, boolean needsAPerson) {
        owner.captureReports(
                migration,
                new Report(status, news.inStep(), news.followed(), news.halted(), tables.isEmpty(), needsAPerson));
    }
}
