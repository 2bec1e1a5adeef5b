package dev.godwit.node.postgres;

import static dev.godwit.node.postgres.Changes.UNCHANGED;
import static dev.godwit.node.postgres.TargetServer.entry;
import static dev.godwit.node.postgres.TargetServer.plan;
import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.godwit.node.capture.Effect;
import dev.godwit.node.capture.Effect.EmptyRanges;
import dev.godwit.node.capture.Effect.EmptyTables;
import dev.godwit.node.capture.Position;
import dev.godwit.node.postgres.TargetServer.Database;
import dev.godwit.node.target.ChangeTarget;
import dev.godwit.node.target.ChangeTarget.Applier;
import dev.godwit.node.target.ChangeTarget.Counts;
import dev.godwit.node.target.ChangeTarget.Durability;
import dev.godwit.node.target.ChangeTarget.Prepared;
import dev.godwit.protocol.error.ErrorCode;
import dev.godwit.protocol.error.GodwitException;
import dev.godwit.protocol.plan.SchemaMode;
import dev.godwit.protocol.table.ColumnSpec;
import dev.godwit.protocol.table.ShardRange;
import dev.godwit.protocol.table.TableName;
import dev.godwit.protocol.table.TableSpec;
import java.sql.Connection;
import java.sql.ResultSet;
import java.sql.SQLException;
import java.sql.Statement;
import java.util.ArrayList;
import java.util.List;
import java.util.Random;
import java.util.stream.Collectors;
import java.util.stream.Stream;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;

/** What becomes of changes in the target's tables, on a real server. */
class ChangeApplierTest {
    private static final Database DATABASE = TargetServer.database();
    private static PostgresTarget target;
    private static ChangeTarget follow;
    private static long applied;

    @BeforeAll
    static void start() {
        DATABASE.run(
                "CREATE SCHEMA \"E xt\"",
                "CREATE EXTENSION citext SCHEMA \"E xt\"",
                "CREATE EXTENSION hstore SCHEMA \"E xt\"");
        target = new PostgresTarget(DATABASE.address(), "godwit test", 4);
        target.enter(entry("shop"));
        follow = target.follow(plan("shop", SchemaMode.EXISTING, DATABASE));
    }

    @AfterAll
    static void stop() {
        target.close();
    }

    private static Counts apply(List<Changes> tables, List<? extends Effect> effects) {
        long epoch = follow.takeOver().epoch();
        try (Applier applier =
                follow.applier(epoch, tables.stream().map(Changes::table).toList())) {
            return applier.apply(List.copyOf(effects), new Position(++applied, 1));
        }
    }

    private static Counts apply(Changes table, Effect... effects) {
        return apply(List.of(table), List.of(effects));
    }

    private static void doesNotFit(Changes table, String words, Effect... effects) {
        assertThatThrownBy(() -> apply(table, effects)).isInstanceOfSatisfying(GodwitException.class, e -> {
            assertThat(e.code()).isEqualTo(ErrorCode.CHANGE_DOES_NOT_FIT);
            assertThat(e.getMessage()).contains(words).doesNotContain("secret");
        });
    }

    private static Changes table(String name, String columns, String... keys) {
        DATABASE.run("CREATE TABLE " + name + " (" + columns + ")");
        return Changes.of(DATABASE, "public", name, keys);
    }

    private static String[] row(String... values) {
        return values;
    }

    /** All rows, each as its text. */
    private static List<String> rows(String table) {
        return DATABASE.texts("SELECT t::text FROM ONLY " + table + " t ORDER BY 1");
    }

    @Test
    void rows_are_inserted_updated_and_deleted_in_the_streams_order() {
        Changes t = table("orders", "id int PRIMARY KEY, a text, b text", "id");

        Counts counts = apply(
                t,
                t.insert("1", "x", null),
                t.insert("2", "y", "long"),
                t.insert("3", "z", ""),
                t.update("2", "secret", UNCHANGED),
                t.delete("3", null, null),
                t.insert("3", "again", "{\"\\,}"),
                t.update(row("1", null, null), "4", "moved", "NULL"),
                t.insert("1", "new", null),
                t.update("4", UNCHANGED, null),
                t.update("4", "last", UNCHANGED));

        assertThat(rows("orders"))
                .containsExactly("(1,new,)", "(2,secret,long)", "(3,again,\"{\"\"\\\\,}\")", "(4,last,)");
        assertThat(counts).isEqualTo(new Counts(5, 4, 1));
        assertThat(DATABASE.number("SELECT count(*) FROM orders WHERE b IS NULL"))
                .isEqualTo(2);
    }

    @Test
    void a_change_that_does_not_fit_undoes_all_and_says_where_without_values() {
        Changes t = table("strict", "id int PRIMARY KEY, a text UNIQUE", "id");
        apply(t, t.insert("1", "secret"));

        doesNotFit(t, "of 1 rows that it needs 0 are there", t.insert("2", "b"), t.update("7", "secret7"));
        doesNotFit(t, "strict, delete", t.insert("2", "b"), t.delete("7", null));
        doesNotFit(t, "strict, insert", t.insert("2", "b"), t.insert("1", "c"));
        doesNotFit(t, "same value in a unique key", t.insert("2", "secret"));

        assertThat(rows("strict")).containsExactly("(1,secret)");
    }

    @Test
    void values_of_unique_keys_that_wander_between_rows_find_their_way() {
        Changes t = table("wander", "id int PRIMARY KEY, mail text UNIQUE, n numeric UNIQUE", "id");
        apply(t, t.insert("1", "a", "1.0"), t.insert("2", "b", "2"), t.insert("3", "c", null));

        // The stream does not tell that the first update frees a.
        apply(
                t,
                t.update("1", "tmp", "1.0"),
                t.update("2", "a", "2"),
                t.update("1", "b", "1.00"),
                t.update("3", null, "3.0"),
                t.insert("4", "c", null),
                t.update("3", "d", "4"),
                t.update("4", "c", "3.00"));

        assertThat(rows("wander")).containsExactly("(1,b,1.00)", "(2,a,2)", "(3,d,4)", "(4,c,3.00)");
    }

    @Test
    void keys_that_swap_between_rows_find_their_way() {
        Changes t = table("swap", "id int, sub text, v text, PRIMARY KEY (id, sub)", "id", "sub");
        apply(t, t.insert("1", "a", "one"), t.insert("2", "b", "two"));

        apply(
                t,
                t.update(row("1", "a", null), "0", "tmp", "one"),
                t.update(row("2", "b", null), "1", "a", UNCHANGED),
                t.update(row("0", "tmp", null), "2", "b", UNCHANGED));

        assertThat(rows("swap")).containsExactly("(1,a,two)", "(2,b,one)");
    }

    @Test
    void any_history_leaves_what_it_left_at_the_source() throws SQLException {
        String columns = "id int PRIMARY KEY, a text, u int UNIQUE, w numeric, UNIQUE (w, a)";
        DATABASE.run("CREATE TABLE history_source (" + columns + ")");
        Changes t = table("history", columns, "id");
        for (int seed = 1; seed <= 30; seed++) {
            Random random = new Random(seed);
            List<Effect> effects = new ArrayList<>();
            try (Connection source = DATABASE.plain();
                    Statement statement = source.createStatement()) {
                for (int i = 0; i < 60; i++) {
                    change(random, t, statement, effects);
                }
            }

            apply(List.of(t), effects);

            assertThat(rows("history")).as("seed " + seed).isEqualTo(rows("history_source"));
        }
    }

    /** One statement at the source, which may fail there, and what the stream tells of it. */
    private static void change(Random random, Changes t, Statement statement, List<Effect> effects) {
        String id = "" + random.nextInt(8);
        String newId = random.nextInt(4) == 0 ? "" + random.nextInt(8) : id;
        String a = random.nextInt(3) == 0 ? null : "a" + random.nextInt(2);
        String u = random.nextInt(3) == 0 ? null : "" + random.nextInt(4);
        String w = random.nextInt(3) == 0 ? null : random.nextInt(2) + (random.nextBoolean() ? ".0" : "");
        boolean keepsA = random.nextInt(3) == 0;
        int what = random.nextInt(4);
        try {
            if (what == 0) {
                statement.execute(
                        "INSERT INTO history_source VALUES (" + id + "," + literal(a) + "," + u + "," + w + ")");
                effects.add(t.insert(id, a, u, w));
            } else if (what == 1) {
                if (statement.executeUpdate("DELETE FROM history_source WHERE id = " + id) == 1) {
                    effects.add(t.delete(id, null, null, null));
                }
            } else if (statement.executeUpdate("UPDATE history_source SET id = " + newId + ", u = " + u + ", w = " + w
                            + (keepsA ? "" : ", a = " + literal(a)) + " WHERE id = " + id)
                    == 1) {
                effects.add(t.update(row(id, null, null, null), newId, keepsA ? UNCHANGED : a, u, w));
            }
        } catch (SQLException e) {
            assertThat(e.getSQLState()).isEqualTo("23505");
        }
    }

    private static String literal(String text) {
        return text == null ? "NULL" : Sql.literal(text);
    }

    /** Each column as its type prints it. */
    private static List<String[]> printed(TableSpec table) throws SQLException {
        String columns = table.columns().stream()
                .map(ColumnSpec::name)
                .map(name -> "CASE WHEN " + Sql.ident(name) + " IS DISTINCT FROM NULL THEN format('%s', "
                        + Sql.ident(name) + ") END")
                .collect(Collectors.joining(","));
        List<String[]> rows = new ArrayList<>();
        try (PostgresConnections connections = DATABASE.source();
                Connection connection = connections.open();
                Statement statement = connection.createStatement();
                ResultSet row = statement.executeQuery("SELECT " + columns + " FROM ONLY " + Sql.table(table.name()))) {
            while (row.next()) {
                String[] values = new String[table.columns().size()];
                for (int i = 0; i < values.length; i++) {
                    values[i] = row.getString(i + 1);
                }
                rows.add(values);
            }
        }
        return rows;
    }

    @Test
    void values_of_every_type_arrive_unchanged_and_are_found() throws SQLException {
        DATABASE.run(
                "CREATE SCHEMA \"Types\"",
                "CREATE TYPE \"Types\".mood AS ENUM ('sad', 'o,\"k\\')",
                "CREATE TYPE \"Types\".pair AS (x int, y text)",
                "CREATE DOMAIN \"Types\".small AS int CHECK (value < 1000)",
                "CREATE DOMAIN \"Types\".ints AS int[]",
                "CREATE DOMAIN \"Types\".code AS varchar(5) COLLATE \"C\"",
                """
                CREATE TABLE "Types".source (
                  i2 smallint, i8 bigint, f4 real, f8 double precision, n numeric(12,2), b boolean,
                  t text COLLATE "C", v varchar(30), c char(4), nm name, ch "char", by bytea, u uuid, d date, tm time,
                  tmz timetz, ts timestamp(3), tsz timestamptz, iv interval, ivm interval year to month, j json,
                  jb jsonb, jp jsonpath, x xml,
                  m money, net inet, ci cidr, mac macaddr, bi bit(3), vb varbit, p point, bx box, bxs box[], pl polygon,
                  tsv tsvector, tsq tsquery, ai int[], a2 int[], at text[], ats timestamptz[], r int4range, ar int4range[],
                  mr nummultirange, lsn pg_lsn, e "Types".mood, es "Types".mood[], dom "Types".small,
                  doms "Types".small[], di "Types".ints, dc "Types".code, pr "Types".pair, prs "Types".pair[],
                  cit "E xt".citext, hs "E xt".hstore, o oid, rc regclass, rcs regclass[], iv2 int2vector, ov oidvector,
                  "weird "" name?" int, id int PRIMARY KEY)
                """,
                """
                INSERT INTO "Types".source VALUES
                  (-1, 3, 'NaN', '-Infinity', 1.10, true, E'tab\\t\\\\ nl\\n "q" 🦆', 'NULL', 'c', 'n', 'z',
                   '\\x0001ff', gen_random_uuid(), 'infinity', '24:00', '01:02:03+04', '2001-01-01 00:00:00.123',
                   '0044-03-15 12:00+00 BC', '1 year -2 days 03:04:05.6', '2 years', '{"a":  1}', '{"a": 1.10}', '$.a', '<a/>',
                   12.34, '::1', '10.0.0.0/8', '00:11:22:33:44:55', '101', '1', '(1,2)', '(1,1),(0,0)',
                   '{(1,1),(0,0);(3,3),(2,2)}', '((0,0),(1,1),(1,0))', 'a b', 'a & b', '{1,NULL,3}', '[0:1][2:3]={{1,2},{3,4}}',
                   '{"a,b",NULL,"NULL"}', '{2000-01-01,infinity}', '[1,5)', '{"[1,2)",empty}', '{[1.5,2),(3,)}',
                   '16/B374D848', 'o,"k\\', ARRAY['sad','o,"k\\']::"Types".mood[], 42, '{1,2}', '{7,8}', 'abcde', '(1,"a b")',
                   '{"(1,)","(,x)"}', 'Ci', 'a=>"b, \\"c",d=>NULL', 1259, 'pg_class', '{pg_class,pg_type}', '1 2 3', '4 5', 5, 1)
                """,
                "INSERT INTO \"Types\".source (id, pr, f8, t, v) VALUES (2, '(,)', '-0', '', '')",
                "INSERT INTO \"Types\".source (id) VALUES (3)",
                "CREATE TABLE \"Types\".keyed (LIKE \"Types\".source INCLUDING ALL)",
                "CREATE TABLE \"Types\".bare (LIKE \"Types\".source)");
        Changes keyed = Changes.of(DATABASE, "Types", "keyed", "id");
        Changes bare = Changes.of(DATABASE, "Types", "bare");
        String source = "SELECT s::text FROM \"Types\".source s ORDER BY id";
        List<String[]> rows =
                printed(Changes.of(DATABASE, "Types", "source", "id").table());
        List<Effect> inserts = new ArrayList<>();
        for (String[] row : rows) {
            inserts.add(keyed.insert(row));
            inserts.add(bare.insert(row));
        }
        apply(List.of(keyed, bare), inserts);
        for (String table : List.of("keyed", "bare")) {
            assertThat(DATABASE.texts("SELECT s::text FROM \"Types\"." + table + " s ORDER BY id"))
                    .isEqualTo(DATABASE.texts(source));
        }

        DATABASE.run("UPDATE \"Types\".keyed SET (i2, jb, pr, at) = (NULL, NULL, NULL, NULL)");
        apply(List.of(keyed), rows.stream().map(keyed::update).toList());
        assertThat(DATABASE.texts("SELECT s::text FROM \"Types\".keyed s ORDER BY id"))
                .isEqualTo(DATABASE.texts(source));

        // Every column is compared where there is no key: NULLs, -0 and rows of NULLs too.
        String[] changed = rows.get(1).clone();
        changed[0] = "77";
        apply(bare, bare.update(rows.get(1), changed));
        apply(bare, bare.delete(changed), bare.delete(rows.get(0)));
        assertThat(DATABASE.texts("SELECT id FROM \"Types\".bare")).containsExactly("3");
        doesNotFit(bare, "delete", bare.delete(rows.get(0)));
    }

    @Test
    void keys_of_any_type_find_their_rows() throws SQLException {
        DATABASE.run(
                "CREATE SCHEMA keys",
                "CREATE TYPE keys.mood AS ENUM ('sad', 'ok')",
                "CREATE DOMAIN keys.code AS text COLLATE \"POSIX\"",
                "CREATE COLLATION keys.ci (provider = icu, locale = 'und-u-ks-level2', deterministic = false)");
        int number = 0;
        for (String[] type : List.of(
                row("numeric", "1.0", "1.00", "2"),
                row("char(5)", "a", "a  ", "b"),
                row("text COLLATE \"C\"", "a", "a", "b"),
                row("text COLLATE keys.ci", "a", "A", "b"),
                row("varchar(9) COLLATE \"POSIX\"", "a", "a", "b"),
                row("keys.code COLLATE \"C\"", "a", "a", "b"),
                row("keys.mood", "sad", "sad", "ok"),
                row("\"E xt\".citext", "ab", "AB", "c"),
                row("int[]", "{1,2}", "{1,2}", "{2}"),
                row("inet", "10.0.0.1", "10.0.0.1/32", "10.0.0.2"),
                row("double precision", "0", "-0", "1"),
                row("timestamptz", "2000-01-01 00:00:00+00", "2000-01-01 00:00:00+00", "infinity"),
                row("bytea", "\\x00", "\\x00", "\\xff"))) {
            String name = "keyed_" + number++;
            Changes t = table(name, "k " + type[0] + " PRIMARY KEY, v text", "k");
            apply(t, t.insert(type[1], "1"), t.insert(type[3], "1"));
            apply(
                    t,
                    t.update(type[2], "2"),
                    t.delete(type[1], null),
                    t.insert(type[2], "3"),
                    t.update(type[1], "4"),
                    t.update(type[3], "5"),
                    t.update(type[3], "6"));
            assertThat(DATABASE.texts("SELECT v FROM " + name + " ORDER BY v"))
                    .as(type[0])
                    .containsExactly("4", "6");
        }
    }

    @Test
    void names_of_any_kind_are_quoted() {
        String name = "a\"\"; DROP TABLE x; --?' $1";
        String column = "u\"\".n0 ? :x";
        DATABASE.run("CREATE SCHEMA \"" + name + "\"");
        DATABASE.run(
                "CREATE TABLE \"" + name + "\".\"" + name + "\" (\"" + column + "\" text PRIMARY KEY, \"Mixed\" text)");
        Changes t = Changes.of(
                DATABASE, name.replace("\"\"", "\""), name.replace("\"\"", "\""), column.replace("\"\"", "\""));

        apply(t, t.insert("a'\"\\", "1"), t.insert("b", "1"));
        apply(t, t.update("a'\"\\", "2"), t.delete("b", null));
        apply(t, new EmptyRanges(t.table(), List.of(new ShardRange.Keys(List.of("b"), null))));

        assertThat(rows("\"" + name + "\".\"" + name + "\"")).containsExactly("(\"a'\"\"\\\\\",2)");
        apply(t, new EmptyTables(List.of(t.table().name())));
        assertThat(rows("\"" + name + "\".\"" + name + "\"")).isEmpty();
    }

    @Test
    void of_equal_rows_without_a_key_one_is_changed() {
        Changes t = table("bare", "a int, b text");
        apply(t, t.insert("1", "x"), t.insert("1", "x"), t.insert("1", null), t.insert("1", null));

        Counts counts = apply(
                t, t.delete("1", "x"), t.update(row("1", null), "1", "y"), t.insert("1", "x"), t.delete("1", "x"));

        assertThat(rows("bare")).containsExactly("(1,)", "(1,x)", "(1,y)");
        assertThat(counts).isEqualTo(new Counts(1, 1, 2));
    }

    @Test
    void rows_of_no_columns_come_and_go() {
        Changes t = table("columnless", "");
        apply(t, t.insert(), t.insert(), t.insert());
        apply(t, t.delete());
        assertThat(DATABASE.number("SELECT count(*) FROM columnless")).isEqualTo(2);
    }

    @Test
    void columns_that_make_their_own_values_get_the_sources() {
        Changes t = table(
                "made",
                "id int GENERATED ALWAYS AS IDENTITY PRIMARY KEY, v text,"
                        + " twice int GENERATED ALWAYS AS (id * 2) STORED",
                "id");
        apply(t, t.insert("7", "a"), t.insert("9", "b"));
        apply(t, t.update("7", "aa"), t.update(row("9", null), "8", UNCHANGED));
        assertThat(rows("made")).containsExactly("(7,aa,14)", "(8,b,16)");

        Changes other = table("made_other", "k text PRIMARY KEY, id int GENERATED ALWAYS AS IDENTITY, v text", "k");
        apply(other, other.insert("x", "7", "a"), other.insert("y", "8", "b"));
        apply(other, other.update("x", "7", "aa"), other.update("y", "9", UNCHANGED));
        assertThat(rows("made_other")).containsExactly("(x,7,aa)", "(y,9,b)");

        Changes alone = table("made_alone", "id int GENERATED ALWAYS AS IDENTITY PRIMARY KEY", "id");
        apply(alone, alone.insert("1"), alone.update("1"), alone.update(row("1"), "5"));
        assertThat(rows("made_alone")).containsExactly("(5)");
    }

    @Test
    void children_by_inheritance_keep_their_rows() {
        Changes t = table("parent", "id int PRIMARY KEY, v text", "id");
        DATABASE.run("CREATE TABLE child () INHERITS (parent)", "INSERT INTO child VALUES (1, 'child')");
        apply(t, t.insert("1", "parent"));
        apply(t, t.update("1", "changed"));
        assertThat(rows("child")).containsExactly("(1,child)");
        apply(
                t,
                t.delete("1", null),
                t.insert("2", "x"),
                new EmptyTables(List.of(t.table().name())));
        assertThat(rows("child")).containsExactly("(1,child)");
        assertThat(rows("parent")).isEmpty();
    }

    @Test
    void a_targets_table_may_be_partitioned() {
        DATABASE.run(
                "CREATE TABLE parts (id int PRIMARY KEY, v text) PARTITION BY RANGE (id)",
                "CREATE TABLE parts_low PARTITION OF parts FOR VALUES FROM (0) TO (10)",
                "CREATE TABLE parts_high PARTITION OF parts FOR VALUES FROM (10) TO (20)",
                "CREATE TABLE bare_parts (id int, v text) PARTITION BY RANGE (id)",
                "CREATE TABLE bare_low PARTITION OF bare_parts FOR VALUES FROM (0) TO (10)",
                "CREATE TABLE bare_high PARTITION OF bare_parts FOR VALUES FROM (10) TO (20)");
        Changes t = Changes.of(DATABASE, "public", "parts", "id");
        apply(t, t.insert("1", "a"), t.insert("2", "b"), t.insert("11", "c"));
        apply(t, t.update(row("1", null), "12", "moved"), t.update("2", "bb"), t.delete("11", null));
        assertThat(DATABASE.texts("SELECT p::text FROM parts p ORDER BY id")).containsExactly("(2,bb)", "(12,moved)");
        apply(t, new EmptyRanges(t.table(), List.of(new ShardRange.Keys(null, List.of("3")))));
        assertThat(DATABASE.texts("SELECT p::text FROM parts p")).containsExactly("(12,moved)");
        apply(t, new EmptyTables(List.of(t.table().name())));
        assertThat(DATABASE.number("SELECT count(*) FROM parts")).isZero();

        Changes bare = Changes.of(DATABASE, "public", "bare_parts");
        apply(bare, bare.insert("1", "a"), bare.insert("11", "a"), bare.insert("11", "a"));
        apply(bare, bare.delete("11", "a"), bare.update(row("1", "a"), "12", "m"));
        assertThat(DATABASE.texts("SELECT p::text FROM bare_parts p ORDER BY id"))
                .containsExactly("(11,a)", "(12,m)");
    }

    @Test
    void what_empties_tables_comes_between_what_is_before_and_after_it() {
        Changes one = table("empty_one", "id int PRIMARY KEY, v text", "id");
        Changes two = table("empty_two", "id int PRIMARY KEY, v text", "id");
        DATABASE.run("CREATE TABLE empty_outside (id int REFERENCES empty_one)");
        TableName first = one.table().name();

        apply(
                List.of(one, two),
                List.of(
                        one.insert("1", "x"),
                        two.insert("1", "x"),
                        one.insert("2", "x"),
                        new EmptyTables(List.of(first, two.table().name())),
                        one.insert("1", "y"),
                        one.insert("5", "y"),
                        two.insert("2", "y"),
                        new EmptyRanges(one.table(), List.of(new ShardRange.Keys(List.of("4"), null))),
                        one.insert("6", "z")));

        assertThat(rows("empty_one")).containsExactly("(1,y)", "(6,z)");
        assertThat(rows("empty_two")).containsExactly("(2,y)");
        DATABASE.run("DROP TABLE empty_outside");
        apply(
                List.of(one, two),
                List.of(new EmptyTables(List.of(first, two.table().name()))));
        assertThat(rows("empty_one")).isEmpty();
    }

    @Test
    void ranges_of_texts_are_emptied_by_bytes_whatever_the_targets_collation_is() {
        DATABASE.run("CREATE COLLATION by_words (provider = icu, locale = 'en')");
        Changes t = table("worded", "k text COLLATE by_words, n int, PRIMARY KEY (k, n)", "k", "n");
        apply(t, t.insert("a", "1"), t.insert("B", "1"), t.insert("B", "2"), t.insert("c", "1"));

        apply(t, new EmptyRanges(t.table(), List.of(new ShardRange.Keys(List.of("B", "2"), List.of("b", "1")))));

        assertThat(DATABASE.texts("SELECT concat(k, n) FROM worded ORDER BY k COLLATE \"C\""))
                .containsExactly("B1", "c1");
    }

    @Test
    void a_hot_row_is_written_once_a_batch() {
        Changes t = table("hot", "id int PRIMARY KEY, v text, mail text UNIQUE", "id");
        apply(t, t.insert("1", "0", "a"));
        List<Effect> effects = new ArrayList<>();
        for (int i = 1; i <= 1_000; i++) {
            effects.add(t.update("1", "" + i, i % 2 == 0 ? "a" : UNCHANGED));
        }
        String before = DATABASE.text("SELECT ctid FROM hot");

        assertThat(apply(List.of(t), effects)).isEqualTo(new Counts(0, 1_000, 0));

        assertThat(rows("hot")).containsExactly("(1,1000,a)");
        // One update that leaves the mail alone, and one that may change it and the rest.
        assertThat(before).isEqualTo("(0,1)");
        assertThat(DATABASE.text("SELECT ctid FROM hot")).isEqualTo("(0,3)");
    }

    @Test
    void an_index_that_came_while_changes_were_applied_is_respected() {
        Changes t = table("indexed", "id int PRIMARY KEY, mail text", "id");
        long epoch = follow.takeOver().epoch();
        try (Applier applier = follow.applier(epoch, List.of(t.table()))) {
            applier.apply(List.of(t.insert("1", "a"), t.insert("2", "b")), new Position(++applied, 1));
            DATABASE.run("CREATE UNIQUE INDEX ON indexed (lower(mail))", "CREATE UNIQUE INDEX ON indexed (mail)");
            applier.apply(
                    List.of(t.update("1", "tmp"), t.update("2", "A"), t.update("1", "b")), new Position(++applied, 1));
        }
        assertThat(rows("indexed")).containsExactly("(1,b)", "(2,A)");
    }

    @Test
    void what_was_made_ready_before_may_meet_an_index_that_came_since() {
        Changes t = table("ready", "id int PRIMARY KEY, mail text", "id");
        long epoch = follow.takeOver().epoch();
        try (Applier applier = follow.applier(epoch, List.of(t.table()))) {
            Prepared first = applier.prepare(List.of(t.insert("1", "a"), t.insert("2", "b")));
            applier.apply(first, new Position(++applied, 1), Durability.WITH_LATER);
            Prepared second = applier.prepare(List.of(t.update("1", "tmp"), t.update("2", "a"), t.update("1", "b")));
            Prepared third = applier.prepare(List.of(t.update("2", "c"), t.update("1", "a")));
            DATABASE.run("CREATE UNIQUE INDEX ON ready (mail)");

            assertThat(applier.apply(second, new Position(++applied, 1), Durability.WITH_LATER))
                    .isEqualTo(new Counts(0, 3, 0));
            assertThat(applier.apply(third, new Position(++applied, 1), Durability.NOW))
                    .isEqualTo(new Counts(0, 2, 0));
        }
        assertThat(rows("ready")).containsExactly("(1,a)", "(2,c)");
        assertThat(follow.takeOver().applied()).isEqualTo(new Position(applied, 1));
    }

    @Test
    void an_update_that_leaves_the_key_alone_does_not_write_it() {
        Changes t = table("kept", "id numeric PRIMARY KEY, v text", "id");
        apply(t, t.insert("1.0", "a"), t.insert("2", "b"), t.insert("3", "c"));

        apply(t, t.update("1.0", "changed"), t.update(row("2", null), "2.00", "b"), t.update("3", UNCHANGED));

        assertThat(rows("kept")).containsExactly("(1.0,changed)", "(2.00,b)", "(3,c)");
    }

    @Test
    void rows_of_a_big_table_are_found_by_its_index_though_it_was_empty_when_the_first_came() {
        Changes t = table("big", "id int PRIMARY KEY, v text", "id");
        String scans = "SELECT seq_scan FROM pg_stat_user_tables WHERE relname = 'big'";
        long before = DATABASE.number(scans);
        Stream<String> ids = Stream.iterate(1, id -> id + 97).limit(1_000).map(String::valueOf);
        List<String> some = ids.toList();
        long epoch = follow.takeOver().epoch();
        try (Applier applier = follow.applier(epoch, List.of(t.table()))) {
            applier.apply(
                    List.of(t.insert("0", "x"), t.update(row("0", null), "-1", "x"), t.delete("-1", null)),
                    new Position(++applied, 1));
            DATABASE.run("INSERT INTO big SELECT i, 'x' FROM generate_series(1, 100000) i");
            applier.apply(some.stream().<Effect>map(id -> t.update(id, "y")).toList(), new Position(++applied, 1));
            applier.apply(some.stream().<Effect>map(id -> t.delete(id, null)).toList(), new Position(++applied, 1));
        }
        org.awaitility.Awaitility.await()
                .until(() ->
                        DATABASE.number("SELECT idx_scan FROM pg_stat_user_tables WHERE relname = 'big'") >= 2_002);
        assertThat(DATABASE.number(scans)).isEqualTo(before);
        assertThat(DATABASE.number("SELECT count(*) FROM big")).isEqualTo(99_000);
    }

    @Test
    void triggers_and_foreign_keys_of_the_target_do_nothing() {
        Changes parent = table("fk_parent", "id int PRIMARY KEY", "id");
        DATABASE.run("CREATE TABLE fk_child (id int PRIMARY KEY, p int REFERENCES fk_parent ON DELETE CASCADE)");
        Changes child = Changes.of(DATABASE, "public", "fk_child", "id");
        DATABASE.run(
                "CREATE FUNCTION spoil() RETURNS trigger LANGUAGE plpgsql AS 'BEGIN RETURN NULL; END'",
                "CREATE TRIGGER spoil BEFORE INSERT OR UPDATE OR DELETE ON fk_child FOR EACH ROW EXECUTE FUNCTION spoil()");

        apply(List.of(parent, child), List.of(child.insert("1", "1"), parent.insert("1"), parent.delete("1")));

        assertThat(rows("fk_child")).containsExactly("(1,1)");
    }

    @Test
    void a_user_without_special_rights_applies_changes_too() {
        Database database = TargetServer.database();
        database.run(
                "DROP ROLE IF EXISTS plain_applier",
                "CREATE ROLE plain_applier LOGIN",
                "GRANT CREATE ON DATABASE " + database.name() + " TO plain_applier",
                "CREATE TABLE plain (id int PRIMARY KEY, v text, u int UNIQUE DEFERRABLE INITIALLY IMMEDIATE)",
                "ALTER TABLE plain OWNER TO plain_applier");
        Changes t = Changes.of(database, "public", "plain", "id");
        try (PostgresTarget plain = new PostgresTarget(database.address("plain_applier"), "godwit test", 4)) {
            plain.enter(entry("shop"));
            ChangeTarget changes = plain.follow(plan("shop", SchemaMode.EXISTING, database));
            try (Applier applier = changes.applier(changes.takeOver().epoch(), List.of(t.table()))) {
                applier.apply(List.of(t.insert("1", "a", "1"), t.insert("2", "b", "2")), new Position(1, 1));
                applier.apply(List.of(t.update("1", "a", "2"), t.update("2", "b", "1")), new Position(2, 1));
                assertThatThrownBy(() -> applier.apply(List.of(t.insert("3", "secret", "1")), new Position(3, 1)))
                        .hasMessageContaining("same value in a unique key");
            }
            assertThat(database.texts("SELECT p::text FROM plain p ORDER BY id"))
                    .containsExactly("(1,a,2)", "(2,b,1)");
            assertThat(changes.takeOver().applied()).isEqualTo(new Position(2, 1));
        }
        database.run("DROP OWNED BY plain_applier");
        database.run("DROP ROLE plain_applier");
    }
}
