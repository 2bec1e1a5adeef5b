package dev.godwit.node.postgres;

import dev.godwit.protocol.error.ErrorCode;
import dev.godwit.protocol.error.GodwitException;
import java.io.IOException;
import java.sql.Connection;
import java.sql.SQLException;
import java.util.Optional;
import org.postgresql.jdbc.PgConnection;

/**
 * The session of a transaction that reads rows. It goes back to the pool after a read to the end; else it is cut off, since
 * the rest of a table is not worth reading for the sake of a session. Not thread-safe, except {@link #cancel}.
 */
final class ReadSession {
    private final PostgresConnections connections;
    private final Connection pooled;
    private final PgConnection session;
    private String snapshot;
    private boolean failed;
    private boolean closed;
    private volatile boolean cancelled;

    private ReadSession(PostgresConnections connections, Connection pooled, PgConnection session) {
        this.connections = connections;
        this.pooled = pooled;
        this.session = session;
    }

    /** What is done before the first row: locks, for example, which have to be there before the snapshot is taken. */
    @FunctionalInterface
    interface Opening<R> {
        R open(ReadSession session) throws SQLException;
    }

    /** A call that waits for the source. */
    @FunctionalInterface
    interface Call<T> {
        T run() throws SQLException, IOException;
    }

    /**
     * Begins the transaction.
     *
     * @param where what is read, for errors
     * @return what was opened; it closes the session
     * @throws GodwitException with SNAPSHOT_NOT_READY where the exported snapshot is not there
     */
    static <R> R begin(PostgresConnections connections, Optional<String> imported, String where, Opening<R> opening) {
        Connection pooled = connections.take();
        try {
            PgConnection session = pooled.unwrap(PgConnection.class);
            SourceTransaction.begin(session, imported, ErrorCode.SNAPSHOT_NOT_READY, connections.place());
            ReadSession read = new ReadSession(connections, pooled, session);
            R opened = opening.open(read);
            read.snapshot = SourceTransaction.snapshot(session);
            return opened;
        } catch (SQLException e) {
            connections.discard(pooled);
            throw PostgresErrors.translate(e, connections.side(), where);
        } catch (RuntimeException e) {
            connections.discard(pooled);
            throw e;
        }
    }

    PgConnection connection() {
        return session;
    }

    /** {@code pg_current_snapshot()} of the transaction. */
    String snapshot() {
        return snapshot;
    }

    /**
     * Makes a call of a read; after one that failed there is nothing more to read.
     *
     * @param where what is read, for errors
     */
    <T> T reading(String where, Call<T> call) {
        try {
            return call.run();
        } catch (IOException e) {
            throw failure(where, PostgresErrors.translate(e, connections.side(), where));
        } catch (SQLException e) {
            throw failure(where, PostgresErrors.translate(e, connections.side(), where));
        }
    }

    private GodwitException failure(String where, GodwitException failure) {
        failed = true;
        return cancelled ? new GodwitException(ErrorCode.SOURCE_FAILED, "The read was cancelled.", where, "") : failure;
    }

    /** Ends it from another thread: a blocked call fails soon. */
    void cancel() {
        cancelled = true;
        SourceTransaction.cutOff(session);
    }

    /** @param wasRead whether all was read that was begun */
    void close(boolean wasRead) {
        if (closed) {
            return;
        }
        closed = true;
        if (wasRead && !failed && !cancelled) {
            giveBack();
        } else {
            SourceTransaction.cutOff(session);
            connections.discard(pooled);
        }
    }

    private void giveBack() {
        try {
            session.rollback();
            pooled.close();
        } catch (SQLException e) {
            connections.discard(pooled);
        }
    }
}
