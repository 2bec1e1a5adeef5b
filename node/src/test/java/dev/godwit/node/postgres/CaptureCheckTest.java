package dev.godwit.node.postgres;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.tuple;
import static org.awaitility.Awaitility.await;

import dev.godwit.protocol.error.ErrorCode;
import dev.godwit.protocol.error.Problem;
import dev.godwit.protocol.plan.Consistency;
import dev.godwit.protocol.plan.Plan;
import dev.godwit.protocol.table.CutMethod;
import dev.godwit.protocol.table.TableSpec;
import java.util.List;
import java.util.Optional;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;

class CaptureCheckTest {
    private static CaptureServer.Database database;
    private static PostgresSource source;

    @BeforeAll
    static void tables() {
        database = CaptureServer.database();
        database.run(
                "CREATE SCHEMA fine",
                "CREATE TABLE fine.keyed (b int, a bigint, v text, PRIMARY KEY (a, b))",
                "CREATE TABLE fine.by_index (a int, b text COLLATE \"C\" NOT NULL, c int PRIMARY KEY)",
                "CREATE UNIQUE INDEX by_index_b ON fine.by_index (b) INCLUDE (a)",
                "ALTER TABLE fine.by_index REPLICA IDENTITY USING INDEX by_index_b",
                "CREATE TABLE fine.whole (a int)",
                "ALTER TABLE fine.whole REPLICA IDENTITY FULL",
                "CREATE TABLE fine.whole_keyed (a int UNIQUE, b int NOT NULL UNIQUE, c int NOT NULL, UNIQUE (b, c))",
                "ALTER TABLE fine.whole_keyed REPLICA IDENTITY FULL",
                "CREATE TABLE fine.sorted_by_language (a text COLLATE \"und-x-icu\" PRIMARY KEY)",
                "CREATE TABLE fine.sorted_otherwise (a int, CONSTRAINT p PRIMARY KEY (a))",
                "CREATE TABLE fine.padded (a char(3) COLLATE \"C\" PRIMARY KEY)",
                "CREATE UNIQUE INDEX otherwise ON fine.sorted_otherwise (a DESC)",
                "ALTER TABLE fine.sorted_otherwise ALTER a SET NOT NULL, REPLICA IDENTITY USING INDEX otherwise",
                "CREATE SCHEMA bad",
                "CREATE TABLE bad.keyless (a int)",
                "CREATE TABLE bad.nothing (a int PRIMARY KEY)",
                "ALTER TABLE bad.nothing REPLICA IDENTITY NOTHING",
                "CREATE TABLE bad.late (a int PRIMARY KEY DEFERRABLE)",
                "CREATE TABLE bad.index_gone (a int NOT NULL)",
                "CREATE UNIQUE INDEX gone ON bad.index_gone (a)",
                "ALTER TABLE bad.index_gone REPLICA IDENTITY USING INDEX gone",
                "DROP INDEX bad.gone",
                "CREATE TABLE bad.computed (a int, b int GENERATED ALWAYS AS (a) STORED PRIMARY KEY)",
                "CREATE UNLOGGED TABLE bad.unlogged (a int PRIMARY KEY)",
                "CREATE TABLE bad.fine (a int PRIMARY KEY)");
        source = database.source("postgres");
        database.run(
                "INSERT INTO fine.keyed VALUES (1, 2, 3)",
                "INSERT INTO fine.by_index VALUES (1, 2, 3)",
                "INSERT INTO fine.whole VALUES (1)",
                "INSERT INTO fine.whole_keyed VALUES (1, 2, 3)",
                "INSERT INTO fine.sorted_otherwise VALUES (1)",
                "INSERT INTO fine.sorted_by_language VALUES ('a')",
                "INSERT INTO fine.padded VALUES ('a')",
                "INSERT INTO bad.keyless VALUES (1)",
                "INSERT INTO bad.nothing VALUES (1)",
                "INSERT INTO bad.late VALUES (1)",
                "INSERT INTO bad.index_gone VALUES (1)");
    }

    @AfterAll
    static void close() {
        source.close();
    }

    @Test
    void a_sound_plan_has_no_problems_and_leaves_nothing_behind() {
        assertThat(source.check(database.plan("shop", "fine.*"))).isEmpty();
        assertThat(database.number("SELECT count(*) FROM pg_publication")).isZero();
    }

    @Test
    void keys_are_those_of_the_replica_identity_and_cut_only_where_they_can_be_compared() {
        assertKey("keyed", CutMethod.KEY, "a", "b");
        assertKey("by_index", CutMethod.KEY, "b");
        assertKey("whole", CutMethod.WHOLE);
        assertKey("whole_keyed", CutMethod.KEY, "b");
        assertKey("sorted_by_language", CutMethod.WHOLE, "a");
        assertKey("sorted_otherwise", CutMethod.WHOLE, "a");
        assertKey("padded", CutMethod.WHOLE, "a");
    }

    private static void assertKey(String table, CutMethod method, String... columns) {
        TableSpec spec = source.tables(database.plan("shop", 1, List.of("fine." + table), false))
                .get(0);
        assertThat(spec.keyColumns()).containsExactly(columns);
        assertThat(spec.keyNullable()).isFalse();
        assertThat(spec.method()).as(table).isEqualTo(method);
    }

    @Test
    void each_table_whose_changes_can_not_be_captured_is_told() {
        assertThat(source.check(database.plan("shop", "bad.*")))
                .extracting(Problem::code, Problem::where)
                .containsExactlyInAnyOrder(
                        tuple(ErrorCode.SOURCE_REPLICA_IDENTITY, "bad.keyless"),
                        tuple(ErrorCode.SOURCE_REPLICA_IDENTITY, "bad.nothing"),
                        tuple(ErrorCode.SOURCE_REPLICA_IDENTITY, "bad.late"),
                        tuple(ErrorCode.SOURCE_REPLICA_IDENTITY, "bad.index_gone"),
                        tuple(ErrorCode.SOURCE_REPLICA_IDENTITY, "bad.computed"),
                        tuple(ErrorCode.PLAN_NOT_SUPPORTED, "bad.unlogged"));
    }

    /** What the check says of these tables is what the server does once they are published. */
    @Test
    void the_server_refuses_updates_of_those_tables_once_they_are_published() {
        database.run(
                "CREATE PUBLICATION p FOR TABLE bad.keyless, bad.nothing, bad.late, bad.index_gone, fine.sorted_otherwise,"
                        + " fine.whole, fine.by_index");
        for (String table : List.of("bad.keyless", "bad.nothing", "bad.late", "bad.index_gone")) {
            assertThat(updates(table)).as(table).isFalse();
        }
        for (String table : List.of("fine.sorted_otherwise", "fine.whole", "fine.by_index")) {
            assertThat(updates(table)).as(table).isTrue();
        }
        database.run("DROP PUBLICATION p");
    }

    private static boolean updates(String table) {
        try {
            database.run("UPDATE " + table + " SET a = a");
            return true;
        } catch (IllegalStateException e) {
            assertThat(e).hasMessageContaining("replica identity");
            return false;
        }
    }

    @Test
    void large_objects_are_a_problem_where_there_are_some() {
        Plan plan = database.plan("shop", 1, List.of("fine.*"), true);
        assertThat(source.check(plan)).isEmpty();
        long object = database.number("SELECT lo_create(0)");

        assertThat(source.check(plan)).singleElement().satisfies(problem -> {
            assertThat(problem.code()).isEqualTo(ErrorCode.PLAN_NOT_SUPPORTED);
            assertThat(problem.where()).isEqualTo("largeObjects");
        });
        database.run("SELECT lo_unlink(" + object + ")");
    }

    @Test
    void a_role_is_told_all_the_rights_that_it_lacks() {
        database.run(
                "CREATE ROLE reading LOGIN",
                "GRANT USAGE ON SCHEMA fine TO reading",
                "GRANT SELECT ON ALL TABLES IN SCHEMA fine TO reading");
        Plan plan = database.plan("shop", "fine.*");
        try (PostgresSource reading = database.source("reading")) {
            assertThat(reading.check(plan))
                    .allMatch(problem -> problem.code() == ErrorCode.SOURCE_PRIVILEGE_MISSING)
                    .extracting(Problem::line)
                    .hasSize(3)
                    .anyMatch(line -> line.contains("REPLICATION"))
                    .anyMatch(line -> line.contains("may not make a publication"))
                    .anyMatch(line -> line.contains("does not own: ") && line.contains(" and 4 more"));

            // Somebody else may make it.
            database.run(
                    "ALTER ROLE reading REPLICATION",
                    "CREATE PUBLICATION " + CaptureNames.of(plan).publication() + " FOR TABLE "
                            + String.join(
                                    ", ",
                                    source.tables(plan).stream()
                                            .map(table -> Sql.table(table.name()))
                                            .toList()));
            assertThat(reading.check(plan)).isEmpty();
            reading.capture(plan).prepare(source.tables(plan), Optional.empty());
            reading.capture(plan)
                    .open(reading.capture(plan).prepare(source.tables(plan), Optional.empty()))
                    .close();
        }
        await().ignoreExceptions().untilAsserted(() -> source.capture(plan).drop());
    }

    @Test
    void a_server_without_a_logical_log_or_free_slots_is_a_problem() {
        Plan plan = SourceServer.plan(Consistency.ONLINE, 1, List.of("captured.*"), List.of());
        SourceServer.run("CREATE SCHEMA captured", "CREATE TABLE captured.t (id int PRIMARY KEY)");
        try (PostgresSource replica = SourceServer.source()) {
            assertThat(replica.check(plan)).extracting(Problem::code).containsExactly(ErrorCode.SOURCE_WAL_LEVEL);
            SourceServer.run("SELECT pg_create_physical_replication_slot('taken_' || i)"
                    + " FROM generate_series(1, current_setting('max_replication_slots')::int) i");
            try {
                assertThat(replica.check(plan))
                        .extracting(Problem::code)
                        .containsExactly(ErrorCode.SOURCE_WAL_LEVEL, ErrorCode.SOURCE_SLOTS);
            } finally {
                SourceServer.run("SELECT pg_drop_replication_slot(slot_name) FROM pg_replication_slots");
            }
        }
    }
}
