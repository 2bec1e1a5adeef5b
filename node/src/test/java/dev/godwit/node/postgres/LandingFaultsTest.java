package dev.godwit.node.postgres;

import static dev.godwit.node.postgres.TargetServer.entry;
import static dev.godwit.node.postgres.TargetServer.order;
import static java.nio.charset.StandardCharsets.UTF_8;
import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.awaitility.Awaitility.await;

import dev.godwit.node.postgres.TargetServer.Database;
import dev.godwit.node.target.LandingSession;
import dev.godwit.node.target.LandingSession.Commit;
import dev.godwit.node.target.TargetDatabase.Landing;
import dev.godwit.node.testing.TcpProxy;
import dev.godwit.protocol.error.ErrorCode;
import dev.godwit.protocol.error.GodwitException;
import dev.godwit.protocol.table.TableSpec;
import java.sql.ResultSet;
import java.sql.Statement;
import java.time.Duration;
import java.util.List;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.TimeUnit;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;

/** Landings over a network that breaks. */
class LandingFaultsTest {
    /** A part of the digest, which is in the statement before COMMIT. */
    private static final String BEFORE_COMMIT = "crc32c:";

    private final Database database = TargetServer.database();
    private final TcpProxy proxy = new TcpProxy(TargetServer.HOST, TargetServer.port());
    private PostgresTarget target;
    private TableSpec table;

    @BeforeEach
    void start() {
        target =
                new PostgresTarget(database.through(proxy.port(), "postgres"), "godwit test", 4, Duration.ofSeconds(4));
        target.enter(entry("shop"));
        database.run("CREATE TABLE item (id bigint, name text)");
        table = database.spec("public", "item", false, "id");
    }

    @AfterEach
    void stop() {
        proxy.close();
        target.close();
    }

    private LandingSession open(String shard) {
        return ((Landing.Open) target.land(order(table, shard, "a", "n1"))).session();
    }

    private static void write(LandingSession session, String rows) {
        byte[] bytes = rows.getBytes(UTF_8);
        session.write(bytes, 0, bytes.length);
    }

    private long items() {
        return database.number("SELECT count(*) FROM item");
    }

    private long holders() {
        return database.number("SELECT count(*) FROM pg_stat_activity WHERE application_name LIKE 'godwit/%'"
                + " AND datname = current_database()");
    }

    /** Lands through sessions that no earlier fault has touched. */
    private void landsAgain(String shard) {
        try (LandingSession session = open(shard)) {
            write(session, "1\tone\n");
            assertThat(session.commit(1, 6, "crc32c:1")).isEqualTo(Commit.COMMITTED);
        }
    }

    @Test
    void a_commit_whose_answer_is_lost_is_found_by_its_claim() {
        try (LandingSession session = open("0.0")) {
            write(session, "1\tone\n");
            proxy.cutAfterAnswerToNext(BEFORE_COMMIT);

            assertThat(session.commit(1, 6, "crc32c:1")).isEqualTo(Commit.COMMITTED);
        }
        assertThat(proxy.sprung()).isTrue();
        assertThat(items()).isEqualTo(1);
        landsAgain("0.1");
    }

    @Test
    void a_commit_that_does_not_arrive_is_found_not_committed() {
        try (LandingSession session = open("0.0")) {
            write(session, "1\tone\n");
            proxy.cutBeforeNext(BEFORE_COMMIT);

            assertThat(session.commit(1, 6, "crc32c:1")).isEqualTo(Commit.NOT_COMMITTED);
        }
        assertThat(items()).isZero();
        landsAgain("0.0");
        assertThat(items()).isEqualTo(1);
    }

    @Test
    void a_session_that_still_waits_for_its_commit_is_ended_before_the_claim_is_read() {
        LandingSession session = open("0.0");
        write(session, "1\tone\n");
        int backend = (int) database.number("SELECT pid FROM pg_stat_activity WHERE application_name LIKE"
                + " 'godwit/%' AND datname = current_database()");
        HolderName name = HolderName.of("a", "shop", table.name(), "0.0", "n1");
        try (PostgresConnections direct = new PostgresConnections(database.address(), Side.TARGET, "godwit test", 2)) {
            CommitInquiry inquiry = new CommitInquiry(direct, order(table, "0.0", "a", "n1"), name, backend);

            assertThat(inquiry.ask(false)).isEqualTo(Commit.NOT_COMMITTED);
        }

        assertThat(holders()).isZero();
        assertThatThrownBy(() -> session.commit(1, 6, "crc32c:1")).isInstanceOf(GodwitException.class);
        session.close();
        assertThat(items()).isZero();
    }

    @Test
    void nobody_knows_where_the_target_does_not_answer_any_more() {
        try (LandingSession session = open("0.0")) {
            write(session, "1\tone\n");
            proxy.cutAfterAnswerToNext(BEFORE_COMMIT);
            proxy.refuse();

            assertThat(session.commit(1, 6, "crc32c:1")).isEqualTo(Commit.UNKNOWN);
        }
        proxy.pass();
        assertThat(target.land(order(table, "0.0", "a", "n1"))).isInstanceOf(Landing.AlreadyThere.class);
    }

    @Test
    void a_cut_inside_the_copy_leaves_nothing() {
        try (LandingSession session = open("0.0")) {
            write(session, "1\tone\n");
            proxy.cutAll();

            assertThatThrownBy(() -> {
                        write(session, "2\ttwo\n");
                        session.commit(2, 12, "d");
                    })
                    .isInstanceOfSatisfying(
                            GodwitException.class, e -> assertThat(e.code()).isEqualTo(ErrorCode.TARGET_UNREACHABLE));
        }
        await().until(() -> holders() == 0);
        assertThat(items()).isZero();
        landsAgain("0.0");
    }

    @Test
    void a_black_hole_does_not_hang_the_close_and_the_claim_is_taken_over() {
        LandingSession session = open("0.0");
        write(session, "1\tone\n");
        proxy.hold();

        CompletableFuture<Void> closed = CompletableFuture.runAsync(session::close);

        assertThat(closed).succeedsWithin(Duration.ofSeconds(15));
        try (PostgresTarget other = new PostgresTarget(database.address(), "godwit test", 2);
                LandingSession taken = ((Landing.Open) other.land(order(table, "0.0", "a", "n2"))).session()) {
            write(taken, "1\tone\n");
            taken.commit(1, 6, "crc32c:1");
        }
        assertThat(items()).isEqualTo(1);
        proxy.pass();
        assertThat(items()).isEqualTo(1);
    }

    @Test
    void a_write_that_is_blocked_is_freed_by_cancelling() throws Exception {
        LandingSession session = open("0.0");
        proxy.hold();
        byte[] rows = ("1\t" + "x".repeat(1020) + "\n").repeat(1024).getBytes(UTF_8);
        CompletableFuture<Void> writer = CompletableFuture.runAsync(() -> {
            while (true) {
                session.write(rows, 0, rows.length);
            }
        });
        // It blocks once nothing more fits into the sockets' buffers.
        await().until(LandingFaultsTest::isBlockedInWrite);

        session.cancel();

        assertThatThrownBy(() -> writer.get(5, TimeUnit.SECONDS)).cause().isInstanceOf(GodwitException.class);
        session.close();
        proxy.pass();
        await().until(() -> holders() == 0);
        assertThat(items()).isZero();
    }

    private static boolean isBlockedInWrite() {
        return Thread.getAllStackTraces().values().stream()
                .anyMatch(stack ->
                        List.of(stack).stream().anyMatch(f -> f.getMethodName().equals("writeToCopy"))
                                && List.of(stack).stream()
                                        .anyMatch(f -> f.getMethodName().equals("park")));
    }

    @Test
    void a_server_that_refuses_the_commit_is_quoted_by_its_code() {
        database.run(
                "CREATE TABLE parent (id bigint PRIMARY KEY)",
                "ALTER TABLE item ADD FOREIGN KEY (id) REFERENCES parent DEFERRABLE INITIALLY DEFERRED");
        try (LandingSession session = open("0.0")) {
            write(session, "4711\tone\n");
            assertThatThrownBy(() -> session.commit(1, 6, "crc32c:1"))
                    .isInstanceOfSatisfying(GodwitException.class, e -> {
                        assertThat(e.code()).isEqualTo(ErrorCode.TARGET_ROW_REFUSED);
                        assertThat(e.toString()).contains("23503").doesNotContain("4711");
                    });
        }
        assertThat(items()).isZero();
        assertThat(target.claims("shop", table.name(), List.of("0.0"))).isEmpty();
    }

    @Test
    void a_slow_network_changes_nothing() {
        proxy.rate(400_000);
        String rows = ("1\t" + "x".repeat(1000) + "\n").repeat(300);
        try (LandingSession session = open("0.0")) {
            write(session, rows);
            assertThat(session.commit(300, rows.length(), "d")).isEqualTo(Commit.COMMITTED);
        }
        assertThat(items()).isEqualTo(300);
    }

    @Test
    void who_stands_still_while_it_retires_a_shard_does_not_keep_its_claim() {
        proxy.dropAnswersAfter("'retired', $");
        CompletableFuture<Void> retiring = CompletableFuture.runAsync(
                () -> target.retire("shop", table.name(), TargetServer.shard("0.0"), List.of()));
        await().until(proxy::sprung);
        await().until(() -> database.number("SELECT count(*) FROM pg_stat_activity WHERE datname = current_database()"
                        + " AND state = 'idle in transaction' AND query LIKE '%godwit.claim%'")
                == 1);

        try (PostgresTarget other = new PostgresTarget(database.address(), "godwit test", 2, Duration.ofSeconds(4));
                LandingSession taken = ((Landing.Open) other.land(order(table, "0.0", "a", "n2"))).session()) {
            write(taken, "1\tone\n");
            assertThat(taken.commit(1, 6, "crc32c:1")).isEqualTo(Commit.COMMITTED);
        }
        proxy.cutAll();
        assertThat(retiring).failsWithin(Duration.ofSeconds(15));
    }

    @Test
    void what_is_made_between_two_answers_of_ours_is_not_locked_for_ever() {
        try (PostgresConnections connections = database.source()) {
            String idle = new TargetSessions(connections).durably("test", TargetSessions.SHORT, connection -> {
                try (Statement statement = connection.createStatement();
                        ResultSet row = statement.executeQuery("SHOW idle_in_transaction_session_timeout")) {
                    row.next();
                    return row.getString(1);
                }
            });

            assertThat(idle).isEqualTo("30s");
        }
    }
}
