package dev.godwit.node.postgres;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.awaitility.Awaitility.await;

import dev.godwit.node.capture.Relation;
import dev.godwit.node.capture.StreamMessage;
import dev.godwit.node.capture.StreamMessage.Begin;
import dev.godwit.node.capture.StreamMessage.Change;
import dev.godwit.node.capture.StreamMessage.Commit;
import dev.godwit.node.capture.StreamMessage.Delete;
import dev.godwit.node.capture.StreamMessage.Insert;
import dev.godwit.node.capture.StreamMessage.KeepAlive;
import dev.godwit.node.capture.StreamMessage.Origin;
import dev.godwit.node.capture.StreamMessage.Truncate;
import dev.godwit.node.capture.StreamMessage.Update;
import dev.godwit.node.capture.Tuple;
import dev.godwit.node.capture.Visibility;
import dev.godwit.node.source.ChangeSource;
import dev.godwit.node.source.ChangeSource.RowNow;
import dev.godwit.node.source.ChangeStream;
import dev.godwit.node.source.RangeReader;
import dev.godwit.protocol.error.ErrorCode;
import dev.godwit.protocol.error.GodwitException;
import dev.godwit.protocol.event.CaptureSlot;
import dev.godwit.protocol.plan.Plan;
import dev.godwit.protocol.table.ColumnSpec;
import dev.godwit.protocol.table.ShardRange;
import dev.godwit.protocol.table.TableName;
import dev.godwit.protocol.table.TableSpec;
import java.io.ByteArrayOutputStream;
import java.nio.charset.StandardCharsets;
import java.sql.Connection;
import java.sql.ResultSet;
import java.sql.SQLException;
import java.sql.Statement;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.TimeUnit;
import java.util.function.Consumer;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;
import org.postgresql.PGConnection;

class ChangeStreamTest {
    private static final Duration SOON = Duration.ofSeconds(10);

    private static CaptureServer.Database database;
    private static PostgresSource source;
    private static ChangeSource capture;
    private static List<TableSpec> tables;
    private static CaptureSlot slot;

    @BeforeAll
    static void tables() {
        database = CaptureServer.database();
        database.run(
                "CREATE SCHEMA s",
                "CREATE TYPE s.mood AS ENUM ('sad', 'ok')",
                """
                CREATE TABLE s.types (
                  id int PRIMARY KEY, f4 real, f8 double precision, n numeric, b boolean, t text, c char(4),
                  by bytea, d date, ts timestamp, tsz timestamptz, tmz timetz, iv interval, m money, net inet,
                  j jsonb, ai int[], ats timestamptz[], af double precision[], r tstzrange, e s.mood, rc regclass,
                  x xml, g int GENERATED ALWAYS AS (id + 1) STORED, u uuid, ch "char", bi bit(3))
                """,
                "CREATE TABLE s.plain (id int PRIMARY KEY, v text)",
                "ALTER TABLE s.plain ALTER COLUMN v SET STORAGE EXTERNAL",
                "CREATE TABLE s.full_identity (a int, v text)",
                "ALTER TABLE s.full_identity ALTER COLUMN v SET STORAGE EXTERNAL",
                "ALTER TABLE s.full_identity REPLICA IDENTITY FULL",
                "CREATE TABLE s.by_index (a int, b text NOT NULL, c int)",
                "CREATE UNIQUE INDEX by_index_b ON s.by_index (b)",
                "ALTER TABLE s.by_index REPLICA IDENTITY USING INDEX by_index_b",
                "CREATE TABLE public.ignored (id int PRIMARY KEY)");
        Plan plan = database.plan("stream", "s.*");
        source = database.source("postgres");
        tables = source.tables(plan);
        capture = source.capture(plan);
        slot = capture.prepare(tables, Optional.empty());
    }

    @AfterAll
    static void end() {
        await().untilAsserted(capture::drop);
        source.close();
    }

    @Test
    void values_come_as_our_sessions_copy_them() throws Exception {
        database.run("""
                INSERT INTO s.types VALUES
                  (1, 0.1, 0.1, 1.10, true, E'tab\\t\\\\ 🦆', 'c', '\\x0001ff', '0044-03-15 BC', 'infinity',
                   '2001-02-03 04:05:06.789+05', '01:02:03+04', '1 year -2 days 03:04:05.6', 12.34, '::1',
                   '{"a":  1.10}', '{1,NULL}', '{2001-02-03 04:05:06+05}', '{0.30000000000000004,NaN}',
                   '[2001-02-03 04:05:06+05,)', 'ok', 's.plain', '<a/>', DEFAULT,
                   'A0EEBC99-9C0B-4EF8-BB6D-6BB9BD380A11', 'z', '101'),
                  (2, 'NaN', '-Infinity', 'NaN', false, '', '', '', 'infinity', '-infinity', 'infinity', NULL,
                   '-1 day', -0.01, '10.0.0.0/8', '[]', '{}', NULL, '{-0}', 'empty', 'sad', NULL, NULL, DEFAULT,
                   NULL, NULL, '000')""");
        TableSpec types = spec("types");
        try (ChangeStream stream = capture.open(slot)) {
            List<Change> changes = changes(transaction(stream, "types"));

            assertThat(changes).hasSize(2);
            for (Change change : changes) {
                Tuple row = ((Insert) change).row();
                List<String> values = texts(row);
                assertThat(copied(types, values.get(0))).isEqualTo(values);
                RowNow now = capture.row(types, List.of(values.get(0)));
                assertThat(now.values()).contains(values);
                assertThat(((Insert) change).relation().columns())
                        .extracting(Relation.Column::name)
                        .doesNotContain("g")
                        .hasSize(types.columns().size());
            }
            assertThat(texts(((Insert) changes.get(0)).row()))
                    .contains("2001-02-02 23:05:06.789+00", "1 year -2 days +03:04:05.6", "\\x0001ff", "$12.34");
        }
    }

    @Test
    void old_rows_are_those_of_the_identity() {
        String large = "x".repeat(5000);
        database.run(
                "INSERT INTO s.plain VALUES (1, '" + large + "'); INSERT INTO s.full_identity VALUES (1, '" + large
                        + "'); INSERT INTO s.by_index VALUES (1, 'b', 1)",
                "UPDATE s.plain SET id = 2; UPDATE s.plain SET v = 'y'; DELETE FROM s.plain;"
                        + " UPDATE s.full_identity SET a = 2; DELETE FROM s.full_identity;"
                        + " UPDATE s.by_index SET c = 2; UPDATE s.by_index SET b = 'd'; DELETE FROM s.by_index");
        try (ChangeStream stream = capture.open(slot)) {
            List<StreamMessage> inserting = transaction(stream, "plain", "1");
            assertThat(changes(inserting)).hasSize(3);
            assertThat(Math.abs(((Begin) inserting.get(0)).commitMicros() / 1000 - System.currentTimeMillis()))
                    .isLessThan(60_000);
            List<Change> changes = changes(transaction(stream, "plain"));

            Update moved = (Update) changes.get(0);
            assertThat(texts(moved.old())).containsExactly("1", null);
            assertThat(moved.row().text(0)).isEqualTo("2");
            assertThat(moved.row().isUnchanged(1)).isTrue();
            assertThat(((Update) changes.get(1)).old()).isNull();
            assertThat(texts(((Delete) changes.get(2)).old())).containsExactly("2", null);

            Update full = (Update) changes.get(3);
            assertThat(full.relation().identity()).isEqualTo(Relation.Identity.FULL);
            assertThat(full.relation().columns()).allMatch(Relation.Column::inIdentity);
            assertThat(texts(full.old())).containsExactly("1", large);
            assertThat(full.row().isUnchanged(1)).isTrue();
            assertThat(texts(((Delete) changes.get(4)).old())).containsExactly("2", large);

            Update indexed = (Update) changes.get(5);
            assertThat(indexed.relation().identity()).isEqualTo(Relation.Identity.INDEX);
            assertThat(indexed.relation().columns())
                    .extracting(Relation.Column::inIdentity)
                    .containsExactly(false, true, false);
            assertThat(indexed.old()).isNull();
            assertThat(texts(((Update) changes.get(6)).old())).containsExactly(null, "b", null);
            assertThat(texts(((Delete) changes.get(7)).old())).containsExactly(null, "d", null);
        }
    }

    @Test
    void transactions_come_whole_in_order_with_their_origin_and_truncates() throws SQLException {
        database.run("SELECT pg_replication_origin_create('elsewhere')");
        long xid;
        try (Connection connection = database.open();
                Statement statement = connection.createStatement()) {
            connection.setAutoCommit(false);
            statement.execute("SELECT pg_replication_origin_session_setup('elsewhere')");
            statement.execute("INSERT INTO s.plain VALUES (10, 'a')");
            database.run("INSERT INTO s.plain VALUES (11, 'first')");
            statement.execute("TRUNCATE s.plain, s.by_index RESTART IDENTITY");
            xid = number(statement, "SELECT pg_current_xact_id()::text");
            connection.commit();
        }
        try (ChangeStream stream = capture.open(slot)) {
            List<StreamMessage> first = transaction(stream, "plain", "11");
            List<StreamMessage> second = transaction(stream, "plain", "10");

            Begin begin = (Begin) second.get(0);
            Commit commit = (Commit) second.get(second.size() - 1);
            assertThat(begin.xid()).isEqualTo(xid);
            assertThat(commit.commitLsn()).isEqualTo(begin.commitLsn());
            assertThat(commit.endLsn()).isGreaterThan(commit.commitLsn());
            assertThat(((Begin) first.get(0)).commitLsn()).isLessThan(begin.commitLsn());
            assertThat(second.get(1)).isEqualTo(new Origin("elsewhere"));
            assertThat(second.get(2)).isInstanceOf(Insert.class);
            Truncate truncate = (Truncate) second.get(3);
            assertThat(truncate.restartIdentity()).isTrue();
            assertThat(truncate.relations())
                    .extracting(Relation::name)
                    .containsExactlyInAnyOrder(new TableName("s", "plain"), new TableName("s", "by_index"));
        }
        database.run("SELECT pg_replication_origin_drop('elsewhere')");
    }

    private static long number(Statement statement, String query) throws SQLException {
        try (ResultSet row = statement.executeQuery(query)) {
            row.next();
            return row.getLong(1);
        }
    }

    @Test
    void what_is_not_acknowledged_is_sent_again_and_what_is_acknowledged_is_not() {
        database.run("INSERT INTO s.by_index VALUES (20, 'acknowledged', 1)");
        database.run("INSERT INTO s.by_index VALUES (21, 'not', 1)");
        long end;
        try (ChangeStream stream = capture.open(slot)) {
            List<StreamMessage> first = transaction(stream, "by_index", "20");
            Begin second = (Begin) transaction(stream, "by_index", "21").get(0);
            end = ((Commit) first.get(first.size() - 1)).endLsn();
            assertThat(second.commitLsn()).isGreaterThanOrEqualTo(end);
            stream.acknowledge(end);
            stream.acknowledge(end - 100); // never goes back
            await().untilAsserted(() ->
                    assertThat(capture.health().orElseThrow().confirmedLsn()).isEqualTo(end));
        }
        try (ChangeStream stream = capture.open(slot)) {
            assertThat(stream.confirmedLsn()).isEqualTo(end);
            Insert again = (Insert) changes(transaction(stream, "by_index")).get(0);
            assertThat(again.row().text(0)).isEqualTo("21");
        }
    }

    @Test
    void it_tells_how_far_the_source_is_where_nothing_concerns_us() {
        try (ChangeStream stream = capture.open(slot)) {
            database.run(
                    "INSERT INTO public.ignored SELECT max(id) + 1 FROM (SELECT id FROM public.ignored UNION SELECT 0) i");
            long written = WalPosition.of(database.text("SELECT pg_current_wal_flush_lsn()"));

            long told = 0;
            long begun = System.nanoTime();
            while (told < written && System.nanoTime() - begun < SOON.toNanos()) {
                Optional<StreamMessage> message = stream.next(SOON);
                if (message.isPresent() && message.get() instanceof KeepAlive alive) {
                    assertThat(alive.lsn()).isGreaterThan(told);
                    told = alive.lsn();
                }
            }
            assertThat(told).isGreaterThanOrEqualTo(written);
            assertThat(capture.health().orElseThrow().confirmedLsn()).isEqualTo(stream.confirmedLsn());
        }
    }

    @Test
    void next_comes_back_in_time_and_cancel_ends_it() throws Exception {
        ChangeStream stream = capture.open(slot);
        long begun = System.nanoTime();
        while (stream.next(Duration.ofMillis(300)).isPresent()) {
            begun = System.nanoTime();
        }
        assertThat(Duration.ofNanos(System.nanoTime() - begun))
                .isBetween(Duration.ofMillis(300), Duration.ofSeconds(3));

        CompletableFuture<Void> reading = CompletableFuture.runAsync(() -> {
            while (true) {
                stream.next(Duration.ofMinutes(1));
            }
        });
        stream.cancel();
        assertThatThrownBy(() -> reading.get(5, TimeUnit.SECONDS))
                .hasCauseInstanceOf(GodwitException.class)
                .hasMessageContaining("was cancelled");
        stream.close();
    }

    @Test
    void a_slot_that_is_read_is_busy_and_is_not_dropped() {
        try (ChangeStream stream = capture.open(slot)) {
            assertThat(stream.next(Duration.ZERO)).isNotNull();
            assertThatThrownBy(() -> capture.open(slot)).satisfies(code(ErrorCode.SOURCE_SLOT_BUSY));
            assertThatThrownBy(capture::drop).satisfies(code(ErrorCode.SOURCE_SLOT_BUSY));
            assertThat(capture.health().orElseThrow().active()).isTrue();
        }
        await().until(() -> !capture.health().orElseThrow().active());
    }

    @Test
    void a_session_that_the_server_ends_is_an_error() {
        try (ChangeStream stream = capture.open(slot)) {
            database.run("SELECT pg_terminate_backend(active_pid) FROM pg_replication_slots WHERE slot_name = '"
                    + slot.name() + "'");
            assertThatThrownBy(() -> {
                        while (true) {
                            stream.next(SOON);
                        }
                    })
                    .satisfies(code(ErrorCode.SOURCE_UNREACHABLE));
        }
    }

    /** A commit that waits for a standby which is not there is in the log, and in no snapshot. */
    @Test
    void a_commit_is_sent_before_it_is_visible() throws Exception {
        database.run("ALTER SYSTEM SET synchronous_standby_names = 'nobody'", "SELECT pg_reload_conf()");
        await().until(() -> database.text("SHOW synchronous_standby_names").equals("nobody"));
        CompletableFuture<Void> committing = CompletableFuture.runAsync(
                () -> database.run("SET synchronous_commit = on; INSERT INTO s.by_index VALUES (30, 'hangs', 1)"));
        try (ChangeStream stream = capture.open(slot)) {
            Begin begin = (Begin) transaction(stream, "by_index", "30").get(0);

            assertThat(database.number("SELECT count(*) FROM pg_stat_activity WHERE wait_event = 'SyncRep'"))
                    .isOne();
            assertThat(database.number("SELECT count(*) FROM s.by_index WHERE a = 30"))
                    .isZero();
            ChangeSource.Moment moment = capture.moment();
            assertThat(Visibility.of(moment.snapshot()).sees(begin.xid())).isFalse();
            assertThat(moment.lsn()).isGreaterThan(begin.commitLsn());
        } finally {
            database.run(
                    "SELECT pg_cancel_backend(pid) FROM pg_stat_activity WHERE wait_event = 'SyncRep'",
                    "ALTER SYSTEM RESET synchronous_standby_names",
                    "SELECT pg_reload_conf()");
        }
        committing.get();
        assertThat(database.number("SELECT count(*) FROM s.by_index WHERE a = 30"))
                .isOne();
    }

    @Test
    void a_range_reader_knows_a_position_of_after_its_snapshot() {
        database.run("INSERT INTO s.plain VALUES (40, 'a')");
        long before = WalPosition.of(database.text("SELECT pg_current_wal_insert_lsn()"));
        try (RangeReader reader = source.read(spec("plain"), new ShardRange.Whole(), Optional.empty())) {
            assertThat(reader.lsn()).isGreaterThanOrEqualTo(before);
            database.run("INSERT INTO s.plain VALUES (41, 'b')");
            assertThat(reader.lsn()).isGreaterThan(before);
            assertThat(SourceServer.readAll(reader)).isNotEmpty();
        }
        database.run("DELETE FROM s.plain");
    }

    @Test
    void a_row_is_told_as_it_is_now_or_that_it_is_not_there() {
        database.run("INSERT INTO s.by_index VALUES (50, 'it''s', NULL)");
        TableSpec table = spec("by_index");

        RowNow there = capture.row(table, List.of("it's"));
        RowNow gone = capture.row(table, List.of("gone"));

        assertThat(there.values().orElseThrow()).containsExactly("50", "it's", null);
        assertThat(Visibility.of(there.moment().snapshot()).xmax()).isPositive();
        assertThat(there.moment().lsn()).isPositive();
        assertThat(gone.values()).isEmpty();
    }

    private static TableSpec spec(String name) {
        return tables.stream()
                .filter(table -> table.name().name().equals(name))
                .findFirst()
                .orElseThrow();
    }

    private static List<Change> changes(List<StreamMessage> transaction) {
        return transaction.stream()
                .filter(Change.class::isInstance)
                .map(Change.class::cast)
                .toList();
    }

    /** The next transaction whose first change is one of this table, and of a row with this first value if it is given. */
    private static List<StreamMessage> transaction(ChangeStream stream, String table, String... firstValue) {
        List<StreamMessage> messages = new ArrayList<>();
        long begun = System.nanoTime();
        while (System.nanoTime() - begun < SOON.toNanos()) {
            Optional<StreamMessage> message = stream.next(Duration.ofMillis(500));
            if (message.isEmpty() || message.get() instanceof KeepAlive) {
                continue;
            }
            messages.add(message.get());
            if (message.get() instanceof Commit) {
                if (begins(messages, table, firstValue)) {
                    return messages;
                }
                messages.clear();
            }
        }
        throw new AssertionError("no such transaction came");
    }

    private static boolean begins(List<StreamMessage> messages, String table, String... firstValue) {
        return changes(messages).stream()
                .limit(1)
                .anyMatch(change -> change instanceof Insert insert
                        ? insert.relation().name().name().equals(table)
                                && (firstValue.length == 0
                                        || insert.row().text(0).equals(firstValue[0]))
                        : change instanceof Update update
                                && update.relation().name().name().equals(table)
                                && firstValue.length == 0);
    }

    private static List<String> texts(Tuple tuple) {
        List<String> texts = new ArrayList<>();
        for (int i = 0; i < tuple.size(); i++) {
            texts.add(tuple.text(i));
        }
        return texts;
    }

    /** The row by COPY in a session of ours, as text. */
    private static List<String> copied(TableSpec table, String id) throws Exception {
        try (PostgresConnections connections = database.connections();
                Connection session = connections.open()) {
            ByteArrayOutputStream bytes = new ByteArrayOutputStream();
            session.unwrap(PGConnection.class)
                    .getCopyAPI()
                    .copyOut(
                            "COPY (SELECT "
                                    + Sql.idents(table.columns().stream()
                                            .map(ColumnSpec::name)
                                            .toList())
                                    + " FROM " + Sql.table(table.name()) + " WHERE id = " + id + ") TO STDOUT",
                            bytes);
            String line = bytes.toString(StandardCharsets.UTF_8);
            List<String> values = new ArrayList<>();
            for (String value : line.substring(0, line.length() - 1).split("\t", -1)) {
                values.add(
                        value.equals("\\N") ? null : value.replace("\\t", "\t").replace("\\\\", "\\"));
            }
            return values;
        }
    }

    private static Consumer<Throwable> code(ErrorCode code) {
        return e -> assertThat(((GodwitException) e).code()).isEqualTo(code);
    }
}
