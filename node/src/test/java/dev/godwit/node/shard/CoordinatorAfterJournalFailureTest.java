package dev.godwit.node.shard;

import static org.assertj.core.api.Assertions.assertThat;
import static org.awaitility.Awaitility.await;

import dev.godwit.node.access.Databases;
import dev.godwit.node.cluster.Database;
import dev.godwit.node.cluster.Journal;
import dev.godwit.node.cluster.Postgres;
import dev.godwit.node.postgres.PostgresSource;
import dev.godwit.node.postgres.PostgresTarget;
import dev.godwit.node.shard.ShardCoordinator.Command;
import dev.godwit.node.shard.ShardCoordinator.Finished;
import dev.godwit.node.shard.ShardCoordinator.ListShards;
import dev.godwit.node.shard.ShardCoordinator.Open;
import dev.godwit.node.shard.ShardCoordinator.PullWork;
import dev.godwit.node.shard.ShardCoordinator.ShardList;
import dev.godwit.node.shard.ShardWorker.WorkGiven;
import dev.godwit.node.source.SourceDatabase;
import dev.godwit.node.split.CutBasis;
import dev.godwit.node.split.ShardSize;
import dev.godwit.node.split.WindowCutter;
import dev.godwit.node.target.SessionBudget;
import dev.godwit.node.target.TargetDatabase;
import dev.godwit.node.target.TargetDatabase.MigrationEntry;
import dev.godwit.node.testing.CatalogSchema;
import dev.godwit.node.testing.JournaledSystem;
import dev.godwit.protocol.error.ErrorCode;
import dev.godwit.protocol.error.Problem;
import dev.godwit.protocol.event.TableEvent.WindowCut;
import dev.godwit.protocol.plan.Consistency;
import dev.godwit.protocol.plan.Endpoint;
import dev.godwit.protocol.plan.Limits;
import dev.godwit.protocol.plan.Plan;
import dev.godwit.protocol.plan.PostgresAddress;
import dev.godwit.protocol.plan.SchemaMode;
import dev.godwit.protocol.status.ShardStatus;
import dev.godwit.protocol.status.TableStatus;
import dev.godwit.protocol.table.CutMethod;
import dev.godwit.protocol.table.Shard;
import dev.godwit.protocol.table.TableSpec;
import dev.godwit.protocol.table.Window;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import org.apache.pekko.actor.typed.ActorRef;
import org.apache.pekko.persistence.typed.PersistenceId;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;

/** The journal fails while a coordinator persists: its supervision starts it again, in the same incarnation. */
class CoordinatorAfterJournalFailureTest {
    private static final Duration ENOUGH = Duration.ofSeconds(30);
    private static final String MIGRATION = "shop";
    private static final String NODE = "127.0.0.1:1/a";
    private static final String CLUSTER = "0123456789ab";
    private static final long SHARD_BYTES = 64 << 10;

    private final Database store = Postgres.source().database("state");
    private final JournaledSystem entities = new JournaledSystem(store);
    private final Database source = Postgres.source().database("source");
    private final RealDatabases databases =
            new RealDatabases(source, Postgres.target().database("target"));
    private volatile TableStatus reported;
    private TableSpec table;

    /** The two databases of the plan. */
    private static final class RealDatabases implements Databases {
        private final PostgresSource source;
        private final PostgresTarget sink;
        private final Plan plan;

        RealDatabases(Database from, Database to) {
            this.source = new PostgresSource(address(from), "godwit test", 8);
            this.sink = new PostgresTarget(address(to), "godwit test", 8);
            this.plan = new Plan(
                    "godwit/v1",
                    "Migration",
                    MIGRATION,
                    new Endpoint(address(from)),
                    Map.of("main", new Endpoint(address(to))),
                    Consistency.SNAPSHOT,
                    List.of("public.*"),
                    List.of(),
                    SchemaMode.TABLES,
                    List.of(),
                    new Limits(2, SHARD_BYTES, 64L << 20, 8, 8));
        }

        private static PostgresAddress address(Database database) {
            return new PostgresAddress(
                    Database.HOST, database.port(), database.name(), Database.USER, null, "disable", Map.of());
        }

        @Override
        public SourceDatabase source(Plan asked) {
            return source;
        }

        @Override
        public TargetDatabase target(Plan asked) {
            return sink;
        }

        @Override
        public SessionBudget budget(Plan asked) {
            throw new UnsupportedOperationException("no shard is copied here");
        }

        @Override
        public void limit(Plan asked, int workers, int targetSessions) {}

        @Override
        public void close(String migration) {
            source.close();
            sink.close();
        }
    }

    @BeforeEach
    void prepare() {
        source.fill("item", 1000, 1000);
        table = databases.source.tables(databases.plan).get(0);
        databases.sink.enter(new MigrationEntry(MIGRATION, "digest", "source", CLUSTER, "", ""));
        databases.sink.prepare(
                databases.plan, List.of(table), new CatalogSchema(() -> databases.source.schema(databases.plan)));
    }

    @AfterEach
    void stop() {
        entities.close();
        databases.close(MIGRATION);
    }

    private static PersistenceId id() {
        return PersistenceId.of(ShardCoordinator.ENTITY_KEY.name(), MIGRATION + "/item");
    }

    private ActorRef<Command> coordinator() {
        return entities.spawn(
                ShardCoordinator.create(id(), databases, (migration, status, foreign) -> reported = status));
    }

    /** As the migration does every second. */
    private void open(ActorRef<Command> coordinator) {
        coordinator.tell(new Open(databases.plan, table, true, 2, CLUSTER, true));
    }

    private List<ShardStatus> shards(ActorRef<Command> coordinator) {
        return this.<ShardList>ask(coordinator, ListShards::new).shards();
    }

    private <R> R ask(
            ActorRef<Command> coordinator, org.apache.pekko.japi.function.Function<ActorRef<R>, Command> question) {
        return entities.ask(coordinator, question);
    }

    private ShardWorker.Command pull(ActorRef<Command> coordinator, String worker) {
        return ask(coordinator, replyTo -> new PullWork(table.name(), worker, NODE, replyTo));
    }

    /** Opens it until it hands out, and takes a shard. */
    private WorkGiven taken(ActorRef<Command> coordinator, String worker) {
        return (WorkGiven) await().atMost(ENOUGH)
                .until(
                        () -> {
                            open(coordinator);
                            return pull(coordinator, worker);
                        },
                        WorkGiven.class::isInstance);
    }

    private void finish(ActorRef<Command> coordinator, WorkGiven work, String worker, WorkOutcome outcome) {
        this.<ShardWorker.Command>ask(
                coordinator,
                replyTo -> new Finished(work.shard().id(), work.attempt(), worker, NODE, outcome, replyTo));
    }

    @Test
    void it_holds_after_each_recovery_what_one_replay_of_its_journal_gives() {
        ActorRef<Command> coordinator = coordinator();
        Problem away = new Problem(ErrorCode.TARGET_UNREACHABLE, "The target can't be reached.", "", "");
        finish(coordinator, taken(coordinator, "one"), "one", new WorkOutcome.Failed(away));
        finish(coordinator, taken(coordinator, "one"), "one", new WorkOutcome.Landed(5, 500, 0, NODE));
        finish(coordinator, taken(coordinator, "one"), "one", new WorkOutcome.Failed(away));

        entities.refuse("shard-started");
        for (int failures = 1; failures <= 2; failures++) {
            int expected = failures;
            await().atMost(ENOUGH).until(() -> {
                open(coordinator);
                coordinator.tell(new PullWork(
                        table.name(), "two", NODE, entities.system().ignoreRef()));
                return entities.refused() >= expected;
            });
            shards(coordinator);
        }
        entities.accept();
        Seen restarted = seen(coordinator);
        entities.stop(coordinator);
        ActorRef<Command> another = coordinator();

        assertThat(restarted).isEqualTo(seen(another));
        assertThat(restarted.status().retries()).isEqualTo(2);
        assertThat(restarted.status().rows()).isEqualTo(5);
    }

    @Test
    void an_answer_to_a_question_of_before_a_recovery_leaves_no_shard_without_its_range() {
        ActorRef<Command> first = coordinator();
        taken(first, "one");
        entities.stop(first);
        ActorRef<Command> second = coordinator();

        second.tell(new ShardCoordinator.Recollected(new TableDesk.Recollection(Map.of(), Map.of(), Map.of())));

        assertThat(taken(second, "two")).isNotNull();
    }

    private record Seen(TableStatus status, List<ShardStatus> shards) {}

    private Seen seen(ActorRef<Command> coordinator) {
        List<ShardStatus> shards = await().atMost(ENOUGH)
                .until(
                        () -> {
                            reported = null;
                            open(coordinator);
                            return shards(coordinator);
                        },
                        now -> now.stream().noneMatch(shard -> shard.range().isEmpty()));
        return new Seen(await().atMost(ENOUGH).until(() -> reported, status -> status != null), shards);
    }

    @Test
    void a_window_that_was_not_persisted_is_taken_as_the_target_keeps_it_whatever_is_cut_now() {
        assertThat(table.method()).isEqualTo(CutMethod.BLOCK);
        ActorRef<Command> first = coordinator();
        entities.refuse("window-cut");
        await().atMost(ENOUGH).until(() -> {
            open(first);
            return entities.refused() > 0;
        });
        Window kept = window();

        source.run("INSERT INTO item SELECT i, 0, repeat('x', 1000) FROM generate_series(1001, 5000) i");
        assertThat(cutNow().ranges()).isNotEqualTo(kept.ranges());
        awaitCuts(first, 2); // one may have been under way
        entities.stop(first);
        ActorRef<Command> second = coordinator();
        awaitCuts(second, 1);
        entities.accept();

        List<Shard> given = new ArrayList<>();
        while (given.size() < kept.ranges().size()) {
            given.add(taken(second, "worker-" + given.size()).shard());
        }
        assertThat(given).containsExactlyElementsOf(kept.shards());
        assertThat(window()).isEqualTo(kept);
        assertThat(new Journal(store).shards(MIGRATION, "public.item").events())
                .filteredOn(
                        event -> event instanceof WindowCut cut && cut.window().equals("0"))
                .containsExactly(new WindowCut("0", kept.ranges().size(), kept.last()));
    }

    private Window window() {
        return databases.sink.window(MIGRATION, table.name(), "0").orElseThrow();
    }

    /** What the first window would be if it were cut now. */
    private Window cutNow() {
        CutBasis basis = new CutBasis.BlockCount(databases.source.blocks(table.name()), table.estimatedBytes());
        long aimed = ShardSize.of(SHARD_BYTES).aimedDiskBytes();
        return WindowCutter.next("0", table, null, basis, aimed, ShardCoordinator.WINDOW_SHARDS);
    }

    private void awaitCuts(ActorRef<Command> coordinator, int more) {
        long before = entities.refused();
        await().atMost(ENOUGH).until(() -> {
            open(coordinator);
            return entities.refused() >= before + more;
        });
    }
}
