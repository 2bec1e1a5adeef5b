package dev.godwit.node.postgres;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.tuple;

import dev.godwit.node.postgres.ServerFacts.Locale;
import dev.godwit.node.postgres.ServerFacts.Setting;
import dev.godwit.protocol.check.Remark;
import dev.godwit.protocol.check.RemarkCode;
import dev.godwit.protocol.plan.PostgresAddress;
import io.zonky.test.db.postgres.embedded.EmbeddedPostgres;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.sql.Connection;
import java.sql.SQLException;
import java.util.List;
import java.util.Map;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** Facts of servers that a test can't have at hand are made up; those of a standby are a real one's. */
class ServerFactsTest {
    private static final Locale C = new Locale("libc", "C", "");

    @TempDir
    private Path directory;

    private static ServerFacts facts(int version, Locale locale, Map<String, Setting> settings) {
        return new ServerFacts(version, "UTF8", locale, false, settings, List.of());
    }

    @Test
    void a_timeout_that_can_not_be_lifted_is_a_warning() {
        ServerFacts facts = facts(
                17,
                C,
                Map.of(
                        "statement_timeout", new Setting("30s", "30000", "the role"),
                        "lock_timeout", new Setting("0", "1000", "")));

        assertThat(SessionTimeouts.remarks(facts, Side.SOURCE, "place"))
                .extracting(Remark::code)
                .containsExactly(RemarkCode.SESSION_TIMEOUT_STAYS, RemarkCode.SESSION_TIMEOUT_LIFTED);
        assertThat(SessionTimeouts.remarks(facts, Side.SOURCE, "place"))
                .extracting(Remark::what)
                .satisfiesExactly(
                        stays -> assertThat(stays).contains("statement_timeout = 30s"),
                        lifted -> assertThat(lifted).contains("lock_timeout = 1000 ms by the server's configuration"));
    }

    @Test
    void an_older_target_and_another_version_of_the_same_order_are_told() {
        ServerFacts source = facts(17, new Locale("icu", "de-DE", "153.128"), Map.of());
        ServerFacts target = facts(16, new Locale("icu", "de-DE", "153.120"), Map.of());

        assertThat(BothSides.remarks(source, target, "place"))
                .extracting(Remark::code)
                .containsExactly(RemarkCode.TARGET_OLDER, RemarkCode.COLLATION_VERSIONS_DIFFER);
        assertThat(BothSides.remarks(target, target, "place")).isEmpty();
    }

    @Test
    void a_standby_tells_how_long_it_lets_readers_stand_in_its_way() throws IOException, SQLException {
        Path data = directory.resolve("data");
        server(data).close();
        Files.createFile(data.resolve("standby.signal"));

        try (EmbeddedPostgres standby = server(data)) {
            PostgresAddress address =
                    new PostgresAddress("127.0.0.1", standby.getPort(), "postgres", "postgres", null, "disable", null);
            try (PostgresConnections connections = new PostgresConnections(address, Side.SOURCE, "godwit test", 1);
                    Connection connection = connections.take()) {
                ServerFacts facts = ServerFacts.read(connection);

                assertThat(facts.standby()).isTrue();
                assertThat(SourceReadiness.remarks(facts, "place", List.of()))
                        .extracting(Remark::code, Remark::where)
                        .containsExactly(tuple(RemarkCode.SOURCE_STANDBY, "place"));
                assertThat(SourceReadiness.remarks(facts, "place", List.of())
                                .get(0)
                                .what())
                        .contains("waits at most 30s for a reader", "hot_standby_feedback is off");
            }
        }
    }

    private static EmbeddedPostgres server(Path data) throws IOException {
        return EmbeddedPostgres.builder()
                .setDataDirectory(data)
                .setCleanDataDirectory(false)
                .setServerConfig("shared_buffers", "32MB")
                .start();
    }
}
