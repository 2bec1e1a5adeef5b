package dev.godwit.node.shard;

import java.time.Duration;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.atomic.AtomicLong;
import org.apache.pekko.actor.typed.ActorRef;
import org.apache.pekko.actor.typed.Behavior;
import org.apache.pekko.actor.typed.javadsl.AbstractBehavior;
import org.apache.pekko.actor.typed.javadsl.ActorContext;
import org.apache.pekko.actor.typed.javadsl.Behaviors;
import org.apache.pekko.actor.typed.javadsl.Receive;

/** A worker for whom every shard lands in no time; so it shows how fast a coordinator can be. */
final class WorkerModel extends AbstractBehavior<ShardWorker.Command> {
    private static final Duration PAUSE = Duration.ofMillis(5);

    private record AskAgain() implements ShardWorker.Command {}

    private final ActorRef<ShardCoordinator.Command> coordinator;
    private final AtomicLong left;
    private final CompletableFuture<Void> done;

    private WorkerModel(
            ActorContext<ShardWorker.Command> context,
            ActorRef<ShardCoordinator.Command> coordinator,
            AtomicLong left,
            CompletableFuture<Void> done) {
        super(context);
        this.coordinator = coordinator;
        this.left = left;
        this.done = done;
    }

    /**
     * @param left shards to land, shared by all workers
     * @param done completed when the last one has
     */
    static Behavior<ShardWorker.Command> create(
            ActorRef<ShardCoordinator.Command> coordinator, AtomicLong left, CompletableFuture<Void> done) {
        return Behaviors.setup(context -> {
            WorkerModel worker = new WorkerModel(context, coordinator, left, done);
            worker.pull();
            return worker;
        });
    }

    private String path() {
        return getContext().getSelf().path().name();
    }

    private void pull() {
        coordinator.tell(new ShardCoordinator.PullWork(
                UnboundedTable.table().name(), path(), "model", getContext().getSelf()));
    }

    @Override
    public Receive<ShardWorker.Command> createReceive() {
        return newReceiveBuilder()
                .onMessage(ShardWorker.WorkGiven.class, this::onWorkGiven)
                .onMessage(ShardWorker.Acknowledged.class, this::onAcknowledged)
                .onMessage(ShardWorker.NothingNow.class, this::onNothingNow)
                .onMessage(AskAgain.class, this::onAskAgain)
                .build();
    }

    private Behavior<ShardWorker.Command> onWorkGiven(ShardWorker.WorkGiven work) {
        coordinator.tell(new ShardCoordinator.Finished(
                work.shard().id(),
                work.attempt(),
                path(),
                "model",
                new WorkOutcome.Landed(600_000, 128L << 20, 2_000, "model@0123456789ab"),
                getContext().getSelf()));
        return this;
    }

    private Behavior<ShardWorker.Command> onAcknowledged(ShardWorker.Acknowledged message) {
        long before = left.getAndDecrement();
        if (before <= 1) {
            done.complete(null);
            return Behaviors.stopped();
        }
        pull();
        return this;
    }

    private Behavior<ShardWorker.Command> onNothingNow(ShardWorker.NothingNow message) {
        getContext().scheduleOnce(PAUSE, getContext().getSelf(), new AskAgain());
        return this;
    }

    private Behavior<ShardWorker.Command> onAskAgain(AskAgain message) {
        pull();
        return this;
    }
}
