package dev.godwit.node.faults;

import static org.assertj.core.api.Assertions.assertThat;
import static org.awaitility.Awaitility.await;

import dev.godwit.node.cluster.Api;
import dev.godwit.node.cluster.Database;
import dev.godwit.node.cluster.NodeJvm;
import dev.godwit.node.cluster.TestCluster;
import dev.godwit.protocol.error.ErrorCode;
import dev.godwit.protocol.error.Problem;
import dev.godwit.protocol.status.MigrationStatus;
import dev.godwit.protocol.status.Phase;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.List;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** Plans that read well, on databases that don't fit. Nothing is written to such a target. */
class BadDatabasesTest {
    private static final Duration ENOUGH = Duration.ofSeconds(60);
    private static final String CANARY = "hunter2-canary-4712";

    @TempDir
    private static Path directory;

    private static RestartableServer sourceServer;
    private static RestartableServer targetServer;
    private static TestCluster cluster;
    private static NodeJvm node;
    private static Api api;

    private final Database source = sourceServer.database();
    private final Database target = targetServer.database();

    @BeforeAll
    static void start() {
        sourceServer = RestartableServer.start();
        targetServer = RestartableServer.start();
        cluster = new TestCluster("bad-databases", sourceServer.database());
        node = cluster.startOne();
        api = cluster.api();
    }

    @AfterAll
    static void stop() {
        cluster.close();
        targetServer.close();
        sourceServer.close();
    }

    /** Both faces say the same, and nothing is left in the target. */
    private List<Problem> refused(PlanYaml plan) {
        List<Problem> problems = refusedWherePrepared(plan);
        assertThat(target.text("SELECT to_regclass('godwit.claim')")).isNull();
        return problems;
    }

    private List<Problem> refusedWherePrepared(PlanYaml plan) {
        assertThat(plan.submit(node).statusCode()).isEqualTo(202);
        MigrationStatus failed = api.awaitPhase(plan.name(), Phase.FAILED, ENOUGH);
        PlanCheckProcess check = PlanCheckProcess.run(directory, plan.yaml());
        assertThat(check.problems()).isEqualTo(failed.problems());
        assertThat(check.exitCode()).isEqualTo(failed.problems().get(0).code().exitCode());
        return failed.problems();
    }

    @Test
    void a_source_that_is_the_target_is_refused_under_whatever_name() {
        source.fill("item", 10, 100);

        assertThat(refusedWherePrepared(PlanYaml.of("same", source, source)))
                .extracting(Problem::code)
                .contains(ErrorCode.SOURCE_IS_TARGET);
        String otherName = PlanYaml.address("localhost", source.port(), source.name(), Database.USER, "");
        assertThat(refusedWherePrepared(PlanYaml.of("same-by-name", PlanYaml.address(source), otherName)))
                .extracting(Problem::code)
                .contains(ErrorCode.SOURCE_IS_TARGET);
        assertThat(source.text("SELECT to_regclass('godwit.claim')")).isNull();
    }

    @Test
    void another_database_of_the_same_server_is_another_database() {
        source.fill("item", 10, 100);
        Database beside = sourceServer.database();

        PlanYaml.of("beside", source, beside).submit(node);
        api.awaitPhase("beside", Phase.COMPLETED, ENOUGH);

        assertThat(beside.contents()).isEqualTo(source.contents());
    }

    @Test
    void a_target_that_holds_rows_is_refused_and_left_alone() {
        source.fill("item", 10, 100);
        target.fill("item", 3, 100);

        assertThat(refused(PlanYaml.of("not-empty", source, target)))
                .singleElement()
                .satisfies(problem -> {
                    assertThat(problem.code()).isEqualTo(ErrorCode.TARGET_NOT_EMPTY);
                    assertThat(problem.where()).contains("public.item");
                });
        assertThat(target.content("item").rows()).isEqualTo(3);
    }

    @Test
    void the_target_of_another_migration_is_refused() {
        source.fill("item", 10, 100);
        PlanYaml.of("first", source, target).submit(node);
        api.awaitPhase("first", Phase.COMPLETED, ENOUGH);

        assertThat(refusedWherePrepared(PlanYaml.of("second", source, target)))
                .singleElement()
                .satisfies(problem -> {
                    assertThat(problem.code()).isEqualTo(ErrorCode.TARGET_OF_ANOTHER_MIGRATION);
                    assertThat(problem.where()).contains("public.item");
                });
        assertThat(target.contents()).isEqualTo(source.contents());
    }

    @Test
    void a_target_that_only_reads_is_refused() {
        source.fill("item", 10, 100);
        target.run("ALTER DATABASE " + target.name() + " SET default_transaction_read_only = on");

        assertThat(refused(PlanYaml.of("read-only", source, target)))
                .extracting(Problem::code)
                .containsExactly(ErrorCode.TARGET_READ_ONLY);
    }

    @Test
    void all_that_an_existing_target_lacks_is_told_at_once() {
        source.run(
                "CREATE TABLE absent (id int PRIMARY KEY)",
                "CREATE TABLE short (id int PRIMARY KEY, note text)",
                "CREATE TABLE changed (id int PRIMARY KEY, note text)");
        target.run("CREATE TABLE short (id int PRIMARY KEY)", "CREATE TABLE changed (id int PRIMARY KEY, note date)");

        assertThat(refused(PlanYaml.of("differs", source, target).withSchema("existing")))
                .extracting(Problem::code)
                .containsExactlyInAnyOrder(
                        ErrorCode.TARGET_TABLE_MISSING, ErrorCode.TARGET_COLUMN_MISSING, ErrorCode.TARGET_COLUMN_TYPE);
    }

    @Test
    void a_wrong_password_is_told_soon_and_not_shown() throws IOException {
        source.fill("item", 10, 100);
        sourceServer.askForPassword("walter");
        targetServer.askForPassword("walter");
        Path file = Files.writeString(directory.resolve("password"), CANARY);
        String wrong = "password: {file: " + file + "}";
        String atSource = PlanYaml.address(Database.HOST, source.port(), source.name(), "walter", wrong);
        String atTarget = PlanYaml.address(Database.HOST, target.port(), target.name(), "walter", wrong);

        assertThat(refused(PlanYaml.of("wrong-password", atSource, PlanYaml.address(target))))
                .extracting(Problem::code)
                .containsExactly(ErrorCode.SOURCE_LOGIN_REFUSED);
        assertThat(refused(PlanYaml.of("wrong-password-too", PlanYaml.address(source), atTarget)))
                .extracting(Problem::code)
                .containsExactly(ErrorCode.TARGET_LOGIN_REFUSED);
        assertThat(refused(PlanYaml.of("wrong-passwords", atSource, atTarget)))
                .extracting(Problem::code)
                .containsExactly(ErrorCode.SOURCE_LOGIN_REFUSED, ErrorCode.TARGET_LOGIN_REFUSED);
        assertThat(node.log()).doesNotContain(CANARY);
    }

    @Test
    void a_secret_that_is_missing_on_the_node_is_told_by_its_reference() {
        source.fill("item", 10, 100);
        String missing = PlanYaml.address(
                Database.HOST, target.port(), target.name(), Database.USER, "password: {env: GODWIT_TEST_NOT_SET}");

        assertThat(refused(PlanYaml.of("no-secret", PlanYaml.address(source), missing)))
                .singleElement()
                .satisfies(problem -> {
                    assertThat(problem.code()).isEqualTo(ErrorCode.SECRET_MISSING);
                    assertThat(problem.what()).contains("GODWIT_TEST_NOT_SET");
                });
    }

    @Test
    void row_level_security_that_hides_rows_is_refused_with_the_names_of_role_and_table() {
        source.fill("item", 10, 100);
        source.run(
                "CREATE ROLE peeking LOGIN",
                "GRANT SELECT ON item TO peeking",
                "ALTER TABLE item ENABLE ROW LEVEL SECURITY",
                "CREATE POLICY half ON item USING (id % 2 = 0)");
        String peeking = PlanYaml.address(Database.HOST, source.port(), source.name(), "peeking", "");

        assertThat(refused(PlanYaml.of("hidden-rows", peeking, PlanYaml.address(target))
                        .withLeaveOut("\"policy *\", \"row-level security *\"")))
                .singleElement()
                .satisfies(problem -> {
                    assertThat(problem.code()).isEqualTo(ErrorCode.SOURCE_ROW_SECURITY);
                    assertThat(problem.what()).contains("peeking", "public.item");
                });
    }

    @Test
    void names_with_control_characters_are_refused_by_name() {
        source.run("CREATE TABLE \"two\nlines\" (id int PRIMARY KEY)", "CREATE TABLE fine (id int, \"ta\tb\" text)");

        List<Problem> problems = refused(PlanYaml.of("control", source, target));

        assertThat(problems).extracting(Problem::code).containsOnly(ErrorCode.NAME_NOT_SUPPORTED);
        assertThat(problems).extracting(Problem::line).noneMatch(line -> line.contains("\n") || line.contains("\t"));
        assertThat(problems).extracting(Problem::what).anyMatch(what -> what.contains("two") && what.contains("lines"));
        assertThat(problems).extracting(Problem::where).anyMatch(where -> where.contains("public.fine"));
    }

    @Test
    void more_connections_than_there_are_is_a_warning_and_the_migration_runs() {
        source.fill("item", 10, 100);
        PlanYaml plan = PlanYaml.of("connections", source, target)
                .withLimits("sourceConnections: 5000, targetConnections: 5000");

        PlanCheckProcess check = PlanCheckProcess.run(directory, plan.yaml());
        plan.submit(node);
        api.awaitPhase("connections", Phase.COMPLETED, ENOUGH);

        assertThat(check.exitCode()).isZero();
        assertThat(check.problems()).isEmpty();
        assertThat(check.codes("warnings")).contains("SOURCE_CONNECTIONS_FEW", "TARGET_CONNECTIONS_FEW");
        assertThat(target.contents()).isEqualTo(source.contents());
    }

    @Test
    void problems_of_both_sides_tables_are_told_at_once() {
        source.run("CREATE TABLE item (id int PRIMARY KEY)", "CREATE MATERIALIZED VIEW summary AS SELECT 1 AS a");
        target.run("CREATE TABLE item (id text)");

        assertThat(refused(PlanYaml.of("both-sides", source, target)))
                .extracting(Problem::code)
                .containsExactly(ErrorCode.TARGET_COLUMN_TYPE, ErrorCode.SCHEMA_LEAVES_OUT);
    }

    @Test
    void a_server_that_is_away_is_waited_for() {
        RestartableServer late = RestartableServer.start();
        try {
            Database lateTarget = late.database();
            source.fill("item", 10, 100);
            late.stop();

            PlanYaml.of("late", source, lateTarget).submit(node);
            await().atMost(ENOUGH)
                    .until(() -> api.status("late"), now -> now.reason().contains("can't be reached"));
            late.startAgain();
            api.awaitPhase("late", Phase.COMPLETED, ENOUGH);

            assertThat(lateTarget.contents()).isEqualTo(source.contents());
        } finally {
            late.close();
        }
    }

    @Test
    void the_same_name_with_another_plan_is_a_conflict() {
        source.fill("item", 10, 100);
        PlanYaml.of("taken", source, target).submit(node);
        api.awaitPhase("taken", Phase.COMPLETED, ENOUGH);

        assertThat(PlanYaml.of("taken", source, target)
                        .withConsistency("snapshot")
                        .submit(node)
                        .statusCode())
                .isEqualTo(409);
    }
}
