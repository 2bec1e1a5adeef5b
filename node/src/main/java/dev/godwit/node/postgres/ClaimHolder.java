package dev.godwit.node.postgres;

import dev.godwit.protocol.error.ErrorCode;
import dev.godwit.protocol.error.GodwitException;
import java.sql.Connection;
import java.sql.PreparedStatement;
import java.sql.ResultSet;
import java.sql.SQLException;
import java.time.Duration;
import java.util.HashMap;
import java.util.Map;

/**
 * Deals with the session that holds a claim somebody else wants. One object serves one wait.
 *
 * <p>A holder of the same cluster is a dead or stopped worker's, since a coordinator hands a shard to one worker at a
 * time: it is ended at once. A holder of another cluster is probably alive: it is waited for, and ended only if the
 * patience is used up and its copy does not move; if it moves, the wait is given up with FOREIGN_CLUSTER and the shard
 * may be tried again later. So neither cluster ends the other's work for ever.
 */
final class ClaimHolder {
    /** The claim is free once the ended backend has rolled back, which may take a moment. */
    private static final Duration TO_GO = Duration.ofSeconds(20);

    /** A session of ours that is named after the shard, or, having claimed many, holds the shard's advisory lock. */
    private static final String HOLDS = """
            a.application_name LIKE 'godwit/%' AND (split_part(a.application_name, '/', 3) = ?
              OR EXISTS (SELECT FROM pg_locks l WHERE l.pid = a.pid AND l.locktype = 'advisory' AND l.granted
                AND l.database = a.datid AND l.objsubid = 1
                AND l.classid = ((? >> 32) & 4294967295)::oid AND l.objid = (? & 4294967295)::oid))""";

    private final HolderName wanted;
    private final String cluster;
    private final Duration patience;
    private final String where;
    private final long began = System.nanoTime();
    private final Map<Integer, Progress> seen = new HashMap<>();
    private boolean ended;

    /**
     * @param wanted the name that a session of this cluster would have
     * @param cluster the cluster that asks, as in the name; empty if it is not known: then every holder is foreign
     * @param patience how long a foreign holder is waited for
     */
    ClaimHolder(HolderName wanted, String cluster, Duration patience, String where) {
        this.wanted = wanted;
        this.cluster = cluster;
        this.patience = patience;
        this.where = where;
    }

    private record Progress(long bytes, long since) {}

    /**
     * To be called, outside of a transaction, each time that the claim was waited for in vain: ends the holder if that
     * is due. Returns if it is worth trying again.
     *
     * @throws GodwitException FOREIGN_CLUSTER or TARGET_FAILED once the patience is used up
     */
    void blocked(Connection connection) throws SQLException {
        boolean own = false;
        boolean foreign = false;
        boolean moving = false;
        try (PreparedStatement statement = connection.prepareStatement(holders(connection))) {
            holds(statement, 1);
            try (ResultSet row = statement.executeQuery()) {
                while (row.next()) {
                    boolean same = !cluster.isEmpty() && cluster.equals(row.getString(2));
                    own |= same;
                    foreign |= !same;
                    moving |= moves(row.getInt(1), row.getLong(3));
                }
            }
        }
        connection.rollback();
        boolean patienceOver = elapsed(began).compareTo(patience) > 0;
        if (own) {
            end(connection, true);
        } else if (foreign && patienceOver && !moving && !ended) {
            end(connection, false);
        }
        if (!patienceOver) {
            return;
        }
        if (foreign && moving) {
            throw new GodwitException(
                    ErrorCode.FOREIGN_CLUSTER,
                    "Another cluster is landing this shard right now.",
                    where,
                    "Run one cluster per migration; each shard still lands once.");
        }
        if (elapsed(began).compareTo(patience.plus(TO_GO)) > 0) {
            throw new GodwitException(
                    ErrorCode.TARGET_FAILED,
                    "The claim is held by a session that could not be ended or can't be seen.",
                    where,
                    "Find it in the target's pg_locks on godwit.claim, and end it.");
        }
    }

    /** Whether its copy took bytes lately: within a quarter of the patience. */
    private boolean moves(int pid, long bytes) {
        Progress before = seen.get(pid);
        if (before == null || before.bytes() != bytes) {
            seen.put(pid, new Progress(bytes, System.nanoTime()));
            return before != null;
        }
        return bytes > 0 && elapsed(before.since()).compareTo(patience.dividedBy(4)) < 0;
    }

    /** Finds and ends in one statement, so that a backend that went on to other work in between is left alone. */
    private void end(Connection connection, boolean sameCluster) throws SQLException {
        String sql = """
                SELECT pg_terminate_backend(pid) FROM pg_stat_activity a
                WHERE datname = current_database() AND pid <> pg_backend_pid()
                  AND (split_part(application_name, '/', 2) = ? OR NOT ?) AND""" + " " + HOLDS;
        try (PreparedStatement statement = connection.prepareStatement(sql)) {
            statement.setString(1, cluster);
            statement.setBoolean(2, sameCluster);
            holds(statement, 3);
            statement.execute();
        }
        connection.rollback();
        ended = true;
    }

    private void holds(PreparedStatement statement, int first) throws SQLException {
        statement.setString(first, wanted.shard());
        statement.setLong(first + 1, wanted.lockKey());
        statement.setLong(first + 2, wanted.lockKey());
    }

    private static String holders(Connection connection) throws SQLException {
        // The progress of a copy is shown since version 14; before, no copy seems to move.
        boolean progress = connection.getMetaData().getDatabaseMajorVersion() >= 14;
        return "SELECT a.pid, split_part(a.application_name, '/', 2), "
                + (progress ? "coalesce(p.bytes_processed, 0)" : "0::bigint")
                + " FROM pg_stat_activity a"
                + (progress ? " LEFT JOIN pg_stat_progress_copy p ON p.pid = a.pid" : "")
                + " WHERE a.datname = current_database() AND a.pid <> pg_backend_pid()"
                + " AND " + HOLDS;
    }

    private static Duration elapsed(long since) {
        return Duration.ofNanos(System.nanoTime() - since);
    }
}
