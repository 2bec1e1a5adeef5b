package dev.godwit.node.postgres;

import dev.godwit.node.source.SessionWaits;
import java.sql.Connection;
import java.sql.ResultSet;
import java.sql.SQLException;
import java.sql.Statement;

/**
 * Looks in {@code pg_stat_activity} for what this node's sessions under COPY wait for. They are known by the client's
 * address, since the same user may run other nodes elsewhere; nodes behind one address share the way to the server too.
 */
final class ActivityWaits {
    private static final String SQL = """
            SELECT count(*), count(*) FILTER (WHERE wait_event_type = 'Client') FROM pg_stat_activity
            WHERE state = 'active' AND datname = current_database() AND usename = session_user
              AND application_name LIKE 'godwit%%' AND client_addr IS NOT DISTINCT FROM inet_client_addr()
              AND query LIKE '%s'""";

    private ActivityWaits() {}

    static SessionWaits of(Connection connection, Side side) throws SQLException {
        try (Statement statement = connection.createStatement();
                ResultSet row =
                        statement.executeQuery(SQL.formatted(side == Side.SOURCE ? "COPY %" : "COPY % FROM STDIN %"))) {
            row.next();
            return new SessionWaits(row.getInt(1), row.getInt(2));
        }
    }
}
