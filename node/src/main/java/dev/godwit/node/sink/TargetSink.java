package dev.godwit.node.sink;

import dev.godwit.node.target.SessionBudget;
import java.time.Duration;
import java.util.ArrayDeque;
import java.util.Deque;
import java.util.concurrent.ThreadLocalRandom;
import org.apache.pekko.actor.typed.ActorRef;
import org.apache.pekko.actor.typed.Behavior;
import org.apache.pekko.actor.typed.PostStop;
import org.apache.pekko.actor.typed.Terminated;
import org.apache.pekko.actor.typed.javadsl.AbstractBehavior;
import org.apache.pekko.actor.typed.javadsl.ActorContext;
import org.apache.pekko.actor.typed.javadsl.Behaviors;
import org.apache.pekko.actor.typed.javadsl.Receive;
import org.apache.pekko.actor.typed.javadsl.TimerScheduler;

/**
 * What writes to one target from one node. Owns the byte budget and the target's health here, and takes turns for shards
 * from the budget of sessions, which builds share: a worker asks for work only with a grant, and a grant comes only while
 * there is a session, memory and a target that answers. That is the backpressure.
 *
 * <p>Local to its node: nothing survives a restart, and nothing needs to. The queue is as long as there are workers.
 */
public final class TargetSink extends AbstractBehavior<TargetSink.Command> {
    /** Local messages; never serialized. */
    public sealed interface Command {}

    /** Asks for a session and memory; every Acquire that is granted is followed by one Release. */
    public record Acquire(ActorRef<Grant> replyTo) implements Command {}

    /**
     * Gives a grant back.
     *
     * @param use what became of it
     */
    public record Release(ActorRef<Grant> from, Use use) implements Command {}

    /** What a grant was used for. */
    public enum Use {
        /** The target was used and answered. */
        ANSWERED,
        /** The target could not be reached. */
        UNREACHABLE,
        /** There was nothing to copy. */
        NONE
    }

    /** Asks how the target does. */
    public record AskHealth(ActorRef<SinkHealth> replyTo) implements Command {}

    /** Other bounds from now on; grants that are out keep what they have. */
    public record Resize(int grants, long budgetBytes) implements Command {}

    private record Look() implements Command {}

    /**
     * Leave to copy one shard.
     *
     * @param bytes memory that may be filled with rows
     */
    public record Grant(long bytes) {}

    /**
     * @param reachable whether the last use of the target worked
     * @param granted sessions that are granted now
     * @param grantedBytes memory that is granted now
     * @param waiting workers that wait for a grant
     */
    public record SinkHealth(boolean reachable, int granted, long grantedBytes, int waiting) {}

    /** Most bytes of one grant: more does not make a copy faster. */
    static final long LARGEST_GRANT = 4L << 20;

    private final SessionBudget budget;
    private long grantBytes;
    private final TimerScheduler<Command> timers;
    private final Deque<ActorRef<Grant>> waiting = new ArrayDeque<>();
    private final Deque<ActorRef<Grant>> granted = new ArrayDeque<>();
    private Breaker breaker = Breaker.closed();

    private TargetSink(
            ActorContext<Command> context,
            TimerScheduler<Command> timers,
            SessionBudget budget,
            int grants,
            long budgetBytes) {
        super(context);
        this.timers = timers;
        this.budget = budget;
        resize(grants, budgetBytes);
        ActorRef<Command> self = context.getSelf();
        budget.whenRoom(() -> self.tell(new Look()));
    }

    private void resize(int most, long budgetBytes) {
        grantBytes = Math.min(LARGEST_GRANT, budgetBytes / Math.max(1, most));
    }

    /**
     * @param budget of sessions; nobody else takes turns for shards from it
     * @param grants most that are ever out at once: memory is divided among so many
     * @param budgetBytes most bytes of row data at once
     */
    public static Behavior<Command> create(SessionBudget budget, int grants, long budgetBytes) {
        return Behaviors.setup(context ->
                Behaviors.withTimers(timers -> new TargetSink(context, timers, budget, grants, budgetBytes)));
    }

    @Override
    public Receive<Command> createReceive() {
        return newReceiveBuilder()
                .onMessage(Acquire.class, this::onAcquire)
                .onMessage(Release.class, this::onRelease)
                .onMessage(AskHealth.class, this::onAskHealth)
                .onMessage(Resize.class, this::onResize)
                .onMessage(Look.class, this::onLook)
                .onSignal(Terminated.class, this::onWorkerGone)
                .onSignal(PostStop.class, this::onStop)
                .build();
    }

    private Behavior<Command> onAcquire(Acquire message) {
        getContext().watch(message.replyTo());
        waiting.add(message.replyTo());
        grant();
        return this;
    }

    private Behavior<Command> onRelease(Release message) {
        boolean ended = granted.remove(message.from());
        if (ended) {
            getContext().unwatch(message.from());
        }
        switch (message.use()) {
            case ANSWERED -> breaker = Breaker.closed();
            case UNREACHABLE -> {
                breaker = breaker.onFailure(
                        System.nanoTime(), ThreadLocalRandom.current().nextDouble());
                Duration pause = breaker.untilProbe(System.nanoTime()).plusMillis(1);
                timers.startSingleTimer("probe", new Look(), pause);
            }
            case NONE -> {}
        }
        if (ended) {
            budget.copyEnded();
        }
        grant();
        return this;
    }

    private Behavior<Command> onResize(Resize message) {
        resize(message.grants(), message.budgetBytes());
        grant();
        return this;
    }

    private Behavior<Command> onLook(Look message) {
        grant();
        return this;
    }

    private Behavior<Command> onAskHealth(AskHealth message) {
        message.replyTo()
                .tell(new SinkHealth(breaker.isClosed(), granted.size(), granted.size() * grantBytes, waiting.size()));
        return this;
    }

    private Behavior<Command> onWorkerGone(Terminated signal) {
        waiting.removeIf(ref -> ref.equals(signal.getRef()));
        if (granted.removeIf(ref -> ref.equals(signal.getRef()))) {
            budget.copyEnded();
        }
        grant();
        return this;
    }

    private Behavior<Command> onStop(PostStop signal) {
        budget.whenRoom(() -> {});
        budget.copiesWaiting(0);
        granted.forEach(gone -> budget.copyEnded());
        return this;
    }

    private void grant() {
        while (!waiting.isEmpty() && mayGrant()) {
            ActorRef<Grant> next = waiting.poll();
            granted.add(next);
            next.tell(new Grant(grantBytes));
        }
        // Those whom a target that does not answer keeps waiting take nothing from builds.
        budget.copiesWaiting(mayAsk() ? waiting.size() : 0);
    }

    private boolean mayGrant() {
        return mayAsk() && budget.tryCopy();
    }

    private boolean mayAsk() {
        return breaker.isClosed() || granted.isEmpty() && breaker.mayProbe(System.nanoTime());
    }
}
