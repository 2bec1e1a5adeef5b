package dev.godwit.node.faults;

import static org.assertj.core.api.Assertions.assertThat;
import static org.awaitility.Awaitility.await;

import dev.godwit.node.cluster.Api;
import dev.godwit.node.cluster.Database;
import dev.godwit.node.cluster.NodeJvm;
import dev.godwit.node.cluster.Postgres;
import dev.godwit.node.cluster.TestCluster;
import dev.godwit.protocol.error.ErrorCode;
import dev.godwit.protocol.error.Problem;
import dev.godwit.protocol.status.Health;
import dev.godwit.protocol.status.MigrationStatus;
import dev.godwit.protocol.status.Phase;
import dev.godwit.protocol.status.TableState;
import dev.godwit.protocol.status.TableStatus;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.sql.Connection;
import java.sql.SQLException;
import java.sql.Statement;
import java.time.Duration;
import java.util.HexFormat;
import java.util.List;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;

/** Rows that the source has and the target does not take. */
class RefusedRowsTest {
    private static final Duration ENOUGH = Duration.ofSeconds(60);

    /** Stands in the rows that are refused; nobody but the target may show it. */
    private static final String MARKER = "hunter2-marker";

    private static Database store;
    private static TestCluster cluster;
    private static NodeJvm node;
    private static Api api;

    private final Database source = Postgres.source().database("source");
    private final Database target = Postgres.target().database("target");

    @BeforeAll
    static void start() {
        store = Postgres.source().database("state");
        cluster = new TestCluster("refused-rows", store);
        node = cluster.startOne();
        api = cluster.api();
    }

    @AfterAll
    static void stop() {
        cluster.close();
    }

    /** A table {@code (id bigint PRIMARY KEY, note text, must text)} of 500 rows that everybody takes. */
    private void fill(String... tables) {
        for (String table : tables) {
            source.run(
                    "CREATE TABLE " + table + " (id bigint PRIMARY KEY, note text, must text)",
                    "INSERT INTO " + table + " SELECT i, 'note ' || i, 'x' FROM generate_series(1, 500) i");
        }
    }

    @Test
    void pauses_the_tables_whose_rows_are_refused_and_completes_them_once_the_target_takes_them() throws Exception {
        fill("checked", "demanded", "raised", "disguised", "single", "fine");
        String bad = "note = '" + MARKER + "' || id % 2";
        source.run(
                "UPDATE checked SET " + bad + " WHERE id = 250",
                "UPDATE demanded SET must = NULL, " + bad + " WHERE id = 250",
                "UPDATE raised SET " + bad + " WHERE id = 250",
                "UPDATE disguised SET " + bad + " WHERE id = 250",
                "UPDATE single SET " + bad + " WHERE id IN (250, 350)");
        for (String table : List.of("checked", "demanded", "raised", "disguised", "single", "fine")) {
            target.run("CREATE TABLE " + table + " (id bigint, note text, must text)");
        }
        target.run(
                "ALTER TABLE checked ADD CONSTRAINT no_secrets CHECK (note NOT LIKE 'hunter%')",
                "ALTER TABLE demanded ALTER must SET NOT NULL", "CREATE UNIQUE INDEX one_note ON single (note)");

        // Triggers that are there from the beginning are found by the check: these come later.
        try (Connection late = target.connect();
                Statement statement = late.createStatement()) {
            late.setAutoCommit(false);
            statement.execute("LOCK TABLE raised, disguised IN SHARE ROW EXCLUSIVE MODE");
            PlanYaml.of("refused", source, target).withSchema("existing").submit(node);
            api.awaitPhase("refused", Phase.COPYING, ENOUGH);
            triggers(statement);
            late.commit();
        }
        MigrationStatus stalled = await().atMost(ENOUGH)
                .until(() -> api.status("refused"), now -> now.tablesPaused() + now.tablesDone() == 6);

        assertThat(stalled).returns(5, MigrationStatus::tablesPaused).returns(Health.STALLED, MigrationStatus::health);
        assertRefused("checked", "23514");
        assertRefused("demanded", "23502");
        assertRefused("raised", "P0001");
        assertThat(table("refused", "disguised").problem())
                .returns(ErrorCode.TARGET_FAILED, Problem::code)
                .returns("Look into the target's log at that time, then resume.", Problem::fix)
                .satisfies(problem -> assertThat(problem.what()).endsWith("SQLSTATE 0A000."))
                .satisfies(problem -> assertThat(problem.where()).contains("public.disguised"));
        assertRefused("single", "23505");
        assertThat(target.content("fine")).isEqualTo(source.content("fine"));
        assertThat(target.number("SELECT count(*) FROM checked")).isZero();
        assertNobodyShowsTheMarker("refused", "checked", "demanded", "raised", "disguised", "single", "fine");

        target.run(
                "ALTER TABLE checked DROP CONSTRAINT no_secrets",
                "ALTER TABLE demanded ALTER must DROP NOT NULL",
                "DROP TRIGGER refuses ON raised",
                "DROP TRIGGER refuses ON disguised",
                "DROP INDEX one_note");
        api.act("refused", "resume");
        api.awaitPhase("refused", Phase.COMPLETED, ENOUGH);

        assertThat(target.contents()).isEqualTo(source.contents());
        assertThat(body("/v1/migrations/refused/events"))
                .contains("table-paused")
                .doesNotContain(MARKER);
        assertNobodyShowsTheMarker("refused", "checked");
    }

    /** They put the row's value into all that an error has. One does so at COMMIT, under a SQLSTATE of the server's. */
    private static void triggers(Statement statement) throws SQLException {
        for (String state : List.of("P0001", "0A000")) {
            statement.execute("CREATE FUNCTION refuse_" + state + "() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN"
                    + " IF NEW.id = 250 THEN RAISE EXCEPTION 'refused: %', NEW.note USING ERRCODE = '" + state
                    + "', DETAIL = NEW.note, HINT = NEW.note, COLUMN = NEW.note, CONSTRAINT = NEW.note; END IF;"
                    + " RETURN NEW; END $$");
        }
        statement.execute(
                "CREATE TRIGGER refuses BEFORE INSERT ON raised FOR EACH ROW EXECUTE FUNCTION refuse_P0001()");
        statement.execute("CREATE CONSTRAINT TRIGGER refuses AFTER INSERT ON disguised DEFERRABLE INITIALLY DEFERRED"
                + " FOR EACH ROW EXECUTE FUNCTION refuse_0A000()");
    }

    private static TableStatus table(String migration, String name) {
        return api.tables(migration).stream()
                .filter(table -> table.table().equals("public." + name))
                .findFirst()
                .orElseThrow();
    }

    private static void assertRefused(String name, String state) {
        TableStatus table = table("refused", name);
        assertThat(table.state()).as(name).isEqualTo(TableState.PAUSED);
        assertThat(table.problem())
                .returns(ErrorCode.TARGET_ROW_REFUSED, Problem::code)
                .returns("Compare the table's types and constraints on both sides, then resume.", Problem::fix)
                .satisfies(problem -> assertThat(problem.what()).contains("SQLSTATE " + state))
                .satisfies(problem -> assertThat(problem.where()).contains("refused", "public." + name, "shard 0.0"));
        assertThat(api.status("refused").problems()).contains(table.problem());
    }

    @Test
    void pauses_the_table_whose_key_the_target_finds_doubled_and_builds_it_once_it_does_not() throws Exception {
        fill("fine");
        String rows = "INSERT INTO keyed SELECT '" + MARKER + "' || i, '%s' FROM generate_series(1, 100) i";
        String ready = "UPDATE pg_index SET indisready = %s WHERE indexrelid = 'keyed_pkey'::regclass";
        // An index that has missed rows, as a broken one has.
        source.run(
                "CREATE TABLE keyed (id text PRIMARY KEY, note text)",
                rows.formatted("once"),
                ready.formatted("false"),
                rows.formatted("again"),
                ready.formatted("true"));

        PlanYaml.of("doubled", source, target).submit(node);
        await().atMost(ENOUGH)
                .until(() -> api.status("doubled"), now -> now.tablesPaused() == 1 && now.tablesDone() == 1);

        assertThat(table("doubled", "keyed"))
                .returns(TableState.PAUSED, TableStatus::state)
                .returns(200L, TableStatus::rows)
                .extracting(TableStatus::problem)
                .returns(ErrorCode.TARGET_KEY_NOT_UNIQUE, Problem::code)
                .satisfies(problem -> assertThat(problem.what()).contains("keyed_pkey", "23505"))
                .satisfies(problem -> assertThat(problem.where()).contains("public.keyed"))
                .satisfies(problem -> assertThat(problem.fix()).contains("resume"));
        assertNobodyShowsTheMarker("doubled", "keyed", "fine");

        source.run("DELETE FROM keyed WHERE note = 'again'");
        target.run("DELETE FROM keyed WHERE note = 'again'");
        api.act("doubled", "resume");
        api.awaitPhase("doubled", Phase.COMPLETED, ENOUGH);

        assertThat(target.contents()).isEqualTo(source.contents());
        assertThat(target.texts("SELECT conname FROM pg_constraint WHERE conrelid = 'keyed'::regclass"))
                .containsExactly("keyed_pkey");
        assertNobodyShowsTheMarker("doubled", "keyed");
    }

    private static String body(String path) throws IOException {
        return api.send(node.http(), "GET", path, null).body();
    }

    private static void assertNobodyShowsTheMarker(String migration, String... tables) throws IOException {
        assertThat(node.log()).as("the log").doesNotContain(MARKER);
        assertThat(node.output()).as("standard output").contains("ready").doesNotContain(MARKER);
        String path = "/v1/migrations/" + migration;
        for (String one : List.of("/v1/migrations", path, path + "/tables", "/metrics")) {
            assertThat(body(one)).as(one).isNotEmpty().doesNotContain(MARKER);
        }
        for (String table : tables) {
            String shards = Api.shardsPath(migration, "public." + table);
            assertThat(body(shards)).as(shards).startsWith("{\"shards\":").doesNotContain(MARKER);
        }
        assertThat(stateStoreTablesWith("TARGET_")).as("a text that is kept").contains("godwit.event_journal");
        assertThat(stateStoreTablesWith(MARKER)).isEmpty();
    }

    /** Those with the text in a row, as text or inside of bytes. */
    private static List<String> stateStoreTablesWith(String text) {
        String bytes = HexFormat.of().formatHex(text.getBytes(StandardCharsets.UTF_8));
        return store
                .texts(
                        "SELECT oid::regclass FROM pg_class WHERE relkind = 'r' AND relnamespace = 'godwit'::regnamespace")
                .stream()
                .filter(table -> store.number("SELECT count(*) FROM " + table + " t WHERE strpos(t::text, '" + text
                                + "') > 0 OR strpos(t::text, '" + bytes + "') > 0")
                        > 0)
                .toList();
    }
}
