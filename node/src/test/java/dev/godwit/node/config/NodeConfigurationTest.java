package dev.godwit.node.config;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import com.typesafe.config.Config;
import com.typesafe.config.ConfigFactory;
import dev.godwit.protocol.error.ErrorCode;
import dev.godwit.protocol.error.GodwitException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.Map;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

class NodeConfigurationTest {
    private static final String STORE = "godwit.state-store { database = shop, user = owner }\n";

    @Test
    void defaults_are_those_of_the_contract() {
        NodeSettings settings = settings("");
        assertThat(settings.stateStore().place()).isEqualTo("127.0.0.1:5432/shop");
        assertThat(settings.stateStore().schema()).isEqualTo("godwit");
        assertThat(settings.stateStore().password()).isSameAs(Secret.NONE);
        assertThat(settings.cluster().port()).isZero();
        assertThat(settings.http().port()).isEqualTo(7080);
        assertThat(settings.join().heartbeatInterval()).isEqualTo(Duration.ofSeconds(2));
    }

    @ParameterizedTest
    @CsvSource({
        "state-store.port, 0",
        "state-store.port, many",
        "state-store.host, \"a/b?x\"",
        "state-store.database, \"\"",
        "state-store.user, \"\"",
        "state-store.sslmode, on",
        "state-store.schema, \"Godwit\"",
        "state-store.schema, \"a;drop\"",
        "state-store.connections, 100",
        "state-store.connect-timeout, 10ms",
        "state-store.operation-timeout, 2h",
        "state-store.journal-connections, 0",
        "cluster.port, 70000",
        "cluster.roles, [dc-x]",
        "cluster.host, \"\"",
        "join.heartbeat-interval, 1ms",
        "join.fresh-within, 3s",
        "join.forget-after, 5s",
        "http.port, -1",
        "client-programs.directory, bin",
    })
    void a_wrong_value_is_told_with_its_key(String key, String value) {
        assertThatThrownBy(() -> settings("godwit." + key + " = " + value))
                .isInstanceOfSatisfying(
                        GodwitException.class, e -> assertThat(e.code()).isEqualTo(ErrorCode.USAGE))
                .hasMessageContaining("godwit." + key);
    }

    @Test
    void the_password_comes_from_the_environment_and_shows_nowhere() {
        NodeSettings settings = NodeConfiguration.settings(
                configuration("godwit.state-store.password.env = SHOP"), Map.of("SHOP", "s3cr3t")::get);
        assertThat(settings.stateStore().password().reveal()).isEqualTo("s3cr3t");
        assertThat(settings.toString()).doesNotContain("s3cr3t");
        assertThat(settings.stateStore().url()).doesNotContain("s3cr3t");
    }

    @Test
    void the_password_comes_from_a_file_without_its_last_line_break(@TempDir Path directory) throws Exception {
        Path file = Files.writeString(directory.resolve("password"), "two\nlines\n");
        NodeSettings settings = settings("godwit.state-store.password.file = \"" + file + "\"");
        assertThat(settings.stateStore().password().reveal()).isEqualTo("two\nlines");
    }

    @Test
    void a_secret_that_is_not_there_is_told() {
        assertThatThrownBy(() -> settings("godwit.state-store.password.env = NOT_SET_ANYWHERE"))
                .isInstanceOfSatisfying(
                        GodwitException.class, e -> assertThat(e.code()).isEqualTo(ErrorCode.SECRET_MISSING))
                .hasMessageContaining("NOT_SET_ANYWHERE");
        assertThatThrownBy(() -> settings("godwit.state-store.password.file = /not/there"))
                .isInstanceOfSatisfying(
                        GodwitException.class, e -> assertThat(e.code()).isEqualTo(ErrorCode.SECRET_MISSING));
    }

    @Test
    void an_inline_password_is_refused_and_not_echoed() {
        assertThatThrownBy(() -> settings("godwit.state-store.password = s3cr3t"))
                .hasMessageContaining("env or file")
                .hasMessageNotContaining("s3cr3t");
    }

    @Test
    void the_journal_lives_in_the_state_store() {
        Config configuration = configuration("""
                godwit.state-store { host = "::1", port = 5433, database = "a b?c", schema = store, journal-connections = 7 }
                """);
        Config merged = NodeConfiguration.pekkoConfig(NodeConfiguration.settings(configuration), configuration);
        Config database = merged.getConfig("pekko-persistence-jdbc.shared-databases.slick.db");
        assertThat(database.getString("url")).isEqualTo("jdbc:postgresql://[::1]:5433/a%20b%3Fc");
        assertThat(database.getString("properties.currentSchema")).isEqualTo("store");
        assertThat(database.getInt("numThreads")).isEqualTo(7);
        assertThat(database.getInt("maxConnections")).isEqualTo(7);
        assertThat(database.getInt("minConnections")).isEqualTo(1);
        assertThat(merged.getString("jdbc-journal.use-shared-db")).isEqualTo("slick");
        assertThat(merged.getString("jdbc-journal.replay-filter.mode")).isEqualTo("fail");
    }

    @Test
    void our_choices_for_pekko_are_stronger_than_its_own_and_weaker_than_the_users() {
        assertThat(configuration("").getDuration("pekko.cluster.failure-detector.acceptable-heartbeat-pause"))
                .isEqualTo(Duration.ofSeconds(2));
        assertThat(configuration("").getString("pekko.stdout-loglevel")).isEqualToIgnoringCase("off");
        assertThat(configuration("pekko.cluster.failure-detector.acceptable-heartbeat-pause = 9s")
                        .getDuration("pekko.cluster.failure-detector.acceptable-heartbeat-pause"))
                .isEqualTo(Duration.ofSeconds(9));
    }

    private static NodeSettings settings(String chosen) {
        return NodeConfiguration.settings(configuration(chosen));
    }

    private static Config configuration(String chosen) {
        return NodeConfiguration.withDefaults(ConfigFactory.parseString(STORE + chosen));
    }
}
