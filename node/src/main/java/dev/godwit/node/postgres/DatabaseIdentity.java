package dev.godwit.node.postgres;

import java.sql.Connection;
import java.sql.ResultSet;
import java.sql.SQLException;
import java.sql.Savepoint;
import java.sql.Statement;

/** Tells one database from every other. */
final class DatabaseIdentity {
    private static final String INSUFFICIENT_PRIVILEGE = "42501";

    private DatabaseIdentity() {}

    /**
     * The server's system identifier, the database's oid and name: {@code 7123456789/16384/shop}. Where the role may
     * not read the system identifier, the address and port that the server itself sees stand in for it. Needs
     * autocommit off; leaves a transaction open.
     */
    static String of(Connection connection) throws SQLException {
        try (Statement statement = connection.createStatement()) {
            return server(connection, statement)
                    + text(
                            statement,
                            "SELECT '/' || oid || '/' || datname FROM pg_database WHERE datname = current_database()");
        }
    }

    private static String server(Connection connection, Statement statement) throws SQLException {
        Savepoint before = connection.setSavepoint();
        try {
            return text(statement, "SELECT system_identifier::text FROM pg_control_system()");
        } catch (SQLException e) {
            if (!INSUFFICIENT_PRIVILEGE.equals(e.getSQLState())) {
                throw e;
            }
            connection.rollback(before);
            return text(
                    statement,
                    "SELECT coalesce(host(inet_server_addr()), 'local') || ':' || coalesce(inet_server_port(), 0)");
        }
    }

    private static String text(Statement statement, String sql) throws SQLException {
        try (ResultSet rows = statement.executeQuery(sql)) {
            rows.next();
            return rows.getString(1);
        }
    }
}
