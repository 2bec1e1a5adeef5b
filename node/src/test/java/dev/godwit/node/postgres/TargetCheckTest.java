package dev.godwit.node.postgres;

import static dev.godwit.node.postgres.TargetServer.plan;
import static org.assertj.core.api.Assertions.assertThat;

import dev.godwit.node.postgres.TargetServer.Database;
import dev.godwit.node.testing.Plans;
import dev.godwit.protocol.error.ErrorCode;
import dev.godwit.protocol.error.Problem;
import dev.godwit.protocol.plan.Limits;
import dev.godwit.protocol.plan.Plan;
import dev.godwit.protocol.plan.PostgresAddress;
import dev.godwit.protocol.plan.SchemaMode;
import dev.godwit.protocol.table.ColumnSpec;
import dev.godwit.protocol.table.CutMethod;
import dev.godwit.protocol.table.TableName;
import dev.godwit.protocol.table.TableSpec;
import java.sql.Connection;
import java.sql.SQLException;
import java.util.List;
import org.junit.jupiter.api.Test;

/** What a check finds on a real server. */
class TargetCheckTest {
    private final Database database = TargetServer.database();

    private static TableSpec table(String schema, String name, String type) {
        return new TableSpec(
                new TableName(schema, name),
                List.of(new ColumnSpec("id", type)),
                List.of(),
                false,
                CutMethod.WHOLE,
                true,
                0,
                0,
                0);
    }

    private static List<Problem> check(PostgresAddress address, Plan plan, TableSpec... tables) {
        try (PostgresTarget target = new PostgresTarget(address, "godwit test", 4)) {
            return target.check(plan, List.of(tables));
        }
    }

    @Test
    void an_empty_database_is_fine_and_stays_empty() {
        String before = database.text("SELECT count(*) FROM pg_class");

        assertThat(check(
                        database.address(),
                        plan("shop", SchemaMode.TABLES, database),
                        table("sales", "item", "integer")))
                .isEmpty();

        assertThat(database.text("SELECT count(*) FROM pg_class")).isEqualTo(before);
        assertThat(database.number("SELECT count(*) FROM pg_namespace WHERE nspname = 'godwit'"))
                .isZero();
    }

    @Test
    void everything_is_told_at_once() throws SQLException {
        database.run(
                "CREATE ROLE poor LOGIN CONNECTION LIMIT 5",
                "ALTER ROLE poor IN DATABASE " + database.name() + " SET default_transaction_read_only = on",
                "CREATE TABLE item (id int)",
                "ALTER TABLE item ENABLE ROW LEVEL SECURITY",
                "CREATE TABLE other (id text)",
                "INSERT INTO other VALUES ('secret')",
                "GRANT SELECT, INSERT ON other TO poor");

        List<Problem> problems;
        try (Connection one = database.plain("poor");
                Connection two = database.plain("poor");
                Connection three = database.plain("poor")) {
            assertThat(List.of(one, two, three)).doesNotHaveDuplicates();
            problems = check(
                    database.address("poor"),
                    plan("shop", SchemaMode.EXISTING, database),
                    table("public", "item", "integer"),
                    table("public", "other", "text"),
                    table("public", "absent", "public.mood"));
        }

        assertThat(problems)
                .extracting(Problem::code)
                .containsExactlyInAnyOrder(
                        ErrorCode.TARGET_READ_ONLY,
                        ErrorCode.TARGET_CONNECTIONS,
                        ErrorCode.TARGET_PRIVILEGE_MISSING,
                        ErrorCode.TARGET_PRIVILEGE_MISSING,
                        ErrorCode.TARGET_PRIVILEGE_MISSING,
                        ErrorCode.TARGET_TABLE_MISSING,
                        ErrorCode.TARGET_TYPE_MISSING,
                        ErrorCode.TARGET_NOT_EMPTY);
        assertThat(problems).allSatisfy(problem -> assertThat(problem.fix()).isNotEmpty());
        assertThat(problems.toString()).doesNotContain("secret");
    }

    @Test
    void triggers_of_partitions_are_found_as_those_of_their_table() {
        database.run(
                "CREATE TABLE part (id int) PARTITION BY RANGE (id)",
                "CREATE TABLE middle PARTITION OF part FOR VALUES FROM (0) TO (10) PARTITION BY RANGE (id)",
                "CREATE TABLE leaf PARTITION OF middle FOR VALUES FROM (0) TO (5)",
                "CREATE TABLE plain (id int)",
                "CREATE FUNCTION f() RETURNS trigger LANGUAGE plpgsql AS 'BEGIN RETURN NEW; END'",
                "CREATE TRIGGER on_all BEFORE INSERT ON part FOR EACH ROW EXECUTE FUNCTION f()",
                "CREATE TRIGGER on_leaf BEFORE INSERT ON leaf FOR EACH ROW EXECUTE FUNCTION f()",
                "CREATE TRIGGER on_update BEFORE UPDATE ON leaf FOR EACH ROW EXECUTE FUNCTION f()");

        assertThat(check(
                        database.address(),
                        plan("shop", SchemaMode.EXISTING, database),
                        table("public", "part", "integer"),
                        table("public", "plain", "integer")))
                .singleElement()
                .satisfies(problem -> {
                    assertThat(problem.code()).isEqualTo(ErrorCode.TARGET_TABLE_HAS_TRIGGERS);
                    assertThat(problem.where()).isEqualTo("public.part");
                    assertThat(problem.what()).endsWith(": on_all, on_leaf.");
                });
    }

    @Test
    void a_schema_where_the_user_may_not_create_is_named() {
        database.run("CREATE ROLE builder LOGIN", "CREATE SCHEMA closed", "CREATE SCHEMA godwit AUTHORIZATION builder");

        assertThat(check(
                        database.address("builder"),
                        plan("shop", SchemaMode.TABLES, database),
                        table("closed", "item", "integer"),
                        table("absent", "item", "integer")))
                .extracting(Problem::what)
                .containsExactly(
                        "The user may not create tables in schema closed.",
                        "The user may not create tables in schema absent.");
    }

    @Test
    void an_encoding_without_rules_is_refused() {
        database.run("CREATE DATABASE anything TEMPLATE template0 ENCODING 'SQL_ASCII' LC_COLLATE 'C' LC_CTYPE 'C'");

        assertThat(check(new Database("anything").address(), plan("shop", SchemaMode.TABLES, database)))
                .extracting(Problem::code)
                .containsExactly(ErrorCode.TARGET_ENCODING);
    }

    @Test
    void a_ceiling_of_connections_above_what_is_free_is_no_problem() {
        Plan plan = plan("shop", SchemaMode.TABLES, database);
        Plan greedy = Plans.withLimits(plan, new Limits(4, 1 << 20, 64L << 20, 8, 5000));

        assertThat(check(database.address(), greedy)).isEmpty();
    }

    @Test
    void a_target_that_can_not_be_asked_is_a_problem_and_no_exception() {
        PostgresAddress nowhere = new PostgresAddress("127.0.0.1", 1, "x", "x", null, "disable", null);

        assertThat(check(nowhere, plan("shop", SchemaMode.TABLES, database)))
                .extracting(Problem::code)
                .containsExactly(ErrorCode.TARGET_UNREACHABLE);
    }

    @Test
    void two_databases_of_one_server_have_different_identities() {
        Database other = TargetServer.database();
        try (PostgresTarget one = new PostgresTarget(database.address(), "godwit test", 1);
                PostgresTarget same = new PostgresTarget(database.address(), "godwit test", 1);
                PostgresTarget another = new PostgresTarget(other.address(), "godwit test", 1)) {
            assertThat(one.identity()).isEqualTo(same.identity()).isNotEqualTo(another.identity());
        }
    }
}
