package dev.godwit.node.online;

import static org.assertj.core.api.Assertions.assertThat;
import static org.awaitility.Awaitility.await;

import dev.godwit.node.cluster.Api;
import dev.godwit.node.cluster.Database;
import dev.godwit.node.cluster.NodeJvm;
import dev.godwit.node.cluster.Postgres;
import dev.godwit.node.cluster.TestCluster;
import dev.godwit.protocol.error.ErrorCode;
import dev.godwit.protocol.error.Problem;
import dev.godwit.protocol.event.MigrationEvent.SlotNearLimit;
import dev.godwit.protocol.event.MigrationEvent.SlotSafe;
import dev.godwit.protocol.status.CaptureStatus;
import dev.godwit.protocol.status.ChangeCounts;
import dev.godwit.protocol.status.CountedChanges;
import dev.godwit.protocol.status.Health;
import dev.godwit.protocol.status.MigrationStatus;
import dev.godwit.protocol.status.Phase;
import dev.godwit.protocol.status.TableStatus;
import java.sql.Connection;
import java.sql.SQLException;
import java.sql.Statement;
import java.time.Duration;
import java.util.List;
import java.util.Random;
import org.junit.jupiter.api.Test;

/**
 * The source is written all the while, and in the end both sides are equal. {@code -Dgodwit.online.seed=N} for the same
 * writes and the same kills again; the seed is printed.
 */
class OnlineTest extends OnlineCluster {
    private static final long SEED = Long.getLong("godwit.online.seed", System.nanoTime() % 1_000_000);
    private static final int ROWS = 4000;

    /** A tenth of what a session takes without a limit, and more than the load writes in a second. */
    private static final long SLOW_BYTES_PER_SECOND = 1 << 20;

    private WriteLoad load(int writers, int hanging, int pauseMillis) {
        return WriteLoad.start(databases.source(), new WriteLoad.Settings(SEED, ROWS, writers, hanging, pauseMillis));
    }

    /** Lets the load go on for a while when the rows are there, stops it, and compares. */
    private void assertEqualInTheEnd(Api api, WriteLoad load) {
        InStep.awaitCopied(api, migration, ENOUGH);
        databases.fast();
        long before = load.tally().of(Tally.Ending.COMMITTED);
        await().atMost(ENOUGH).until(() -> load.tally().of(Tally.Ending.COMMITTED) > before + 200);
        // Also while it is written there is a moment up to which everything is there.
        InStep.awaitSync(api, migration, ENOUGH);
        System.out.println(load.stop());
        assertEqualInTheEnd(api);
    }

    @Test
    void a_source_that_rests_is_in_step_at_once_and_each_later_change_follows() {
        WriteLoad.create(databases.source(), 200);
        Api api = cluster.api();
        api.submit(plan().withLimit("heartbeatSeconds: 1"));
        assertEqualInTheEnd(api);
        long transactions = transactions();
        await("marks in the log that nobody else writes").atMost(ENOUGH).until(() -> transactions() > transactions + 1);

        databases.source().run("UPDATE account SET version = version + 1; DELETE FROM line WHERE number < 100");

        assertThat(databases.source().number("SELECT min(version) FROM account"))
                .isEqualTo(1);
        assertEqualInTheEnd(api);
        long updates = databases.source().number("SELECT count(*) FROM account");
        assertChangesOf("account", api, new ChangeCounts(0, updates, 0, 0));
    }

    /** The next transaction's number. */
    private long transactions() {
        return databases.source().number("SELECT pg_snapshot_xmax(pg_current_snapshot())::text::bigint");
    }

    @Test
    void the_time_behind_is_true_where_the_source_is_busy_elsewhere_and_where_the_target_waits() throws SQLException {
        Database source = databases.source();
        source.fill("item", 100, 100);
        source.run("CREATE SCHEMA elsewhere", "CREATE TABLE elsewhere.log (line text)");
        Api api = cluster.api();
        api.submit(plan());
        api.awaitPhase(migration, Phase.IN_STEP, ENOUGH);
        try (Connection busy = databases.target().connect();
                Statement statement = busy.createStatement()) {
            busy.setAutoCommit(false);
            statement.execute("LOCK TABLE item");
            source.run("UPDATE item SET version = 1 WHERE id = 1");
            long began = System.nanoTime();
            await("what waits grows old").atMost(ENOUGH).until(() -> secondsBehind(api), behind -> behind > 3);
            assertThat(secondsBehind(api)).isLessThan((System.nanoTime() - began) / 1e9 + 3);
            busy.rollback();
        }
        await("nothing waits").atMost(ENOUGH).until(() -> {
            source.run("INSERT INTO elsewhere.log SELECT repeat('x', 1000) FROM generate_series(1, 1000)");
            double behind = secondsBehind(api);
            return behind >= 0 && behind < 2.5;
        });
        source.run("DROP SCHEMA elsewhere CASCADE"); // no part of the plan
        assertEqualInTheEnd(api);
    }

    private double secondsBehind(Api api) {
        return api.status(migration).capture().secondsBehind();
    }

    /** Of a table that was not written while it was copied. */
    private void assertChangesOf(String table, Api api, ChangeCounts expected) {
        await("the counts of " + table)
                .atMost(ENOUGH)
                .untilAsserted(() -> assertThat(api.tables(migration))
                        .filteredOn(status -> status.table().endsWith("." + table))
                        .extracting(TableStatus::changes)
                        .containsExactly(new CountedChanges(expected, expected)));
    }

    @Test
    void what_is_in_step_can_be_completed_and_leaves_nothing_at_the_source() {
        WriteLoad.create(databases.source(), 200);
        Api api = cluster.api();
        api.submit(plan());
        InStep.awaitSync(api, migration, ENOUGH);
        databases.source().run("DELETE FROM line WHERE number < 100");
        api.awaitPhase(migration, Phase.IN_STEP, ENOUGH);

        api.act(migration, "complete");

        databases.assertEqual(); // it was let go only when everything was there
        ended = true;
        await("the end of the slot").atMost(ENOUGH).until(() -> slots() == 0);
        assertThat(api.status(migration).phase()).isEqualTo(Phase.COMPLETED);
    }

    @Test
    void a_slot_that_was_made_anew_is_not_taken_for_the_one_that_was_there() {
        Database source = databases.source();
        WriteLoad.create(source, 200);
        Api api = cluster.api();
        api.submit(plan());
        InStep.awaitSync(api, migration, ENOUGH);
        api.act(migration, "pause");
        await("the reader's rest").atMost(ENOUGH).until(() -> slots("AND active") == 0);
        String slot = source.text("SELECT slot_name FROM pg_replication_slots WHERE database = current_database()");

        source.run(
                "SELECT pg_drop_replication_slot('" + slot + "')",
                "UPDATE account SET version = version + 1",
                "SELECT pg_create_logical_replication_slot('" + slot + "', 'pgoutput')");
        api.act(migration, "resume");

        await("the changes halt")
                .atMost(ENOUGH)
                .until(() -> api.status(migration).problems().stream()
                        .anyMatch(problem -> problem.code() == ErrorCode.SOURCE_SLOT_LOST));
    }

    @Test
    void a_log_that_comes_near_its_limit_holds_the_copy_up_and_one_that_is_thrown_away_ends_it() throws SQLException {
        Database source = databases.source();
        source.fill("item", 8000, 1000);
        databases.toTarget().rate(96 << 10);
        source.run("ALTER SYSTEM SET max_slot_wal_keep_size = '128MB'", "SELECT pg_reload_conf()");
        Api api = cluster.api();
        try {
            api.submit(plan());
            awaitLanded(1);
            try (Connection busy = source.connect();
                    Statement statement = busy.createStatement()) {
                busy.setAutoCommit(false);
                statement.execute("INSERT INTO item VALUES (-1, 1, 'never')"); // the slot can't begin behind it
                log(7);
                await("the copy is held up").atMost(ENOUGH).until(() -> {
                    MigrationStatus status = api.status(migration);
                    return alarms(status).contains(ErrorCode.SOURCE_SLOT_NEAR_LIMIT) && status.shardsRunning() == 0;
                });
                long landed = databases.landedShards();
                await("nothing lands")
                        .during(Duration.ofSeconds(2))
                        .atMost(ENOUGH)
                        .until(() -> databases.landedShards() == landed);
                MigrationStatus held = api.status(migration);
                assertThat(held.phase()).isEqualTo(Phase.COPYING);
                assertThat(held.health()).isEqualTo(Health.DEGRADED);
                assertThat(held.reason()).contains("The source keeps");
                busy.rollback();
            }
            await("the end of the alarm").atMost(ENOUGH).until(() -> {
                source.run("SELECT pg_log_standby_snapshot()"); // where the slot may begin again, else told every 15 s
                return alarms(api.status(migration)).isEmpty();
            });
            databases.fast();
            assertEqualInTheEnd(api);
            assertThat(alarmEvents()).containsExactly(SlotNearLimit.class, SlotSafe.class);

            api.act(migration, "pause");
            await("the reader's rest").atMost(ENOUGH).until(() -> slots("AND active") == 0);
            log(8);
            await("the alarm while it rests")
                    .atMost(ENOUGH)
                    .until(() -> alarms(api.status(migration)).contains(ErrorCode.SOURCE_SLOT_NEAR_LIMIT));
            log(4);
            source.run("CHECKPOINT");
            await("the changes halt").atMost(ENOUGH).until(() -> {
                MigrationStatus status = api.status(migration);
                return alarms(status).isEmpty()
                        && status.problems().stream().anyMatch(problem -> problem.code() == ErrorCode.SOURCE_SLOT_LOST);
            });
            assertThat(api.status(migration).phase()).isEqualTo(Phase.PAUSED);
        } finally {
            source.run("ALTER SYSTEM RESET max_slot_wal_keep_size", "SELECT pg_reload_conf()");
        }
    }

    /** Fills so many files of the source's log, of 16 MiB each. */
    private void log(int files) {
        for (int i = 0; i < files; i++) {
            databases.source().run("SELECT pg_logical_emit_message(false, 'filler', 'x'), pg_switch_wal()");
        }
    }

    private static List<ErrorCode> alarms(MigrationStatus status) {
        return status.alarms().stream().map(Problem::code).toList();
    }

    private List<Class<?>> alarmEvents() {
        return cluster.journal().migration(migration).stream()
                .filter(event -> event instanceof SlotNearLimit || event instanceof SlotSafe)
                .<Class<?>>map(Object::getClass)
                .toList();
    }

    @Test
    void everything_that_is_written_meanwhile_arrives() {
        WriteLoad.create(databases.source(), ROWS);
        databases.slow(SLOW_BYTES_PER_SECOND);
        Api api = cluster.api();
        try (WriteLoad load = load(4, 0, 10)) {
            api.submit(plan());
            assertEqualInTheEnd(api, load);
        }
    }

    @Test
    void nothing_is_lost_or_done_twice_though_nodes_are_killed() {
        WriteLoad.create(databases.source(), ROWS);
        databases.slow(SLOW_BYTES_PER_SECOND);
        Api api = cluster.api();
        Random random = new Random(SEED);
        try (WriteLoad load = load(4, 0, 10)) {
            api.submit(plan());
            killOne(random, random.nextInt(8));
            killOne(random, 12 + random.nextInt(12));
            assertEqualInTheEnd(api, load);
        }
    }

    private void killOne(Random random, long landed) {
        awaitLanded(landed);
        List<NodeJvm> nodes = cluster.living();
        NodeJvm victim = nodes.get(random.nextInt(nodes.size()));
        System.out.println(victim + " dies after " + landed + " shards, seed " + SEED);
        victim.kill();
        cluster.startOne();
    }

    @Test
    void nothing_is_lost_or_done_twice_though_commits_are_sent_long_before_they_are_visible() {
        WriteLoad.create(databases.source(), ROWS);
        databases.slow(SLOW_BYTES_PER_SECOND);
        databases.source().run("ALTER SYSTEM SET synchronous_standby_names = 'nobody'", "SELECT pg_reload_conf()");
        Api api = cluster.api();
        try (WriteLoad load = load(2, 6, 5)) {
            api.submit(plan());
            assertEqualInTheEnd(api, load);
            assertThat(load.tally().of(Tally.Ending.HUNG)).isGreaterThan(50);
        } finally {
            databases.source().run("ALTER SYSTEM RESET synchronous_standby_names", "SELECT pg_reload_conf()");
        }
    }

    @Test
    void a_transaction_that_is_far_bigger_than_the_heap_goes_through() {
        databases.source().fill("item", 20_000, 200);
        databases.slow(256 << 10);
        try (TestCluster small =
                new TestCluster("online-small", Postgres.target().database("state")).withHeap("128m")) {
            NodeJvm node = small.startOne();
            Api api = small.api();
            api.submit(plan().withMemoryPerNode("16MiB"));
            awaitLanded(2);

            databases
                    .source()
                    .run("INSERT INTO item SELECT i, 1, repeat(md5(i::text), 16) FROM generate_series(20001, 320000) i;"
                            + "UPDATE item SET version = 2 WHERE id % 10 = 0");
            databases.fast();
            InStep.awaitSync(api, migration, ENOUGH);

            databases.assertEqual();
            assertThat(node.alive()).isTrue();
            assertThat(small.errors()).isEmpty();
            end(api);
        }
    }

    @Test
    void a_table_that_is_emptied_in_mid_copy_has_in_the_end_what_came_afterwards() {
        Database source = databases.source();
        source.fill("item", 8000, 1000);
        source.fill("other", 2000, 200);
        databases.slow(100_000);
        Api api = cluster.api();
        api.submit(plan());
        awaitLanded(4);

        // It waits for the shards that are being read, and later ones wait for it.
        source.run("TRUNCATE item; INSERT INTO item SELECT i * 20, 1, 'after' FROM generate_series(1, 300) i;"
                + " UPDATE other SET version = 1 WHERE id % 7 = 0");
        source.run("INSERT INTO item SELECT i * 20 + 1, 2, 'later' FROM generate_series(1, 300) i");
        assertThat(InStep.isCopied(api, migration)).as("it was in mid-copy").isFalse();
        databases.fast();

        assertEqualInTheEnd(api);
        assertThat(databases.target().number("SELECT count(*) FROM item")).isEqualTo(600);
    }

    @Test
    void a_long_copy_holds_neither_an_old_snapshot_nor_much_of_the_log() {
        Database source = databases.source();
        WriteLoad.create(source, ROWS);
        databases.toTarget().rate(96 << 10);
        Api api = cluster.api();
        try (WriteLoad load = load(1, 0, 40)) {
            api.submit(plan());
            awaitLanded(1);
            long began = System.nanoTime();
            long logBegan = source.number("SELECT pg_wal_lsn_diff(pg_current_wal_lsn(), '0/0')");
            double oldestSeconds = 0;
            double oldestToldSeconds = 0;
            long mostRetained = 0;
            long mostRetainedTold = 0;
            while (!InStep.isCopied(api, migration)) {
                oldestSeconds = Math.max(oldestSeconds, oldestSnapshotSeconds());
                mostRetained = Math.max(mostRetained, retainedBytes());
                CaptureStatus told = api.status(migration).capture();
                if (told != null) {
                    oldestToldSeconds = Math.max(oldestToldSeconds, told.oldestSnapshotSeconds());
                    mostRetainedTold = Math.max(mostRetainedTold, told.retainedBytes());
                }
                // Much is logged that is nobody's change; and where the slot may begin again, else told every 15 s.
                source.run(
                        "SELECT pg_logical_emit_message(false, 'filler', repeat('x', 300000))",
                        "SELECT pg_log_standby_snapshot()");
            }
            double copySeconds = (System.nanoTime() - began) / 1e9;
            long logged = source.number("SELECT pg_wal_lsn_diff(pg_current_wal_lsn(), '0/0')") - logBegan;
            System.out.printf(
                    "copy %.1f s, oldest snapshot %.1f s, logged %d bytes, retained at most %d%n",
                    copySeconds, oldestSeconds, logged, mostRetained);

            assertThat(oldestSeconds).isPositive().isLessThan(copySeconds / 3);
            assertThat(mostRetained).isPositive().isLessThan(logged / 3);
            assertThat(oldestToldSeconds)
                    .as("as the status tells it")
                    .isPositive()
                    .isLessThan(copySeconds / 3);
            assertThat(mostRetainedTold)
                    .as("as the status tells it")
                    .isPositive()
                    .isLessThan(logged / 3);
            assertEqualInTheEnd(api, load);
        }
    }

    private double oldestSnapshotSeconds() {
        return Double.parseDouble(databases
                .source()
                .text("SELECT coalesce(max(extract(epoch FROM clock_timestamp() - xact_start)), 0)"
                        + " FROM pg_stat_activity WHERE datname = current_database()"
                        + " AND application_name LIKE 'godwit%' AND backend_xmin IS NOT NULL"));
    }

    private long retainedBytes() {
        return databases
                .source()
                .number("SELECT coalesce(max(pg_wal_lsn_diff(pg_current_wal_lsn(), restart_lsn)), 0)"
                        + " FROM pg_replication_slots WHERE database = current_database()");
    }
}
