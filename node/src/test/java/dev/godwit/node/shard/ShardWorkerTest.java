package dev.godwit.node.shard;

import static org.assertj.core.api.Assertions.assertThat;

import dev.godwit.node.access.Databases;
import dev.godwit.node.shard.ShardCoordinator.Finished;
import dev.godwit.node.shard.ShardCoordinator.PullWork;
import dev.godwit.node.shard.ShardWorker.Acknowledged;
import dev.godwit.node.shard.ShardWorker.LookAgain;
import dev.godwit.node.shard.ShardWorker.NothingNow;
import dev.godwit.node.shard.ShardWorker.WorkGiven;
import dev.godwit.node.sink.TargetSink;
import dev.godwit.node.sink.TargetSink.Acquire;
import dev.godwit.node.sink.TargetSink.Grant;
import dev.godwit.node.sink.TargetSink.Release;
import dev.godwit.node.sink.TargetSink.Use;
import dev.godwit.node.source.SourceDatabase;
import dev.godwit.node.target.SessionBudget;
import dev.godwit.node.target.TargetDatabase;
import dev.godwit.protocol.error.ErrorCode;
import dev.godwit.protocol.error.GodwitException;
import dev.godwit.protocol.plan.Consistency;
import dev.godwit.protocol.plan.Endpoint;
import dev.godwit.protocol.plan.Limits;
import dev.godwit.protocol.plan.Plan;
import dev.godwit.protocol.plan.PostgresAddress;
import dev.godwit.protocol.plan.SchemaMode;
import dev.godwit.protocol.table.ColumnSpec;
import dev.godwit.protocol.table.CutMethod;
import dev.godwit.protocol.table.Shard;
import dev.godwit.protocol.table.ShardRange;
import dev.godwit.protocol.table.TableName;
import dev.godwit.protocol.table.TableSpec;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import org.apache.pekko.actor.testkit.typed.javadsl.ActorTestKit;
import org.apache.pekko.actor.testkit.typed.javadsl.TestProbe;
import org.apache.pekko.actor.typed.ActorRef;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.Test;

class ShardWorkerTest {
    private static final ActorTestKit KIT = ActorTestKit.create();
    private static final TableName ORDERS = new TableName("sales", "orders");
    private static final TableName USERS = new TableName("public", "users");

    private final TestProbe<TargetSink.Command> sink = KIT.createTestProbe(TargetSink.Command.class);
    private final TestProbe<ShardCoordinator.Command> coordinators =
            KIT.createTestProbe(ShardCoordinator.Command.class);

    @AfterAll
    static void stop() {
        KIT.shutdownTestKit();
    }

    /** Both databases are away. */
    private static final class NoDatabases implements Databases {
        @Override
        public SourceDatabase source(Plan plan) {
            throw new GodwitException(ErrorCode.SOURCE_UNREACHABLE, "The source can't be reached.", "", "");
        }

        @Override
        public TargetDatabase target(Plan plan) {
            throw new GodwitException(ErrorCode.TARGET_UNREACHABLE, "The target can't be reached.", "", "");
        }

        @Override
        public SessionBudget budget(Plan plan) {
            throw new GodwitException(ErrorCode.TARGET_UNREACHABLE, "The target can't be reached.", "", "");
        }

        @Override
        public void limit(Plan plan, int workers, int targetSessions) {}

        @Override
        public void close(String migration) {}
    }

    private ActorRef<ShardWorker.Command> worker(TableName... tables) {
        return worker(Consistency.FROZEN, tables);
    }

    private ActorRef<ShardWorker.Command> worker(Consistency consistency, TableName... tables) {
        return KIT.spawn(ShardWorker.create(new ShardWorker.Surroundings(
                () -> plan(consistency),
                "c1",
                "node-a",
                new NoDatabases(),
                () -> List.of(tables),
                Optional::empty,
                table -> coordinators.ref()::tell,
                null,
                sink.ref(),
                new CopyMeter())));
    }

    private void grant() {
        sink.expectMessageClass(Acquire.class).replyTo().tell(new Grant(1 << 20));
    }

    private PullWork asked(TableName table) {
        PullWork asked = coordinators.expectMessageClass(PullWork.class);
        assertThat(asked.table()).isEqualTo(table);
        return asked;
    }

    @Test
    void it_asks_for_work_only_with_a_grant() {
        worker(ORDERS);

        Acquire acquire = sink.expectMessageClass(Acquire.class);
        coordinators.expectNoMessage();
        acquire.replyTo().tell(new Grant(1 << 20));

        asked(ORDERS);
    }

    @Test
    void it_asks_the_tables_in_their_order_and_gives_the_grant_back_when_there_is_nothing() {
        ActorRef<ShardWorker.Command> worker = worker(ORDERS, USERS);
        grant();

        asked(ORDERS);
        worker.tell(new NothingNow(ORDERS, false));
        asked(USERS);
        worker.tell(new NothingNow(USERS, false));

        assertThat(sink.expectMessageClass(Release.class).use()).isEqualTo(Use.NONE);
        sink.expectMessageClass(Acquire.class); // after a short rest
    }

    @Test
    void news_while_it_asks_make_it_ask_again_without_a_rest() {
        ActorRef<ShardWorker.Command> worker = worker(ORDERS);
        grant();
        asked(ORDERS);

        worker.tell(new LookAgain());
        worker.tell(new NothingNow(ORDERS, false));

        sink.expectMessageClass(Release.class);
        grant();
        asked(ORDERS);
    }

    @Test
    void an_answer_about_another_table_is_not_taken_for_the_one_that_is_awaited() {
        ActorRef<ShardWorker.Command> worker = worker(ORDERS, USERS);
        grant();
        asked(ORDERS);

        worker.tell(new NothingNow(USERS, false));

        coordinators.expectNoMessage();
    }

    @Test
    void a_shard_that_comes_while_it_rests_is_given_back() {
        ActorRef<ShardWorker.Command> worker = worker();
        grant();
        sink.expectMessageClass(Release.class);

        worker.tell(work(1));

        Finished finished = coordinators.expectMessageClass(Finished.class);
        assertThat(finished.outcome()).isEqualTo(new WorkOutcome.GivenBack());
    }

    @Test
    void a_shard_is_given_back_if_the_shared_snapshot_went_away_since_it_was_asked_for() {
        ActorRef<ShardWorker.Command> worker = worker(Consistency.SNAPSHOT, ORDERS);
        grant();
        asked(ORDERS);

        worker.tell(work(1));

        assertThat(sink.expectMessageClass(Release.class).use()).isEqualTo(Use.NONE);
        assertThat(coordinators.expectMessageClass(Finished.class).outcome()).isEqualTo(new WorkOutcome.GivenBack());
    }

    @Test
    void it_tells_an_outcome_again_until_it_is_acknowledged() {
        ActorRef<ShardWorker.Command> worker = worker();
        grant();
        sink.expectMessageClass(Release.class);
        worker.tell(work(7));

        coordinators.expectMessageClass(Finished.class);
        Finished again = coordinators.expectMessageClass(Finished.class, ShardWorker.REPEAT.multipliedBy(5));
        assertThat(again.attempt()).isEqualTo(7);
        again.replyTo().tell(new Acknowledged(ORDERS, again.shard(), again.attempt()));

        sink.expectMessageClass(Acquire.class);
    }

    @Test
    void the_acknowledgement_of_an_earlier_try_is_not_taken_for_this_one() {
        ActorRef<ShardWorker.Command> worker = worker();
        grant();
        sink.expectMessageClass(Release.class);
        worker.tell(work(7));
        coordinators.expectMessageClass(Finished.class);

        worker.tell(new Acknowledged(ORDERS, "0.0", 6));

        sink.expectNoMessage();
    }

    @Test
    void a_shard_that_comes_while_another_is_reported_is_given_back() {
        ActorRef<ShardWorker.Command> worker = worker();
        grant();
        sink.expectMessageClass(Release.class);
        worker.tell(work(1));
        coordinators.expectMessageClass(Finished.class);

        worker.tell(work(2));

        Finished late = coordinators.expectMessageClass(Finished.class);
        assertThat(late.attempt()).isEqualTo(2);
        assertThat(late.outcome()).isEqualTo(new WorkOutcome.GivenBack());
    }

    @Test
    void it_stops_at_once_while_it_waits_for_a_grant() {
        ActorRef<ShardWorker.Command> worker = worker(ORDERS);
        sink.expectMessageClass(Acquire.class);

        worker.tell(new ShardWorker.StopWhenIdle());

        sink.expectTerminated(worker);
    }

    @Test
    void told_to_stop_it_awaits_the_answer_that_may_be_on_its_way() {
        ActorRef<ShardWorker.Command> worker = worker(ORDERS);
        grant();
        asked(ORDERS);

        worker.tell(new ShardWorker.StopWhenIdle());
        worker.tell(work(1));

        assertThat(coordinators.expectMessageClass(Finished.class).outcome()).isEqualTo(new WorkOutcome.GivenBack());
        worker.tell(new Acknowledged(ORDERS, "0.0", 1));
        coordinators.expectTerminated(worker);
    }

    private static WorkGiven work(int attempt) {
        TableSpec table = new TableSpec(
                ORDERS,
                List.of(new ColumnSpec("id", "bigint")),
                List.of("id"),
                false,
                CutMethod.WHOLE,
                true,
                1 << 20,
                100,
                4711);
        return new WorkGiven(table, new Shard("0.0", new ShardRange.Whole()), attempt, 1 << 20, false);
    }

    private static Plan plan(Consistency consistency) {
        Endpoint server =
                new Endpoint(new PostgresAddress("127.0.0.1", 5432, "shop", "reader", null, "prefer", Map.of()));
        return new Plan(
                "godwit/v1",
                "Migration",
                "shop",
                server,
                Map.of("main", server),
                consistency,
                List.of("*.*"),
                List.of(),
                SchemaMode.TABLES,
                List.of(),
                Limits.DEFAULT);
    }
}
