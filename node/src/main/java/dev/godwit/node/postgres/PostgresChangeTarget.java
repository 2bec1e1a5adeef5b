package dev.godwit.node.postgres;

import dev.godwit.node.capture.JoinedShard;
import dev.godwit.node.target.ChangeTarget;
import dev.godwit.protocol.error.ErrorCode;
import dev.godwit.protocol.error.GodwitException;
import dev.godwit.protocol.table.TableName;
import dev.godwit.protocol.table.TableSpec;
import java.sql.Connection;
import java.sql.PreparedStatement;
import java.sql.SQLException;
import java.time.Duration;
import java.util.Collection;
import java.util.List;

/** Takes the changes of a migration over, and opens the session that applies them. Thread-safe. */
final class PostgresChangeTarget implements ChangeTarget {
    /**
     * How long a holder of the epoch may go on by itself. Those that apply changes are of no use any more, and can't land
     * a shard by their end; a shard that lands has nothing left to do but COMMIT.
     */
    private static final Duration TO_END = Duration.ofSeconds(4);

    /** An ended session is gone in a moment. */
    private static final Duration PATIENCE = Duration.ofSeconds(30);

    private static final String WAIT = "1s";

    private final TargetSessions sessions;
    private final String migration;
    private final String place;

    /** @param place of the target, for errors */
    PostgresChangeTarget(TargetSessions sessions, String migration, String place) {
        this.sessions = sessions;
        this.migration = migration;
        this.place = place;
    }

    @Override
    public Takeover takeOver() {
        long epoch = nextEpoch();
        return sessions.durably(
                place,
                TargetSessions.LONG,
                connection -> new Takeover(
                        epoch,
                        CaptureTables.applied(connection, migration),
                        CaptureTables.acknowledged(connection, migration),
                        CaptureTables.joined(connection, migration),
                        CaptureTables.halted(connection, migration)));
    }

    @Override
    public boolean canFollow(TableSpec table) {
        return sessions.reading(place, connection -> AddedColumns.can(connection, table));
    }

    @Override
    public List<JoinedShard> landed(TableName table, Collection<String> shards) {
        return sessions.reading(place, connection -> CaptureTables.joined(connection, migration, table, shards));
    }

    @Override
    public void acknowledge(long epoch, long lsn) {
        sessions.durably(place, TargetSessions.SHORT, connection -> {
            CaptureTables.requireEpoch(connection, migration, epoch, TargetSessions.SOON_OVER, place);
            CaptureTables.acknowledge(connection, migration, lsn);
            return null;
        });
    }

    private long nextEpoch() {
        try (Connection connection = sessions.connections().take()) {
            TargetSessions.limit(connection, TargetSessions.SHORT);
            long began = System.nanoTime();
            while (true) {
                try {
                    TargetSessions.begin(
                            connection,
                            TargetSessions.SOON_OVER + "SET LOCAL synchronous_commit = on;SET LOCAL lock_timeout = '"
                                    + WAIT + "'");
                    long epoch = CaptureTables.nextEpoch(connection, migration);
                    connection.commit();
                    return epoch;
                } catch (SQLException e) {
                    if (!PostgresLandings.LOCK_NOT_AVAILABLE.equals(e.getSQLState())) {
                        throw e;
                    }
                    connection.rollback();
                }
                blocked(connection, Duration.ofNanos(System.nanoTime() - began));
            }
        } catch (SQLException e) {
            throw PostgresErrors.translate(e, Side.TARGET, place);
        }
    }

    /** Returns if it is worth trying again. */
    private void blocked(Connection connection, Duration waited) throws SQLException {
        if (Thread.currentThread().isInterrupted()) {
            throw new GodwitException(ErrorCode.TIMED_OUT, "The takeover of the changes was given up.", place, "");
        }
        if (waited.compareTo(PATIENCE) > 0) {
            throw new GodwitException(
                    ErrorCode.TARGET_FAILED,
                    "A session holds the epoch of the changes that could not be ended.",
                    place,
                    "Find it in the target's pg_locks (locktype advisory), and end it.");
        }
        end(connection, waited.compareTo(TO_END) > 0);
        connection.commit();
    }

    /** @param any also shards that land; else only those that apply changes */
    private void end(Connection connection, boolean any) throws SQLException {
        String sql = """
                SELECT pg_terminate_backend(l.pid) FROM pg_locks l JOIN pg_stat_activity a ON a.pid = l.pid
                WHERE l.locktype = 'advisory' AND l.granted AND l.objsubid = 1 AND l.pid <> pg_backend_pid()
                  AND l.database = a.datid AND a.datname = current_database()
                  AND l.classid = ((? >> 32) & 4294967295)::oid AND l.objid = (? & 4294967295)::oid
                  AND a.application_name LIKE 'godwit%' AND (? OR a.application_name = ?)""";
        long key = CaptureTables.lockKey(migration);
        try (PreparedStatement statement = connection.prepareStatement(sql)) {
            statement.setLong(1, key);
            statement.setLong(2, key);
            statement.setBoolean(3, any);
            statement.setString(4, ChangeSession.name(migration));
            statement.execute();
        }
    }

    @Override
    public Applier applier(long epoch, List<TableSpec> tables) {
        return new ChangeApplier(
                ChangeSession.open(sessions.connections(), migration, place), migration, epoch, tables);
    }
}
