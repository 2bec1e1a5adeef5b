package dev.godwit.node.postgres;

import dev.godwit.node.target.LandingSession;
import dev.godwit.node.target.TargetDatabase.ShardOrder;
import dev.godwit.protocol.error.ErrorCode;
import dev.godwit.protocol.error.GodwitException;
import java.sql.Connection;
import java.sql.SQLException;
import java.time.Duration;
import java.util.concurrent.ScheduledFuture;
import java.util.concurrent.ScheduledThreadPoolExecutor;
import java.util.concurrent.TimeUnit;
import org.postgresql.copy.CopyIn;

/** A shard's transaction: its claim is inserted, its copy is under way. */
final class PostgresLanding implements LandingSession {
    /** Once all bytes are sent, the server needs a moment for what it holds; far beyond that the network is dead. */
    private static final Duration TO_FINISH = Duration.ofMinutes(5);

    /** How long a polite end may take before the socket is closed. */
    private static final long TO_CANCEL_MILLIS = 5_000;

    private static final ScheduledThreadPoolExecutor WATCHDOG = watchdog();

    private final PostgresConnections connections;
    private final Connection connection;
    private final LandingConnection session;
    private final CopyIn copy;
    private final ShardOrder order;
    private final HolderName name;
    private final int backend;
    private final String where;

    /** @param backend process of the server that serves this session */
    PostgresLanding(
            PostgresConnections connections,
            Connection connection,
            CopyIn copy,
            ShardOrder order,
            HolderName name,
            int backend,
            String where) {
        this.connections = connections;
        this.connection = connection;
        this.session = new LandingConnection(connections, connection, where);
        this.copy = copy;
        this.order = order;
        this.name = name;
        this.backend = backend;
        this.where = where;
    }

    private static ScheduledThreadPoolExecutor watchdog() {
        ScheduledThreadPoolExecutor watchdog = new ScheduledThreadPoolExecutor(1, task -> {
            Thread thread = new Thread(task, "godwit-landing-watchdog");
            thread.setDaemon(true);
            return thread;
        });
        watchdog.setRemoveOnCancelPolicy(true);
        return watchdog;
    }

    @Override
    public void write(byte[] buffer, int offset, int length) {
        session.requireOpen();
        try {
            copy.writeToCopy(buffer, offset, length);
        } catch (SQLException e) {
            throw refused(e);
        }
    }

    @Override
    public Commit commit(long rows, long bytes, String digest) {
        session.requireOpen();
        try {
            TargetSessions.limit(connection, TO_FINISH);
            requireAsMany(rows, copy.endCopy(), where);
            if (!ClaimTables.complete(connection, order, rows, bytes, digest)) {
                throw ClaimTables.ownClaimIsGone(where);
            }
            if (order.join().isPresent()) {
                CaptureTables.join(connection, order, order.join().get(), where);
            }
        } catch (SQLException e) {
            throw refused(e);
        }
        session.requireOpen();
        return commitOrAsk();
    }

    /** The rows that the source has sent are the rows that the target has taken. */
    static void requireAsMany(long sent, long taken, String where) {
        if (taken != sent) {
            throw new GodwitException(
                    ErrorCode.ROWS_DIFFER,
                    "The source sent " + sent + " rows and the target took " + taken + ".",
                    where,
                    "Look for a rule or trigger on the target's table that leaves out rows.");
        }
    }

    /** From the moment when COMMIT is sent, only an answer or the claim itself tells what became of it. */
    private Commit commitOrAsk() {
        session.end();
        try {
            connection.commit();
        } catch (SQLException e) {
            return afterFailedCommit(e);
        }
        session.giveBack();
        return Commit.COMMITTED;
    }

    private Commit afterFailedCommit(SQLException failure) {
        session.discard();
        Commit found = new CommitInquiry(connections, order, name, backend).ask(session.isCancelled());
        GodwitException problem = PostgresErrors.translate(failure, Side.TARGET, where);
        if (found == Commit.NOT_COMMITTED && problem.code() != ErrorCode.TARGET_UNREACHABLE) {
            // The server said why.
            throw problem;
        }
        return found;
    }

    @Override
    public void cancel() {
        session.cancel();
    }

    @Override
    public void close() {
        if (session.isEnded()) {
            return;
        }
        session.end();
        if (session.isCancelled()) {
            session.discard();
            return;
        }
        ScheduledFuture<?> watchdog = WATCHDOG.schedule(session::cancel, TO_CANCEL_MILLIS, TimeUnit.MILLISECONDS);
        boolean clean = false;
        try {
            if (copy.isActive()) {
                copy.cancelCopy();
            }
            connection.rollback();
            clean = true;
        } catch (SQLException e) {
            // The session is broken; the server rolls back when it notices.
        }
        if (watchdog.cancel(false) && clean) {
            session.giveBack();
        } else {
            session.discard();
        }
    }

    private GodwitException refused(SQLException e) {
        return session.isCancelled() ? session.gone() : CopyErrors.translate(e, order.table(), where);
    }
}
