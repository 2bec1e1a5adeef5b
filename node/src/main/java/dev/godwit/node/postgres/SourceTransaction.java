package dev.godwit.node.postgres;

import dev.godwit.protocol.error.ErrorCode;
import dev.godwit.protocol.error.GodwitException;
import java.sql.Connection;
import java.sql.ResultSet;
import java.sql.SQLException;
import java.sql.Statement;
import java.util.Optional;
import java.util.Set;
import org.postgresql.jdbc.PgConnection;

/** Transactions that read one snapshot of the source. */
final class SourceTransaction {
    /** A name that is not there is 22023 up to 16 and 42704 since; 55000: its exporter is just gone. */
    private static final Set<String> NOBODY_HOLDS_THE_EXPORT = Set.of("22023", "42704", "55000");

    /** How long a reader waits for its tables' locks. */
    static final String LOCK_PATIENCE = "SET LOCAL lock_timeout = '30s'";

    private SourceTransaction() {}

    /**
     * Begins REPEATABLE READ READ ONLY, with the snapshot of that name if there is one.
     *
     * @param gone the code for a name that nobody exports
     */
    static void begin(Connection session, Optional<String> imported, ErrorCode gone, String place) throws SQLException {
        try (Statement statement = session.createStatement()) {
            statement.execute("SET TRANSACTION ISOLATION LEVEL REPEATABLE READ, READ ONLY");
            if (imported.isPresent()) {
                try {
                    statement.execute("SET TRANSACTION SNAPSHOT " + Sql.literal(imported.get()));
                } catch (SQLException e) {
                    if (NOBODY_HOLDS_THE_EXPORT.contains(e.getSQLState())) {
                        throw new GodwitException(
                                gone, "No session exports the shared snapshot under its name any more.", place, "");
                    }
                    throw e;
                }
            }
        }
    }

    /** {@code pg_current_snapshot()}, which before 13 had another name. */
    static String snapshot(Connection session) throws SQLException {
        String function =
                session.getMetaData().getDatabaseMajorVersion() >= 13 ? "pg_current_snapshot" : "txid_current_snapshot";
        try (Statement statement = session.createStatement();
                ResultSet row = statement.executeQuery("SELECT " + function + "()::text")) {
            row.next();
            return row.getString(1);
        }
    }

    /** What is planned of a table, and what an older snapshot shows of it, is not what its file holds now. */
    static GodwitException anotherFile(String where) {
        return new GodwitException(
                ErrorCode.SOURCE_TABLE_CHANGED,
                "The table was truncated, rewritten or made anew since it was planned.",
                where,
                "Start a migration under a new name, and let nobody truncate, alter, cluster or VACUUM FULL the table"
                        + " meanwhile.");
    }

    /**
     * Ends a session from any thread whatever it does: its socket is closed, so that a blocked read fails, and the
     * server is asked to end the query, since a query that sends nothing does not notice a closed socket. Never
     * blocks: the request to the server goes its own way, and one that fails is no loss.
     */
    static void cutOff(PgConnection session) {
        Thread asking = new Thread(() -> askToCancel(session), "godwit-source-cancel");
        asking.setDaemon(true);
        asking.start();
        try {
            session.abort(Runnable::run);
        } catch (SQLException e) {
            // It is cut off already.
        }
    }

    private static void askToCancel(PgConnection session) {
        try {
            session.getQueryExecutor().sendQueryCancel();
        } catch (SQLException e) {
            // The server ends the query when it next sends a row.
        }
    }
}
