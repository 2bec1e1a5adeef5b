package dev.godwit.node.changes;

import dev.godwit.node.access.Databases;
import dev.godwit.node.changes.ChangeCapture.AskReached;
import dev.godwit.node.changes.ChangeCapture.Command;
import dev.godwit.node.changes.ChangeCapture.Reached;
import dev.godwit.node.changes.ChangeCapture.Run;
import dev.godwit.node.shard.BlockingDispatcher;
import dev.godwit.node.source.ChangeSource;
import dev.godwit.node.source.SourceDatabase;
import dev.godwit.protocol.error.Problem;
import dev.godwit.protocol.plan.Plan;
import dev.godwit.protocol.table.TableName;
import dev.godwit.protocol.table.TableSpec;
import java.time.Duration;
import java.util.List;
import java.util.Optional;
import java.util.concurrent.CompletableFuture;
import java.util.function.Consumer;
import org.apache.pekko.actor.typed.ActorRef;
import org.apache.pekko.actor.typed.javadsl.ActorContext;
import org.apache.pekko.actor.typed.javadsl.TimerScheduler;

/**
 * Answers whether the target has come to a place in the source's log, and carries the positions of sequences, which no
 * stream holds: at a steady pace, and before it says that a place is reached. Used by its actor's thread alone.
 */
final class SyncDesk {
    /** How long an answer to {@link AskReached} may be kept back. */
    private static final Duration ANSWER = Duration.ofSeconds(2);

    private static final Duration LOOK_AGAIN = Duration.ofMillis(50);

    /** How often sequences are carried over. */
    private static final Duration CARRY = Duration.ofSeconds(10);

    /** @param altered tables that are not what they were: the reader has to look at them before anything counts as reached */
    record LookedUp(long lsn, List<TableName> altered, Problem problem, ActorRef<Reached> replyTo) implements Command {}

    /** @param looking that has to look at tables first; null: none has to */
    record Wait(long lsn, long untilNanos, ChangeRun looking, ActorRef<Reached> replyTo) implements Command {}

    record Carried(Problem problem) implements Command {}

    private final ActorContext<Command> context;
    private final TimerScheduler<Command> timers;
    private final String migration;
    private final Databases databases;
    private long carriedNanos = System.nanoTime();
    private boolean carrying;

    SyncDesk(ActorContext<Command> context, TimerScheduler<Command> timers, String migration, Databases databases) {
        this.context = context;
        this.timers = timers;
        this.migration = migration;
        this.databases = databases;
    }

    /**
     * @param wanted null where nothing was heard of the migration yet
     * @param tables of the migration
     */
    void ask(AskReached message, Run wanted, List<TableSpec> tables) {
        ActorRef<Reached> replyTo = message.replyTo();
        if (wanted == null) {
            replyTo.tell(new Reached(-1, false, ChangeRun.notReady().problem()));
        } else {
            Plan plan = wanted.plan();
            context.pipeToSelf(
                    CompletableFuture.supplyAsync(
                            () -> end(plan, message.lsn(), tables, replyTo),
                            BlockingDispatcher.of(context.getSystem())),
                    (found, failure) -> failure == null
                            ? found
                            : new LookedUp(-1, List.of(), Problem.of(failure, "changes of " + migration), replyTo));
        }
    }

    /** Where the source's log ends now, if no place is named, and what the stream may not tell of. Blocks. */
    private LookedUp end(Plan plan, long named, List<TableSpec> tables, ActorRef<Reached> replyTo) {
        SourceDatabase source = databases.source(plan);
        ChangeSource capture = source.capture(plan);
        long lsn = named;
        if (named < 0) {
            lsn = capture.moment().lsn();
            source.flushLog(); // else the stream comes there only when somebody writes
        }
        return new LookedUp(lsn, List.copyOf(capture.altered(tables).keySet()), null, replyTo);
    }

    private static Wait waiting(long lsn, ChangeRun looking, ActorRef<Reached> replyTo) {
        return new Wait(lsn, System.nanoTime() + ANSWER.toNanos(), looking, replyTo);
    }

    /**
     * @param run null where none runs
     * @param problem why none runs; null if that is not known
     */
    void lookedUp(LookedUp message, Run wanted, ChangeRun run, Problem problem) {
        if (message.problem() != null) {
            message.replyTo().tell(new Reached(-1, false, message.problem()));
        } else {
            boolean looks = !message.altered().isEmpty();
            if (looks && (run == null || !run.isReady())) {
                message.replyTo().tell(new Reached(message.lsn(), false, problem));
                return;
            } else if (looks) {
                run.lookAt(message.altered());
            }
            wait(waiting(message.lsn(), looks ? run : null, message.replyTo()), wanted, run, problem);
        }
    }

    /** As {@link #lookedUp}. */
    void wait(Wait message, Run wanted, ChangeRun run, Problem problem) {
        boolean another = message.looking() != null && message.looking() != run;
        boolean reached = !another && run != null && run.reachedLsn() >= message.lsn() && run.hasLooked();
        if (reached && wanted != null && wanted.sequences()) {
            // What was committed before may have taken values of sequences.
            Optional<Problem> halted = run.halted();
            carry(wanted.plan(), why -> {
                Problem first = halted.orElse(why);
                message.replyTo().tell(new Reached(message.lsn(), first == null, first));
            });
        } else if (reached || System.nanoTime() - message.untilNanos() > 0) {
            message.replyTo().tell(answer(message.lsn(), reached, run, problem));
        } else {
            timers.startSingleTimer(message, message, LOOK_AGAIN);
        }
    }

    private static Reached answer(long lsn, boolean reached, ChangeRun run, Problem problem) {
        Problem halted = reached ? run.halted().orElse(null) : null;
        return new Reached(lsn, reached && halted == null, run == null ? problem : halted);
    }

    void carryIfDue(Plan plan) {
        if (!carrying && System.nanoTime() - carriedNanos > CARRY.toNanos()) {
            carrying = true;
            carry(plan, why -> {});
        }
    }

    /** @param then told why it could not be done, or null, on another thread */
    private void carry(Plan plan, Consumer<Problem> then) {
        context.pipeToSelf(
                CompletableFuture.runAsync(
                        () -> databases.target(plan).carryPositions(plan, databases.source(plan)::positions),
                        BlockingDispatcher.of(context.getSystem())),
                (done, failure) -> {
                    Problem why = failure == null ? null : Problem.of(failure, "sequences of " + migration);
                    then.accept(why);
                    return new Carried(why);
                });
    }

    void carried(Carried message) {
        carrying = false;
        carriedNanos = System.nanoTime();
        if (message.problem() != null) {
            context.getLog()
                    .warn(
                            "the sequences of {} could not be carried over: {}",
                            migration,
                            message.problem().line());
        }
    }
}
