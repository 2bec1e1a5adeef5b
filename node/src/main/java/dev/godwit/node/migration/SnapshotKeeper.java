package dev.godwit.node.migration;

import dev.godwit.node.shard.BlockingDispatcher;
import dev.godwit.node.source.HeldSnapshot;
import dev.godwit.node.source.SourceDatabase;
import dev.godwit.protocol.error.GodwitException;
import dev.godwit.protocol.error.Problem;
import java.time.Duration;
import java.util.List;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.Executor;
import java.util.function.Supplier;
import org.apache.pekko.actor.typed.Behavior;
import org.apache.pekko.actor.typed.PostStop;
import org.apache.pekko.actor.typed.javadsl.AbstractBehavior;
import org.apache.pekko.actor.typed.javadsl.ActorContext;
import org.apache.pekko.actor.typed.javadsl.Behaviors;
import org.apache.pekko.actor.typed.javadsl.Receive;

/**
 * Keeps a migration's one snapshot alive on one node: a session that imports it from any node that holds it and exports
 * it again, so that it lives as long as any one node does. Takes a new snapshot only when told that there is none yet.
 *
 * <p>Owns that session. Asks it every {@link #PING} whether it lives. Nothing survives a restart: it imports again.
 */
final class SnapshotKeeper extends AbstractBehavior<SnapshotKeeper.Command> {
    static final Duration PING = Duration.ofSeconds(2);

    /** Local messages; never serialized. */
    sealed interface Command {}

    /**
     * What is to be held; repeated.
     *
     * @param snapshot its text; null if none was taken yet
     * @param exports names under which it may be imported
     * @param take whether to take one, if there is none
     */
    record Keep(String snapshot, List<String> exports, boolean take) implements Command {}

    private record Opened(HeldSnapshot held) implements Command {}

    private record Failed(Problem problem) implements Command {}

    private record Pinged(boolean alive) implements Command {}

    private record Tick() implements Command {}

    /** Told when the session comes or goes. */
    interface Listener {
        /**
         * @param exported null if nothing is held; so is {@code snapshot}
         * @param why nothing is held although it is wanted; null if that is not known or something is held
         */
        void holds(String exported, String snapshot, Problem why);
    }

    private final Supplier<SourceDatabase> source;
    private final Executor blocking;
    private final Listener listener;
    private Keep wanted = new Keep(null, List.of(), false);
    private HeldSnapshot held;
    private Problem lastProblem;
    private boolean busy;
    private volatile boolean stopped;

    private SnapshotKeeper(ActorContext<Command> context, Supplier<SourceDatabase> source, Listener listener) {
        super(context);
        this.source = source;
        this.listener = listener;
        this.blocking = BlockingDispatcher.of(context.getSystem());
    }

    /**
     * @param source asked for again for each session, since a password may change
     * @param listener is called by the actor's thread and must not block
     */
    static Behavior<Command> create(Supplier<SourceDatabase> source, Listener listener) {
        return Behaviors.setup(context -> Behaviors.withTimers(timers -> {
            timers.startTimerWithFixedDelay(new Tick(), PING);
            return new SnapshotKeeper(context, source, listener);
        }));
    }

    @Override
    public Receive<Command> createReceive() {
        return newReceiveBuilder()
                .onMessage(Keep.class, this::onKeep)
                .onMessage(Opened.class, this::onOpened)
                .onMessage(Failed.class, this::onFailed)
                .onMessage(Pinged.class, this::onPinged)
                .onMessage(Tick.class, this::onTick)
                .onSignal(PostStop.class, this::onStop)
                .build();
    }

    private Behavior<Command> onKeep(Keep message) {
        wanted = message;
        act();
        return this;
    }

    private void act() {
        if (busy) {
            return;
        }
        if (held != null && isAnother()) {
            drop();
        }
        if (held == null && wanted.snapshot() == null && wanted.take()) {
            open(() -> source.get().hold());
        } else if (held == null
                && wanted.snapshot() != null
                && !wanted.exports().isEmpty()) {
            List<String> exports = wanted.exports();
            open(() -> importOne(exports));
        }
    }

    /** A source that was restarted gives out the same names again, for other snapshots. */
    private boolean isAnother() {
        return wanted.snapshot() != null && !wanted.snapshot().equals(held.snapshot());
    }

    private interface Opening {
        HeldSnapshot open();
    }

    private void open(Opening opening) {
        busy = true;
        getContext()
                .pipeToSelf(
                        CompletableFuture.supplyAsync(() -> closeIfStopped(opening.open()), blocking),
                        (opened, failure) ->
                                failure == null ? new Opened(opened) : new Failed(Problem.of(failure, "snapshot")));
    }

    /** A session that opens after the actor has stopped would live on with nobody to end it. */
    private HeldSnapshot closeIfStopped(HeldSnapshot opened) {
        if (stopped) {
            opened.close();
        }
        return opened;
    }

    /** Tries one after the other: most of them may be gone with their nodes. */
    private HeldSnapshot importOne(List<String> exports) {
        GodwitException last = null;
        for (int i = exports.size() - 1; i >= 0; i--) {
            try {
                return source.get().hold(exports.get(i));
            } catch (GodwitException e) {
                last = e;
            }
        }
        throw last;
    }

    private Behavior<Command> onOpened(Opened message) {
        busy = false;
        lastProblem = null;
        held = message.held();
        if (!isAnother()) {
            getContext().getLog().info("holding snapshot {}", held.snapshot());
            listener.holds(held.exported(), held.snapshot(), null);
        }
        act();
        return this;
    }

    private Behavior<Command> onFailed(Failed message) {
        busy = false; // tried again at the next Keep
        if (!message.problem().equals(lastProblem)) {
            lastProblem = message.problem(); // told once, since it may come each second for long
            getContext()
                    .getLog()
                    .warn(
                            "no snapshot is held here, tried again: {}",
                            message.problem().line());
            listener.holds(null, null, message.problem());
        }
        return this;
    }

    private Behavior<Command> onTick(Tick message) {
        if (held != null && !busy) {
            busy = true;
            HeldSnapshot asked = held;
            getContext()
                    .pipeToSelf(
                            CompletableFuture.supplyAsync(asked::alive, blocking),
                            (alive, failure) -> new Pinged(failure == null && alive));
        }
        return this;
    }

    private Behavior<Command> onPinged(Pinged message) {
        busy = false;
        if (!message.alive()) {
            getContext().getLog().warn("the session that held the snapshot is gone");
            drop();
        }
        act();
        return this;
    }

    private void drop() {
        if (held != null) {
            HeldSnapshot old = held;
            held = null;
            listener.holds(null, null, null);
            blocking.execute(old::close);
        }
    }

    private Behavior<Command> onStop(PostStop signal) {
        stopped = true;
        drop();
        return this;
    }
}
