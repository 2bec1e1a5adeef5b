package dev.godwit.node.postgres;

import static dev.godwit.node.postgres.TargetServer.entry;
import static dev.godwit.node.postgres.TargetServer.order;
import static dev.godwit.node.postgres.TargetServer.shard;
import static java.nio.charset.StandardCharsets.UTF_8;
import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.awaitility.Awaitility.await;

import dev.godwit.node.postgres.TargetServer.Database;
import dev.godwit.node.target.LandingSession;
import dev.godwit.node.target.LandingSession.Commit;
import dev.godwit.node.target.TargetDatabase.Claim;
import dev.godwit.node.target.TargetDatabase.Confirmation;
import dev.godwit.node.target.TargetDatabase.Landing;
import dev.godwit.node.target.TargetDatabase.MigrationEntry;
import dev.godwit.node.target.TargetDatabase.Retirement;
import dev.godwit.protocol.error.ErrorCode;
import dev.godwit.protocol.error.GodwitException;
import dev.godwit.protocol.table.ShardRange;
import dev.godwit.protocol.table.TableName;
import dev.godwit.protocol.table.TableSpec;
import dev.godwit.protocol.table.Window;
import java.time.Duration;
import java.util.ArrayList;
import java.util.Collections;
import java.util.List;
import java.util.concurrent.Callable;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.Future;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;

/** Claims, windows and landings on a real server. */
class ClaimsTest {
    private static final String BLOCKED_ON_CLAIM =
            "SELECT count(*) FROM pg_stat_activity WHERE datname = current_database() AND wait_event = 'transactionid'";
    private static final ExecutorService THREADS = Executors.newCachedThreadPool();

    private final Database database = TargetServer.database();
    private PostgresTarget target;
    private TableSpec table;

    @BeforeEach
    void start() {
        target = new PostgresTarget(database.address(), "godwit test", 8, Duration.ofSeconds(4));
        target.enter(entry("shop"));
        database.run("CREATE TABLE item (id bigint, name text)");
        table = database.spec("public", "item", false, "id");
    }

    @AfterEach
    void stop() {
        target.close();
    }

    @AfterAll
    static void end() {
        THREADS.shutdownNow();
    }

    private LandingSession open(String shard, String cluster, String node) {
        return ((Landing.Open) target.land(order(table, shard, cluster, node))).session();
    }

    private static void write(LandingSession session, String rows) {
        byte[] bytes = rows.getBytes(UTF_8);
        session.write(bytes, 0, bytes.length);
    }

    private void landOne(String shard) {
        try (LandingSession session = open(shard, "a", "n1")) {
            write(session, "1\tx\n");
            assertThat(session.commit(1, 4, "d")).isEqualTo(Commit.COMMITTED);
        }
    }

    private long items() {
        return database.number("SELECT count(*) FROM item");
    }

    @Test
    void a_landed_shard_leaves_its_rows_and_its_claim() {
        try (LandingSession session = open("0.0", "a", "n1")) {
            write(session, "1\tone\n2\t");
            write(session, "two\n");
            assertThat(session.commit(2, 12, "crc32c:1")).isEqualTo(Commit.COMMITTED);
        }

        assertThat(items()).isEqualTo(2);
        assertThat(target.claims("shop", table.name(), List.of("0.0", "0.1")))
                .containsExactly(java.util.Map.entry("0.0", new Claim("0.0", false, 2, 12, "n1")));
        assertThat(database.text("SELECT outcome||lower_bound||upper_bound||source_snapshot||digest FROM godwit.claim"))
                .isEqualTo("copied[\"1\"][\"2\"]1:1:crc32c:1");
    }

    @Test
    void many_who_make_the_tables_at_once_agree_on_one_entry() throws Exception {
        Database fresh = TargetServer.database();
        List<Callable<MigrationEntry>> all = new ArrayList<>();
        for (int i = 0; i < 8; i++) {
            MigrationEntry mine = new MigrationEntry("shop", "digest" + i, "source", "cluster" + i, "", "");
            all.add(() -> {
                try (PostgresTarget own = new PostgresTarget(fresh.address(), "godwit test", 2)) {
                    return own.enter(mine);
                }
            });
        }

        List<MigrationEntry> seen = new ArrayList<>();
        for (Future<MigrationEntry> future : THREADS.invokeAll(all)) {
            seen.add(future.get());
        }

        assertThat(seen).hasSize(8).containsOnly(seen.get(0));
    }

    @Test
    void there_is_no_entry_where_there_are_no_tables_of_ours() {
        try (PostgresTarget fresh = new PostgresTarget(TargetServer.database().address(), "godwit test", 2)) {
            assertThat(fresh.entry("shop")).isEmpty();
        }
        assertThat(target.entry("shop")).contains(entry("shop"));
    }

    @Test
    void the_first_window_of_a_name_stays() {
        Window first = new Window("0", List.of(new ShardRange.Keys(null, List.of("ü\"\n", "7"))), false);
        Window second = new Window("0", List.of(new ShardRange.Whole(), new ShardRange.Blocks(3, -1)), true);

        assertThat(target.keep("shop", table, first)).isEqualTo(first);
        assertThat(target.keep("shop", table, second)).isEqualTo(first);
        assertThat(target.window("shop", table.name(), "0")).contains(first);
        assertThat(target.window("shop", table.name(), "1")).isEmpty();
    }

    @Test
    void of_two_writers_at_once_one_lands_and_the_other_sees_its_claim() throws Exception {
        LandingSession first = open("0.0", "a", "n1");
        write(first, "1\tone\n");
        Future<Landing> second = THREADS.submit(() -> target.land(order(table, "0.0", "b", "n2")));
        await().until(() -> database.number(BLOCKED_ON_CLAIM) == 1);

        first.commit(1, 6, "d");

        assertThat(second.get()).isEqualTo(new Landing.AlreadyThere(new Claim("0.0", false, 1, 6, "n1")));
        assertThat(items()).isEqualTo(1);
    }

    @Test
    void a_second_writer_goes_on_where_the_first_gave_up() throws Exception {
        LandingSession first = open("0.0", "a", "n1");
        write(first, "1\tone\n");
        Future<Landing> second = THREADS.submit(() -> target.land(order(table, "0.0", "a", "n2")));
        await().until(() -> database.number(BLOCKED_ON_CLAIM) == 1);

        first.close();

        try (LandingSession session = ((Landing.Open) second.get()).session()) {
            write(session, "1\tone\n");
            assertThat(session.commit(1, 6, "d")).isEqualTo(Commit.COMMITTED);
        }
        assertThat(items()).isEqualTo(1);
    }

    @Test
    void a_stopped_writer_of_the_same_cluster_is_ended_and_writes_nothing_more() {
        LandingSession stopped = open("0.0", "a", "n1");
        write(stopped, "1\tone\n");

        try (LandingSession session = open("0.0", "a", "n2")) {
            write(session, "1\tone\n");
            session.commit(1, 6, "d");
        }

        assertThatThrownBy(() -> {
                    write(stopped, "2\ttwo\n");
                    stopped.commit(2, 12, "d");
                })
                .isInstanceOfSatisfying(
                        GodwitException.class, e -> assertThat(e.code()).isEqualTo(ErrorCode.TARGET_UNREACHABLE));
        stopped.close();
        assertThat(database.texts("SELECT name FROM item")).containsExactly("one");
    }

    @Test
    void a_live_writer_of_another_cluster_is_waited_for() throws Exception {
        LandingSession foreign = open("0.0", "b", "n1");
        write(foreign, "1\tone\n");
        Future<Landing> own = THREADS.submit(() -> target.land(order(table, "0.0", "a", "n2")));
        // Beyond one wait for the lock, so that the holder was looked at and left alone.
        await().pollDelay(Duration.ofMillis(2500)).until(() -> database.number(BLOCKED_ON_CLAIM) == 1);

        foreign.commit(1, 6, "d");

        assertThat(own.get()).isInstanceOf(Landing.AlreadyThere.class);
    }

    @Test
    void a_writer_of_another_cluster_that_does_not_move_is_ended_in_the_end() {
        LandingSession foreign = open("0.0", "b", "n1");
        write(foreign, "1\tone\n");

        try (LandingSession own = open("0.0", "a", "n2")) {
            write(own, "1\tmine\n");
            assertThat(own.commit(1, 6, "d")).isEqualTo(Commit.COMMITTED);
        }

        foreign.close();
        assertThat(database.texts("SELECT name FROM item")).containsExactly("mine");
    }

    @Test
    void a_writer_of_another_cluster_that_moves_is_never_ended() throws Exception {
        LandingSession foreign = open("0.0", "b", "n1");
        Future<Landing> own = THREADS.submit(() -> target.land(order(table, "0.0", "a", "n2")));
        // The server shows a copy's progress by what it took; it takes a buffer of 64 KiB at a time.
        String rows = ("1\t" + "x".repeat(1000) + "\n").repeat(100);
        int[] written = {0};
        await().pollInterval(Duration.ofMillis(100))
                .timeout(Duration.ofSeconds(30))
                .until(() -> {
                    write(foreign, rows);
                    written[0] += 100;
                    return own.isDone();
                });

        assertThatThrownBy(own::get)
                .cause()
                .isInstanceOfSatisfying(
                        GodwitException.class, e -> assertThat(e.code()).isEqualTo(ErrorCode.FOREIGN_CLUSTER));
        assertThat(foreign.commit(written[0], 1, "d")).isEqualTo(Commit.COMMITTED);
    }

    @Test
    void closing_before_the_commit_leaves_nothing_and_frees_the_claim() {
        LandingSession session = open("0.0", "a", "n1");
        write(session, "1\tone\n");
        session.close();
        session.close();

        assertThat(items()).isZero();
        assertThat(target.claims("shop", table.name(), List.of("0.0"))).isEmpty();
        assertThat(database.number("SELECT count(*) FROM pg_stat_activity WHERE application_name LIKE 'godwit/%'"
                        + " AND datname = current_database()"))
                .isZero();
        landOne("0.0");
    }

    @Test
    void cancelling_from_another_thread_ends_the_session() {
        LandingSession session = open("0.0", "a", "n1");
        write(session, "1\tone\n");

        session.cancel();

        assertThatThrownBy(() -> session.commit(1, 6, "d")).isInstanceOf(GodwitException.class);
        session.close();
        await().until(() -> database.number("SELECT count(*) FROM pg_stat_activity WHERE application_name LIKE"
                        + " 'godwit/%' AND datname = current_database()")
                == 0);
        assertThat(items()).isZero();
        landOne("0.0");
    }

    @Test
    void a_different_number_of_rows_is_not_committed() {
        try (LandingSession session = open("0.0", "a", "n1")) {
            write(session, "1\tone\n");
            assertThatThrownBy(() -> session.commit(2, 6, "d"))
                    .isInstanceOfSatisfying(
                            GodwitException.class, e -> assertThat(e.code()).isEqualTo(ErrorCode.ROWS_DIFFER));
        }
        assertThat(items()).isZero();
        assertThat(target.claims("shop", table.name(), List.of("0.0"))).isEmpty();
    }

    @Test
    void a_refused_row_is_told_by_its_place_and_never_by_its_values() {
        try (LandingSession session = open("0.0", "a", "n1")) {
            assertThatThrownBy(() -> {
                        write(session, "1\tone\nsecret-value\ttwo\n");
                        session.commit(2, 6, "d");
                    })
                    .isInstanceOfSatisfying(GodwitException.class, e -> {
                        assertThat(e.code()).isEqualTo(ErrorCode.TARGET_ROW_REFUSED);
                        assertThat(e.problem().where()).endsWith("shard 0.0, row 2, column id");
                        assertThat(e.problem().what()).contains("22P02");
                        assertThat(e.toString() + e.getCause()).doesNotContain("secret");
                    });
        }
    }

    @Test
    void a_row_that_breaks_a_constraint_is_told_without_its_values() {
        database.run("ALTER TABLE item ADD CHECK (name <> 'secret-value'), ALTER id SET NOT NULL");
        for (String row : List.of("1\tsecret-value\n", "\\N\tsecret-value\n")) {
            try (LandingSession session = open("0.0", "a", "n1")) {
                assertThatThrownBy(() -> {
                            write(session, row);
                            session.commit(1, 6, "d");
                        })
                        .isInstanceOfSatisfying(GodwitException.class, e -> {
                            assertThat(e.code()).isEqualTo(ErrorCode.TARGET_ROW_REFUSED);
                            assertThat(e.problem().where()).contains("row 1");
                            assertThat(e.toString() + e.getCause()).doesNotContain("secret");
                        });
            }
        }
    }

    @Test
    void a_retired_shard_keeps_its_first_pieces_and_never_lands() {
        List<ShardRange> pieces = List.of(new ShardRange.Blocks(0, 5), new ShardRange.Blocks(5, 9));
        Window kept = new Window("0.0", pieces, false);

        assertThat(target.retire("shop", table.name(), shard("0.0"), pieces)).isEqualTo(new Retirement.Retired(kept));
        assertThat(target.retire("shop", table.name(), shard("0.0"), List.of(new ShardRange.Whole())))
                .isEqualTo(new Retirement.Retired(kept));
        assertThat(target.land(order(table, "0.0", "a", "n1"))).isEqualTo(new Landing.Retired(kept));
        assertThat(target.claims("shop", table.name(), List.of("0.0"))
                        .get("0.0")
                        .retired())
                .isTrue();
    }

    @Test
    void a_landed_shard_is_not_retired() {
        landOne("0.0");

        assertThat(target.retire("shop", table.name(), shard("0.0"), List.of(new ShardRange.Whole())))
                .isEqualTo(new Retirement.Copied(new Claim("0.0", false, 1, 4, "n1")));
        assertThat(target.window("shop", table.name(), "0.0")).isEmpty();
    }

    @Test
    void retiring_waits_for_a_landing_that_is_under_way() throws Exception {
        LandingSession session = open("0.0", "a", "n1");
        write(session, "1\tone\n");
        Future<Retirement> retirement = THREADS.submit(
                () -> target.retire("shop", table.name(), shard("0.0"), List.of(new ShardRange.Whole())));
        await().until(() -> database.number(BLOCKED_ON_CLAIM) == 1);

        session.commit(1, 6, "d");

        assertThat(retirement.get()).isInstanceOf(Retirement.Copied.class);
    }

    @Test
    void of_landing_and_retiring_at_once_exactly_one_wins() throws Exception {
        for (int i = 0; i < 30; i++) {
            String id = "0." + i;
            Future<Boolean> retired =
                    THREADS.submit(() -> target.retire("shop", table.name(), shard(id), List.of(new ShardRange.Whole()))
                            instanceof Retirement.Retired);
            Future<Boolean> landed = THREADS.submit(() -> {
                if (target.land(order(table, id, "a", "n1")) instanceof Landing.Open open) {
                    try (LandingSession session = open.session()) {
                        write(session, "1\tx\n");
                        return session.commit(1, 4, "d") == Commit.COMMITTED;
                    }
                }
                return false;
            });
            assertThat(retired.get()).isNotEqualTo(landed.get());
        }
        assertThat(items()).isEqualTo(database.number("SELECT count(*) FROM godwit.claim WHERE outcome = 'copied'"));
    }

    @Test
    void rows_without_fields_land_in_both_formats() {
        database.run("CREATE TABLE empty ()", "CREATE TABLE computed (a int GENERATED ALWAYS AS (1) STORED)");
        byte[] binary = {
            'P',
            'G',
            'C',
            'O',
            'P',
            'Y',
            '\n',
            (byte) 0xff,
            '\r',
            '\n',
            0,
            0,
            0,
            0,
            0,
            0,
            0,
            0,
            0,
            0,
            0,
            0,
            0,
            (byte) 0xff,
            (byte) 0xff
        };
        for (String name : List.of("empty", "computed")) {
            for (boolean isBinary : List.of(true, false)) {
                table = database.spec("public", name, isBinary);
                try (LandingSession session = open(isBinary ? "0.0" : "0.1", "a", "n1")) {
                    byte[] bytes = isBinary ? binary : "\n\n".getBytes(UTF_8);
                    session.write(bytes, 0, bytes.length);
                    assertThat(session.commit(2, bytes.length, "d")).isEqualTo(Commit.COMMITTED);
                }
            }
            assertThat(database.number("SELECT count(*) FROM " + name)).isEqualTo(4);
        }
    }

    @Test
    void hostile_names_land_like_any_other() {
        String schema = "s\".x,'\n";
        String name = "a\";DROP TABLE item;--\u00fc" + "z".repeat(30);
        TableName hostile = new TableName(schema, name);
        database.run(
                "CREATE SCHEMA " + Sql.ident(schema),
                "CREATE TABLE " + Sql.table(hostile) + " (\"c, line 7: \"\"x\" int)");
        table = database.spec(schema, name, false);
        try (LandingSession session = open("0.0", "a/b'", "node/\u00fc'" + "n".repeat(80))) {
            write(session, "5\n");
            session.commit(1, 2, "d");
        }
        try (LandingSession session = open("0.1", "a", "n")) {
            assertThatThrownBy(() -> {
                        write(session, "secret\n");
                        session.commit(1, 2, "d");
                    })
                    .isInstanceOfSatisfying(GodwitException.class, e -> {
                        assertThat(e.problem().where()).endsWith("row 1, column c, line 7: \"x");
                        assertThat(e.toString()).doesNotContain("secret").doesNotContain("\n");
                    });
        }
        assertThat(database.number("SELECT count(*) FROM " + Sql.table(hostile)))
                .isEqualTo(1);
        assertThat(target.claims("shop", hostile, List.of("0.0"))).containsKey("0.0");
    }

    private void keep(String name, int ranges, boolean last) {
        target.keep("shop", table, new Window(name, Collections.nCopies(ranges, new ShardRange.Whole()), last));
    }

    @Test
    void the_confirmation_sums_the_claims_of_windows_and_pieces() {
        keep("0", 2, false);
        keep("1", 1, true);
        landOne("0.0");
        landOne("1.0");
        target.retire("shop", table.name(), shard("0.1"), Collections.nCopies(2, new ShardRange.Whole()));
        landOne("0.1.0");
        target.retire("shop", table.name(), shard("0.1.1"), List.of(new ShardRange.Whole()));

        assertThat(target.confirm("shop", table.name())).isEqualTo(new Confirmation(List.of("0.1.1.0"), 3, 12, 3));
        landOne("0.1.1.0");
        assertThat(target.confirm("shop", table.name())).isEqualTo(new Confirmation(List.of(), 4, 16, 4));
    }

    @Test
    void the_confirmation_finds_a_claim_that_is_gone() {
        keep("0", 2, true);
        landOne("0.0");
        landOne("0.1");
        database.run("DELETE FROM godwit.claim WHERE shard = '0.1'");

        assertThat(target.confirm("shop", table.name()).missing()).containsExactly("0.1");
    }

    @Test
    void the_confirmation_refuses_where_a_window_is_gone() {
        for (int i = 0; i < 12; i++) {
            keep(Integer.toString(i), 1, i == 11);
            landOne(i + ".0");
        }
        assertThat(target.confirm("shop", table.name()).missing()).isEmpty();

        database.run("DELETE FROM godwit.cut WHERE name = '5'");
        assertThatThrownBy(() -> target.confirm("shop", table.name())).hasMessageContaining("only 11");
        database.run("DELETE FROM godwit.cut WHERE name = '11'");
        assertThatThrownBy(() -> target.confirm("shop", table.name())).hasMessageContaining("ends");
        database.run("DELETE FROM godwit.cut");
        assertThatThrownBy(() -> target.confirm("shop", table.name())).hasMessageContaining("ends");
    }

    @Test
    void the_confirmation_flushes_what_was_committed_asynchronously() {
        keep("0", 1, true);
        landOne("0.0");
        String before = database.text("SELECT pg_current_wal_insert_lsn()");

        target.confirm("shop", table.name());

        assertThat(database.text("SELECT pg_current_wal_flush_lsn() >= '" + before + "'"))
                .isEqualTo("t");
    }

    @Test
    void half_a_million_claims_are_confirmed_in_seconds() {
        database.run(
                "INSERT INTO godwit.cut SELECT 'shop', 'public.item', i::text, '[]', 1000, i = 499"
                        + " FROM generate_series(0, 499) i",
                "INSERT INTO godwit.claim (migration, source_table, shard, outcome, source_snapshot, rows, bytes)"
                        + " SELECT 'shop', 'public.item', i / 1000 || '.' || i % 1000, 'copied', '', 2, 3"
                        + " FROM generate_series(0, 499999) i WHERE i % 20 <> 7");

        long began = System.nanoTime();
        Confirmation confirmation = target.confirm("shop", table.name());

        assertThat(confirmation.missing()).hasSize(10_000);
        assertThat(confirmation.shards()).isEqualTo(475_000);
        assertThat(confirmation.rows()).isEqualTo(950_000);
        assertThat(Duration.ofNanos(System.nanoTime() - began)).isLessThan(Duration.ofSeconds(30));
    }
}
