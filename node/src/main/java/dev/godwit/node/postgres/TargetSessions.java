package dev.godwit.node.postgres;

import java.sql.Connection;
import java.sql.SQLException;
import java.sql.Statement;
import java.time.Duration;

/** Runs pieces of work in transactions of the target, each in a session of the pool. Thread-safe. */
final class TargetSessions {
    /** Longest that the short statements may wait for the server's answer: beyond it the network is taken for dead. */
    static final Duration SHORT = Duration.ofSeconds(60);

    /** For statements that look at a million claims. */
    static final Duration LONG = Duration.ofMinutes(15);

    /** For statements that build an index, which may take days. */
    static final Duration UNBOUNDED = Duration.ZERO;

    /**
     * For a transaction that nobody finds by a name while it holds what others wait for. A process that was stopped keeps
     * its connections open, and what they hold would be held for ever; between two statements there is nothing to wait for.
     */
    static final String SOON_OVER = "SET LOCAL idle_in_transaction_session_timeout = '5s';";

    /** The same for work of any kind, on a machine that has other things to do. */
    private static final String OVER_SOME_TIME = "SET LOCAL idle_in_transaction_session_timeout = '30s';";

    private final PostgresConnections connections;

    TargetSessions(PostgresConnections connections) {
        this.connections = connections;
    }

    /** Work within one transaction. */
    @FunctionalInterface
    interface Work<T> {
        T run(Connection connection) throws SQLException;
    }

    /** Commits, and returns only once the commit is on the target's disk. */
    <T> T durably(String where, Duration limit, Work<T> work) {
        return run(where, limit, "SET LOCAL synchronous_commit = on", work);
    }

    /** Commits; nothing is waited for. For work that reads. */
    <T> T reading(String where, Work<T> work) {
        return run(where, SHORT, "", work);
    }

    private <T> T run(String where, Duration limit, String settings, Work<T> work) {
        try (Connection connection = connections.take()) {
            limit(connection, limit);
            begin(connection, OVER_SOME_TIME + settings);
            T result = work.run(connection);
            connection.commit();
            return result;
        } catch (SQLException e) {
            throw PostgresErrors.translate(e, Side.TARGET, where);
        }
    }

    /** Begins a transaction in which a statement sees what others have committed before it. */
    static void begin(Connection connection, String settings) throws SQLException {
        try (Statement statement = connection.createStatement()) {
            statement.execute("SET TRANSACTION ISOLATION LEVEL READ COMMITTED;" + settings);
        }
    }

    /** Longest wait for an answer from now on; zero for no limit. The pool takes the limit off again. */
    static void limit(Connection connection, Duration limit) throws SQLException {
        connection.setNetworkTimeout(Runnable::run, Math.toIntExact(limit.toMillis()));
    }

    PostgresConnections connections() {
        return connections;
    }
}
