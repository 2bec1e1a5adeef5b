package dev.godwit.node.faults;

import static org.assertj.core.api.Assertions.assertThat;
import static org.awaitility.Awaitility.await;

import dev.godwit.node.cluster.Api;
import dev.godwit.node.cluster.Database;
import dev.godwit.node.cluster.Databases;
import dev.godwit.node.cluster.NodeJvm;
import dev.godwit.node.cluster.Postgres;
import dev.godwit.node.cluster.TestCluster;
import dev.godwit.node.postgres.CatalogFingerprint;
import dev.godwit.protocol.error.ErrorCode;
import dev.godwit.protocol.error.Problem;
import dev.godwit.protocol.status.MigrationStatus;
import dev.godwit.protocol.status.Phase;
import dev.godwit.protocol.status.TableState;
import java.io.IOException;
import java.io.InputStream;
import java.net.http.HttpResponse;
import java.nio.charset.StandardCharsets;
import java.sql.Connection;
import java.sql.SQLException;
import java.sql.Statement;
import java.time.Duration;
import java.util.List;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;

/** A database with objects of every kind is migrated by a cluster that loses nodes while it makes them. */
class WholeSchemaMigrationTest {
    private static final Duration ENOUGH = Duration.ofSeconds(120);

    /** A row takes 20 ms, so that an index over it is still being built when the node is killed. */
    private static final String SLOW = "CREATE FUNCTION public.slow(int) RETURNS int IMMUTABLE LANGUAGE plpgsql AS"
            + " 'BEGIN PERFORM pg_sleep(0.02); RETURN $1; END'";

    private final Databases databases = Databases.create();
    private final TestCluster cluster = new TestCluster("whole-schema", databases.stateStore());

    @AfterEach
    void stop() {
        cluster.close();
        databases.close();
    }

    private PlanYaml plan() {
        return PlanYaml.of("whole", databases.source(), databases.target())
                .withInclude("\"public.*\", \"shop.*\", 'sch\"ema; DROP.*'");
    }

    private static List<String> fingerprint(Database database) {
        try (Connection connection = database.connect()) {
            return CatalogFingerprint.of(connection).stream()
                    .filter(line -> !line.contains("elsewhere_fkey"))
                    .toList();
        } catch (SQLException e) {
            throw new IllegalStateException(e);
        }
    }

    private void wholeSchema() throws IOException {
        try (InputStream sql = CatalogFingerprint.class.getResourceAsStream("whole-schema.sql")) {
            databases.source().run(new String(sql.readAllBytes(), StandardCharsets.UTF_8));
        }
        databases
                .target()
                .run(
                        "CREATE SCHEMA shop",
                        "CREATE FUNCTION shop.next_number(int) RETURNS int LANGUAGE sql IMMUTABLE AS 'SELECT $1 + 1'");
    }

    @Test
    void a_whole_schema_is_made_though_a_node_dies_while_it_builds_an_index() throws Exception {
        wholeSchema();
        databases
                .source()
                .run(
                        SLOW,
                        "CREATE TABLE public.slowly (id int PRIMARY KEY, v int NOT NULL)",
                        "INSERT INTO public.slowly SELECT i, i FROM generate_series(1, 150) i",
                        "CREATE INDEX slowly_v ON public.slowly (public.slow(v))",
                        "ANALYZE public.slowly");
        databases.target().run(SLOW);
        cluster.start(2);
        Api api = cluster.api();
        NodeJvm any = cluster.living().get(0);
        try (Connection holder = databases.target().connect();
                Statement lock = holder.createStatement()) {
            // What makes foreign keys waits for this one.
            lock.execute("SELECT pg_advisory_lock(1735353463, 3)");
            assertThat(plan().withLeaveOut("\"*\"").submit(any)).returns(202, HttpResponse::statusCode);

            await("the slow index is being built")
                    .atMost(ENOUGH)
                    .until(() -> databases
                                    .target()
                                    .number(
                                            "SELECT count(*) FROM pg_stat_activity WHERE query LIKE '%CREATE INDEX slowly_v%'"
                                                    + " AND state = 'active' AND pid <> pg_backend_pid()")
                            > 0);
            killABuilder();
            cluster.launch();
            await("all tables are done").atMost(ENOUGH).until(() -> {
                MigrationStatus status = api.status("whole");
                return status.tablesDone() == status.tablesTotal() && status.tablesTotal() > 0;
            });
            await("the end is under way")
                    .atMost(ENOUGH)
                    .until(() -> databases
                                    .target()
                                    .number("SELECT count(*) FROM pg_locks WHERE locktype = 'advisory' AND objid = 3"
                                            + " AND NOT granted")
                            > 0);
            assertThat(api.status("whole").phase()).isEqualTo(Phase.INDEXING);
        }

        MigrationStatus status = api.awaitPhase("whole", Phase.COMPLETED, ENOUGH);
        assertThat(status.problems()).isEmpty();
        assertThat(api.tables("whole")).allMatch(table -> table.state() == TableState.COMPLETED);
        assertThat(fingerprint(databases.target())).containsExactlyElementsOf(fingerprint(databases.source()));
        assertThat(databases.target().number("SELECT count(*) FROM godwit.object WHERE made_at IS NULL"))
                .isZero();
        assertThat(databases.target().content("public.slowly"))
                .isEqualTo(databases.source().content("public.slowly"));
        assertThat(databases.target().text("SELECT pg_get_indexdef('slowly_v'::regclass)"))
                .contains("slow(v)");
    }

    /** The node whose session builds the slow index. */
    private void killABuilder() {
        String builder = databases
                .target()
                .text(
                        "SELECT application_name FROM pg_stat_activity WHERE query LIKE '%CREATE INDEX slowly_v%' AND pid <> pg_backend_pid() LIMIT 1");
        cluster.living().stream()
                .filter(node -> builder.contains(node.name()))
                .findFirst()
                .orElseGet(() -> cluster.living().get(0))
                .kill();
    }

    @Test
    void a_foreign_key_with_orphans_stays_not_valid_and_is_told() throws SQLException {
        Database source = databases.source();
        source.run(
                "CREATE TABLE public.parent (id int PRIMARY KEY)",
                "CREATE TABLE public.child (id int PRIMARY KEY, parent int)",
                "INSERT INTO public.parent VALUES (1)",
                "INSERT INTO public.child VALUES (1, 1), (2, 7)",
                "ALTER TABLE public.child ADD CONSTRAINT orphaned FOREIGN KEY (parent) REFERENCES public.parent NOT VALID",
                // As a restored dump or a disabled trigger leaves it.
                "UPDATE pg_constraint SET convalidated = true WHERE conname = 'orphaned'");
        NodeJvm node = cluster.startOne();

        assertThat(plan().withInclude("\"public.*\"").submit(node)).returns(202, HttpResponse::statusCode);

        MigrationStatus status = cluster.api().awaitPhase("whole", Phase.COMPLETED, ENOUGH);
        assertThat(status.problems()).extracting(Problem::code).containsExactly(ErrorCode.TARGET_FOREIGN_KEY_ORPHANS);
        assertThat(databases.target().text("SELECT convalidated FROM pg_constraint WHERE conname = 'orphaned'"))
                .isEqualTo("f");
    }

    @Test
    void the_end_waits_for_a_person_where_something_is_in_its_way_and_goes_on_when_told() {
        Database source = databases.source();
        source.run("CREATE TABLE public.t (id serial PRIMARY KEY)", "INSERT INTO public.t DEFAULT VALUES");
        NodeJvm node = cluster.startOne();
        Api api = cluster.api();
        try (Connection holder = databases.target().connect();
                Statement lock = holder.createStatement()) {
            lock.execute("SELECT pg_advisory_lock(1735353463, 3)");
            assertThat(plan().withInclude("\"public.*\"").submit(node)).returns(202, HttpResponse::statusCode);
            await().atMost(ENOUGH)
                    .until(() -> databases
                                    .target()
                                    .number("SELECT count(*) FROM pg_locks WHERE locktype = 'advisory' AND objid = 3"
                                            + " AND NOT granted")
                            > 0);
            lock.execute("ALTER SEQUENCE public.t_id_seq OWNED BY NONE");
            lock.execute("ALTER TABLE public.t ALTER id DROP DEFAULT");
            lock.execute("DROP SEQUENCE public.t_id_seq");
        } catch (SQLException e) {
            throw new IllegalStateException(e);
        }

        await().atMost(ENOUGH).until(() -> api.status("whole").allowedActions().contains("resume"));
        MigrationStatus halted = api.status("whole");
        assertThat(halted.phase()).isEqualTo(Phase.INDEXING);
        assertThat(halted.problems()).isNotEmpty();
        databases.target().run("CREATE SEQUENCE public.t_id_seq OWNED BY public.t.id");
        api.act("whole", "resume");

        api.awaitPhase("whole", Phase.COMPLETED, ENOUGH);
        assertThat(databases.target().number("SELECT nextval('public.t_id_seq')"))
                .isEqualTo(2);
    }

    @Test
    void a_cluster_that_has_lost_its_journal_finds_what_is_done_though_foreign_keys_are_there() {
        databases
                .source()
                .run(
                        "CREATE TABLE public.up (id int PRIMARY KEY)",
                        "INSERT INTO public.up SELECT generate_series(1, 50)",
                        "CREATE UNLOGGED TABLE public.down (id serial PRIMARY KEY, up int REFERENCES public.up)",
                        "INSERT INTO public.down (up) SELECT generate_series(1, 50)");
        PlanYaml plan = plan().withInclude("\"public.*\"").withSchema(""); // which mode, is left open
        assertThat(plan.submit(cluster.startOne())).returns(202, HttpResponse::statusCode);
        String mode = cluster.api().awaitPhase("whole", Phase.COMPLETED, ENOUGH).schema();
        assertThat(mode).isIn("dump", "tables");
        cluster.close();

        try (TestCluster other =
                new TestCluster("whole-schema-again", Postgres.source().database("state"))) {
            assertThat(plan.submit(other.startOne())).returns(202, HttpResponse::statusCode);

            MigrationStatus again = other.api().awaitPhase("whole", Phase.COMPLETED, ENOUGH);
            assertThat(again.problems()).isEmpty();
            assertThat(again.schema()).isEqualTo(mode);
            assertThat(again.schemaReason()).contains("as the target's entry says");
        }
        databases.assertEqual();
        assertThat(databases.target().number("SELECT count(*) FROM pg_constraint WHERE contype = 'f'"))
                .isEqualTo(1);
    }
}
