package dev.godwit.node.postgres;

import static org.assertj.core.api.Assertions.assertThat;

import dev.godwit.protocol.check.Remark;
import dev.godwit.protocol.check.RemarkCode;
import dev.godwit.protocol.plan.Plan;
import dev.godwit.protocol.plan.PostgresAddress;
import dev.godwit.protocol.plan.SchemaMode;
import io.zonky.test.db.postgres.embedded.EmbeddedPostgres;
import java.io.IOException;
import java.sql.Connection;
import java.sql.SQLException;
import java.sql.Statement;
import java.util.List;
import java.util.Map;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;

/** Settings of a whole server, which has them from its start. */
class TargetReadinessTest {
    private static EmbeddedPostgres server;

    @BeforeAll
    static void start() throws IOException {
        server = EmbeddedPostgres.builder()
                .setServerConfig("shared_buffers", "32MB")
                .setServerConfig("max_wal_size", "96MB")
                .setServerConfig("archive_mode", "on")
                .setServerConfig("archive_command", "'true'")
                .setServerConfig("full_page_writes", "off")
                .start();
    }

    @AfterAll
    static void stop() throws IOException {
        server.close();
    }

    private static List<Remark> remarks(long bytes) {
        PostgresAddress address =
                new PostgresAddress("127.0.0.1", server.getPort(), "postgres", "postgres", null, "disable", Map.of());
        Plan plan = TargetServer.plan("shop", SchemaMode.TABLES, new TargetServer.Database("postgres"));
        try (PostgresConnections connections = new PostgresConnections(address, Side.TARGET, "godwit test", 1);
                Connection connection = connections.take()) {
            return TargetReadiness.remarks(connection, ServerFacts.read(connection), "place", plan, List.of(), bytes);
        } catch (SQLException e) {
            throw new IllegalStateException(e);
        }
    }

    private static Remark one(List<Remark> remarks, RemarkCode code) {
        return remarks.stream()
                .filter(remark -> remark.code() == code)
                .findFirst()
                .orElseThrow(() -> new AssertionError(code + " is not among " + remarks));
    }

    @Test
    void much_wal_is_told_with_what_takes_it() {
        assertThat(one(remarks(10L << 30), RemarkCode.TARGET_WAL).what())
                .contains(
                        "about 10.7 GB of WAL",
                        "max_wal_size is 100.7 MB: about 212 checkpoints are forced",
                        "It is archived too (archive_mode).");
        assertThat(one(remarks(10L << 20), RemarkCode.TARGET_WAL).what()).doesNotContain("checkpoints");
    }

    @Test
    void a_server_that_a_crash_may_damage_is_a_warning() {
        assertThat(one(remarks(0), RemarkCode.TARGET_NOT_CRASH_SAFE).what()).contains("fsync and full_page_writes off");
    }

    @Test
    void standbys_that_commits_wait_for_are_told_and_missed() throws SQLException {
        try (Connection connection = server.getPostgresDatabase().getConnection();
                Statement statement = connection.createStatement()) {
            statement.execute("ALTER SYSTEM SET synchronous_standby_names = 'elsewhere'");
            statement.execute("SELECT pg_reload_conf()");
            try {
                org.awaitility.Awaitility.await("the reload")
                        .until(() -> remarks(0).stream()
                                .anyMatch(remark -> remark.code() == RemarkCode.TARGET_STANDBY_ABSENT));
                assertThat(remarks(0)).extracting(Remark::code).doesNotContain(RemarkCode.TARGET_STANDBY_AWAITED);
            } finally {
                statement.execute("ALTER SYSTEM RESET synchronous_standby_names");
                statement.execute("SELECT pg_reload_conf()");
            }
        }
    }
}
