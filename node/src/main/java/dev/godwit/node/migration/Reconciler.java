package dev.godwit.node.migration;

import dev.godwit.node.shard.BlockingDispatcher;
import dev.godwit.protocol.error.Problem;
import dev.godwit.protocol.plan.Plan;
import java.time.Duration;
import java.util.List;
import java.util.concurrent.CompletableFuture;
import org.apache.pekko.actor.typed.Behavior;
import org.apache.pekko.actor.typed.javadsl.AbstractBehavior;
import org.apache.pekko.actor.typed.javadsl.ActorContext;
import org.apache.pekko.actor.typed.javadsl.Behaviors;
import org.apache.pekko.actor.typed.javadsl.Receive;

/**
 * One in the cluster: calls the migrations that the job table says should run, so that they live on some node. Keeps
 * nothing.
 */
public final class Reconciler extends AbstractBehavior<Reconciler.Command> {
    static final Duration INTERVAL = Duration.ofSeconds(2);

    /** Local messages; never serialized. */
    public sealed interface Command {}

    private record Tick() implements Command {}

    private record Read(List<Due> due) implements Command {}

    private record ReadFailed(Problem problem) implements Command {}

    /** A migration that should run. */
    public record Due(String name, Plan plan, String planDigest) {}

    /** The job table and the way to migrations. */
    public interface Surroundings {
        /** Blocks. */
        List<Due> due();

        void tellMigration(String migration, Migration.Message message);
    }

    private final Surroundings around;
    private boolean reading;

    private Reconciler(ActorContext<Command> context, Surroundings around) {
        super(context);
        this.around = around;
    }

    public static Behavior<Command> create(Surroundings around) {
        return Behaviors.setup(context -> Behaviors.withTimers(timers -> {
            timers.startTimerWithFixedDelay(new Tick(), Duration.ZERO, INTERVAL);
            return new Reconciler(context, around);
        }));
    }

    @Override
    public Receive<Command> createReceive() {
        return newReceiveBuilder()
                .onMessage(Tick.class, this::onTick)
                .onMessage(Read.class, this::onRead)
                .onMessage(ReadFailed.class, this::onReadFailed)
                .build();
    }

    private Behavior<Command> onTick(Tick tick) {
        if (!reading) {
            reading = true;
            getContext()
                    .pipeToSelf(
                            CompletableFuture.supplyAsync(
                                    around::due,
                                    BlockingDispatcher.of(getContext().getSystem())),
                            (due, failure) ->
                                    failure == null ? new Read(due) : new ReadFailed(Problem.of(failure, "job table")));
        }
        return this;
    }

    private Behavior<Command> onRead(Read read) {
        reading = false;
        read.due().forEach(due -> around.tellMigration(due.name(), new Migration.Wake(due.plan(), due.planDigest())));
        return this;
    }

    private Behavior<Command> onReadFailed(ReadFailed failed) {
        reading = false;
        getContext()
                .getLog()
                .warn(
                        "the job table can't be read, tried again: {}",
                        failed.problem().line());
        return this;
    }
}
