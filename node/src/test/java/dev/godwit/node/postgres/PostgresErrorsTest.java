package dev.godwit.node.postgres;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.godwit.protocol.error.ErrorCode;
import dev.godwit.protocol.error.GodwitException;
import java.io.IOException;
import java.sql.Connection;
import java.sql.SQLException;
import java.sql.SQLTransientConnectionException;
import java.sql.Statement;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.ValueSource;

class PostgresErrorsTest {
    @ParameterizedTest
    @CsvSource({
        "08006, SOURCE_UNREACHABLE, TARGET_UNREACHABLE",
        "57P01, SOURCE_UNREACHABLE, TARGET_UNREACHABLE",
        "57P03, SOURCE_UNREACHABLE, TARGET_UNREACHABLE",
        "25P03, SOURCE_UNREACHABLE, TARGET_UNREACHABLE",
        "28P01, SOURCE_LOGIN_REFUSED, TARGET_LOGIN_REFUSED",
        "3D000, SOURCE_LOGIN_REFUSED, TARGET_LOGIN_REFUSED",
        "42501, SOURCE_PRIVILEGE_MISSING, TARGET_PRIVILEGE_MISSING",
        "53300, SOURCE_CONNECTIONS, TARGET_CONNECTIONS",
        "53100, SOURCE_FAILED, TARGET_DISK_FULL",
        "25006, SOURCE_FAILED, TARGET_READ_ONLY",
        "22021, SOURCE_ENCODING, TARGET_ENCODING",
        "22P05, SOURCE_ENCODING, TARGET_ENCODING",
        "22P02, SOURCE_FAILED, TARGET_ROW_REFUSED",
        "23505, SOURCE_FAILED, TARGET_ROW_REFUSED",
        "P0001, SOURCE_FAILED, TARGET_ROW_REFUSED",
        "42P01, SOURCE_TABLE_CHANGED, TARGET_FAILED",
        "42P05, SOURCE_POOLER, TARGET_POOLER",
        "26000, SOURCE_POOLER, TARGET_POOLER",
        "57014, SOURCE_FAILED, TARGET_FAILED",
        "XX000, SOURCE_FAILED, TARGET_FAILED"
    })
    void every_sqlstate_has_its_code_on_each_side(String state, ErrorCode atSource, ErrorCode atTarget) {
        SQLException failure = new SQLException("value 4711", state);

        GodwitException source = PostgresErrors.translate(failure, Side.SOURCE, "public.t");
        GodwitException target = PostgresErrors.translate(failure, Side.TARGET, "public.t");

        assertThat(source.code()).isEqualTo(atSource);
        assertThat(target.code()).isEqualTo(atTarget);
        assertThat(source.problem().where()).isEqualTo("public.t");
        assertThat(source).hasMessageContaining(state).hasNoCause().hasMessageNotContaining("4711");
    }

    @Test
    void the_pools_own_time_out_means_that_no_connection_was_free() {
        SQLException nothingFree = new SQLTransientConnectionException("pool is empty");
        SQLException refused = new SQLTransientConnectionException("x", new SQLException("no", "28P01"));

        assertThat(PostgresErrors.translate(nothingFree, Side.TARGET, "").code())
                .isEqualTo(ErrorCode.TARGET_CONNECTIONS);
        assertThat(PostgresErrors.translate(refused, Side.TARGET, "").code()).isEqualTo(ErrorCode.TARGET_LOGIN_REFUSED);
        assertThat(PostgresErrors.translate(new IOException("4711"), Side.SOURCE, ""))
                .hasMessageNotContaining("4711")
                .hasMessageContaining("SOURCE_UNREACHABLE");
    }

    @ParameterizedTest
    @ValueSource(
            strings = {
                "SELECT 'victoria4711'::int",
                "SELECT ('victoria4711' || 'x')::date",
                "SELECT * FROM victoria4711 oops 'victoria4711'",
                "DO $$ BEGIN RAISE EXCEPTION 'victoria4711'; END $$",
                "DO $$ BEGIN RAISE EXCEPTION 'victoria4711' USING ERRCODE = '55000'; END $$",
                "INSERT INTO leaks VALUES ('victoria4711'), ('victoria4711')",
                "INSERT INTO leaks VALUES ('victoria4711' || repeat('x', 100))"
            })
    void values_of_rows_never_get_into_a_message(String sql) throws SQLException {
        SourceServer.run("CREATE TABLE IF NOT EXISTS public.leaks (v varchar(20) PRIMARY KEY)");
        try (PostgresConnections connections =
                        new PostgresConnections(SourceServer.address(), Side.TARGET, "godwit test", 1);
                Connection connection = connections.take();
                Statement statement = connection.createStatement()) {
            statement.execute("SET search_path = public");
            assertThatThrownBy(() -> statement.execute(sql)).isInstanceOfSatisfying(SQLException.class, e -> {
                assertThat(PostgresErrors.translate(e, Side.TARGET, "public.leaks"))
                        .hasMessageNotContaining("victoria4711")
                        .hasMessageContaining(e.getSQLState());
            });
            connection.rollback();
        }
    }
}
