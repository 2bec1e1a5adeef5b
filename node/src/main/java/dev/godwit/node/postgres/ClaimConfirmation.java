package dev.godwit.node.postgres;

import dev.godwit.node.target.TargetDatabase.Confirmation;
import dev.godwit.protocol.error.ErrorCode;
import dev.godwit.protocol.error.GodwitException;
import dev.godwit.protocol.table.TableName;
import java.sql.Connection;
import java.sql.PreparedStatement;
import java.sql.ResultSet;
import java.sql.SQLException;
import java.util.ArrayList;
import java.util.List;

/**
 * Compares a table's windows with its claims, in the database, so that a million claims cost this node nothing. The
 * shards that there must be are those of the windows 0, 1, … up to the last one, and those of the windows that carry
 * the name of a retired shard.
 */
final class ClaimConfirmation {
    private static final int LISTED = 10_000;

    private static final String WINDOWS = """
            WITH root AS (
              SELECT name::bigint AS number, last FROM godwit.cut
              WHERE migration = ? AND source_table = ? AND name ~ '^[0-9]{1,18}$'),
            ending AS (SELECT min(number) AS number FROM root WHERE last)
            SELECT (SELECT number FROM ending), count(root.number) FROM root, ending WHERE root.number <= ending.number""";

    private static final String RETIRED_WITHOUT_PIECES = """
            SELECT count(*) FROM godwit.claim c WHERE c.migration = ? AND c.source_table = ? AND c.outcome = 'retired'
            AND NOT EXISTS (SELECT FROM godwit.cut w WHERE w.migration = c.migration
              AND w.source_table = c.source_table AND w.name = c.shard)""";

    private static final String EXPECTED = """
            WITH wanted AS (SELECT ?::text AS migration, ?::text AS source_table, ?::bigint AS ending),
            expected AS (
              SELECT w.name || '.' || place AS shard
              FROM wanted JOIN godwit.cut w USING (migration, source_table), generate_series(0, w.shards - 1) place
              WHERE CASE WHEN w.name ~ '^[0-9]{1,18}$' THEN w.name::bigint <= wanted.ending
                ELSE EXISTS (SELECT FROM godwit.claim r WHERE r.migration = w.migration
                  AND r.source_table = w.source_table AND r.shard = w.name AND r.outcome = 'retired') END),
            there AS (SELECT c.shard, c.outcome, c.rows, c.bytes
              FROM wanted JOIN godwit.claim c USING (migration, source_table))
            """;

    private static final String SUMS = EXPECTED + """
            SELECT count(*) FILTER (WHERE there.shard IS NULL), count(*) FILTER (WHERE outcome = 'copied'),
              coalesce(sum(rows) FILTER (WHERE outcome = 'copied'), 0)::bigint,
              coalesce(sum(bytes) FILTER (WHERE outcome = 'copied'), 0)::bigint
            FROM expected LEFT JOIN there USING (shard)""";

    private static final String MISSING = EXPECTED + """
            SELECT shard FROM expected LEFT JOIN there USING (shard) WHERE there.shard IS NULL LIMIT """ + " " + LISTED;

    private final String migration;
    private final TableName table;

    ClaimConfirmation(String migration, TableName table) {
        this.migration = migration;
        this.table = table;
    }

    /**
     * To be run in a transaction with {@code synchronous_commit} on. The claims that it sees may still be in memory
     * alone; the row that it writes after having seen them makes its own commit flush theirs, which are earlier in the
     * log. If the server fails in between, so does this transaction.
     */
    Confirmation confirm(Connection connection) throws SQLException {
        long ending = lastWindow(connection);
        requirePieces(connection);
        Confirmation confirmation = compare(connection, ending);
        ClaimTables.confirm(connection, migration, List.of(table));
        return confirmation;
    }

    private long lastWindow(Connection connection) throws SQLException {
        try (PreparedStatement statement = connection.prepareStatement(WINDOWS)) {
            key(statement);
            try (ResultSet row = statement.executeQuery()) {
                row.next();
                long ending = row.getLong(1);
                if (row.wasNull()) {
                    throw incomplete("The window with which the table ends is not in godwit.cut.");
                }
                if (row.getLong(2) != ending + 1) {
                    throw incomplete(
                            "Of the windows 0 to " + ending + " only " + row.getLong(2) + " are in godwit.cut.");
                }
                return ending;
            }
        }
    }

    private void requirePieces(Connection connection) throws SQLException {
        try (PreparedStatement statement = connection.prepareStatement(RETIRED_WITHOUT_PIECES)) {
            key(statement);
            try (ResultSet row = statement.executeQuery()) {
                row.next();
                if (row.getLong(1) > 0) {
                    throw incomplete("The pieces of " + row.getLong(1) + " retired shards are not in godwit.cut.");
                }
            }
        }
    }

    private GodwitException incomplete(String what) {
        return new GodwitException(
                ErrorCode.TARGET_FAILED,
                what,
                migration + ", " + Sql.printable(table.text()),
                "Look whether the target was restored, failed over, or its schema godwit changed.");
    }

    private Confirmation compare(Connection connection, long ending) throws SQLException {
        try (PreparedStatement statement = connection.prepareStatement(SUMS)) {
            key(statement);
            statement.setLong(3, ending);
            try (ResultSet row = statement.executeQuery()) {
                row.next();
                List<String> missing = row.getLong(1) == 0 ? List.of() : missing(connection, ending);
                return new Confirmation(missing, row.getLong(3), row.getLong(4), row.getLong(2));
            }
        }
    }

    private List<String> missing(Connection connection, long ending) throws SQLException {
        List<String> missing = new ArrayList<>();
        try (PreparedStatement statement = connection.prepareStatement(MISSING)) {
            key(statement);
            statement.setLong(3, ending);
            try (ResultSet row = statement.executeQuery()) {
                while (row.next()) {
                    missing.add(row.getString(1));
                }
            }
        }
        return missing;
    }

    private void key(PreparedStatement statement) throws SQLException {
        statement.setString(1, migration);
        statement.setString(2, table.text());
    }
}
