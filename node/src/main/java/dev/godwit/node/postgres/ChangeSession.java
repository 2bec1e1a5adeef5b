package dev.godwit.node.postgres;

import dev.godwit.protocol.error.GodwitException;
import dev.godwit.protocol.table.TableName;
import java.sql.Connection;
import java.sql.SQLException;
import java.sql.Statement;
import org.postgresql.PGConnection;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/** The session that applies changes, with its settings. Not thread-safe, except {@link #cancel}. */
final class ChangeSession implements AutoCloseable {
    private static final Logger LOG = LoggerFactory.getLogger(ChangeSession.class);

    /**
     * Rows are found by the key's index, whatever the planner believes of a table that was empty a moment ago; and a
     * plan that always is the same is made once. Notices of triggers, of which nobody here reads while he writes, could fill
     * what lies between the two until each waits for the other.
     */
    private static final String SETTINGS = """
            SET synchronous_commit = on; SET default_transaction_isolation = 'read committed';
            SET idle_in_transaction_session_timeout = '30s'; SET plan_cache_mode = force_generic_plan;
            SET enable_seqscan = off; SET enable_hashjoin = off; SET enable_mergejoin = off;
            SET enable_material = off;
            SET client_min_messages = error""";

    private final Connection connection;
    private final boolean replica;

    private ChangeSession(Connection connection, boolean replica) {
        this.connection = connection;
        this.replica = replica;
    }

    /** The name that such a session bears for as long as it lives. */
    static String name(String migration) {
        return HolderName.of("", migration, new TableName("godwit", "applied"), "", "apply")
                .text();
    }

    /** @throws GodwitException as {@link PostgresErrors} says */
    static ChangeSession open(PostgresConnections connections, String migration, String place) {
        Connection connection = connections.open();
        try {
            execute(connection, SETTINGS);
            execute(connection, "SET application_name = " + Sql.literal(name(migration)));
            connection.commit();
            boolean replica = isAllowed(connection, "SET session_replication_role = replica");
            // The server notices a node that is gone also while a statement of it waits for a lock. Not on every
            // system.
            isAllowed(connection, "SET client_connection_check_interval = '5s'");
            origin(connection, migration, place);
            return new ChangeSession(connection, replica);
        } catch (SQLException e) {
            abort(connection);
            throw PostgresErrors.translate(e, Side.TARGET, place);
        }
    }

    /**
     * Marks what is applied as not made here, so that it can be told from what is when somebody captures the target's
     * changes. A server lets few users do so.
     */
    private static void origin(Connection connection, String migration, String place) throws SQLException {
        String name = Sql.literal("godwit_" + migration);
        boolean made = isAllowed(
                connection,
                "SELECT pg_replication_origin_create(" + name + ") WHERE pg_replication_origin_oid(" + name
                        + ") IS NULL");
        if (!made || !isAllowed(connection, "SELECT pg_replication_origin_session_setup(" + name + ")")) {
            LOG.info("{}: changes of {} are applied without a replication origin", place, migration);
        }
    }

    /** Commits it, or undoes it where the server refuses. */
    private static boolean isAllowed(Connection connection, String sql) throws SQLException {
        try {
            execute(connection, sql);
            connection.commit();
            return true;
        } catch (SQLException e) {
            connection.rollback(); // fails where it was the connection that failed
            return false;
        }
    }

    private static void execute(Connection connection, String sql) throws SQLException {
        try (Statement statement = connection.createStatement()) {
            statement.execute(sql);
        }
    }

    Connection connection() {
        return connection;
    }

    /** Whether triggers and foreign keys are off in it. */
    boolean replica() {
        return replica;
    }

    void execute(String sql) throws SQLException {
        execute(connection, sql);
    }

    /** Ends it from another thread, with what it does at the server. */
    void cancel() {
        // Both open or close sockets, and may take time.
        Thread thread = new Thread(
                () -> {
                    abort(connection);
                    try {
                        connection.unwrap(PGConnection.class).cancelQuery();
                    } catch (SQLException e) {
                        // Who takes over ends what is left.
                    }
                },
                "godwit-apply-cancel");
        thread.setDaemon(true);
        thread.start();
    }

    private static void abort(Connection connection) {
        try {
            connection.abort(Runnable::run);
        } catch (SQLException e) {
            // It is gone already.
        }
    }

    @Override
    public void close() {
        try {
            connection.close();
        } catch (SQLException e) {
            abort(connection);
        }
    }
}
