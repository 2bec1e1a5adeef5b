package dev.godwit.node.postgres;

import dev.godwit.node.source.ChangeSource.SlotHealth;
import dev.godwit.protocol.error.ErrorCode;
import dev.godwit.protocol.error.GodwitException;
import java.sql.Connection;
import java.sql.PreparedStatement;
import java.sql.ResultSet;
import java.sql.SQLException;
import java.sql.Statement;
import java.time.Duration;
import java.util.List;
import java.util.Optional;
import java.util.Set;

/** The logical replication slot of a migration, asked for in SQL. */
final class ReplicationSlot {
    private static final String PLUGIN = "pgoutput";

    /** Timeouts of a statement and of a lock. */
    private static final Set<String> TOOK_TOO_LONG = Set.of("57014", "55P03");

    /** As JSON, since columns came with 13 and later. */
    private static final String STATE = """
            SELECT plugin = 'pgoutput' AND slot_type = 'logical' AND NOT temporary AND database = current_database(),
              coalesce(database, ''), active, coalesce(to_jsonb(s)->>'wal_status', ''),
              coalesce(pg_wal_lsn_diff(pg_current_wal_insert_lsn(), restart_lsn), 0)::bigint,
              CASE WHEN to_jsonb(s)->>'safe_wal_size' IS NULL THEN -1
                ELSE greatest((to_jsonb(s)->>'safe_wal_size')::bigint, 0) END, confirmed_flush_lsn::text,
              restart_lsn IS NULL, coalesce(to_jsonb(s)->>'invalidation_reason', ''),
              (extract(epoch FROM statement_timestamp()) * 1000000)::bigint, pg_current_wal_flush_lsn()::text
            FROM pg_replication_slots s WHERE slot_name = ?""";

    private final Connection session;
    private final String name;
    private final String where;

    /** @param where host:port/database */
    ReplicationSlot(Connection session, String name, String where) {
        this.session = session;
        this.name = name;
        this.where = where;
    }

    /**
     * @param ours whether it is of this database and of a kind that we can read
     * @param database that it belongs to; empty for a physical one
     * @param invalid why it can't be read any more; empty if it can
     */
    record State(boolean ours, String database, SlotHealth health, String invalid) {}

    Optional<State> state() throws SQLException {
        try (PreparedStatement statement = session.prepareStatement(STATE)) {
            statement.setString(1, name);
            try (ResultSet row = statement.executeQuery()) {
                if (!row.next()) {
                    return Optional.empty();
                }
                String walStatus = row.getString(4);
                boolean lost = walStatus.equals("lost") || row.getBoolean(8);
                String reason = row.getString(9);
                return Optional.of(new State(
                        row.getBoolean(1),
                        row.getString(2),
                        new SlotHealth(
                                row.getBoolean(3),
                                walStatus,
                                row.getLong(5),
                                row.getLong(6),
                                WalPosition.of(row.getString(7)),
                                row.getLong(10),
                                WalPosition.of(row.getString(11))),
                        !reason.isEmpty() ? reason : lost ? "wal_removed" : ""));
            }
        }
    }

    /**
     * That there is a slot which can still be read.
     *
     * @throws GodwitException with SOURCE_SLOT_LOST
     */
    State usable() throws SQLException {
        State state = state().orElseThrow(() -> ReplicationErrors.lost(
                "The replication slot " + name + " is not there any more: what changed since is not known.", where));
        if (!state.ours()) {
            throw another(state);
        }
        if (!state.invalid().isEmpty()) {
            throw ReplicationErrors.lost(
                    "The source has given up the replication slot " + name + " (" + state.invalid()
                            + "): what changed since is not known.",
                    where);
        }
        return state;
    }

    private GodwitException another(State state) {
        return new GodwitException(
                ErrorCode.SOURCE_SLOTS,
                "The source has a replication slot " + name + " already, which is not of this database or not of "
                        + PLUGIN + (state.database().isEmpty() ? "" : ": it is of " + Sql.printable(state.database()))
                        + ".",
                where,
                "Drop it if nobody needs it, or give the migration another name.");
    }

    /**
     * Makes it. The server waits for all transactions that run; where that takes too long, no half of it is left behind. Our
     * session is to have nothing else to do.
     *
     * @throws GodwitException with SOURCE_BUSY_TRANSACTIONS
     */
    void create(Duration atMost) throws SQLException {
        try (Statement statement = session.createStatement()) {
            statement.execute("SET statement_timeout = " + atMost.toMillis());
            statement.execute("SELECT pg_create_logical_replication_slot(" + Sql.literal(name) + ", "
                    + Sql.literal(PLUGIN) + ")");
            statement.execute("SET statement_timeout = 0");
        } catch (SQLException e) {
            if (!TOOK_TOO_LONG.contains(String.valueOf(e.getSQLState()))) {
                throw e;
            }
            throw BusyTransactions.busy(session, List.of(), where);
        }
    }

    /**
     * Drops it if it is there and ours.
     *
     * @throws GodwitException with SOURCE_SLOT_BUSY where somebody reads it
     */
    void drop() throws SQLException {
        Optional<State> state = state();
        if (state.isEmpty()) {
            return;
        }
        if (!state.get().ours()) {
            throw another(state.get());
        }
        try (Statement statement = session.createStatement()) {
            statement.execute("SELECT pg_drop_replication_slot(" + Sql.literal(name) + ")");
        } catch (SQLException e) {
            if (!"42704".equals(e.getSQLState())) { // somebody else was faster
                throw e;
            }
        }
    }
}
