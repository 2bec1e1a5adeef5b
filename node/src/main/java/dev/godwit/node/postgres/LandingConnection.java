package dev.godwit.node.postgres;

import dev.godwit.protocol.error.ErrorCode;
import dev.godwit.protocol.error.GodwitException;
import java.sql.Connection;
import java.sql.SQLException;
import java.util.concurrent.atomic.AtomicBoolean;

/**
 * The session of a transaction in which rows land. It goes back to the pool, or is cut off, which another thread may do
 * too. Not thread-safe, except {@link #cancel}.
 */
final class LandingConnection {
    private final PostgresConnections connections;
    private final Connection connection;
    private final String where;
    private final AtomicBoolean discarded = new AtomicBoolean();
    private volatile boolean cancelled;
    private boolean ended;

    /** @param where what lands, for errors */
    LandingConnection(PostgresConnections connections, Connection connection, String where) {
        this.connections = connections;
        this.connection = connection;
        this.where = where;
    }

    /** @throws GodwitException if it was cancelled */
    void requireOpen() {
        if (ended) {
            throw new IllegalStateException("the session has ended");
        }
        if (cancelled) {
            throw gone();
        }
    }

    /** Nothing more lands by it; it is still to be given back or discarded. */
    void end() {
        ended = true;
    }

    boolean isEnded() {
        return ended;
    }

    boolean isCancelled() {
        return cancelled;
    }

    /** What is thrown for all that fails after {@link #cancel}. */
    GodwitException gone() {
        return new GodwitException(ErrorCode.TARGET_UNREACHABLE, "The session was ended from this node.", where, "");
    }

    /** Ends it from another thread: a blocked call fails soon. */
    void cancel() {
        cancelled = true;
        // Closing a socket under TLS may wait for a write that is blocked.
        Thread thread = new Thread(this::discard, "godwit-landing-cancel");
        thread.setDaemon(true);
        thread.start();
    }

    void giveBack() {
        try {
            connection.close();
        } catch (SQLException e) {
            discard();
        }
    }

    void discard() {
        if (discarded.compareAndSet(false, true)) {
            connections.discard(connection);
        }
    }
}
