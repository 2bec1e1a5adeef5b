package dev.godwit.node.online;

import static org.assertj.core.api.Assertions.assertThat;
import static org.awaitility.Awaitility.await;

import dev.godwit.node.cluster.Database;
import dev.godwit.node.cluster.Differences;
import dev.godwit.node.cluster.Postgres;
import dev.godwit.node.online.Tally.Ending;
import java.time.Duration;
import java.util.Map;
import java.util.stream.Stream;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;

/** The load and the comparison themselves, on one server and without Godwit: that they would show a fault. */
class WriteLoadTest {
    private static final Duration ENOUGH = Duration.ofSeconds(60);
    private static final int ROWS = 1000;

    private static Postgres server;

    @BeforeAll
    static void start() {
        server = Postgres.startLogical();
    }

    @AfterAll
    static void stop() {
        server.close();
    }

    private static Database filled() {
        Database database = server.database("load");
        WriteLoad.create(database, ROWS);
        return database;
    }

    @Test
    void makes_the_same_rows_each_time_and_one_that_differs_is_seen() {
        Database one = filled();
        Database other = filled();
        Map<String, Database.Content> contents = one.contents();
        assertThat(other.contents()).isEqualTo(contents);
        assertThat(Differences.between(one, other, contents.keySet())).isEmpty();

        // Nothing that = would tell apart, and as many rows as before.
        other.run("UPDATE note SET weight = 1.00 WHERE ctid = (SELECT min(ctid) FROM note)");

        assertThat(other.contents()).isNotEqualTo(contents);
        assertThat(Differences.between(one, other, contents.keySet()))
                .startsWith("public.note: in the source alone 1 rows")
                .contains("in the target alone 1 rows");
    }

    @Test
    void does_some_of_everything_and_stops_when_it_is_told() {
        Database database = filled();
        WriteLoad load = WriteLoad.start(database, new WriteLoad.Settings(1, ROWS, 4, 0, 0));

        await().atMost(ENOUGH)
                .until(() ->
                        Stream.of(Kind.values()).allMatch(kind -> load.tally().of(kind) > 0));
        String told = load.stop();

        assertThat(told).startsWith("write load of seed 1: ").contains(" committed");
        assertThat(load.tally().of(Ending.UNKNOWN)).isZero();
        assertThat(load.tally().of(Ending.REFUSED))
                .as("refused, of which there are few: %s", told)
                .isLessThan(load.tally().of(Ending.COMMITTED) / 10);
        Map<String, Database.Content> contents = database.contents();
        assertThat(contents.values()).allMatch(content -> content.rows() < 3 * ROWS);
        assertThat(database.contents()).as("nothing is written any more").isEqualTo(contents);
    }

    @Test
    void its_hanging_commits_are_sent_by_a_slot_before_a_snapshot_sees_them() {
        Database database = filled();
        database.run(
                "ALTER SYSTEM SET synchronous_standby_names = 'nobody'",
                "SELECT pg_reload_conf()",
                "SELECT pg_create_logical_replication_slot('window', 'test_decoding')");
        try (WriteLoad load = WriteLoad.start(database, new WriteLoad.Settings(1, ROWS, 1, 3, 2))) {
            // Asked in this order: what the slot has sent had committed, and was not to be seen afterwards.
            await().atMost(ENOUGH)
                    .until(
                            () -> database.texts(
                                    "WITH sent AS MATERIALIZED (SELECT DISTINCT xid FROM pg_logical_slot_get_changes('window', NULL, NULL)),"
                                            + " now AS MATERIALIZED (SELECT DISTINCT backend_xid FROM pg_stat_activity"
                                            + " WHERE wait_event = 'SyncRep' AND (SELECT count(*) FROM sent) > 0)"
                                            + " SELECT xid FROM sent JOIN now ON backend_xid = xid"),
                            unseen -> !unseen.isEmpty());
            await().atMost(ENOUGH).until(() -> load.tally().of(Ending.HUNG) > 5);
        } finally {
            database.run(
                    "ALTER SYSTEM RESET synchronous_standby_names",
                    "SELECT pg_reload_conf()",
                    "SELECT pg_drop_replication_slot('window')");
        }
    }
}
