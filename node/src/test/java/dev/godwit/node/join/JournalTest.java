package dev.godwit.node.join;

import static org.assertj.core.api.Assertions.assertThat;

import com.typesafe.config.Config;
import dev.godwit.protocol.Wire;
import dev.godwit.protocol.status.InFlight;
import dev.godwit.protocol.status.NodeStatus;
import java.time.Duration;
import java.util.concurrent.TimeUnit;
import org.apache.pekko.actor.testkit.typed.javadsl.TestProbe;
import org.apache.pekko.actor.typed.ActorRef;
import org.apache.pekko.actor.typed.Behavior;
import org.apache.pekko.actor.typed.Props;
import org.apache.pekko.actor.typed.javadsl.AskPattern;
import org.apache.pekko.persistence.typed.PersistenceId;
import org.apache.pekko.persistence.typed.javadsl.CommandHandler;
import org.apache.pekko.persistence.typed.javadsl.EventHandler;
import org.apache.pekko.persistence.typed.javadsl.EventSourcedBehavior;
import org.apache.pekko.persistence.typed.javadsl.RetentionCriteria;
import org.apache.pekko.serialization.Serialization;
import org.apache.pekko.serialization.SerializationExtension;
import org.apache.pekko.serialization.Serializer;
import org.junit.jupiter.api.Test;

class JournalTest {
    private final Config configuration = StoreServer.configuration();

    @Test
    void an_entity_comes_back_on_another_node_with_its_events_and_snapshots() throws Exception {
        try (TestNode node = TestNode.start(configuration).awaitJoined()) {
            ActorRef<Counter.Command> counter = node.system.systemActorOf(Counter.create(), "counter", Props.empty());
            for (int number = 1; number <= 5; number++) {
                assertThat(add(node, counter)).isEqualTo(number);
            }
        }
        try (TestNode node = TestNode.start(configuration).awaitJoined()) {
            ActorRef<Counter.Command> counter = node.system.systemActorOf(Counter.create(), "counter", Props.empty());
            assertThat(add(node, counter)).isEqualTo(6);
        }
    }

    @Test
    void messages_of_the_protocol_travel_as_cbor_with_references_to_actors() throws Exception {
        try (TestNode node = TestNode.start(configuration)) {
            Serialization serialization = SerializationExtension.get(node.system);
            NodeStatus status = new NodeStatus(
                    "a",
                    "",
                    4,
                    1,
                    new InFlight(1, 2, 3, 4, true),
                    0.5,
                    0.5,
                    0.1,
                    -1,
                    0.2,
                    0.1,
                    1,
                    2,
                    true,
                    true,
                    false);
            Serializer serializer = serialization.findSerializerFor(status);
            assertThat(serializer.getClass().getSimpleName()).isEqualTo("JacksonCborSerializer");
            assertThat(serialization
                            .deserialize(serialization.serialize(status).get(), NodeStatus.class)
                            .get())
                    .isEqualTo(status);
            Counter.Add add =
                    new Counter.Add(TestProbe.<Integer>create(node.system).ref());
            assertThat(serialization
                            .deserialize(serialization.serialize(add).get(), Counter.Add.class)
                            .get())
                    .isEqualTo(add);
        }
    }

    private static int add(TestNode node, ActorRef<Counter.Command> counter) throws Exception {
        return AskPattern.<Counter.Command, Integer>ask(
                        counter, Counter.Add::new, Duration.ofSeconds(20), node.system.scheduler())
                .toCompletableFuture()
                .get(20, TimeUnit.SECONDS);
    }

    /** Counts how often it was told to; a snapshot every two events. */
    static final class Counter extends EventSourcedBehavior<Counter.Command, Counter.Added, Counter.Count> {
        interface Command extends Wire {}

        record Add(ActorRef<Integer> replyTo) implements Command {}

        record Added(int number) implements Wire {}

        record Count(int count) implements Wire {}

        private Counter() {
            super(PersistenceId.of("counter", "one"));
        }

        static Behavior<Command> create() {
            return new Counter();
        }

        @Override
        public Count emptyState() {
            return new Count(0);
        }

        @Override
        public CommandHandler<Command, Added, Count> commandHandler() {
            return newCommandHandlerBuilder()
                    .forAnyState()
                    .onCommand(
                            Add.class,
                            (state, add) -> Effect()
                                    .persist(new Added(state.count() + 1))
                                    .thenReply(add.replyTo(), Count::count))
                    .build();
        }

        @Override
        public EventHandler<Count, Added> eventHandler() {
            return newEventHandlerBuilder().forAnyState().onAnyEvent((state, added) -> new Count(added.number()));
        }

        @Override
        public RetentionCriteria retentionCriteria() {
            return RetentionCriteria.snapshotEvery(2, 2);
        }
    }
}
