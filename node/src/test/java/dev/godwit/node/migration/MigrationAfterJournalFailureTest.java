package dev.godwit.node.migration;

import static org.assertj.core.api.Assertions.assertThat;
import static org.awaitility.Awaitility.await;

import dev.godwit.node.access.Databases;
import dev.godwit.node.cluster.Database;
import dev.godwit.node.cluster.Journal;
import dev.godwit.node.cluster.Postgres;
import dev.godwit.node.lifecycle.MigrationLedger;
import dev.godwit.node.migration.Migration.Act;
import dev.godwit.node.migration.Migration.AskStatus;
import dev.godwit.node.migration.Migration.Command;
import dev.godwit.node.migration.Migration.Reply;
import dev.godwit.node.migration.Migration.Submit;
import dev.godwit.node.plan.PlanDigest;
import dev.godwit.node.schema.SchemaChoice;
import dev.godwit.node.shard.ShardCoordinator;
import dev.godwit.node.source.SourceDatabase;
import dev.godwit.node.target.SessionBudget;
import dev.godwit.node.target.TargetDatabase;
import dev.godwit.node.testing.JournaledSystem;
import dev.godwit.protocol.error.ErrorCode;
import dev.godwit.protocol.error.GodwitException;
import dev.godwit.protocol.error.Problem;
import dev.godwit.protocol.event.MigrationEvent;
import dev.godwit.protocol.plan.Consistency;
import dev.godwit.protocol.plan.Endpoint;
import dev.godwit.protocol.plan.Limits;
import dev.godwit.protocol.plan.Plan;
import dev.godwit.protocol.plan.PostgresAddress;
import dev.godwit.protocol.plan.SchemaMode;
import dev.godwit.protocol.status.Action;
import dev.godwit.protocol.status.MigrationStatus;
import dev.godwit.protocol.status.Phase;
import dev.godwit.protocol.table.ColumnSpec;
import dev.godwit.protocol.table.CutMethod;
import dev.godwit.protocol.table.TableName;
import dev.godwit.protocol.table.TableSpec;
import java.time.Clock;
import java.time.Duration;
import java.time.Instant;
import java.time.ZoneOffset;
import java.util.List;
import java.util.Map;
import java.util.Set;
import org.apache.pekko.actor.typed.ActorRef;
import org.apache.pekko.persistence.typed.PersistenceId;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;

/** The journal fails while a migration persists: its supervision starts it again, in the same incarnation. */
class MigrationAfterJournalFailureTest {
    private static final Duration ENOUGH = Duration.ofSeconds(30);
    private static final String NAME = "shop";
    private static final Clock CLOCK = Clock.fixed(Instant.parse("2026-11-21T00:00:00Z"), ZoneOffset.UTC);

    private final Database store = Postgres.source().database("state");
    private final JournaledSystem entities = new JournaledSystem(store);

    /** The migration is alone, and both databases are away: what they would answer, the test tells. */
    private static final class Alone implements Migration.Surroundings, Databases {
        @Override
        public String cluster() {
            return "0123456789ab";
        }

        @Override
        public Databases databases() {
            return this;
        }

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

        @Override
        public Map<String, Set<Integer>> clientPrograms() {
            return Map.of();
        }

        @Override
        public void tellAgents(NodeAgent.Message message) {}

        @Override
        public void tellCoordinator(String migration, TableName table, ShardCoordinator.Message message) {}

        @Override
        public void tellCapture(String migration, dev.godwit.node.changes.ChangeCapture.Message message) {}

        @Override
        public void ended(String migration) {}

        @Override
        public void reopened(String migration) {}
    }

    @AfterEach
    void stop() {
        entities.close();
    }

    private ActorRef<Command> migration() {
        PersistenceId id = PersistenceId.of(Migration.ENTITY_KEY.name(), NAME);
        return entities.spawn(Migration.create(id, NAME, CLOCK, new Alone()));
    }

    private MigrationStatus status(ActorRef<Command> migration) {
        return entities.<Command, Reply>ask(migration, AskStatus::new).status();
    }

    private void awaitPhase(ActorRef<Command> migration, Phase phase) {
        await().atMost(ENOUGH).until(() -> status(migration).phase() == phase);
    }

    /**
     * It was paused when its check failed, and was handed in again, which ended the pause. Taken in twice, the pause
     * would outlive its end: where copying is under way, a failed check and a new beginning change nothing.
     */
    private void failWhilePausedAndBeginAgain(ActorRef<Command> migration) {
        entities.<Command, Reply>ask(migration, replyTo -> new Submit(plan(), "digest", "ann", replyTo));
        entities.<Command, Reply>ask(migration, replyTo -> new Act(Action.PAUSE, "ann", "request 1", replyTo));
        migration.tell(new Migration.StepFailed(
                "check", new Problem(ErrorCode.SOURCE_LOGIN_REFUSED, "The source refuses the user.", "", "")));
        awaitPhase(migration, Phase.FAILED);
        entities.<Command, Reply>ask(migration, replyTo -> new Submit(plan(), "digest", "ann", replyTo));
        migration.tell(checked("digest", table()));
        migration.tell(new Migration.EntryEnded("digest", "", new Preparation.Ours(null)));
        awaitPhase(migration, Phase.COPYING);
    }

    @Test
    void it_holds_after_each_recovery_what_one_replay_of_its_journal_gives() {
        ActorRef<Command> migration = migration();
        failWhilePausedAndBeginAgain(migration);

        entities.refuse("migration-cancelled");
        for (int failures = 1; failures <= 2; failures++) {
            migration.tell(
                    new Act(Action.CANCEL, "ann", "request 2", entities.system().ignoreRef()));
            int expected = failures;
            await().atMost(ENOUGH).until(() -> entities.refused() >= expected);
            assertThat(status(migration).phase()).isEqualTo(Phase.COPYING);
        }
        entities.accept();
        MigrationStatus restarted = status(migration);
        entities.stop(migration);

        MigrationLedger replayed = MigrationLedger.empty();
        for (MigrationEvent event : new Journal(store).migration(NAME)) {
            replayed = replayed.apply(event);
        }
        assertThat(restarted.phase()).isEqualTo(replayed.phase()).isEqualTo(Phase.COPYING);
        assertThat(restarted.problems()).isEqualTo(replayed.problems());
        assertThat(restarted).isEqualTo(status(migration()));
    }

    /** Its answer was lost, and whoever asked asks again. */
    @Test
    void a_request_that_comes_again_is_answered_as_done() {
        ActorRef<Command> migration = migration();
        entities.<Command, Reply>ask(migration, replyTo -> new Submit(plan(), "digest", "ann", replyTo));
        entities.<Command, Reply>ask(migration, replyTo -> new Act(Action.PAUSE, "ann", "request 1", replyTo));

        Reply again = entities.ask(migration, replyTo -> new Act(Action.PAUSE, "ann", "request 1", replyTo));
        Reply another = entities.ask(migration, replyTo -> new Act(Action.PAUSE, "ann", "request 2", replyTo));

        assertThat(again.problem()).isNull();
        assertThat(again.status().phase()).isEqualTo(Phase.PAUSED);
        assertThat(another.problem().code()).isEqualTo(ErrorCode.ACTION_NOT_ALLOWED_NOW);
    }

    private static Migration.CheckEnded checked(String planDigest, TableSpec... tables) {
        return new Migration.CheckEnded(
                planDigest,
                new MigrationCheck.Checked(
                        List.of(),
                        List.of(tables),
                        "7/1/shop",
                        List.of(),
                        new SchemaChoice(SchemaMode.TABLES, ""),
                        List.of()));
    }

    /** Two checks run at once after a recovery: the later one fails, and another plan is handed in. */
    @Test
    void the_check_and_the_entry_of_an_earlier_plan_decide_nothing_about_this_one() {
        ActorRef<Command> migration = migration();
        entities.<Command, Reply>ask(migration, replyTo -> new Submit(plan(), "earlier", "ann", replyTo));
        migration.tell(new Migration.StepFailed(
                "check", new Problem(ErrorCode.SOURCE_LOGIN_REFUSED, "The source refuses the user.", "", "")));
        awaitPhase(migration, Phase.FAILED);
        entities.<Command, Reply>ask(migration, replyTo -> new Submit(plan(), "digest", "ann", replyTo));

        migration.tell(checked("earlier", table()));
        assertThat(status(migration).phase()).isEqualTo(Phase.DRAFTED);
        migration.tell(checked("digest", table()));
        migration.tell(new Migration.EntryEnded("earlier", "", new Preparation.Ours(null)));
        migration.tell(new Migration.EntryEnded("digest", "1:1:", new Preparation.Ours(null)));
        assertThat(status(migration).phase()).isEqualTo(Phase.CHECKED);
    }

    @Test
    void who_makes_the_tables_is_decided_once_and_outlives_restarts_and_the_plan_handed_in_again() {
        ActorRef<Command> migration = migration();
        Plan open = plan(null);
        entities.<Command, Reply>ask(migration, replyTo -> new Submit(open, PlanDigest.of(open), "ann", replyTo));
        migration.tell(new Migration.CheckEnded(
                PlanDigest.of(open),
                new MigrationCheck.Checked(
                        List.of(),
                        List.of(table()),
                        "7/1/shop",
                        List.of(),
                        new SchemaChoice(SchemaMode.DUMP, "every node can"),
                        List.of())));
        awaitPhase(migration, Phase.CHECKED);
        entities.stop(migration);

        ActorRef<Command> restarted = migration();
        assertThat(status(restarted))
                .returns("dump", MigrationStatus::schema)
                .returns("every node can", MigrationStatus::schemaReason);
        for (Plan same : List.of(open, plan(SchemaMode.DUMP))) {
            Reply again = entities.ask(restarted, replyTo -> new Submit(same, PlanDigest.of(same), "ann", replyTo));
            assertThat(again.problem()).isNull();
            assertThat(again.status().schema()).isEqualTo("dump");
        }
        Plan other = plan(SchemaMode.TABLES);
        Reply refused = entities.ask(restarted, replyTo -> new Submit(other, PlanDigest.of(other), "ann", replyTo));
        assertThat(refused.problem().code()).isEqualTo(ErrorCode.PLAN_CONFLICT);
    }

    private static Plan plan() {
        return plan(SchemaMode.TABLES);
    }

    private static Plan plan(SchemaMode schema) {
        Endpoint nowhere =
                new Endpoint(new PostgresAddress("127.0.0.1", 1, "shop", "reader", null, "disable", Map.of()));
        return new Plan(
                "godwit/v1",
                "Migration",
                NAME,
                nowhere,
                Map.of("main", nowhere),
                Consistency.FROZEN,
                List.of("*.*"),
                List.of(),
                schema,
                List.of(),
                Limits.DEFAULT);
    }

    private static TableSpec table() {
        return new TableSpec(
                new TableName("sales", "orders"),
                List.of(new ColumnSpec("id", "bigint")),
                List.of("id"),
                false,
                CutMethod.KEY,
                true,
                1 << 20,
                100,
                4711);
    }
}
