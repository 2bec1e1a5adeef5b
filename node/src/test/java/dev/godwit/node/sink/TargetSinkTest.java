package dev.godwit.node.sink;

import static org.assertj.core.api.Assertions.assertThat;

import dev.godwit.node.sink.TargetSink.Acquire;
import dev.godwit.node.sink.TargetSink.AskHealth;
import dev.godwit.node.sink.TargetSink.Grant;
import dev.godwit.node.sink.TargetSink.Release;
import dev.godwit.node.sink.TargetSink.SinkHealth;
import dev.godwit.node.sink.TargetSink.Use;
import dev.godwit.node.target.SessionBudget;
import java.util.List;
import java.util.stream.IntStream;
import java.util.stream.Stream;
import org.apache.pekko.actor.testkit.typed.javadsl.ActorTestKit;
import org.apache.pekko.actor.testkit.typed.javadsl.TestProbe;
import org.apache.pekko.actor.typed.ActorRef;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.Test;

class TargetSinkTest {
    private static final ActorTestKit KIT = ActorTestKit.create();

    @AfterAll
    static void stop() {
        KIT.shutdownTestKit();
    }

    private static ActorRef<TargetSink.Command> sink(int sessions, long budgetBytes) {
        return KIT.spawn(TargetSink.create(new SessionBudget(sessions, sessions), sessions, budgetBytes));
    }

    private static List<TestProbe<Grant>> workers(int count) {
        return IntStream.range(0, count)
                .mapToObj(i -> KIT.createTestProbe(Grant.class))
                .toList();
    }

    private static SinkHealth health(ActorRef<TargetSink.Command> sink) {
        TestProbe<SinkHealth> asking = KIT.createTestProbe(SinkHealth.class);
        sink.tell(new AskHealth(asking.ref()));
        return asking.receiveMessage();
    }

    @Test
    void no_more_grants_are_out_than_there_are_sessions() {
        ActorRef<TargetSink.Command> sink = sink(2, 1 << 20);
        List<TestProbe<Grant>> workers = workers(3);

        workers.forEach(worker -> sink.tell(new Acquire(worker.ref())));

        workers.subList(0, 2).forEach(TestProbe::receiveMessage);
        assertThat(health(sink)).isEqualTo(new SinkHealth(true, 2, 1 << 20, 1));

        sink.tell(new Release(workers.get(0).ref(), Use.ANSWERED));
        workers.get(2).receiveMessage();
    }

    @Test
    void all_grants_together_stay_within_the_budget_and_none_is_larger_than_is_of_use() {
        assertThat(granted(sink(4, 1 << 20))).isEqualTo(1 << 18);
        assertThat(granted(sink(4, 1L << 40))).isEqualTo(TargetSink.LARGEST_GRANT);
    }

    @Test
    void a_build_takes_a_session_from_shards_and_gives_it_back() {
        SessionBudget budget = new SessionBudget(4, 2);
        ActorRef<TargetSink.Command> sink = KIT.spawn(TargetSink.create(budget, 4, 1 << 20));
        budget.build(() -> {});
        List<TestProbe<Grant>> workers = workers(2);
        workers.forEach(worker -> sink.tell(new Acquire(worker.ref())));
        workers.get(0).receiveMessage();
        workers.get(1).expectNoMessage();

        budget.buildEnded();

        workers.get(1).receiveMessage();
    }

    @Test
    void a_sink_that_ends_gives_its_sessions_back() {
        SessionBudget budget = new SessionBudget(4, 4);
        ActorRef<TargetSink.Command> sink = KIT.spawn(TargetSink.create(budget, 4, 1 << 20));
        assertThat(granted(sink)).isPositive();
        assertThat(budget.use().copies()).isEqualTo(1);

        KIT.stop(sink);

        assertThat(budget.use().copies()).isZero();
    }

    @Test
    void with_more_sessions_those_who_wait_get_theirs() {
        SessionBudget budget = new SessionBudget(1, 1);
        ActorRef<TargetSink.Command> sink = KIT.spawn(TargetSink.create(budget, 1, 1 << 20));
        List<TestProbe<Grant>> workers = workers(2);
        workers.forEach(worker -> sink.tell(new Acquire(worker.ref())));
        workers.get(0).receiveMessage();
        workers.get(1).expectNoMessage();

        sink.tell(new TargetSink.Resize(4, 1 << 20));
        budget.resize(4, 4);
        budget.allow(4);

        assertThat(workers.get(1).receiveMessage().bytes()).isEqualTo(1 << 18);
    }

    private static long granted(ActorRef<TargetSink.Command> sink) {
        TestProbe<Grant> worker = KIT.createTestProbe(Grant.class);
        sink.tell(new Acquire(worker.ref()));
        return worker.receiveMessage().bytes();
    }

    @Test
    void a_target_that_does_not_answer_is_probed_by_one_worker_at_a_time() {
        ActorRef<TargetSink.Command> sink = sink(3, 1 << 20);
        List<TestProbe<Grant>> workers = workers(3);
        workers.forEach(worker -> sink.tell(new Acquire(worker.ref())));
        workers.forEach(TestProbe::receiveMessage);

        workers.forEach(worker -> sink.tell(new Release(worker.ref(), Use.UNREACHABLE)));
        assertThat(health(sink).reachable()).isFalse();
        workers.forEach(worker -> sink.tell(new Acquire(worker.ref())));

        workers.get(0).receiveMessage(); // once the breaker's pause is over
        assertThat(health(sink).granted()).isEqualTo(1);

        sink.tell(new Release(workers.get(0).ref(), Use.ANSWERED));
        Stream.of(workers.get(1), workers.get(2)).forEach(TestProbe::receiveMessage);
        assertThat(health(sink).reachable()).isTrue();
    }

    @Test
    void a_grant_that_was_not_used_says_nothing_about_the_target() {
        ActorRef<TargetSink.Command> sink = sink(1, 1 << 20);
        TestProbe<Grant> worker = KIT.createTestProbe(Grant.class);
        sink.tell(new Acquire(worker.ref()));
        worker.receiveMessage();
        sink.tell(new Release(worker.ref(), Use.UNREACHABLE));
        sink.tell(new Acquire(worker.ref()));
        worker.receiveMessage();

        sink.tell(new Release(worker.ref(), Use.NONE));

        assertThat(health(sink).reachable()).isFalse();
    }

    @Test
    void the_grant_of_a_worker_that_is_gone_goes_to_another() {
        ActorRef<TargetSink.Command> sink = sink(1, 1 << 20);
        List<TestProbe<Grant>> workers = workers(3);
        workers.forEach(worker -> sink.tell(new Acquire(worker.ref())));
        workers.get(0).receiveMessage();

        workers.get(1).stop();
        workers.get(0).stop();

        workers.get(2).receiveMessage();
        workers.get(2).awaitAssert(() -> {
            assertThat(health(sink).waiting()).isZero();
            assertThat(health(sink).granted()).isEqualTo(1);
            return null;
        });
    }
}
