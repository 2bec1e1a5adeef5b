package dev.godwit.node.postgres;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.assertj.core.api.Assertions.tuple;

import dev.godwit.node.source.RangeReader;
import dev.godwit.node.testing.Plans;
import dev.godwit.protocol.error.ErrorCode;
import dev.godwit.protocol.error.GodwitException;
import dev.godwit.protocol.error.Problem;
import dev.godwit.protocol.plan.Consistency;
import dev.godwit.protocol.plan.Limits;
import dev.godwit.protocol.plan.Plan;
import dev.godwit.protocol.plan.PostgresAddress;
import dev.godwit.protocol.plan.SecretRef;
import dev.godwit.protocol.table.CutMethod;
import dev.godwit.protocol.table.ShardRange;
import dev.godwit.protocol.table.TableSpec;
import java.sql.Connection;
import java.sql.SQLException;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;

class SourceCheckTest {
    private static PostgresSource source;

    @BeforeAll
    static void tables() {
        SourceServer.run(
                "CREATE SCHEMA fine",
                "CREATE TABLE fine.orders (id int PRIMARY KEY)",
                "CREATE TABLE fine.audit_log (id int)",
                "CREATE VIEW fine.view AS SELECT 1",
                "CREATE SCHEMA \"Odd\"",
                "CREATE TABLE \"Odd\".\"a.b\" (id int)",
                "CREATE SCHEMA parts",
                "CREATE TABLE parts.root (id int, d date, PRIMARY KEY (id, d)) PARTITION BY RANGE (d)",
                "CREATE TABLE parts.y1 PARTITION OF parts.root FOR VALUES FROM ('2001-01-01') TO ('2002-01-01')",
                "CREATE TABLE parts.mid PARTITION OF parts.root FOR VALUES FROM ('2002-01-01') TO ('2003-01-01')"
                        + " PARTITION BY LIST (id)",
                "CREATE TABLE parts.leaf PARTITION OF parts.mid DEFAULT",
                "CREATE SCHEMA bad",
                "CREATE FOREIGN DATA WRAPPER dummy",
                "CREATE SERVER elsewhere FOREIGN DATA WRAPPER dummy",
                "CREATE FOREIGN TABLE bad.remote (id int) SERVER elsewhere",
                "CREATE MATERIALIZED VIEW bad.summary AS SELECT 1 AS a",
                "CREATE TABLE bad.\"line\nbreak\" (id int)",
                "CREATE TABLE bad.columns (\"bell\u0007\" int)",
                "CREATE TABLE bad.secret (id int)",
                "ALTER TABLE bad.secret ENABLE ROW LEVEL SECURITY",
                "CREATE ROLE reader LOGIN",
                "GRANT USAGE ON SCHEMA bad, fine TO reader",
                "GRANT SELECT ON bad.secret, bad.columns, bad.\"line\nbreak\", fine.orders TO reader",
                "CREATE TABLE bad.hidden (id int)",
                "CREATE SCHEMA keyed",
                "CREATE TABLE keyed.none (id int)",
                "CREATE TABLE keyed.nullable (id int UNIQUE)",
                "CREATE TABLE keyed.both (a int UNIQUE, b int NOT NULL UNIQUE)",
                "CREATE TABLE keyed.unfit (a int, b text, c int UNIQUE DEFERRABLE)",
                "CREATE UNIQUE INDEX ON keyed.unfit (a) WHERE a > 0",
                "CREATE UNIQUE INDEX ON keyed.unfit ((a + 1))",
                "CREATE UNIQUE INDEX ON keyed.unfit (a DESC)",
                "CREATE UNIQUE INDEX ON keyed.unfit (b text_pattern_ops)",
                "CREATE UNIQUE INDEX ON keyed.unfit (b COLLATE \"POSIX\")",
                "INSERT INTO keyed.none VALUES (1)",
                "INSERT INTO keyed.nullable VALUES (1)",
                "INSERT INTO keyed.both VALUES (1, 1)",
                "INSERT INTO keyed.unfit VALUES (1, 'x', 1)");
        source = SourceServer.source();
    }

    @AfterAll
    static void close() {
        source.close();
    }

    @Test
    void a_sound_plan_has_no_problems() {
        assertThat(source.check(SourceServer.plan("fine", 1000))).isEmpty();
        assertThat(source.check(SourceServer.plan("parts", 1000))).isEmpty();
    }

    @Test
    void patterns_choose_tables_and_never_views() {
        assertThat(names(List.of("fine.*"), List.of("fine.audit_*"))).containsExactly("fine.orders");
        assertThat(names(List.of("*.orders"), List.of())).containsExactly("fine.orders");
        assertThat(names(List.of("Odd.a\\.b"), List.of())).containsExactly("Odd.a\\.b");
        assertThat(names(List.of("odd.*", "pg_catalog.*", "information_schema.*"), List.of()))
                .isEmpty();
    }

    @Test
    void partitioned_tables_stand_for_their_leaves() {
        assertThat(names(List.of("parts.*"), List.of())).containsExactlyInAnyOrder("parts.y1", "parts.leaf");
        assertThat(names(List.of("parts.root"), List.of("parts.mid"))).containsExactly("parts.y1");
        assertThat(source.check(SourceServer.plan(Consistency.FROZEN, 1, List.of("parts.root"), List.of())))
                .isEmpty();
    }

    @Test
    void all_problems_are_found_at_once() {
        Plan plan = SourceServer.plan(Consistency.FROZEN, 1000, List.of("bad.*", "fine.view", "fine.gone"), List.of());
        try (PostgresSource restricted = new PostgresSource(SourceServer.address("reader"), "godwit test", 2)) {
            List<Problem> problems = restricted.check(plan);

            assertThat(problems)
                    .extracting(Problem::code, Problem::where)
                    .containsExactlyInAnyOrder(
                            tuple(ErrorCode.PLAN_NOT_SUPPORTED, "bad.remote"),
                            tuple(ErrorCode.PLAN_NOT_SUPPORTED, "bad.summary"),
                            tuple(ErrorCode.NAME_NOT_SUPPORTED, "bad.line\\u000abreak"),
                            tuple(ErrorCode.NAME_NOT_SUPPORTED, "bad.columns"),
                            tuple(ErrorCode.SOURCE_ROW_SECURITY, "bad.secret"),
                            tuple(ErrorCode.SOURCE_PRIVILEGE_MISSING, "bad.hidden"),
                            tuple(ErrorCode.NO_TABLES_MATCH, "include"),
                            tuple(ErrorCode.NO_TABLES_MATCH, "include"));
            assertThat(problems)
                    .extracting(Problem::what)
                    .anyMatch(what -> what.contains("hides rows of bad.secret from the role reader"))
                    .anyMatch(what -> what.contains("bell\\u0007"))
                    .anyMatch(what -> what.contains("fine.view is a view"));
        }
    }

    @Test
    void row_security_stops_a_read_instead_of_hiding_rows() {
        try (PostgresSource restricted = new PostgresSource(SourceServer.address("reader"), "godwit test", 2)) {
            Plan plan = SourceServer.plan(Consistency.FROZEN, 1000, List.of("bad.secret"), List.of());
            TableSpec table = restricted.tables(plan).get(0);

            try (RangeReader reader = restricted.read(table, new ShardRange.Whole(), Optional.empty())) {
                assertThatThrownBy(() -> reader.read(new byte[10]))
                        .isInstanceOfSatisfying(
                                GodwitException.class,
                                e -> assertThat(e.code()).isEqualTo(ErrorCode.SOURCE_ROW_SECURITY));
            }
        }
    }

    @Test
    void nothing_matches() {
        assertThat(source.check(SourceServer.plan("nowhere", 1000)))
                .extracting(Problem::code)
                .containsExactly(ErrorCode.NO_TABLES_MATCH);
    }

    @Test
    void too_few_connections_name_both_numbers() throws SQLException {
        SourceServer.run("CREATE ROLE crowded LOGIN CONNECTION LIMIT 4", "GRANT USAGE ON SCHEMA fine TO crowded");
        SourceServer.run("GRANT SELECT ON ALL TABLES IN SCHEMA fine TO crowded");

        try (Connection one = SourceServer.plain("crowded");
                Connection other = SourceServer.plain("crowded")) {
            assertThat(one).isNotSameAs(other);
            assertThat(problems(SourceServer.address("crowded")))
                    .singleElement()
                    .satisfies(problem -> {
                        assertThat(problem.code()).isEqualTo(ErrorCode.SOURCE_CONNECTIONS);
                        assertThat(problem.what())
                                .isEqualTo(
                                        "The source has 2 connections free for us by the role's CONNECTION LIMIT, and a"
                                                + " migration needs at least 3.");
                    });
        }
        assertThat(problems(SourceServer.address("crowded"))).isEmpty();
    }

    @Test
    void a_ceiling_of_connections_above_what_is_free_is_no_problem() {
        Plan plan = SourceServer.plan("fine", 1000);
        Plan greedy = Plans.withLimits(plan, new Limits(1, 1000, 1, 500, 8));

        assertThat(source.check(greedy)).isEmpty();
    }

    @Test
    void a_source_that_can_not_be_asked_is_a_single_problem() {
        assertThat(problemsAt(new PostgresAddress("127.0.0.1", 1, "db", "u", null, "disable", Map.of())))
                .containsExactly(ErrorCode.SOURCE_UNREACHABLE);
        PostgresAddress here = SourceServer.address();
        assertThat(problemsAt(new PostgresAddress(
                        here.host(), here.port(), "no such database", "postgres", null, "disable", Map.of())))
                .containsExactly(ErrorCode.SOURCE_LOGIN_REFUSED);
        assertThat(problemsAt(
                        new PostgresAddress(here.host(), here.port(), "postgres", "nobody", null, "disable", Map.of())))
                .containsExactly(ErrorCode.SOURCE_LOGIN_REFUSED);
        assertThat(problemsAt(new PostgresAddress(
                        here.host(),
                        here.port(),
                        "postgres",
                        "postgres",
                        new SecretRef("GODWIT_TEST_NOT_SET", null),
                        "disable",
                        Map.of())))
                .containsExactly(ErrorCode.SECRET_MISSING);
    }

    @Test
    void the_method_of_cutting_follows_size_consistency_and_key() {
        assertThat(method(Consistency.FROZEN, 1 << 20, "keyed.both")).isEqualTo(CutMethod.WHOLE);
        assertThat(method(Consistency.FROZEN, 1, "keyed.both")).isEqualTo(CutMethod.KEY);
        assertThat(method(Consistency.FROZEN, 1, "keyed.none")).isEqualTo(CutMethod.BLOCK);
        assertThat(method(Consistency.SNAPSHOT, 1, "keyed.both")).isEqualTo(CutMethod.BLOCK);
    }

    @Test
    void the_key_is_one_whose_index_sorts_as_comparisons_do() {
        assertThat(spec(Consistency.FROZEN, 1, "keyed.both").keyColumns()).containsExactly("b");
        assertThat(spec(Consistency.FROZEN, 1, "keyed.both").keyNullable()).isFalse();
        assertThat(spec(Consistency.FROZEN, 1, "keyed.nullable").keyNullable()).isTrue();
        assertThat(spec(Consistency.FROZEN, 1, "keyed.unfit").keyColumns()).isEmpty();
        assertThat(spec(Consistency.FROZEN, 1, "keyed.none").estimatedBytes()).isPositive();
    }

    @Test
    void identity_is_the_same_for_every_session_and_another_for_another_database() {
        SourceServer.run("CREATE DATABASE other");
        PostgresAddress here = SourceServer.address();
        PostgresAddress there =
                new PostgresAddress(here.host(), here.port(), "other", "postgres", null, "disable", Map.of());
        try (PostgresSource same = SourceServer.source();
                PostgresSource other = new PostgresSource(there, "godwit test", 1)) {
            assertThat(source.identity()).isEqualTo(same.identity()).matches("\\d+/\\d+/postgres");
            assertThat(source.identity()).isNotEqualTo(other.identity());
        }
    }

    private static List<ErrorCode> problemsAt(PostgresAddress address) {
        return problems(address).stream().map(Problem::code).toList();
    }

    private static List<Problem> problems(PostgresAddress address) {
        try (PostgresSource elsewhere = new PostgresSource(address, "godwit test", 1)) {
            return elsewhere.check(SourceServer.plan("fine", 1000));
        }
    }

    private static List<String> names(List<String> include, List<String> exclude) {
        return source.tables(SourceServer.plan(Consistency.FROZEN, 1000, include, exclude)).stream()
                .map(table -> table.name().text())
                .toList();
    }

    private static CutMethod method(Consistency consistency, long shardBytes, String table) {
        return spec(consistency, shardBytes, table).method();
    }

    private static TableSpec spec(Consistency consistency, long shardBytes, String table) {
        return source.tables(SourceServer.plan(consistency, shardBytes, List.of(table), List.of()))
                .get(0);
    }
}
