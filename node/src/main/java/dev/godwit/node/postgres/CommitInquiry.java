package dev.godwit.node.postgres;

import dev.godwit.node.target.LandingSession.Commit;
import dev.godwit.node.target.TargetDatabase.Claim;
import dev.godwit.node.target.TargetDatabase.ShardOrder;
import dev.godwit.protocol.error.GodwitException;
import java.sql.Connection;
import java.sql.PreparedStatement;
import java.sql.ResultSet;
import java.sql.SQLException;
import java.time.Duration;
import java.util.Optional;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.FutureTask;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.TimeoutException;

/**
 * Finds out what became of a COMMIT whose answer did not come. The claim is looked at only after the session that sent
 * it is gone from the server, since till then its COMMIT may still arrive.
 */
final class CommitInquiry {
    private static final Duration LONGEST = Duration.ofSeconds(15);
    private static final Duration LONGEST_IF_CANCELLED = Duration.ofSeconds(3);
    private static final Duration ANSWER = Duration.ofSeconds(5);

    /** How long the old session may take to end by itself: a COMMIT on its way is worth waiting for. */
    private static final Duration BY_ITSELF = Duration.ofSeconds(2);

    private static final long PAUSE_MILLIS = 250;

    private final PostgresConnections connections;
    private final ShardOrder order;
    private final HolderName name;
    private final int backend;

    CommitInquiry(PostgresConnections connections, ShardOrder order, HolderName name, int backend) {
        this.connections = connections;
        this.order = order;
        this.name = name;
        this.backend = backend;
    }

    /**
     * Asks until there is an answer, within bounds: some 15 seconds, or 3 if somebody waits for the end.
     *
     * @return UNKNOWN if the target does not answer in time
     */
    Commit ask(boolean cancelled) {
        Duration longest = cancelled ? LONGEST_IF_CANCELLED : LONGEST;
        long deadline = System.nanoTime() + longest.toNanos();
        FutureTask<Commit> inquiry = new FutureTask<>(() -> askUntil(deadline));
        // On a thread of its own: where packets vanish, even a login may hang for longer than anybody should wait.
        Thread thread = new Thread(inquiry, "godwit-commit-inquiry");
        thread.setDaemon(true);
        thread.start();
        try {
            return inquiry.get(longest.toMillis() + PAUSE_MILLIS, TimeUnit.MILLISECONDS);
        } catch (TimeoutException | ExecutionException e) {
            inquiry.cancel(true);
            return Commit.UNKNOWN;
        } catch (InterruptedException e) {
            inquiry.cancel(true);
            Thread.currentThread().interrupt();
            return Commit.UNKNOWN;
        }
    }

    private Commit askUntil(long deadline) throws InterruptedException {
        long patience = System.nanoTime() + BY_ITSELF.toNanos();
        while (System.nanoTime() < deadline) {
            try (Connection connection = connections.open()) {
                TargetSessions.limit(connection, ANSWER);
                while (System.nanoTime() < deadline) {
                    if (!holderIsThere(connection)) {
                        return claim(connection);
                    }
                    if (System.nanoTime() > patience) {
                        endHolder(connection);
                    }
                    TimeUnit.MILLISECONDS.sleep(PAUSE_MILLIS);
                }
            } catch (SQLException | GodwitException e) {
                TimeUnit.MILLISECONDS.sleep(PAUSE_MILLIS);
            }
        }
        return Commit.UNKNOWN;
    }

    private boolean holderIsThere(Connection connection) throws SQLException {
        return holder(connection, "SELECT pid");
    }

    private void endHolder(Connection connection) throws SQLException {
        holder(connection, "SELECT pg_terminate_backend(pid)");
    }

    private boolean holder(Connection connection, String select) throws SQLException {
        String sql = select + " FROM pg_stat_activity WHERE pid = ? AND application_name = ?";
        try (PreparedStatement statement = connection.prepareStatement(sql)) {
            statement.setInt(1, backend);
            statement.setString(2, name.text());
            try (ResultSet row = statement.executeQuery()) {
                boolean found = row.next();
                // What pg_stat_activity shows stays the same within a transaction.
                connection.rollback();
                return found;
            }
        }
    }

    /** A claim as copied is as good as ours, whoever wrote it: the shard is there once. */
    private Commit claim(Connection connection) throws SQLException {
        Optional<Claim> claim = ClaimTables.claim(
                connection,
                order.migration(),
                order.table().name(),
                order.shard().id());
        connection.rollback();
        return claim.isPresent() && !claim.get().retired() ? Commit.COMMITTED : Commit.NOT_COMMITTED;
    }
}
