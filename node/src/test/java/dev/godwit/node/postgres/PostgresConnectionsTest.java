package dev.godwit.node.postgres;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.godwit.protocol.error.ErrorCode;
import dev.godwit.protocol.error.GodwitException;
import dev.godwit.protocol.plan.PostgresAddress;
import dev.godwit.protocol.plan.SecretRef;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.sql.Connection;
import java.sql.ResultSet;
import java.sql.SQLException;
import java.sql.Statement;
import java.util.Map;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

class PostgresConnectionsTest {
    @Test
    void every_session_has_our_settings_whatever_the_role_has() throws SQLException {
        SourceServer.run(
                "CREATE ROLE hasty LOGIN",
                "ALTER ROLE hasty SET statement_timeout = '1s'",
                "ALTER ROLE hasty SET idle_in_transaction_session_timeout = '1s'",
                "ALTER ROLE hasty SET transaction_timeout = '1s'",
                "ALTER ROLE hasty SET datestyle = 'German'",
                "ALTER ROLE hasty SET search_path = 'public'");
        try (PostgresConnections connections =
                        new PostgresConnections(SourceServer.address("hasty"), Side.SOURCE, "godwit here", 2);
                Connection pooled = connections.take();
                Connection dedicated = connections.open()) {
            for (Connection connection : new Connection[] {pooled, dedicated}) {
                assertThat(connection.getAutoCommit()).isFalse();
                assertThat(show(connection, "statement_timeout")).isEqualTo("0");
                assertThat(show(connection, "idle_in_transaction_session_timeout"))
                        .isEqualTo("0");
                assertThat(show(connection, "transaction_timeout")).isEqualTo("0");
                assertThat(show(connection, "row_security")).isEqualTo("off");
                assertThat(show(connection, "datestyle")).startsWith("ISO");
                assertThat(show(connection, "search_path")).isEqualTo("\"\"");
                assertThat(show(connection, "extra_float_digits")).isEqualTo("3");
                assertThat(show(connection, "application_name")).isEqualTo("godwit here");
            }
        }
    }

    @Test
    void commits_wait_for_the_disk_only_at_the_source() throws SQLException {
        try (PostgresConnections target =
                        new PostgresConnections(SourceServer.address(), Side.TARGET, "godwit test", 1);
                Connection connection = target.take()) {
            assertThat(show(connection, "synchronous_commit")).isEqualTo("off");
        }
    }

    @Test
    void a_discarded_session_is_replaced_by_a_new_one() throws SQLException {
        try (PostgresConnections connections =
                new PostgresConnections(SourceServer.address(), Side.SOURCE, "godwit test", 1)) {
            Connection first = connections.take();
            String process = ask(first, "SELECT pg_backend_pid()");
            connections.discard(first);
            try (Connection second = connections.take()) {
                assertThat(ask(second, "SELECT pg_backend_pid()")).isNotEqualTo(process);
            }
        }
    }

    @ParameterizedTest
    @ValueSource(strings = {"socketFactory", "loggerFile", "options", "sslfactory"})
    void a_property_that_is_not_on_the_list_is_refused(String property) {
        PostgresAddress address = new PostgresAddress("h", 1, "d", "u", null, "disable", Map.of(property, "x"));

        assertThatThrownBy(() -> new PostgresConnections(address, Side.SOURCE, "godwit test", 1))
                .isInstanceOfSatisfying(GodwitException.class, e -> {
                    assertThat(e.code()).isEqualTo(ErrorCode.PLAN_PROPERTY_NOT_ALLOWED);
                    assertThat(e).hasMessageContaining("The property " + property + " is not allowed");
                });
    }

    @ParameterizedTest
    @ValueSource(strings = {"a,b", "host/db?x=y", "", "a b"})
    void a_host_that_is_none_is_refused(String host) {
        PostgresAddress address = new PostgresAddress(host, 1, "d", "u", null, "disable", Map.of());

        assertThatThrownBy(() -> new PostgresConnections(address, Side.SOURCE, "godwit test", 1))
                .isInstanceOfSatisfying(
                        GodwitException.class, e -> assertThat(e.code()).isEqualTo(ErrorCode.PLAN_WRONG_VALUE));
    }

    @Test
    void a_users_text_is_never_part_of_a_url() {
        PostgresAddress here = SourceServer.address();
        String database = "postgres?loggerFile=/tmp/x&socketFactory=y";
        PostgresAddress address =
                new PostgresAddress(here.host(), here.port(), database, "postgres", null, "disable", Map.of());
        try (PostgresConnections connections = new PostgresConnections(address, Side.SOURCE, "godwit test", 1)) {
            assertThatThrownBy(connections::open)
                    .hasMessageContaining("SOURCE_LOGIN_REFUSED")
                    .hasMessageContaining("3D000");
        }
    }

    @Test
    void an_ipv6_address_is_a_host_with_and_without_brackets() {
        for (String host : new String[] {"::1", "[::1]"}) {
            PostgresAddress address = new PostgresAddress(host, 1, "d", "u", null, "disable", Map.of());
            try (PostgresConnections connections = new PostgresConnections(address, Side.TARGET, "godwit test", 1)) {
                assertThatThrownBy(connections::open).hasMessageContaining("TARGET_UNREACHABLE");
            }
        }
    }

    @Test
    void secrets_come_from_the_environment_or_a_file_without_its_last_line_break(@TempDir Path directory)
            throws IOException {
        Path file = directory.resolve("secret");
        Files.writeString(file, "pa ss\n\n");

        assertThat(Secrets.resolve(null, name -> "x", "")).isNull();
        assertThat(Secrets.resolve(new SecretRef("NAME", null), Map.of("NAME", "v\n")::get, ""))
                .isEqualTo("v\n");
        assertThat(Secrets.resolve(new SecretRef(null, file.toString()), name -> null, ""))
                .isEqualTo("pa ss\n");
    }

    @Test
    void a_missing_secret_names_its_reference() {
        assertThatThrownBy(() -> Secrets.resolve(new SecretRef("SHOP", null), name -> null, "h:1/d"))
                .hasMessageContaining("SECRET_MISSING at h:1/d")
                .hasMessageContaining("SHOP");
        assertThatThrownBy(() -> Secrets.resolve(new SecretRef(null, "/no/such"), name -> null, ""))
                .hasMessageContaining("SECRET_MISSING")
                .hasMessageContaining("/no/such");
    }

    private static String show(Connection connection, String setting) throws SQLException {
        return ask(connection, "SHOW " + setting);
    }

    private static String ask(Connection connection, String query) throws SQLException {
        try (Statement statement = connection.createStatement();
                ResultSet row = statement.executeQuery(query)) {
            row.next();
            return row.getString(1);
        }
    }
}
