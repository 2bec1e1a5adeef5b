package dev.godwit.node.postgres;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.awaitility.Awaitility.await;

import dev.godwit.node.capture.StreamMessage;
import dev.godwit.node.source.ChangeSource;
import dev.godwit.node.source.ChangeSource.SlotHealth;
import dev.godwit.node.source.ChangeStream;
import dev.godwit.protocol.error.ErrorCode;
import dev.godwit.protocol.error.GodwitException;
import dev.godwit.protocol.event.CaptureSlot;
import dev.godwit.protocol.plan.Plan;
import dev.godwit.protocol.table.TableSpec;
import java.sql.Connection;
import java.sql.SQLException;
import java.sql.Statement;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import java.util.concurrent.CompletableFuture;
import java.util.function.Consumer;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;
import org.postgresql.PGConnection;

class ChangeSourceTest {
    private static final Optional<CaptureSlot> NONE = Optional.empty();

    private static CaptureServer.Database database;
    private static PostgresConnections connections;
    private static List<TableSpec> tables;

    private final CaptureNames names = new CaptureNames("godwit_shop_0");
    private final ChangeSource capture = new PostgresChangeSource(connections, names, false, Duration.ofSeconds(20));
    private final ChangeSource impatient = new PostgresChangeSource(connections, names, false, Duration.ofMillis(400));

    @BeforeAll
    static void tables() {
        database = CaptureServer.database();
        database.run(
                "CREATE SCHEMA s",
                "CREATE TABLE s.a (id int PRIMARY KEY, v text)",
                "CREATE TABLE s.parent (id int PRIMARY KEY)",
                "CREATE TABLE s.child () INHERITS (s.parent)",
                "ALTER TABLE s.child ADD PRIMARY KEY (id)",
                "CREATE TABLE s.root (id int PRIMARY KEY) PARTITION BY RANGE (id)",
                "CREATE TABLE s.\"le\"\"af\" PARTITION OF s.root DEFAULT",
                "CREATE TABLE public.other (id int PRIMARY KEY)");
        connections = database.connections();
        try (PostgresSource source = database.source("postgres")) {
            tables = source.tables(database.plan("shop", "s.*"));
        }
    }

    @AfterEach
    void drop() {
        await().ignoreExceptions().untilAsserted(capture::drop);
    }

    @AfterAll
    static void close() {
        connections.close();
    }

    @Test
    void a_publication_of_exactly_the_tables_and_a_slot_are_made_once() {
        CaptureSlot slot = capture.prepare(tables, NONE);
        SlotHealth health = capture.health().orElseThrow();

        assertThat(slot.name()).isEqualTo("godwit_shop_0");
        assertThat(slot.systemIdentifier())
                .isEqualTo(database.text("SELECT system_identifier FROM pg_control_system()"));
        assertThat(slot.timeline()).isOne();
        assertThat(published()).containsExactly("s.a", "s.child", "s.le\"af", "s.parent");
        assertThat(health.active()).isFalse();
        assertThat(health.walStatus()).isEqualTo("reserved");
        assertThat(health.safeBytes()).isEqualTo(-1);
        assertThat(health.confirmedLsn()).isPositive();
        assertThat(health.retainedBytes()).isNotNegative();

        assertThat(capture.prepare(tables, Optional.of(slot))).isEqualTo(slot);
        assertThat(capture.prepare(tables, NONE)).isEqualTo(slot);
        assertThat(capture.health().orElseThrow().confirmedLsn()).isEqualTo(health.confirmedLsn());
    }

    @Test
    void changes_of_leaves_and_children_come_under_their_own_names() {
        CaptureSlot slot = capture.prepare(tables, NONE);
        database.run("INSERT INTO s.root VALUES (1); INSERT INTO s.child VALUES (2); DELETE FROM s.parent;"
                + " DELETE FROM s.root; INSERT INTO public.other VALUES (1); DELETE FROM public.other");
        try (ChangeStream stream = capture.open(slot)) {
            List<String> changed = new ArrayList<>();
            Optional<StreamMessage> message = stream.next(Duration.ofSeconds(5));
            while (message.isPresent() && !(message.get() instanceof StreamMessage.Commit)) {
                if (message.get() instanceof StreamMessage.Insert insert) {
                    changed.add("+" + insert.relation().name().text());
                } else if (message.get() instanceof StreamMessage.Delete delete) {
                    changed.add("-" + delete.relation().name().text());
                }
                message = stream.next(Duration.ofSeconds(5));
            }
            assertThat(changed).containsExactly("+s.le\"af", "+s.child", "-s.child", "-s.le\"af");
        }
    }

    @Test
    void a_mark_is_a_commit_in_the_stream_and_messages_of_others_are_none() {
        ChangeSource beating = new PostgresChangeSource(connections, names, true, Duration.ofSeconds(20));
        CaptureSlot slot = capture.prepare(tables, NONE);
        try (ChangeStream stream = beating.open(slot)) {
            database.run("SELECT pg_logical_emit_message(false, 'another', repeat('x', 10000))");
            SlotHealth before = capture.health().orElseThrow();
            beating.beat();
            SlotHealth after = capture.health().orElseThrow();

            List<StreamMessage> told = new ArrayList<>();
            await().until(() -> {
                stream.next(Duration.ofMillis(100))
                        .filter(message -> !(message instanceof StreamMessage.KeepAlive))
                        .ifPresent(told::add);
                return told.size() == 2;
            });
            StreamMessage.Begin begin = (StreamMessage.Begin) told.get(0);
            StreamMessage.Commit commit = (StreamMessage.Commit) told.get(1);
            assertThat(begin.commitMicros()).isBetween(before.atMicros(), after.atMicros());
            assertThat(commit.endLsn()).isBetween(before.flushedLsn(), after.flushedLsn());
        }
    }

    @Test
    void a_publication_of_that_name_is_made_what_it_should_be_before_the_slot_only() {
        for (String odd : List.of(
                "CREATE PUBLICATION godwit_shop_0 FOR ALL TABLES",
                "CREATE PUBLICATION godwit_shop_0 FOR TABLE public.other, s.a (id), s.child WHERE (id > 1)",
                "CREATE PUBLICATION godwit_shop_0 FOR TABLES IN SCHEMA s",
                "CREATE PUBLICATION godwit_shop_0 FOR TABLE s.a WITH (publish = 'insert')",
                "CREATE PUBLICATION godwit_shop_0 FOR TABLE s.root WITH (publish_via_partition_root)")) {
            database.run(odd);
            impatient.prepare(tables, NONE);
            assertThat(published()).containsExactly("s.a", "s.child", "s.le\"af", "s.parent");
            capture.drop();
        }
        CaptureSlot slot = capture.prepare(tables, NONE);
        database.run("ALTER PUBLICATION godwit_shop_0 ADD TABLE public.other");

        for (Optional<CaptureSlot> known : List.of(NONE, Optional.of(slot))) {
            assertThatThrownBy(() -> capture.prepare(tables, known))
                    .satisfies(code(ErrorCode.SOURCE_SLOT_LOST))
                    .hasMessageContaining("has the tables public.other too");
        }
        database.run("ALTER PUBLICATION godwit_shop_0 SET TABLE s.a");
        assertThatThrownBy(() -> capture.prepare(tables, Optional.of(slot))).hasMessageContaining("is without s.child");
        database.run("DROP PUBLICATION godwit_shop_0");
        assertThatThrownBy(() -> capture.prepare(tables, Optional.of(slot))).hasMessageContaining("is not there");
    }

    @Test
    void a_transaction_that_runs_keeps_the_slot_from_being_made_and_none_stays() throws SQLException {
        try (Connection busy = writing("INSERT INTO s.a VALUES (1, 'secret')")) {
            assertThatThrownBy(() -> impatient.prepare(tables, NONE))
                    .satisfies(code(ErrorCode.SOURCE_BUSY_TRANSACTIONS))
                    .hasMessageContaining("process " + pid(busy) + ", begun ")
                    .hasMessageNotContaining("secret");
            assertThat(capture.health()).isEmpty();
            assertThat(database.number("SELECT count(*) FROM pg_replication_slots WHERE slot_name = 'godwit_shop_0'"))
                    .isZero();
            busy.rollback();
        }
        impatient.prepare(tables, NONE);
    }

    @Test
    void a_table_that_is_being_altered_keeps_the_publication_from_being_made() throws SQLException {
        try (Connection altering = writing("LOCK TABLE s.child IN SHARE UPDATE EXCLUSIVE MODE")) {
            assertThatThrownBy(() -> impatient.prepare(tables, NONE))
                    .satisfies(code(ErrorCode.SOURCE_BUSY_TRANSACTIONS));
            altering.rollback();
        }
        impatient.prepare(tables, NONE);
    }

    /** The slot is there and was never told to be: what a node leaves that dies in between. */
    @Test
    void a_slot_that_was_never_reported_is_waited_for_again() throws SQLException {
        capture.prepare(tables, NONE);
        try (Connection busy = writing("INSERT INTO s.a VALUES (2, 'b')")) {
            assertThatThrownBy(() -> impatient.prepare(tables, NONE))
                    .satisfies(code(ErrorCode.SOURCE_BUSY_TRANSACTIONS))
                    .hasMessageContaining("process " + pid(busy));
            busy.rollback();
        }
        try (Connection preparing = writing("INSERT INTO s.a VALUES (3, 'c')");
                Statement statement = preparing.createStatement()) {
            statement.execute("PREPARE TRANSACTION 'p'");
            assertThatThrownBy(() -> impatient.prepare(tables, NONE)).hasMessageContaining("a prepared transaction");
            preparing.setAutoCommit(true);
            statement.execute("ROLLBACK PREPARED 'p'");
        }
        try (Connection later = writing("SELECT 1")) {
            assertThat(later.isClosed()).isFalse();
            impatient.prepare(tables, NONE); // it has no id: nothing that could be missed
        }
    }

    /** Its commit is before the slot's first position, which no stream will send, and no snapshot sees it yet. */
    @Test
    void a_commit_that_is_in_the_log_and_not_visible_is_waited_for() throws Exception {
        database.run("ALTER SYSTEM SET synchronous_standby_names = 'nobody'", "SELECT pg_reload_conf()");
        await().until(() -> database.text("SHOW synchronous_standby_names").equals("nobody"));
        CompletableFuture<Void> committing = CompletableFuture.runAsync(
                () -> database.run("SET synchronous_commit = on; INSERT INTO s.a VALUES (4, 'hangs')"));
        try {
            await().until(() ->
                    database.number("SELECT count(*) FROM pg_stat_activity WHERE wait_event = 'SyncRep'") == 1);
            assertThatThrownBy(() -> impatient.prepare(tables, NONE))
                    .satisfies(code(ErrorCode.SOURCE_BUSY_TRANSACTIONS))
                    .hasMessageContaining("its commit waits for a synchronous standby");
        } finally {
            database.run(
                    "ALTER SYSTEM RESET synchronous_standby_names",
                    "SELECT pg_cancel_backend(pid) FROM pg_stat_activity WHERE wait_event = 'SyncRep'",
                    "SELECT pg_reload_conf()");
        }
        committing.get();
        impatient.prepare(tables, NONE);
        assertThat(database.number("SELECT count(*) FROM s.a WHERE id = 4")).isOne();
    }

    @Test
    void a_slot_that_is_gone_or_of_another_server_is_lost() {
        CaptureSlot slot = capture.prepare(tables, NONE);
        CaptureSlot elsewhere = new CaptureSlot(slot.name(), slot.publication(), "17", slot.timeline());
        CaptureSlot before = new CaptureSlot(slot.name(), slot.publication(), slot.systemIdentifier(), 7);

        for (CaptureSlot wrong : List.of(elsewhere, before)) {
            assertThatThrownBy(() -> capture.prepare(tables, Optional.of(wrong)))
                    .satisfies(code(ErrorCode.SOURCE_SLOT_LOST));
            assertThatThrownBy(() -> capture.open(wrong)).satisfies(code(ErrorCode.SOURCE_SLOT_LOST));
        }
        capture.drop();
        assertThat(capture.health()).isEmpty();
        assertThatThrownBy(() -> capture.prepare(tables, Optional.of(slot)))
                .satisfies(code(ErrorCode.SOURCE_SLOT_LOST))
                .hasMessageContaining("is not there any more");
        assertThatThrownBy(() -> capture.open(slot)).satisfies(code(ErrorCode.SOURCE_SLOT_LOST));
        assertThat(capture.health()).isEmpty();
    }

    @Test
    void a_slot_whose_log_the_source_has_given_up_is_lost() {
        CaptureSlot slot = capture.prepare(tables, NONE);
        database.run("ALTER SYSTEM SET max_slot_wal_keep_size = '1MB'", "SELECT pg_reload_conf()");
        try {
            await().untilAsserted(() -> {
                database.run("SELECT pg_logical_emit_message(false, 'x', 'y'), pg_switch_wal()", "CHECKPOINT");
                assertThat(capture.health().orElseThrow().walStatus()).isEqualTo("lost");
            });
            assertThatThrownBy(() -> capture.prepare(tables, Optional.of(slot)))
                    .satisfies(code(ErrorCode.SOURCE_SLOT_LOST))
                    .hasMessageContaining("wal_removed");
            assertThatThrownBy(() -> capture.open(slot)).satisfies(code(ErrorCode.SOURCE_SLOT_LOST));
        } finally {
            database.run("ALTER SYSTEM RESET max_slot_wal_keep_size", "SELECT pg_reload_conf()");
        }
    }

    @Test
    void a_slot_of_that_name_that_is_not_ours_is_left_alone() {
        database.run("SELECT pg_create_physical_replication_slot('godwit_shop_0')");
        try {
            assertThatThrownBy(() -> capture.prepare(tables, NONE)).satisfies(code(ErrorCode.SOURCE_SLOTS));
            assertThatThrownBy(capture::drop).satisfies(code(ErrorCode.SOURCE_SLOTS));
            assertThat(capture.health()).isEmpty();
        } finally {
            database.run("SELECT pg_drop_replication_slot('godwit_shop_0')");
        }
    }

    @Test
    void a_role_without_rights_is_told_which() {
        database.run("CREATE ROLE powerless LOGIN", "GRANT USAGE ON SCHEMA s TO powerless");
        try (PostgresConnections others =
                new PostgresConnections(database.address("powerless"), Side.SOURCE, "godwit test", 2)) {
            assertThatThrownBy(() -> new PostgresChangeSource(others, names, false).prepare(tables, NONE))
                    .satisfies(code(ErrorCode.SOURCE_PRIVILEGE_MISSING))
                    .hasMessageContaining("REPLICATION");
            database.run("ALTER ROLE powerless REPLICATION");
            assertThatThrownBy(() -> new PostgresChangeSource(others, names, false).prepare(tables, NONE))
                    .satisfies(code(ErrorCode.SOURCE_PRIVILEGE_MISSING))
                    .hasMessageContaining("CREATE on the database");
        }
    }

    @Test
    void names_are_fit_for_postgresql_and_tell_migrations_targets_and_databases_apart() {
        CaptureNames shop = CaptureNames.of(database.plan("shop", "s.*"));
        CaptureNames again = CaptureNames.of(database.plan("shop", "t.*"));
        CaptureNames odd = CaptureNames.of(database.plan("a-b", "s.*"));
        CaptureNames even = CaptureNames.of(database.plan("a_b", "s.*"));
        CaptureNames longest = CaptureNames.of(database.plan("x".repeat(63), "s.*"));
        Plan elsewhere = CaptureServer.database().plan("shop", "s.*");

        assertThat(shop.slot()).matches("godwit_shop_[0-9a-f]{8}").isEqualTo(shop.publication());
        assertThat(again).isEqualTo(shop);
        assertThat(odd.slot()).matches("godwit_a_b_[0-9a-f]{8}").isNotEqualTo(even.slot());
        assertThat(longest.slot()).hasSize(63).matches("[a-z0-9_]+");
        assertThat(CaptureNames.of(elsewhere)).isNotEqualTo(shop);
    }

    private static List<String> published() {
        return database.texts("SELECT schemaname || '.' || tablename FROM pg_publication_tables"
                + " WHERE pubname = 'godwit_shop_0' ORDER BY 1");
    }

    private static Connection writing(String sql) throws SQLException {
        Connection connection = database.open();
        connection.setAutoCommit(false);
        try (Statement statement = connection.createStatement()) {
            statement.execute(sql);
        }
        return connection;
    }

    private static int pid(Connection connection) throws SQLException {
        return connection.unwrap(PGConnection.class).getBackendPID();
    }

    private static Consumer<Throwable> code(ErrorCode code) {
        return e -> assertThat(((GodwitException) e).code()).isEqualTo(code);
    }
}
