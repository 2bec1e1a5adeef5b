package dev.godwit.node.changes;

import dev.godwit.node.access.Databases;
import dev.godwit.node.changes.ChangeCapture.AskReached;
import dev.godwit.node.changes.ChangeCapture.Command;
import dev.godwit.node.changes.ChangeCapture.Reached;
import dev.godwit.node.changes.ChangeCapture.Run;
import dev.godwit.node.shard.BlockingDispatcher;
import dev.godwit.node.source.SourceDatabase;
import dev.godwit.protocol.error.Problem;
import dev.godwit.protocol.plan.Plan;
import java.time.Duration;
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

    record LookedUp(long lsn, Problem problem, ActorRef<Reached> replyTo) implements Command {}

    record Wait(long lsn, long untilNanos, ActorRef<Reached> replyTo) implements Command {}

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

    /** @param wanted null where nothing was heard of the migration yet */
    void ask(AskReached message, Run wanted) {
        ActorRef<Reached> replyTo = message.replyTo();
        if (message.lsn() >= 0) {
            context.getSelf().tell(waiting(message.lsn(), replyTo));
        } else if (wanted == null) {
            replyTo.tell(new Reached(-1, false, ChangeRun.notReady().problem()));
        } else {
            Plan plan = wanted.plan();
            context.pipeToSelf(
                    CompletableFuture.supplyAsync(() -> end(plan), BlockingDispatcher.of(context.getSystem())),
                    (lsn, failure) -> failure == null
                            ? new LookedUp(lsn, null, replyTo)
                            : new LookedUp(-1, Problem.of(failure, "changes of " + migration), replyTo));
        }
    }

    /** Where the source's log ends now. Blocks. */
    private long end(Plan plan) {
        SourceDatabase source = databases.source(plan);
        long lsn = source.capture(plan).moment().lsn();
        source.flushLog(); // else the stream comes there only when somebody writes
        return lsn;
    }

    private static Wait waiting(long lsn, ActorRef<Reached> replyTo) {
        return new Wait(lsn, System.nanoTime() + ANSWER.toNanos(), replyTo);
    }

    /**
     * @param run null where none runs
     * @param problem why none runs; null if that is not known
     */
    void lookedUp(LookedUp message, Run wanted, ChangeRun run, Problem problem) {
        if (message.problem() != null) {
            message.replyTo().tell(new Reached(-1, false, message.problem()));
        } else {
            wait(waiting(message.lsn(), message.replyTo()), wanted, run, problem);
        }
    }

    /** As {@link #lookedUp}. */
    void wait(Wait message, Run wanted, ChangeRun run, Problem problem) {
        boolean reached = run != null && run.reachedLsn() >= message.lsn();
        if (reached && wanted != null && wanted.sequences()) {
            // What was committed before may have taken values of sequences.
            carry(wanted.plan(), why -> message.replyTo().tell(new Reached(message.lsn(), why == null, why)));
        } else if (reached || System.nanoTime() - message.untilNanos() > 0) {
            message.replyTo().tell(new Reached(message.lsn(), reached, run == null ? problem : null));
        } else {
            timers.startSingleTimer(message, message, LOOK_AGAIN);
        }
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
