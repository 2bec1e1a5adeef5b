package dev.godwit.node.postgres;

import static dev.godwit.node.postgres.TargetServer.entry;
import static dev.godwit.node.postgres.TargetServer.order;
import static dev.godwit.node.postgres.TargetServer.plan;
import static java.nio.charset.StandardCharsets.UTF_8;
import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.assertj.core.api.Assertions.tuple;

import dev.godwit.node.postgres.TargetServer.Database;
import dev.godwit.node.schema.NotCarried;
import dev.godwit.node.schema.SchemaObject;
import dev.godwit.node.schema.SchemaPlan;
import dev.godwit.node.target.LandingSession;
import dev.godwit.node.target.TargetDatabase.Landing;
import dev.godwit.node.testing.CatalogSchema;
import dev.godwit.node.testing.Plans;
import dev.godwit.protocol.error.ErrorCode;
import dev.godwit.protocol.error.GodwitException;
import dev.godwit.protocol.error.Problem;
import dev.godwit.protocol.plan.Plan;
import dev.godwit.protocol.plan.SchemaMode;
import dev.godwit.protocol.table.TableSpec;
import java.sql.Connection;
import java.sql.SQLException;
import java.util.List;
import java.util.function.Supplier;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;

/** Ways in which a target could end with less than the source has, and nobody be told. */
class TargetSchemaFaultsTest {
    private final Database source = TargetServer.database();
    private final Database database = TargetServer.database();
    private final PostgresTarget target = new PostgresTarget(database.address(), "godwit test", 8);

    @AfterEach
    void stop() {
        target.close();
    }

    private Plan shop() {
        return plan("shop", SchemaMode.TABLES, database);
    }

    private List<Problem> fit() {
        return target.accepts(shop(), List.of(), source.schema()).problems();
    }

    private void prepare(Supplier<SchemaPlan> schema, TableSpec... tables) {
        target.prepare(shop(), List.of(tables), new CatalogSchema(schema));
    }

    private void enter() {
        target.enter(entry("shop"));
    }

    private List<Problem> finishAll() {
        try (PostgresSource reader = new PostgresSource(source.address(), "godwit test", 1)) {
            return target.finish(shop(), reader::positions);
        }
    }

    private void land(TableSpec table, String rows) {
        try (LandingSession session = ((Landing.Open) target.land(order(table, "0.0", "a", "n1"))).session()) {
            byte[] bytes = rows.getBytes(UTF_8);
            session.write(bytes, 0, bytes.length);
            session.commit(rows.lines().count(), bytes.length, "d");
        }
    }

    @Test
    void a_table_of_the_target_that_is_made_of_something_else_is_refused() {
        source.run("CREATE TABLE item (id int GENERATED ALWAYS AS IDENTITY, price int NOT NULL DEFAULT 7,"
                + " double int GENERATED ALWAYS AS (price * 2) STORED)");
        database.run("CREATE TABLE item (id int NOT NULL, price int, double int)");

        assertThat(fit())
                .extracting(Problem::code, Problem::where)
                .containsExactly(tuple(ErrorCode.TARGET_OBJECT_DIFFERS, "table public.item"));
    }

    @Test
    void a_domain_of_the_target_that_checks_less_is_refused() {
        source.run("CREATE DOMAIN even AS int NOT NULL CHECK (VALUE % 2 = 0)", "CREATE TABLE t (e even)");
        database.run("CREATE DOMAIN even AS int");

        assertThat(fit()).extracting(Problem::code).containsExactly(ErrorCode.TARGET_OBJECT_DIFFERS);
    }

    @Test
    void an_enum_of_the_target_in_another_order_is_refused_and_one_with_more_labels_is_not() {
        source.run("CREATE TYPE size AS ENUM ('small', 'large')", "CREATE TABLE t (s size)");
        database.run("CREATE TYPE size AS ENUM ('tiny', 'small', 'medium', 'large')");
        assertThat(fit()).isEmpty();

        database.run("DROP TYPE size", "CREATE TYPE size AS ENUM ('large', 'small')");

        assertThat(fit()).extracting(Problem::code).containsExactly(ErrorCode.TARGET_OBJECT_DIFFERS);
    }

    @Test
    void what_was_not_asked_for_at_the_check_must_be_accepted_when_the_tables_are_made() {
        source.run(
                "CREATE FUNCTION fine(int) RETURNS bool IMMUTABLE LANGUAGE sql AS 'SELECT $1 > 0'",
                "CREATE TABLE t (id int CHECK (public.fine(id)))");
        database.run("CREATE FUNCTION fine(int) RETURNS bool IMMUTABLE LANGUAGE sql AS 'SELECT $1 > 0'");
        Plan accepted = Plans.withLeaveOut(shop(), "function *");
        TableSpec table = source.spec("public", "t", false);
        assertThat(target.accepts(accepted, List.of(), source.schema()).leftOut())
                .noneMatch(left -> left.kind().startsWith("check"));
        database.run("DROP FUNCTION fine(int)");

        assertThatThrownBy(() -> target.prepare(accepted, List.of(table), new CatalogSchema(source::schema)))
                .isInstanceOfSatisfying(
                        GodwitException.class, e -> assertThat(e.code()).isEqualTo(ErrorCode.SCHEMA_LEAVES_OUT));
    }

    @Test
    void one_who_prepares_late_leaves_alone_what_another_has_entered() {
        source.run("CREATE TABLE t (id int PRIMARY KEY, a int)");
        TableSpec table = source.spec("public", "t", false, "id");
        SchemaPlan early = source.schema();
        source.run("CREATE INDEX a_first ON t (a)");
        try (PostgresTarget other = new PostgresTarget(database.address(), "godwit test", 8)) {
            // Stopped between its look at the entry and its turn: a long pause of its process, say.
            prepare(
                    () -> {
                        other.prepare(shop(), List.of(table), new CatalogSchema(source::schema));
                        other.enter(entry("shop"));
                        return early;
                    },
                    table);
        }
        land(table, "1\t1\n");

        target.finish(shop(), table);
        finishAll();

        assertThat(database.texts("SELECT relname FROM pg_class WHERE relkind = 'i'"
                        + " AND relnamespace = 'public'::regnamespace ORDER BY 1"))
                .containsExactly("a_first", "t_pkey");
    }

    @Test
    void a_migration_whose_end_has_begun_goes_on_in_another_cluster() {
        source.run(
                "CREATE TABLE up (id int PRIMARY KEY)",
                "CREATE UNLOGGED TABLE t (id int PRIMARY KEY REFERENCES up)",
                "INSERT INTO up VALUES (1)",
                "INSERT INTO t VALUES (1)");
        TableSpec up = source.spec("public", "up", false, "id");
        TableSpec table = source.spec("public", "t", false, "id");
        prepare(source::schema, up, table);
        enter();
        land(up, "1\n");
        land(table, "1\n");
        target.finish(shop(), up);
        target.finish(shop(), table);
        finishAll();

        assertThat(target.check(shop(), List.of(up, table))).isEmpty();
        prepare(source::schema, up, table);
    }

    @Test
    void before_the_end_a_foreign_key_is_still_refused() {
        source.run("CREATE TABLE up (id int PRIMARY KEY)", "CREATE TABLE t (id int PRIMARY KEY)");
        TableSpec up = source.spec("public", "up", false, "id");
        TableSpec table = source.spec("public", "t", false, "id");
        prepare(source::schema, up, table);
        enter();
        target.finish(shop(), up);
        database.run("ALTER TABLE t ADD FOREIGN KEY (id) REFERENCES up");

        assertThat(target.check(shop(), List.of(up, table)))
                .extracting(Problem::code)
                .containsExactly(ErrorCode.TARGET_TABLE_HAS_TRIGGERS);
    }

    @Test
    void foreign_keys_are_looked_into_though_the_role_is_a_replica() {
        source.run(
                "CREATE TABLE up (id int PRIMARY KEY)",
                "CREATE TABLE t (id int, up int CONSTRAINT orphaned REFERENCES up)");
        TableSpec up = source.spec("public", "up", false, "id");
        TableSpec table = source.spec("public", "t", false);
        database.run("ALTER DATABASE " + database.name() + " SET session_replication_role = replica");
        prepare(source::schema, up, table);
        enter();
        land(table, "1\t7\n");
        target.finish(shop(), up);
        target.finish(shop(), table);

        assertThat(finishAll()).extracting(Problem::code).containsExactly(ErrorCode.TARGET_FOREIGN_KEY_ORPHANS);
        assertThat(database.text("SELECT convalidated FROM pg_constraint WHERE conname = 'orphaned'"))
                .isEqualTo("f");
    }

    @Test
    void databases_that_quote_every_name_are_compared_like_others() {
        source.run(
                "ALTER DATABASE " + source.name() + " SET quote_all_identifiers = on",
                "CREATE TYPE mood AS ENUM ('a')",
                "CREATE TABLE t (id int PRIMARY KEY, m mood CHECK (m > 'a'))",
                "CREATE INDEX t_m ON t (m)");
        database.run(
                "CREATE TYPE mood AS ENUM ('a')",
                "CREATE TABLE t (id int PRIMARY KEY, m mood CHECK (m > 'a'))",
                "CREATE INDEX t_m ON t (m)");

        assertThat(fit()).isEmpty();
    }

    @Test
    void a_sequence_that_is_not_shown_and_whose_rows_do_not_travel_is_told_before() {
        source.run(
                "CREATE ROLE reader_of_t LOGIN",
                "CREATE TABLE elsewhere (id serial)",
                "CREATE TABLE code (id text DEFAULT 'x')",
                "CREATE SEQUENCE code_seq OWNED BY code.id",
                "ALTER TABLE code ALTER id SET DEFAULT 'A-' || nextval('code_seq')",
                "CREATE TABLE t (id int DEFAULT nextval('elsewhere_id_seq'))",
                "GRANT SELECT ON t, code, elsewhere TO reader_of_t");
        Plan some = shop();
        Plan only =
                Plans.withLeaveOut(Plans.withTables(some, List.of("public.t", "public.code"), List.of()), "position *");
        SchemaPlan schema;
        try (PostgresSource reader = new PostgresSource(source.address("reader_of_t"), "godwit test", 1)) {
            schema = reader.schema(only);
        }
        assertThat(schema.notCarried())
                .extracting(left -> left.kind() + ' ' + left.name())
                .contains("position of a sequence public.elsewhere_id_seq", "position of a sequence public.code_seq");

        TableSpec t = source.spec("public", "t", false);
        TableSpec code = source.spec("public", "code", false);
        target.prepare(only, List.of(t, code), new CatalogSchema(() -> schema));
        enter();
        land(t, "5\n");
        land(code, "A-7\n");
        target.finish(only, t);
        target.finish(only, code);
        try (PostgresSource reader = new PostgresSource(source.address("reader_of_t"), "godwit test", 1)) {
            assertThat(target.finish(only, reader::positions)).isEmpty();
        }
    }

    @Test
    void a_check_that_a_table_has_of_a_parent_that_is_left_behind_is_its_own() {
        source.run(
                "CREATE TABLE one (a int, CHECK (a > 0))",
                "CREATE TABLE two (b int, CONSTRAINT b_is_small CHECK (b < 10))",
                "CREATE TABLE child () INHERITS (one, two)");
        Plan some = shop();
        Plan only = Plans.withTables(some, List.of("public.*"), List.of("public.two"));
        SchemaPlan schema;
        try (PostgresSource reader = new PostgresSource(source.address(), "godwit test", 1)) {
            schema = reader.schema(only);
        }
        TableSpec one = source.spec("public", "one", false);
        TableSpec child = source.spec("public", "child", false);
        target.prepare(only, List.of(one, child), new CatalogSchema(() -> schema));
        enter();
        target.finish(only, one);
        target.finish(only, child);
        finishAll();

        assertThat(database.texts("SELECT conname FROM pg_constraint WHERE conrelid = 'child'::regclass ORDER BY 1"))
                .containsExactly("b_is_small", "one_a_check");
    }

    @Test
    void an_operator_of_two_question_marks_stays_one() {
        // The driver takes two for one.
        String[] operators = {
            "CREATE FUNCTION less(int, int) RETURNS bool IMMUTABLE LANGUAGE sql AS 'SELECT $1 < $2'",
            "CREATE FUNCTION more(int, int) RETURNS bool IMMUTABLE LANGUAGE sql AS 'SELECT $1 > $2'",
            "CREATE OPERATOR public.???? (LEFTARG = int, RIGHTARG = int, FUNCTION = public.less)",
            "CREATE OPERATOR public.? (LEFTARG = int, RIGHTARG = int, FUNCTION = public.more)"
        };
        source.run(operators);
        source.run("CREATE TABLE t (id int, CONSTRAINT asks CHECK (id OPERATOR(public.????) 5))");
        database.run(operators);
        Plan accepted = Plans.withLeaveOut(shop(), "*");
        TableSpec table = source.spec("public", "t", false);
        target.prepare(accepted, List.of(table), new CatalogSchema(source::schema));
        enter();
        target.finish(accepted, table);

        String sql = "SELECT pg_get_constraintdef(oid) FROM pg_constraint WHERE conname = 'asks'";
        assertThat(database.text(sql)).isEqualTo(source.text(sql));
    }

    @Test
    void statements_that_are_sent_at_once_stay_apart_whatever_stands_in_them() throws SQLException {
        String odd = "a\";--b'$$/*{fn now()}\\?\n;$q$ ??";
        String table = "shop." + Sql.ident(odd + "t");
        String name = Sql.ident(odd);
        String text = Sql.literal(odd + "'; DROP TABLE x; --");
        source.run(
                "CREATE SCHEMA shop",
                "CREATE TYPE shop." + name + " AS ENUM (" + Sql.literal(odd) + ", 'b')",
                "CREATE TABLE " + table + " (" + name + " text DEFAULT " + text + ", \"begin\" text, \"atomic\" text,"
                        + " e shop." + name + " DEFAULT " + Sql.literal(odd) + ", CONSTRAINT " + name + " CHECK ("
                        + name
                        + " <> " + text + "), CHECK (\"begin\" = ANY (ARRAY[" + text + "])), PRIMARY KEY (" + name
                        + "))",
                "CREATE INDEX " + Sql.ident(odd + "i") + " ON " + table + " ((" + name + " || " + text
                        + ")) WHERE \"begin\" <> " + text + " AND \"atomic\" ~ 'begin atomic; end'",
                "CREATE STATISTICS shop." + Sql.ident(odd + "s") + " ON " + name + ", \"begin\" FROM " + table,
                "COMMENT ON TABLE " + table + " IS " + text,
                "COMMENT ON INDEX shop." + Sql.ident(odd + "i") + " IS " + text,
                "COMMENT ON CONSTRAINT " + name + " ON " + table + " IS " + text,
                "CREATE TABLE shop.u (a text CONSTRAINT " + Sql.ident(odd + "f") + " REFERENCES " + table
                        + ", s serial)");
        TableSpec t = source.spec("shop", odd + "t", false, odd);
        TableSpec u = source.spec("shop", "u", false);
        prepare(source::schema, t, u);
        enter();
        target.finish(shop(), t);
        target.finish(shop(), u);
        finishAll();

        try (Connection from = source.plain();
                Connection to = database.plain()) {
            assertThat(CatalogFingerprint.of(to)).isEqualTo(CatalogFingerprint.of(from));
        }
    }

    @Test
    void a_primary_key_of_another_name_is_refused_before_rows_are_copied() {
        source.run("CREATE TABLE t (id int PRIMARY KEY)");
        database.run("CREATE TABLE t (id int CONSTRAINT other PRIMARY KEY)");

        assertThat(fit())
                .extracting(Problem::code, Problem::where)
                .containsExactly(tuple(ErrorCode.TARGET_OBJECT_DIFFERS, "primary key public.t t_pkey"));
    }

    @Test
    void what_the_target_has_lost_of_a_table_that_was_done_is_made_at_the_end() {
        source.run("CREATE TABLE t (id int PRIMARY KEY, a int CHECK (a > 0))", "CREATE INDEX t_a ON t (a)");
        TableSpec table = source.spec("public", "t", false, "id");
        prepare(source::schema, table);
        enter();
        land(table, "1\t1\n");
        target.finish(shop(), table);
        // As a standby has it that took over a moment too early.
        database.run(
                "UPDATE godwit.object SET made_at = NULL WHERE section = 'AFTER'",
                "ALTER TABLE t DROP CONSTRAINT t_pkey, DROP CONSTRAINT t_a_check",
                "DROP INDEX t_a");

        finishAll();

        assertThat(database.texts("SELECT conname FROM pg_constraint WHERE conrelid = 't'::regclass ORDER BY 1"))
                .containsExactly("t_a_check", "t_pkey");
        assertThat(database.text("SELECT to_regclass('t_a')")).isEqualTo("t_a");
    }

    @Test
    void sequences_that_are_unlogged_do_not_keep_an_older_target_from_its_end() {
        source.run("CREATE UNLOGGED TABLE t (id serial)");
        SchemaPlan all = source.schema();

        SchemaPlan possible = SchemaFit.possible(all, 14);

        assertThat(SchemaFit.possible(all, 15)).isEqualTo(all);
        assertThat(possible.objects())
                .flatExtracting(SchemaObject::create)
                .contains("ALTER TABLE \"public\".\"t\" SET UNLOGGED")
                .doesNotContain("ALTER SEQUENCE \"public\".\"t_id_seq\" SET UNLOGGED");
        assertThat(possible.notCarried()).extracting(NotCarried::kind).contains("persistence");
    }
}
