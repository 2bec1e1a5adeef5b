package dev.godwit.node.postgres;

import dev.godwit.node.target.TargetDatabase.Claim;
import dev.godwit.node.target.TargetDatabase.Landing;
import dev.godwit.node.target.TargetDatabase.Retirement;
import dev.godwit.node.target.TargetDatabase.ShardOrder;
import dev.godwit.protocol.error.ErrorCode;
import dev.godwit.protocol.error.GodwitException;
import dev.godwit.protocol.table.Shard;
import dev.godwit.protocol.table.ShardRange;
import dev.godwit.protocol.table.TableName;
import dev.godwit.protocol.table.TableSpec;
import dev.godwit.protocol.table.Window;
import java.sql.Connection;
import java.sql.SQLException;
import java.time.Duration;
import java.util.List;
import java.util.Optional;
import java.util.OptionalInt;
import org.postgresql.PGConnection;
import org.postgresql.copy.CopyIn;

/**
 * Claims shards, for landing or as retired. Whoever is second waits on the primary key of {@code godwit.claim} until
 * the first has committed or rolled back. Thread-safe.
 */
final class PostgresLandings {
    static final String LOCK_NOT_AVAILABLE = "55P03";

    /** How long one try waits for claims before it looks who holds them, or gives way. */
    static final String CLAIM_WAIT = "2s";

    /** How long the copy waits for a lock, of the table or of its growing file, before it fails. */
    static final String COPY_LOCK_WAIT = "60s";

    private final PostgresConnections connections;
    private final Duration patience;

    /** @param patience how long a holder of another cluster is waited for before it may be ended */
    PostgresLandings(PostgresConnections connections, Duration patience) {
        this.connections = connections;
        this.patience = patience;
    }

    Landing land(ShardOrder order) {
        TableName table = order.table().name();
        HolderName name = HolderName.of(
                order.cluster(), order.migration(), table, order.shard().id(), order.node());
        String where = where(order.migration(), table, order.shard().id());
        ClaimHolder holder = new ClaimHolder(name, name.cluster(), patience, where);
        return claim(where, holder, connection -> {
            // The source may forget its changes on the strength of a claim that joins them.
            String commit = order.join().isPresent() ? "on" : "off";
            TargetSessions.begin(
                    connection,
                    "SET LOCAL synchronous_commit = " + commit + ";SET LOCAL lock_timeout = '" + CLAIM_WAIT + "'");
            OptionalInt backend = ClaimTables.claim(connection, order, name.text(), COPY_LOCK_WAIT);
            if (backend.isPresent()) {
                return Optional.of(new Landing.Open(open(connection, order, name, backend.getAsInt(), where)));
            }
            Optional<Landing> there =
                    there(connection, order.migration(), table, order.shard().id());
            connection.rollback();
            return there;
        });
    }

    Retirement retire(String migration, TableName table, Shard shard, List<ShardRange> pieces) {
        String where = where(migration, table, shard.id());
        // Which cluster asks is not known here: every holder is waited for with patience.
        HolderName name = HolderName.of("", migration, table, shard.id(), "");
        return claim(where, new ClaimHolder(name, "", patience, where), connection -> {
            TargetSessions.begin(
                    connection,
                    TargetSessions.SOON_OVER + "SET LOCAL synchronous_commit = on;SET LOCAL lock_timeout = '"
                            + CLAIM_WAIT + "'");
            if (ClaimTables.retire(connection, migration, table, shard)) {
                ClaimTables.keep(connection, migration, table, new Window(shard.id(), pieces, false), "");
                Window kept = pieces(connection, migration, table, shard.id());
                connection.commit();
                return Optional.of(new Retirement.Retired(kept));
            }
            Optional<Landing> there = there(connection, migration, table, shard.id());
            connection.rollback();
            return there.map(PostgresLandings::retirement);
        });
    }

    private static Retirement retirement(Landing there) {
        if (there instanceof Landing.Retired retired) {
            return new Retirement.Retired(retired.pieces());
        }
        return new Retirement.Copied(((Landing.AlreadyThere) there).claim());
    }

    /** Empty if the claim went away after it was met: somebody deleted it. */
    private static Optional<Landing> there(Connection connection, String migration, TableName table, String shard)
            throws SQLException {
        Optional<Claim> claim = ClaimTables.claim(connection, migration, table, shard);
        if (claim.isEmpty()) {
            return Optional.empty();
        }
        return Optional.of(
                claim.get().retired()
                        ? new Landing.Retired(pieces(connection, migration, table, shard))
                        : new Landing.AlreadyThere(claim.get()));
    }

    private static Window pieces(Connection connection, String migration, TableName table, String shard)
            throws SQLException {
        return ClaimTables.window(connection, migration, table, shard)
                .orElseThrow(() -> new GodwitException(
                        ErrorCode.TARGET_FAILED,
                        "The shard is claimed as retired, but its pieces are not in godwit.cut: somebody deleted them.",
                        where(migration, table, shard),
                        "Delete the claim too; the shard is then copied whole."));
    }

    /** @param <T> what the claim is for */
    @FunctionalInterface
    private interface Try<T> {
        /** Empty: try again. */
        Optional<T> once(Connection connection) throws SQLException;
    }

    /** Tries until it worked; a session that is not part of the answer goes back to the pool. */
    private <T> T claim(String where, ClaimHolder holder, Try<T> attempt) {
        Connection connection = connections.take();
        boolean open = false;
        try {
            TargetSessions.limit(connection, TargetSessions.SHORT);
            while (true) {
                Optional<T> done = once(connection, attempt);
                if (done.isPresent()) {
                    open = done.get() instanceof Landing.Open;
                    return done.get();
                }
                if (Thread.currentThread().isInterrupted()) {
                    throw new GodwitException(ErrorCode.TIMED_OUT, "The wait for the claim was given up.", where, "");
                }
                holder.blocked(connection);
            }
        } catch (SQLException e) {
            throw PostgresErrors.translate(e, Side.TARGET, where);
        } finally {
            if (!open) {
                giveBack(connection);
            }
        }
    }

    private static <T> Optional<T> once(Connection connection, Try<T> attempt) throws SQLException {
        try {
            return attempt.once(connection);
        } catch (SQLException e) {
            if (!LOCK_NOT_AVAILABLE.equals(e.getSQLState())) {
                throw e;
            }
            connection.rollback();
            return Optional.empty();
        }
    }

    private void giveBack(Connection connection) {
        try {
            connection.close();
        } catch (SQLException e) {
            connections.discard(connection);
        }
    }

    private PostgresLanding open(Connection connection, ShardOrder order, HolderName name, int backend, String where)
            throws SQLException {
        if (LargeObjects.are(order.table().name())) {
            LargeObjectLanding.begin(connection);
        }
        CopyIn copy = connection.unwrap(PGConnection.class).getCopyAPI().copyIn(copyStatement(order.table()));
        // From here on the source sets the pace, which may be slow.
        TargetSessions.limit(connection, Duration.ZERO);
        return new PostgresLanding(connections, connection, copy, order, name, backend, where);
    }

    /**
     * The target's columns are named in the order in which they travel. A table of which no column is copied is named
     * without a list, which SQL would not let be empty: COPY then takes rows of no fields in both formats.
     */
    static String copyStatement(TableSpec table) {
        String columns = table.columns().isEmpty()
                ? ""
                : " (" + Sql.idents(table.columns().stream().map(c -> c.name()).toList()) + ")";
        String into = LargeObjects.are(table.name()) ? LargeObjectLanding.VIEW : Sql.table(table.name());
        return "COPY " + into + columns + " FROM STDIN (FORMAT " + (table.binary() ? "binary" : "text") + ")";
    }

    static String where(String migration, TableName table, String shard) {
        return migration + ", " + Sql.printable(table.text()) + ", shard " + shard;
    }
}
