package dev.godwit.node.sink;

import java.time.Duration;
import java.util.ArrayDeque;
import java.util.Deque;
import java.util.concurrent.ThreadLocalRandom;
import org.apache.pekko.actor.typed.ActorRef;
import org.apache.pekko.actor.typed.Behavior;
import org.apache.pekko.actor.typed.Terminated;
import org.apache.pekko.actor.typed.javadsl.AbstractBehavior;
import org.apache.pekko.actor.typed.javadsl.ActorContext;
import org.apache.pekko.actor.typed.javadsl.Behaviors;
import org.apache.pekko.actor.typed.javadsl.Receive;
import org.apache.pekko.actor.typed.javadsl.TimerScheduler;

/**
 * What writes to one target from one node. Owns the number of sessions, the byte budget and the target's health here:
 * a worker asks for work only with a grant, and a grant comes only while there is a session, memory and a target that answers.
 * That is the backpressure.
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
    public record Resize(int sessions, long budgetBytes) implements Command {}

    private record Probe() implements Command {}

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

    private int sessions;
    private long grantBytes;
    private final TimerScheduler<Command> timers;
    private final Deque<ActorRef<Grant>> waiting = new ArrayDeque<>();
    private final Deque<ActorRef<Grant>> granted = new ArrayDeque<>();
    private Breaker breaker = Breaker.closed();

    private TargetSink(ActorContext<Command> context, TimerScheduler<Command> timers, int sessions, long budgetBytes) {
        super(context);
        this.timers = timers;
        resize(sessions, budgetBytes);
    }

    private void resize(int most, long budgetBytes) {
        sessions = most;
        grantBytes = Math.min(LARGEST_GRANT, budgetBytes / Math.max(1, most));
    }

    /**
     * @param sessions most sessions at once
     * @param budgetBytes most bytes of row data at once
     */
    public static Behavior<Command> create(int sessions, long budgetBytes) {
        return Behaviors.setup(
                context -> Behaviors.withTimers(timers -> new TargetSink(context, timers, sessions, budgetBytes)));
    }

    @Override
    public Receive<Command> createReceive() {
        return newReceiveBuilder()
                .onMessage(Acquire.class, this::onAcquire)
                .onMessage(Release.class, this::onRelease)
                .onMessage(AskHealth.class, this::onAskHealth)
                .onMessage(Resize.class, this::onResize)
                .onMessage(Probe.class, this::onProbe)
                .onSignal(Terminated.class, this::onWorkerGone)
                .build();
    }

    private Behavior<Command> onAcquire(Acquire message) {
        getContext().watch(message.replyTo());
        waiting.add(message.replyTo());
        grant();
        return this;
    }

    private Behavior<Command> onRelease(Release message) {
        if (granted.remove(message.from())) {
            getContext().unwatch(message.from());
        }
        switch (message.use()) {
            case ANSWERED -> breaker = Breaker.closed();
            case UNREACHABLE -> {
                breaker = breaker.onFailure(
                        System.nanoTime(), ThreadLocalRandom.current().nextDouble());
                Duration pause = breaker.untilProbe(System.nanoTime()).plusMillis(1);
                timers.startSingleTimer("probe", new Probe(), pause);
            }
            case NONE -> {}
        }
        grant();
        return this;
    }

    private Behavior<Command> onResize(Resize message) {
        resize(message.sessions(), message.budgetBytes());
        grant();
        return this;
    }

    private Behavior<Command> onProbe(Probe message) {
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
        granted.removeIf(ref -> ref.equals(signal.getRef()));
        grant();
        return this;
    }

    private void grant() {
        while (!waiting.isEmpty() && mayGrant()) {
            ActorRef<Grant> next = waiting.poll();
            granted.add(next);
            next.tell(new Grant(grantBytes));
        }
    }

    private boolean mayGrant() {
        if (breaker.isClosed()) {
            return granted.size() < sessions;
        }
        return granted.isEmpty() && breaker.mayProbe(System.nanoTime());
    }
}
