package dev.godwit.node.postgres;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.awaitility.Awaitility.await;

import dev.godwit.node.source.HeldSnapshot;
import dev.godwit.node.source.RangeReader;
import dev.godwit.protocol.error.ErrorCode;
import dev.godwit.protocol.error.GodwitException;
import dev.godwit.protocol.plan.Consistency;
import dev.godwit.protocol.table.ColumnSpec;
import dev.godwit.protocol.table.ShardRange;
import dev.godwit.protocol.table.TableName;
import dev.godwit.protocol.table.TableSpec;
import java.io.ByteArrayInputStream;
import java.io.IOException;
import java.lang.management.ManagementFactory;
import java.nio.charset.StandardCharsets;
import java.sql.Connection;
import java.sql.SQLException;
import java.time.Duration;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.concurrent.CompletableFuture;
import java.util.stream.Collectors;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;
import org.postgresql.PGConnection;

class SourceReadTest {
    private static final ShardRange WHOLE = new ShardRange.Whole();
    private static final String READS_OF_BIG = "SELECT count(*) FROM pg_stat_activity WHERE application_name ="
            + " 'godwit test' AND state = 'active' AND query LIKE '%big%' AND pid <> pg_backend_pid()";

    private static PostgresSource source;
    private static Map<String, TableSpec> tables;

    @BeforeAll
    static void tables() {
        SourceServer.run(
                "CREATE SCHEMA reads",
                "CREATE EXTENSION citext SCHEMA reads",
                "CREATE TYPE reads.mood AS ENUM ('sad', 'ok')",
                "CREATE TYPE reads.pair AS (x int, y text)",
                "CREATE DOMAIN reads.small AS int CHECK (value < 1000)",
                "CREATE DOMAIN reads.smaller AS reads.small CHECK (value < 100)",
                """
                CREATE TABLE reads.plain (
                  i2 smallint, i4 int, i8 bigint PRIMARY KEY, f4 real, f8 double precision, n numeric(12,2), b boolean,
                  t text, v varchar(30), c char(4), nm name, ch "char", by bytea, u uuid, d date, tm time, tmz timetz,
                  ts timestamp, tsz timestamptz, iv interval, j json, jb jsonb, jp jsonpath, x xml, m money, net inet,
                  ci cidr, mac macaddr, bi bit(3), vb varbit, p point, pl polygon, tsv tsvector, tsq tsquery,
                  ai int[], at text[], ats timestamptz[], r int4range, ar int4range[], mr nummultirange, lsn pg_lsn,
                  e reads.mood, dom reads.smaller, g int GENERATED ALWAYS AS (i4 + 1) STORED)
                """,
                """
                INSERT INTO reads.plain VALUES
                  (-1, 2, 3, 'NaN', '-Infinity', 1.10, true, E'tab\\t\\\\ nl\\n 🦆', 'v', 'c', 'n', 'z', '\\x0001ff',
                   gen_random_uuid(), 'infinity', '24:00', '01:02:03+04', '-infinity', '0044-03-15 12:00+00 BC',
                   '1 year -2 days 03:04:05.6', '{"a":  1}', '{"a": 1.10}', '$.a', '<a/>', 12.34, '::1', '10.0.0.0/8',
                   '00:11:22:33:44:55', '101', '1', '(1,2)', '((0,0),(1,1),(1,0))', 'a b', 'a & b',
                   '{1,NULL,3}', '{"a,b",NULL,"NULL"}', '{2000-01-01,infinity}', '[1,5)', '{"[1,2)",empty}',
                   '{[1.5,2),(3,)}', '16/B374D848', 'ok', 42)
                """,
                "INSERT INTO reads.plain (i8) SELECT generate_series(10, 500)",
                "CREATE TABLE reads.textual (id int PRIMARY KEY, o oid, rc regclass, moods reads.mood[],"
                        + " p reads.pair, ps reads.pair[], ci reads.citext, sm reads.small[])",
                "INSERT INTO reads.textual VALUES (1, 1259, 'pg_class', '{ok,sad}', '(1,\"a b\")',"
                        + " '{\"(1,)\",\"(,x)\"}', 'Ci', '{1,2}')",
                "CREATE TABLE reads.columnless ()",
                "INSERT INTO reads.columnless DEFAULT VALUES",
                "INSERT INTO reads.columnless DEFAULT VALUES",
                "CREATE TABLE reads.empty (id int)",
                "CREATE TABLE reads.parent (id int PRIMARY KEY)",
                "CREATE TABLE reads.child () INHERITS (reads.parent)",
                "INSERT INTO reads.parent VALUES (1)",
                "INSERT INTO reads.child VALUES (2)",
                "CREATE TABLE reads.\"a\"\";DROP TABLE x;--\" (\"a\"\";DROP\" int PRIMARY KEY, \"Mixed Case\" text)",
                "INSERT INTO reads.\"a\"\";DROP TABLE x;--\" VALUES (1, 'one'), (2, 'two')",
                "CREATE TABLE reads." + "n".repeat(63) + " (" + "k".repeat(63) + " int PRIMARY KEY)",
                "INSERT INTO reads." + "n".repeat(63) + " VALUES (1), (2), (3)",
                "CREATE TABLE reads.big (id int PRIMARY KEY, filler text)",
                "ALTER TABLE reads.big ALTER filler SET STORAGE PLAIN",
                "INSERT INTO reads.big SELECT i, repeat('x', 1000) FROM generate_series(1, 150000) i");
        source = SourceServer.source();
        tables = source.tables(SourceServer.plan("reads", 1 << 20)).stream()
                .collect(Collectors.toMap(t -> t.name().name(), t -> t));
    }

    @AfterAll
    static void close() {
        source.close();
    }

    @Test
    void binary_is_chosen_only_where_every_type_means_the_same_in_another_database() {
        assertThat(tables.get("plain").binary()).isTrue();
        assertThat(tables.get("columnless").binary()).isTrue();
        assertThat(tables.get("textual").binary()).isFalse();
        for (String type :
                List.of("oid", "regclass[]", "reads.mood[]", "reads.pair", "reads.citext", "reads.small[]")) {
            SourceServer.run("CREATE TABLE reads.probe (c " + type + ")");
            assertThat(spec("reads.probe").binary()).as(type).isFalse();
            SourceServer.run("DROP TABLE reads.probe");
        }
    }

    @Test
    void every_type_travels_unchanged_in_binary_and_in_text() throws Exception {
        for (String name : List.of("plain", "textual")) {
            TableSpec table = tables.get(name);
            assertThat(relayed(table)).isEqualTo(digest("reads." + name));
            assertThat(relayed(KeyRangesTest.asText(table))).isEqualTo(digest("reads." + name));
        }
    }

    @Test
    void generated_columns_do_not_travel() {
        assertThat(tables.get("plain").columns()).extracting(ColumnSpec::name).doesNotContain("g");
    }

    @Test
    void tables_without_columns_and_without_rows_are_read() {
        assertThat(text(tables.get("columnless"), WHOLE, 2)).isEqualTo("\n\n");
        assertThat(text(tables.get("empty"), WHOLE, 0)).isEmpty();
    }

    @Test
    void children_by_inheritance_are_tables_of_their_own() {
        assertThat(text(tables.get("parent"), WHOLE, 1)).isEqualTo("1\n");
        assertThat(text(tables.get("child"), WHOLE, 1)).isEqualTo("2\n");
    }

    @Test
    void hostile_and_long_names_are_quoted() {
        TableSpec hostile = tables.get("a\";DROP TABLE x;--");
        assertThat(text(hostile, new ShardRange.Keys(List.of("2"), null), 1)).isEqualTo("2\ttwo\n");
        assertThat(source.sample(hostile, 10)).hasSize(2);
        assertThat(source.blocks(hostile.name())).isEqualTo(1);
        assertThat(text(tables.get("n".repeat(63)), new ShardRange.Keys(null, List.of("3")), 2))
                .isEqualTo("1\n2\n");
    }

    @Test
    void a_read_reports_its_snapshot_and_knows_rows_only_at_the_end() {
        try (RangeReader reader = source.read(tables.get("plain"), WHOLE, Optional.empty())) {
            assertThat(reader.snapshot()).matches("\\d+:\\d+:[\\d,]*");
            assertThatThrownBy(reader::rows).isInstanceOf(IllegalStateException.class);
            SourceServer.readAll(reader);
            assertThat(reader.rows()).isEqualTo(492);
        }
    }

    @Test
    void a_snapshot_exported_again_outlives_its_first_exporter() {
        SourceServer.run("CREATE TABLE reads.moving (id int)", "INSERT INTO reads.moving VALUES (1)");
        TableSpec moving = spec("reads.moving");
        HeldSnapshot first = source.hold();
        SourceServer.run("INSERT INTO reads.moving VALUES (2)");
        try (HeldSnapshot second = source.hold(first.exported())) {
            first.close();
            SourceServer.run("UPDATE reads.moving SET id = id + 10");

            assertThat(second.snapshot()).isEqualTo(first.snapshot());
            assertThat(second.alive()).isTrue();
            assertThat(first.alive()).isFalse();
            try (RangeReader reader = source.read(KeyRangesTest.asText(moving), WHOLE, Optional.of(second.exported()));
                    HeldSnapshot third = source.hold(second.exported())) {
                assertThat(new String(SourceServer.readAll(reader), StandardCharsets.UTF_8))
                        .isEqualTo("1\n");
                assertThat(reader.snapshot()).isEqualTo(first.snapshot());
                assertThat(third.snapshot()).isEqualTo(first.snapshot());
            }
            assertCode(ErrorCode.SNAPSHOT_LOST, () -> source.hold(first.exported()));
            assertCode(ErrorCode.SNAPSHOT_NOT_READY, () -> source.read(moving, WHOLE, Optional.of(first.exported())));
        }
    }

    @Test
    void a_held_snapshot_whose_session_was_ended_is_not_alive() {
        try (HeldSnapshot held = source.hold()) {
            SourceServer.run("SELECT pg_terminate_backend(pid) FROM pg_stat_activity"
                    + " WHERE application_name = 'godwit test' AND query LIKE '%pg_current_snapshot%'");
            await().atMost(Duration.ofSeconds(10)).until(() -> !held.alive());
            assertCode(ErrorCode.SNAPSHOT_LOST, () -> source.hold(held.exported()));
        }
    }

    @Test
    void blocks_of_a_table_that_was_rewritten_are_refused() {
        SourceServer.run("CREATE TABLE reads.rewritten AS SELECT 1 AS a");
        TableSpec table = spec("reads.rewritten");
        SourceServer.run("TRUNCATE reads.rewritten");

        assertCode(
                ErrorCode.SOURCE_TABLE_CHANGED,
                () -> source.read(table, new ShardRange.Blocks(0, -1), Optional.empty()));
        try (HeldSnapshot held = source.hold()) {
            assertCode(ErrorCode.SOURCE_TABLE_CHANGED, () -> source.read(table, WHOLE, Optional.of(held.exported())));
        }
        SourceServer.run("DROP TABLE reads.rewritten");
        assertCode(ErrorCode.SOURCE_TABLE_CHANGED, () -> source.read(table, WHOLE, Optional.empty()));
    }

    @Test
    void closing_before_the_end_ends_the_read_at_once_and_leaves_the_pool_usable() {
        for (int i = 0; i < 20; i++) {
            RangeReader reader = source.read(tables.get("big"), WHOLE, Optional.empty());
            assertThat(reader.read(new byte[10_000])).isEqualTo(10_000);
            long started = System.nanoTime();
            reader.close();
            assertThat(Duration.ofNanos(System.nanoTime() - started)).isLessThan(Duration.ofSeconds(2));
        }
        await().atMost(Duration.ofSeconds(10)).until(() -> SourceServer.number(READS_OF_BIG) == 0);
    }

    @Test
    void cancelling_fails_a_blocked_read_and_ends_the_servers_query() throws Exception {
        SourceServer.run(
                "CREATE FUNCTION reads.wait(id int) RETURNS int LANGUAGE plpgsql VOLATILE AS"
                        + " 'BEGIN PERFORM pg_sleep(100); RETURN id; END'",
                "CREATE TABLE reads.slow (id int)",
                "INSERT INTO reads.slow VALUES (1)");
        TableSpec slow = spec("reads.slow");
        // A view in the table's place: the reader's own SQL then takes as long as we like.
        SourceServer.run(
                "ALTER TABLE reads.slow RENAME TO slow_table",
                "CREATE VIEW reads.slow AS SELECT reads.wait(id) AS id FROM reads.slow_table");
        try (RangeReader reader = source.read(slow, WHOLE, Optional.empty())) {
            CompletableFuture<Integer> read = CompletableFuture.supplyAsync(() -> reader.read(new byte[100]));
            String waiting = "SELECT count(*) FROM pg_stat_activity WHERE wait_event = 'PgSleep'";
            await().until(() -> SourceServer.number(waiting) == 1);

            reader.cancel();

            assertThat(read.handle((bytes, failure) -> failure.getCause()).get())
                    .isInstanceOfSatisfying(
                            GodwitException.class, e -> assertThat(e.code()).isEqualTo(ErrorCode.SOURCE_FAILED));
            await().atMost(Duration.ofSeconds(10)).until(() -> SourceServer.number(waiting) == 0);
        } finally {
            SourceServer.run("DROP VIEW reads.slow", "DROP TABLE reads.slow_table");
        }
    }

    @Test
    void a_session_that_is_ended_inside_copy_is_reported_as_unreachable() {
        try (RangeReader reader = source.read(tables.get("big"), WHOLE, Optional.empty())) {
            assertThat(reader.read(new byte[1000])).isEqualTo(1000);
            SourceServer.run("SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE query LIKE 'COPY%big%'");

            assertCode(ErrorCode.SOURCE_UNREACHABLE, () -> SourceServer.readAll(reader));
        }
    }

    @Test
    void a_row_of_200_megabytes_passes_in_pieces() {
        SourceServer.run(
                "CREATE TABLE reads.wide (id int, b bytea)",
                "ALTER TABLE reads.wide ALTER b SET STORAGE EXTERNAL",
                "INSERT INTO reads.wide VALUES (1, decode(repeat('ab', 200 * 1024 * 1024), 'hex'))");
        try (RangeReader reader = source.read(spec("reads.wide"), WHOLE, Optional.empty())) {
            byte[] buffer = new byte[64 << 10];
            long before = allocatedBytes();
            long bytes = 0;
            for (int read = reader.read(buffer); read >= 0; read = reader.read(buffer)) {
                bytes += read;
            }
            assertThat(bytes).isEqualTo((200L << 20) + 19 + 2 + 4 + 4 + 4 + 2);
            assertThat(reader.rows()).isEqualTo(1);
            assertThat(allocatedBytes() - before).isLessThan(1 << 20);
        } finally {
            SourceServer.run("DROP TABLE reads.wide");
        }
    }

    /** The driver's buffer holds 64 KiB: rows and their headers lie across its end in all ways, and so do notices. */
    @Test
    void rows_of_all_lengths_pass_unchanged_with_notices_between_them() throws Exception {
        SourceServer.run(
                "CREATE TABLE reads.lengths (id int, t text)",
                "ALTER TABLE reads.lengths ALTER t SET STORAGE EXTERNAL",
                """
                INSERT INTO reads.lengths SELECT i, repeat(chr(97 + i % 26), length) FROM (
                  SELECT i, CASE WHEN i % 3 = 0 THEN 65536 - 400 + i WHEN i % 5 = 0 THEN i * 300 ELSE i % 40 END length
                  FROM generate_series(1, 800) i) l
                """,
                """
                CREATE FUNCTION reads.noisy(id int, t text) RETURNS text LANGUAGE plpgsql
                SET client_min_messages = notice AS
                $$BEGIN IF id % 4 = 0 THEN RAISE NOTICE '%', repeat('n', id * 10); END IF; RETURN t; END$$
                """,
                "CREATE VIEW reads.noise AS SELECT id, reads.noisy(id, t) t FROM reads.lengths");
        TableSpec quiet = spec("reads.lengths");
        TableSpec noisy = new TableSpec(
                new TableName("reads", "noise"),
                quiet.columns(),
                quiet.keyColumns(),
                quiet.keyNullable(),
                quiet.method(),
                true,
                quiet.estimatedBytes(),
                quiet.estimatedRows(),
                quiet.fileNode());
        try {
            assertThat(relayed(quiet)).isEqualTo(digest("reads.lengths"));
            assertThat(relayed(noisy)).isEqualTo(digest("reads.lengths"));
            assertThat(relayed(KeyRangesTest.asText(noisy))).isEqualTo(digest("reads.lengths"));
        } finally {
            SourceServer.run("DROP TABLE reads.lengths CASCADE", "DROP FUNCTION reads.noisy");
        }
    }

    @Test
    void small_rows_are_passed_on_without_an_allocation_for_each() {
        TableSpec big = tables.get("big");
        try (RangeReader reader = source.read(big, WHOLE, Optional.empty())) {
            byte[] buffer = new byte[64 << 10];
            long before = allocatedBytes();
            long bytes = 0;
            for (int read = reader.read(buffer); read >= 0; read = reader.read(buffer)) {
                bytes += read;
            }
            assertThat(bytes).isGreaterThan(150_000_000);
            assertThat(reader.rows()).isEqualTo(150_000);
            assertThat(allocatedBytes() - before).isLessThan(8 << 20);
        }
    }

    @Test
    void big_tables_are_sampled_by_blocks_over_their_whole_length() {
        TableSpec big = tables.get("big");

        var samples = source.sample(big, 1000);

        assertThat(samples).hasSizeBetween(500, 3000);
        assertThat(samples).allMatch(sample -> sample.bytes() > 1000 && sample.bytes() < 1100);
        List<Integer> keys = samples.stream()
                .map(sample -> Integer.valueOf(sample.key().get(0)))
                .toList();
        assertThat(keys).isSorted();
        for (int tenth = 0; tenth < 10; tenth++) {
            int from = tenth * 15_000;
            assertThat(keys.stream()
                            .filter(key -> key > from && key <= from + 15_000)
                            .count())
                    .isBetween(samples.size() / 20L, samples.size() / 5L);
        }
        assertThat(source.sample(big, new ShardRange.Keys(List.of("1000"), List.of("50000")), 500))
                .hasSizeBetween(250, 3000)
                .allMatch(sample -> Integer.parseInt(sample.key().get(0)) >= 1000);
    }

    private static TableSpec spec(String table) {
        return source.tables(SourceServer.plan(Consistency.FROZEN, 1 << 20, List.of(table), List.of()))
                .get(0);
    }

    private static String text(TableSpec table, ShardRange range, int rows) {
        try (RangeReader reader = source.read(KeyRangesTest.asText(table), range, Optional.empty())) {
            String text = new String(SourceServer.readAll(reader), StandardCharsets.UTF_8);
            assertThat(reader.rows()).isEqualTo(rows);
            return text;
        }
    }

    /** Digest of a table into which the bytes were copied. */
    private static String relayed(TableSpec table) throws SQLException, IOException {
        TableName copy = new TableName("reads", "copy");
        SourceServer.run("CREATE TABLE reads.copy (LIKE " + Sql.table(table.name()) + " INCLUDING GENERATED)");
        try (RangeReader reader = source.read(table, WHOLE, Optional.empty());
                Connection connection = SourceServer.plain()) {
            String columns =
                    Sql.idents(table.columns().stream().map(ColumnSpec::name).toList());
            long rows = connection
                    .unwrap(PGConnection.class)
                    .getCopyAPI()
                    .copyIn(
                            "COPY " + Sql.table(copy) + " (" + columns + ") FROM STDIN (FORMAT "
                                    + (table.binary() ? "binary" : "text") + ")",
                            new ByteArrayInputStream(SourceServer.readAll(reader)));
            assertThat(rows).isEqualTo(reader.rows());
            return digest("reads.copy");
        } finally {
            SourceServer.run("DROP TABLE reads.copy");
        }
    }

    private static String digest(String table) {
        return SourceServer.text("SELECT md5(string_agg(t::text, '|' ORDER BY t::text)) FROM " + table + " t");
    }

    private static long allocatedBytes() {
        var threads = (com.sun.management.ThreadMXBean) ManagementFactory.getThreadMXBean();
        return threads.getThreadAllocatedBytes(Thread.currentThread().getId());
    }

    private static void assertCode(ErrorCode code, org.assertj.core.api.ThrowableAssert.ThrowingCallable call) {
        assertThatThrownBy(call)
                .isInstanceOfSatisfying(
                        GodwitException.class, e -> assertThat(e.code()).isEqualTo(code));
    }
}
