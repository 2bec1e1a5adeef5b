package dev.godwit.node.postgres;

import static dev.godwit.node.postgres.TargetServer.entry;
import static dev.godwit.node.postgres.TargetServer.order;
import static dev.godwit.node.postgres.TargetServer.plan;
import static java.nio.charset.StandardCharsets.UTF_8;
import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatCode;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.godwit.node.postgres.TargetServer.Database;
import dev.godwit.node.target.LandingSession;
import dev.godwit.node.target.TargetDatabase.Landing;
import dev.godwit.node.testing.CatalogSchema;
import dev.godwit.protocol.error.ErrorCode;
import dev.godwit.protocol.error.GodwitException;
import dev.godwit.protocol.error.Problem;
import dev.godwit.protocol.plan.SchemaMode;
import dev.godwit.protocol.table.TableName;
import dev.godwit.protocol.table.TableSpec;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.Callable;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.Future;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;

/** Making tables and keys, and looking at those that are there: from one database to another, on a real server. */
class TargetSchemaTest {
    private final Database source = TargetServer.database();
    private final Database database = TargetServer.database();
    private PostgresTarget target;

    @BeforeEach
    void start() {
        target = new PostgresTarget(database.address(), "godwit test", 8);
        target.enter(entry("shop"));
    }

    @AfterEach
    void stop() {
        target.close();
    }

    private void prepare(SchemaMode mode, TableSpec... tables) {
        target.prepare(plan("shop", mode, database), List.of(tables), new CatalogSchema(source::schema));
    }

    private List<Problem> check(SchemaMode mode, TableSpec... tables) {
        return target.check(plan("shop", mode, database), List.of(tables));
    }

    private void finish(TableSpec table) {
        target.finish(plan("shop", SchemaMode.TABLES, database), table);
    }

    /** What comes after all tables, with sequences where the source has them now. */
    private List<Problem> finishAll() {
        try (PostgresSource reader = new PostgresSource(source.address(), "godwit test", 1)) {
            return target.finish(plan("shop", SchemaMode.TABLES, database), reader::positions);
        }
    }

    private void land(TableSpec table, String shard, String rows) {
        try (LandingSession session = ((Landing.Open) target.land(order(table, shard, "a", "n1"))).session()) {
            byte[] bytes = rows.getBytes(UTF_8);
            session.write(bytes, 0, bytes.length);
            session.commit(rows.lines().count(), bytes.length, "d");
        }
    }

    private static String columns(Database of, String table) {
        return of.text("SELECT string_agg(concat_ws(' ', a.attname, format_type(atttypid, atttypmod), attnotnull,"
                + " attidentity, attgenerated, c.collname, pg_get_expr(adbin, adrelid)), E'\\n' ORDER BY attnum)"
                + " FROM pg_attribute a LEFT JOIN pg_attrdef d ON adrelid = attrelid AND adnum = attnum"
                + " LEFT JOIN pg_collation c ON c.oid = attcollation"
                + " WHERE attrelid = " + Sql.literal(table) + "::regclass AND attnum > 0 AND NOT attisdropped");
    }

    @Test
    void a_table_is_made_as_the_source_has_it() {
        source.run(
                "CREATE SCHEMA kinds",
                "CREATE TYPE kinds.\"Mood'\" AS ENUM ('so''so', 'gr\"eat', 'ü')",
                "CREATE DOMAIN kinds.mood_d AS kinds.\"Mood'\" DEFAULT 'ü'",
                "CREATE DOMAIN kinds.short AS varchar(5) COLLATE \"C\" NOT NULL"
                        + " CONSTRAINT \"not x\" CHECK (VALUE <> 'x') CHECK (length(VALUE) > 1)",
                """
                CREATE TABLE public.all_kinds (
                  id bigint GENERATED ALWAYS AS IDENTITY (START 5 INCREMENT 3 CACHE 7) PRIMARY KEY,
                  gone int,
                  n numeric(10,2) NOT NULL DEFAULT 1.5,
                  c char(3), bp bpchar, v varchar(7) COLLATE "POSIX", vb bit varying(9), iv interval day to second(3),
                  mood kinds."Mood'" DEFAULT 'so''so', moods kinds.mood_d[], s kinds.short,
                  at timestamptz(3) NOT NULL DEFAULT now(),
                  g text GENERATED ALWAYS AS (lower(v) || '!') STORED,
                  arr int[][] DEFAULT '{1,2}', serial serial, ch "char")""",
                "ALTER TABLE public.all_kinds DROP COLUMN gone",
                "ALTER TABLE public.all_kinds SET UNLOGGED");
        TableSpec table = source.spec("public", "all_kinds", false, "id");

        prepare(SchemaMode.TABLES, table);
        prepare(SchemaMode.TABLES, table);

        assertThat(columns(database, "public.all_kinds")).isEqualTo(columns(source, "public.all_kinds"));
        // A claim would outlive the rows of an unlogged table.
        assertThat(database.text("SELECT relpersistence FROM pg_class WHERE relname = 'all_kinds'"))
                .isEqualTo("p");
        assertThat(database.text("SELECT string_agg(enumlabel, ',' ORDER BY enumsortorder) FROM pg_enum"))
                .isEqualTo("so'so,gr\"eat,ü");
        assertThat(database.text("SELECT made FROM godwit.target_table")).isEqualTo("t");
        assertThat(check(SchemaMode.TABLES, table)).isEmpty();
        assertThat(check(SchemaMode.EXISTING, table)).isEmpty();
        finish(table);
        assertThat(finishAll()).isEmpty();
        assertThat(database.text("SELECT relpersistence FROM pg_class WHERE relname = 'all_kinds'"))
                .isEqualTo("u");
    }

    @Test
    void many_who_prepare_at_once_make_the_tables_once() throws Exception {
        source.run("CREATE TYPE mood AS ENUM ('a')");
        TableSpec[] tables = new TableSpec[6];
        for (int i = 0; i < tables.length; i++) {
            source.run("CREATE SCHEMA s" + i, "CREATE TABLE s" + i + ".t (id int PRIMARY KEY, m mood)");
            tables[i] = source.spec("s" + i, "t", false, "id");
        }
        ExecutorService threads = Executors.newFixedThreadPool(5);
        try {
            List<Callable<Void>> all = new ArrayList<>();
            for (int i = 0; i < 5; i++) {
                all.add(() -> {
                    prepare(SchemaMode.TABLES, tables);
                    return null;
                });
            }
            for (Future<Void> future : threads.invokeAll(all)) {
                future.get();
            }
        } finally {
            threads.shutdownNow();
        }
        assertThat(database.number("SELECT count(*) FROM pg_class WHERE relname = 't' AND relkind = 'r'"))
                .isEqualTo(6);
    }

    @Test
    void many_tables_are_made_once_whoever_else_makes_them_and_whatever_stands_on_another() throws Exception {
        source.run(
                "DO $$ BEGIN FOR i IN 0..119 LOOP EXECUTE format('CREATE TABLE t%s (id int PRIMARY KEY)', i); END LOOP; END $$",
                "CREATE TABLE heir (v text) INHERITS (t99)", "CREATE TABLE z (LIKE t0, of_row t98)");
        database.run("DELETE FROM godwit.migration");
        TableSpec[] tables;
        try (PostgresSource reader = new PostgresSource(source.address(), "godwit test", 1)) {
            tables = reader.tables(plan("shop", SchemaMode.TABLES, database)).toArray(TableSpec[]::new);
        }
        ExecutorService threads = Executors.newFixedThreadPool(2);
        try {
            Callable<Void> prepares = () -> {
                prepare(SchemaMode.TABLES, tables);
                return null;
            };
            for (Future<Void> future : threads.invokeAll(List.of(prepares, prepares))) {
                future.get();
            }
        } finally {
            threads.shutdownNow();
        }

        assertThat(tables).hasSize(122);
        assertThat(database.number("SELECT count(*) FROM pg_class WHERE relkind = 'r'"
                        + " AND relnamespace = 'public'::regnamespace"))
                .isEqualTo(122);
        assertThat(database.texts("SELECT inhrelid::regclass || ' ' || inhparent::regclass FROM pg_inherits"))
                .containsExactly("heir t99");
        assertThat(database.number("SELECT count(*) FROM godwit.object WHERE section = 'BEFORE' AND made_at IS NULL"))
                .isZero();
    }

    @Test
    void a_leaf_of_a_partitioned_table_is_attached_and_gets_its_parents_index_at_the_end() {
        source.run(
                "CREATE TABLE part (id int PRIMARY KEY, v text) PARTITION BY RANGE (id)",
                "CREATE TABLE part_1 PARTITION OF part FOR VALUES FROM (0) TO (10)");
        TableSpec table = source.spec("public", "part_1", false, "id");

        prepare(SchemaMode.TABLES, table);
        finish(table);

        assertThat(database.text("SELECT relispartition FROM pg_class WHERE relname = 'part_1'"))
                .isEqualTo("t");
        assertThat(database.text("SELECT pg_get_constraintdef(oid) FROM pg_constraint WHERE contype = 'p'"
                        + " AND conrelid = 'part_1'::regclass"))
                .isEqualTo("PRIMARY KEY (id)");
        finishAll();
        assertThat(database.text(
                        "SELECT inhparent::regclass FROM pg_inherits WHERE inhrelid = 'part_1_pkey'::regclass"))
                .isEqualTo("part_pkey");
    }

    @Test
    void a_table_without_columns_is_made() {
        source.run("CREATE TABLE nothing ()");
        prepare(SchemaMode.TABLES, source.spec("public", "nothing", true));
        assertThat(database.number("SELECT count(*) FROM nothing")).isZero();
    }

    @Test
    void hostile_names_are_made_like_any_other() {
        TableName name = new TableName("s\";x", "t\n'\\" + "z".repeat(50));
        source.run(
                "CREATE SCHEMA " + Sql.ident(name.schema()),
                "CREATE TABLE " + Sql.table(name) + " (\"a\"\"; DROP\" int, CONSTRAINT \"k'\"\" \" PRIMARY KEY"
                        + " (\"a\"\"; DROP\"))");
        TableSpec table = source.spec(name.schema(), name.name(), true, "a\"; DROP");

        prepare(SchemaMode.TABLES, table);
        finish(table);

        assertThat(columns(database, Sql.table(name))).isEqualTo(columns(source, Sql.table(name)));
        assertThat(database.text("SELECT conname FROM pg_constraint WHERE contype = 'p' AND conrelid = "
                        + Sql.literal(Sql.table(name)) + "::regclass"))
                .isEqualTo("k'\" ");
    }

    @Test
    void types_that_can_not_be_made_are_named_all_at_once() {
        source.run(
                "CREATE TYPE base",
                "CREATE FUNCTION base_in(cstring) RETURNS base LANGUAGE internal IMMUTABLE STRICT AS 'int4in'",
                "CREATE FUNCTION base_out(base) RETURNS cstring LANGUAGE internal IMMUTABLE STRICT AS 'int4out'",
                "CREATE TYPE base (INPUT = base_in, OUTPUT = base_out, LIKE = int4)",
                "CREATE DOMAIN over_base AS base",
                "CREATE TABLE odd (b base, bs base[], c over_base)");
        TableSpec table = source.spec("public", "odd", false);

        assertThatThrownBy(() -> prepare(SchemaMode.TABLES, table)).isInstanceOfSatisfying(GodwitException.class, e -> {
            assertThat(e.code()).isIn(ErrorCode.TARGET_TYPE_MISSING, ErrorCode.TARGET_OBJECT_MISSING);
            assertThat(e.problem().what())
                    .contains("no type public.base", "table public.odd", "domain public.over_base");
        });
        assertThat(database.number("SELECT count(*) FROM pg_class WHERE relname = 'odd'"))
                .isZero();
    }

    @Test
    void a_table_with_rows_is_refused_unless_this_migration_landed_them() {
        source.run("CREATE TABLE full_one (id int PRIMARY KEY)");
        database.run("CREATE TABLE full_one (id int NOT NULL)", "INSERT INTO full_one VALUES (1)");
        TableSpec table = source.spec("public", "full_one", false, "id");

        for (SchemaMode mode : List.of(SchemaMode.TABLES, SchemaMode.EXISTING)) {
            assertThatThrownBy(() -> prepare(mode, table))
                    .isInstanceOfSatisfying(
                            GodwitException.class, e -> assertThat(e.code()).isEqualTo(ErrorCode.TARGET_NOT_EMPTY));
            assertThat(check(mode, table)).extracting(Problem::code).containsExactly(ErrorCode.TARGET_NOT_EMPTY);
        }

        database.run("TRUNCATE full_one");
        prepare(SchemaMode.TABLES, table);
        land(table, "0.0", "1\n");
        assertThatCode(() -> prepare(SchemaMode.TABLES, table)).doesNotThrowAnyException();
        assertThat(check(SchemaMode.TABLES, table)).isEmpty();
        assertThat(target.check(plan("other", SchemaMode.TABLES, database), List.of(table)))
                .extracting(Problem::code)
                .containsExactly(ErrorCode.TARGET_OF_ANOTHER_MIGRATION);
    }

    @Test
    void a_table_that_was_emptied_or_made_anew_after_rows_landed_in_it_is_told() {
        source.run("CREATE TABLE emptied (id int PRIMARY KEY)");
        TableSpec table = source.spec("public", "emptied", false, "id");
        prepare(SchemaMode.TABLES, table);
        land(table, "0.0", "1\n");

        for (String lost : List.of("TRUNCATE emptied", "DROP TABLE emptied")) {
            database.run(lost);
            assertThatThrownBy(() -> prepare(SchemaMode.TABLES, table))
                    .isInstanceOfSatisfying(
                            GodwitException.class, e -> assertThat(e.code()).isEqualTo(ErrorCode.ROWS_DIFFER));
        }
    }

    @Test
    void every_difference_of_existing_tables_is_told_at_once() {
        source.run(
                "CREATE TYPE mood AS ENUM ('a', 'b')",
                "CREATE TABLE absent (id int)",
                "CREATE TABLE differs (id int, name text, gone text, m mood)");
        database.run(
                "CREATE TYPE mood AS ENUM ('a')",
                "CREATE TABLE parent (id bigint PRIMARY KEY)",
                "CREATE TABLE differs (id bigint REFERENCES parent, name text GENERATED ALWAYS AS ('x') STORED,"
                        + " more int NOT NULL, fine int NOT NULL DEFAULT 1, m mood)",
                "CREATE FUNCTION f() RETURNS trigger LANGUAGE plpgsql AS 'BEGIN RETURN NEW; END'",
                "CREATE TRIGGER fires BEFORE INSERT ON differs FOR EACH ROW EXECUTE FUNCTION f()",
                "CREATE TRIGGER sleeps BEFORE UPDATE ON differs FOR EACH ROW EXECUTE FUNCTION f()");
        TableSpec absent = source.spec("public", "absent", false);
        TableSpec differs = source.spec("public", "differs", false);

        List<Problem> problems = check(SchemaMode.EXISTING, absent, differs);

        assertThat(problems)
                .extracting(Problem::code)
                .containsExactlyInAnyOrder(
                        ErrorCode.TARGET_TABLE_MISSING,
                        ErrorCode.TARGET_COLUMN_TYPE,
                        ErrorCode.TARGET_COLUMN_TYPE,
                        ErrorCode.TARGET_COLUMN_MISSING,
                        ErrorCode.TARGET_COLUMN_MISSING,
                        ErrorCode.TARGET_TABLE_HAS_TRIGGERS);
        assertThat(problems.toString()).contains("differs_id_fkey, fires").doesNotContain("sleeps");
        assertThatThrownBy(() -> prepare(SchemaMode.EXISTING, absent, differs)).hasMessageContaining("6 problems");
    }

    @Test
    void a_label_that_the_targets_enum_lacks_is_named() {
        source.run("CREATE TYPE mood AS ENUM ('a', 'b')", "CREATE TABLE t (m mood)");
        database.run("CREATE TYPE mood AS ENUM ('a')", "CREATE TABLE t (m mood)");

        assertThatThrownBy(() -> prepare(SchemaMode.EXISTING, source.spec("public", "t", false)))
                .isInstanceOfSatisfying(
                        GodwitException.class, e -> assertThat(e.code()).isEqualTo(ErrorCode.TARGET_TYPE_MISSING))
                .hasMessageContaining("lacks labels: b.");
    }

    @Test
    void views_and_unlogged_tables_do_not_pass_for_tables() {
        source.run("CREATE TABLE v (id int)", "CREATE TABLE u (id int)");
        database.run("CREATE VIEW v AS SELECT 1 AS id", "CREATE UNLOGGED TABLE u (id int)");

        assertThat(check(SchemaMode.EXISTING, source.spec("public", "v", false), source.spec("public", "u", false)))
                .extracting(Problem::code)
                .containsExactly(ErrorCode.TARGET_TABLE_MISSING, ErrorCode.TARGET_TABLE_MISSING);
    }

    @Test
    void keys_are_built_once_and_identities_go_on() {
        source.run(
                "CREATE TABLE k (id int GENERATED BY DEFAULT AS IDENTITY, a text, b int,"
                        + " CONSTRAINT k_main PRIMARY KEY (a, id) INCLUDE (b))",
                "INSERT INTO k (a) SELECT 'x' FROM generate_series(1, 41)");
        TableSpec table = source.spec("public", "k", false, "a", "id");
        prepare(SchemaMode.TABLES, table);
        land(table, "0.0", "1\tx\t1\n2\tx\t1\n");

        finish(table);
        finish(table);
        finishAll();

        assertThat(database.texts("SELECT conname || ' ' || pg_get_constraintdef(oid) FROM pg_constraint"
                        + " WHERE conrelid = 'k'::regclass AND contype = 'p'"))
                .containsExactly("k_main PRIMARY KEY (a, id) INCLUDE (b)");
        assertThat(database.text("INSERT INTO k (a) VALUES ('y') RETURNING id")).isEqualTo("42");
    }

    @Test
    void a_sequence_that_the_source_does_not_show_is_set_by_the_rows() {
        source.run(
                "CREATE TABLE k (id int GENERATED ALWAYS AS IDENTITY, down int GENERATED ALWAYS AS IDENTITY"
                        + " (INCREMENT -1))",
                "CREATE ROLE reader_of_tables LOGIN",
                "GRANT SELECT ON k TO reader_of_tables");
        TableSpec table = source.spec("public", "k", false);
        target.prepare(
                plan("shop", SchemaMode.TABLES, database),
                List.of(table),
                new CatalogSchema(() -> source.schema("reader_of_tables")));
        land(table, "0.0", "7\t-3\n9\t-4\n");

        try (PostgresSource reader = new PostgresSource(source.address("reader_of_tables"), "godwit test", 1)) {
            target.finish(plan("shop", SchemaMode.TABLES, database), reader::positions);
        }

        assertThat(database.text("INSERT INTO k DEFAULT VALUES RETURNING id || ',' || down"))
                .isEqualTo("10,-5");
    }

    @Test
    void unique_keys_are_built_beside_a_primary_one() {
        source.run(
                "CREATE TABLE u (a int PRIMARY KEY, b int UNIQUE DEFERRABLE INITIALLY DEFERRED, c int, UNIQUE (c, b))");
        TableSpec table = source.spec("public", "u", false, "a");
        prepare(SchemaMode.TABLES, table);

        finish(table);
        finish(table);

        assertThat(database.texts("SELECT pg_get_constraintdef(oid) FROM pg_constraint WHERE contype IN ('p', 'u')"
                        + " AND connamespace = 'public'::regnamespace"))
                .containsExactlyInAnyOrder(
                        "PRIMARY KEY (a)", "UNIQUE (b) DEFERRABLE INITIALLY DEFERRED", "UNIQUE (c, b)");
    }

    @Test
    void without_a_primary_key_the_unique_ones_are_built() {
        source.run(
                "CREATE TABLE u (a int, b int, UNIQUE (a), UNIQUE NULLS NOT DISTINCT (b, a))",
                "CREATE TABLE i (a int, b int)",
                "CREATE UNIQUE INDEX i_key ON i (b, a)");
        TableSpec constraints = source.spec("public", "u", false);
        TableSpec index = source.spec("public", "i", false, "b", "a");
        prepare(SchemaMode.TABLES, constraints, index);

        finish(constraints);
        finish(constraints);
        finish(index);

        assertThat(database.texts("SELECT pg_get_constraintdef(oid) FROM pg_constraint WHERE contype = 'u'"
                        + " AND connamespace = 'public'::regnamespace"))
                .containsExactlyInAnyOrder("UNIQUE (a)", "UNIQUE NULLS NOT DISTINCT (b, a)");
        assertThat(database.text("SELECT pg_get_indexdef('i_key'::regclass)"))
                .isEqualTo("CREATE UNIQUE INDEX i_key ON public.i USING btree (b, a)");
    }

    @Test
    void a_key_with_duplicates_is_told_without_its_values() {
        source.run("CREATE TABLE d (id text PRIMARY KEY)");
        TableSpec table = source.spec("public", "d", false, "id");
        prepare(SchemaMode.TABLES, table);
        land(table, "0.0", "secret\nsecret\n");

        assertThatThrownBy(() -> finish(table)).isInstanceOfSatisfying(GodwitException.class, e -> {
            assertThat(e.code()).isEqualTo(ErrorCode.TARGET_KEY_NOT_UNIQUE);
            assertThat(e.toString() + e.getCause()).contains("d_pkey").doesNotContain("secret");
        });
    }

    @Test
    void a_key_whose_name_is_taken_is_told_and_an_invalid_leftover_goes() {
        source.run("CREATE TABLE a (id int CONSTRAINT taken PRIMARY KEY)", "CREATE TABLE b (id int PRIMARY KEY)");
        TableSpec a = source.spec("public", "a", false, "id");
        TableSpec b = source.spec("public", "b", false, "id");
        prepare(SchemaMode.TABLES, a, b);
        database.run(
                "CREATE TABLE taken ()",
                "CREATE UNIQUE INDEX b_pkey ON b (id)",
                "UPDATE pg_index SET indisvalid = false WHERE indexrelid = 'b_pkey'::regclass");

        assertThatThrownBy(() -> finish(a))
                .isInstanceOfSatisfying(
                        GodwitException.class, e -> assertThat(e.code()).isEqualTo(ErrorCode.TARGET_OBJECT_DIFFERS));
        finish(b);
        database.run("DROP TABLE taken");
        finish(a);

        assertThat(database.texts("SELECT conname FROM pg_constraint WHERE contype = 'p' AND conrelid IN"
                        + " ('a'::regclass, 'b'::regclass) ORDER BY 1"))
                .containsExactly("b_pkey", "taken");
    }

    @Test
    void in_mode_existing_no_key_is_built() {
        source.run("CREATE TABLE e (id int PRIMARY KEY)");
        database.run("CREATE TABLE e (id int NOT NULL)");
        TableSpec table = source.spec("public", "e", false, "id");

        target.finish(plan("shop", SchemaMode.EXISTING, database), table);

        assertThat(database.number(
                        "SELECT count(*) FROM pg_constraint WHERE contype = 'p' AND conrelid = 'e'::regclass"))
                .isZero();
    }
}
