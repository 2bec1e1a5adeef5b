package dev.godwit.node.postgres;

import dev.godwit.node.source.TableDefinition;
import dev.godwit.node.source.TableDefinition.IdentityPosition;
import dev.godwit.node.source.TableDefinition.KeyDefinition;
import dev.godwit.protocol.error.ErrorCode;
import dev.godwit.protocol.error.GodwitException;
import dev.godwit.protocol.table.TableName;
import java.sql.Connection;
import java.sql.PreparedStatement;
import java.sql.ResultSet;
import java.sql.SQLException;
import java.sql.Savepoint;
import java.sql.Statement;
import java.util.Set;

/** Builds keys and sets sequences once a table's rows are in. Each key is one transaction: there or not there. */
final class TargetKeys {
    /** Enough to sort well, and little enough for several builds at once on a small server. */
    private static final String SETTINGS = "SET LOCAL maintenance_work_mem = '256MB'";

    private static final Set<String> NAME_IS_TAKEN = Set.of("42P07", "42710");

    private final TargetSessions sessions;

    TargetKeys(TargetSessions sessions) {
        this.sessions = sessions;
    }

    void build(TableName table, TableDefinition definition) {
        String where = Sql.printable(table.text());
        for (KeyDefinition key : definition.keys()) {
            sessions.durably(where, TargetSessions.UNBOUNDED, connection -> {
                build(connection, table, key);
                return null;
            });
        }
        for (IdentityPosition position : definition.identities()) {
            sessions.durably(where, TargetSessions.UNBOUNDED, connection -> {
                advance(connection, table, position);
                return null;
            });
        }
    }

    private static void build(Connection connection, TableName table, KeyDefinition key) throws SQLException {
        TargetTables.lock(connection, purpose(table));
        execute(connection, SETTINGS);
        if (connection.getMetaData().getDatabaseMajorVersion() >= 14) {
            // A build whose node is gone ends, instead of making the next one wait for it.
            execute(connection, "SET LOCAL client_connection_check_interval = '10s'");
        }
        if (exists(connection, table, key)) {
            return;
        }
        dropInvalid(connection, table, key);
        String alter = "ALTER TABLE " + Sql.table(table) + " ADD ";
        Savepoint before = connection.setSavepoint();
        try {
            execute(connection, alter + "CONSTRAINT " + Sql.ident(key.name()) + ' ' + key.definition());
        } catch (SQLException e) {
            if (!NAME_IS_TAKEN.contains(String.valueOf(e.getSQLState()))) {
                throw notUnique(e, table, key);
            }
            connection.rollback(before);
            unnamed(connection, alter + key.definition(), table, key);
        }
    }

    /** Another object has the key's name: the server chooses one. */
    private static void unnamed(Connection connection, String sql, TableName table, KeyDefinition key)
            throws SQLException {
        try {
            execute(connection, sql);
        } catch (SQLException e) {
            throw notUnique(e, table, key);
        }
    }

    private static SQLException notUnique(SQLException e, TableName table, KeyDefinition key) {
        if ("23505".equals(e.getSQLState())) {
            throw new GodwitException(
                    ErrorCode.TARGET_KEY_NOT_UNIQUE,
                    "Rows have the same values in the key " + Sql.printable(key.name()) + " (SQLSTATE 23505).",
                    Sql.printable(table.text()),
                    "Look for duplicates in the target and in the source; then resume.");
        }
        return e;
    }

    /** A primary key, or a unique one of the same definition, whatever it is called. */
    private static boolean exists(Connection connection, TableName table, KeyDefinition key) throws SQLException {
        String sql = """
                SELECT EXISTS (SELECT FROM pg_constraint WHERE conrelid = ?::regclass
                  AND (contype = 'p' AND ? OR contype = 'u' AND pg_get_constraintdef(oid) = ?
                    OR contype = 'u' AND conname = ?))""";
        try (PreparedStatement statement = connection.prepareStatement(sql)) {
            statement.setString(1, Sql.table(table));
            statement.setBoolean(2, key.primary());
            statement.setString(3, key.definition());
            statement.setString(4, key.name());
            try (ResultSet row = statement.executeQuery()) {
                row.next();
                return row.getBoolean(1);
            }
        }
    }

    /** What CREATE INDEX CONCURRENTLY leaves behind when it fails would keep the key's name and be of no use. */
    private static void dropInvalid(Connection connection, TableName table, KeyDefinition key) throws SQLException {
        String sql = """
                SELECT i.indexrelid::regclass::text FROM pg_index i JOIN pg_class c ON c.oid = i.indexrelid
                WHERE i.indrelid = ?::regclass AND c.relname = ? AND NOT i.indisvalid""";
        String invalid = null;
        try (PreparedStatement statement = connection.prepareStatement(sql)) {
            statement.setString(1, Sql.table(table));
            statement.setString(2, key.name());
            try (ResultSet row = statement.executeQuery()) {
                if (row.next()) {
                    invalid = row.getString(1);
                }
            }
        }
        if (invalid != null) {
            execute(connection, "DROP INDEX " + invalid);
        }
    }

    /**
     * COPY does not move a sequence. Where the source did not tell its position, the column's own last value is taken.
     * A sequence never goes back.
     */
    private static void advance(Connection connection, TableName table, IdentityPosition position) throws SQLException {
        String sequence = sequence(connection, table, position.column());
        if (sequence == null) {
            return;
        }
        String extreme = position.ascending() ? "max" : "min";
        String furthest = position.ascending() ? "greatest" : "least";
        String landed = position.lastValue() == null
                ? "(SELECT " + extreme + "(" + Sql.ident(position.column()) + ")::bigint FROM ONLY " + Sql.table(table)
                        + ")"
                : position.lastValue() + "::bigint";
        String sql = "SELECT setval(s.seqrelid, v.value) FROM pg_sequence s, LATERAL (SELECT " + furthest + "(" + landed
                + ", pg_sequence_last_value(s.seqrelid)) AS value) v WHERE s.seqrelid = " + Sql.literal(sequence)
                + "::regclass AND v.value BETWEEN s.seqmin AND s.seqmax";
        execute(connection, sql);
    }

    /** Null where the target's column has none. */
    private static String sequence(Connection connection, TableName table, String column) throws SQLException {
        try (PreparedStatement statement = connection.prepareStatement("SELECT pg_get_serial_sequence(?, ?)")) {
            statement.setString(1, Sql.table(table));
            statement.setString(2, column);
            try (ResultSet row = statement.executeQuery()) {
                row.next();
                return row.getString(1);
            }
        }
    }

    /** The advisory lock's second key. Two tables that share one wait for each other, no more. Never that of others. */
    private static int purpose(TableName table) {
        return table.text().hashCode() | 0x4000_0000;
    }

    private static void execute(Connection connection, String sql) throws SQLException {
        try (Statement statement = connection.createStatement()) {
            statement.execute(sql);
        }
    }
}
