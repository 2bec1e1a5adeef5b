package dev.godwit.node.migration;

import dev.godwit.protocol.Wire;
import dev.godwit.protocol.plan.Plan;
import dev.godwit.protocol.table.TableName;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import org.apache.pekko.Done;
import org.apache.pekko.actor.typed.ActorRef;
import org.apache.pekko.actor.typed.Behavior;
import org.apache.pekko.actor.typed.Terminated;
import org.apache.pekko.actor.typed.javadsl.AbstractBehavior;
import org.apache.pekko.actor.typed.javadsl.ActorContext;
import org.apache.pekko.actor.typed.javadsl.Behaviors;
import org.apache.pekko.actor.typed.javadsl.Receive;
import org.apache.pekko.actor.typed.receptionist.ServiceKey;

/**
 * One on every node: does on its node what migrations tell. Owns a {@link MigrationHere} for each migration that it has
 * heard of and that has not ended.
 */
public final class NodeAgent extends AbstractBehavior<NodeAgent.Command> {
    public static final ServiceKey<Message> SERVICE_KEY = ServiceKey.create(Message.class, "godwit-node-agent");

    /** What an agent is told. */
    public sealed interface Command {}

    /** What it is told from other nodes. */
    public sealed interface Message extends Command, Wire {}

    /**
     * Take part; repeated every second.
     *
     * @param tables tables with work, the biggest first; empty if none is to be handed out now
     * @param keepSnapshot whether the migration has one snapshot that is needed still
     * @param snapshot its text; null if it is not taken yet
     * @param exports names under which it may be imported
     * @param taker name of the node that is to take it, if it is not taken yet; empty for none
     */
    public record Work(
            Plan plan,
            String cluster,
            List<TableName> tables,
            boolean keepSnapshot,
            String snapshot,
            List<String> exports,
            String taker)
            implements Message {}

    /**
     * The migration has ended here.
     *
     * @param now whether running shards are given up
     */
    public record Leave(String migration, boolean now) implements Message {}

    /** The node leaves: let running shards end, take no new ones; answered when all is still. Local. */
    public record Drain(ActorRef<Done> replyTo) implements Command {}

    /** The time for that is up: give running shards up. Local. */
    public record DrainNow() implements Command {}

    private final MigrationHere.Surroundings around;
    private final Map<String, ActorRef<MigrationHere.Command>> here = new HashMap<>();
    private ActorRef<Done> draining;

    private NodeAgent(ActorContext<Command> context, MigrationHere.Surroundings around) {
        super(context);
        this.around = around;
    }

    public static Behavior<Command> create(MigrationHere.Surroundings around) {
        return Behaviors.setup(context -> new NodeAgent(context, around));
    }

    @Override
    public Receive<Command> createReceive() {
        return newReceiveBuilder()
                .onMessage(Work.class, this::onWork)
                .onMessage(Leave.class, this::onLeave)
                .onMessage(Drain.class, this::onDrain)
                .onMessage(DrainNow.class, this::onDrainNow)
                .onSignal(Terminated.class, this::onTerminated)
                .build();
    }

    private Behavior<Command> onWork(Work message) {
        if (draining == null) {
            String name = message.plan().name();
            here.computeIfAbsent(name, n -> {
                        ActorRef<MigrationHere.Command> child = getContext()
                                .spawnAnonymous(MigrationHere.create(message.plan(), message.cluster(), around));
                        getContext().watch(child);
                        return child;
                    })
                    .tell(new MigrationHere.Do(message));
        }
        return this;
    }

    private Behavior<Command> onLeave(Leave message) {
        ActorRef<MigrationHere.Command> child = here.get(message.migration());
        if (child != null) {
            child.tell(new MigrationHere.End(message.now()));
        }
        return this;
    }

    private Behavior<Command> onDrain(Drain message) {
        draining = message.replyTo();
        here.values().forEach(child -> child.tell(new MigrationHere.End(false)));
        return answerIfStill();
    }

    private Behavior<Command> onDrainNow(DrainNow message) {
        here.values().forEach(child -> child.tell(new MigrationHere.End(true)));
        return this;
    }

    private Behavior<Command> onTerminated(Terminated signal) {
        here.values().removeIf(child -> child.equals(signal.getRef()));
        return answerIfStill();
    }

    private Behavior<Command> answerIfStill() {
        if (draining != null && here.isEmpty()) {
            draining.tell(Done.getInstance());
        }
        return this;
    }
}
