package dev.godwit.node.postgres;

import dev.godwit.node.capture.JoinedShard;
import dev.godwit.node.capture.Position;
import dev.godwit.node.target.TargetDatabase.Join;
import dev.godwit.node.target.TargetDatabase.ShardOrder;
import dev.godwit.protocol.error.ErrorCode;
import dev.godwit.protocol.error.GodwitException;
import dev.godwit.protocol.table.ShardRange;
import dev.godwit.protocol.table.TableName;
import java.sql.Array;
import java.sql.Connection;
import java.sql.PreparedStatement;
import java.sql.ResultSet;
import java.sql.SQLException;
import java.util.ArrayList;
import java.util.Collection;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.function.Function;
import org.postgresql.jdbc.StatementGroup;

/**
 * The statements on {@code godwit.capture}, {@code godwit.applied} and {@code godwit.joined}. Each runs in the caller's
 * transaction.
 *
 * <p>Whoever writes under an epoch holds a shared advisory lock until its transaction ends, and a takeover changes the epoch
 * under the exclusive one. Unlike a lock of the row it is fair to the takeover however many shards land, writes nothing,
 * and {@code pg_locks} tells who holds it.
 */
final class CaptureTables {
    private static final int FETCHED = 1_000;

    private CaptureTables() {}

    /** Key of the advisory lock of a migration's epoch. */
    static long lockKey(String migration) {
        return HolderName.of("", migration, new TableName("godwit", "capture"), "", "")
                .lockKey();
    }

    /**
     * Keeps how a shard that lands in this transaction joins the stream. Nothing but COMMIT is to come after it, since a
     * takeover waits for it: and not for long, should our process be stopped right here.
     *
     * @throws GodwitException with CAPTURE_TAKEN_OVER under a later epoch
     */
    static void join(Connection connection, ShardOrder order, Join join, String where) throws SQLException {
        keep(
                connection,
                order.migration(),
                List.of(new JoinedShard(
                        order.table().name(),
                        order.shard().id(),
                        order.shard().range(),
                        order.snapshot(),
                        join.lsn(),
                        false)),
                true);
        requireEpoch(connection, order.migration(), join.epoch(), TargetSessions.SOON_OVER, where);
    }

    /** @param claimed whether a claim goes with each of them, and they are worth nothing without it */
    static void keep(Connection connection, String migration, List<JoinedShard> shards, boolean claimed)
            throws SQLException {
        String sql = """
                INSERT INTO godwit.joined (migration, source_table, shard, range, snapshot, lsn, claimed, caught_up)
                VALUES (?, ?, ?, ?, ?, ?::pg_lsn, ?, ?)
                ON CONFLICT (migration, source_table, shard) DO UPDATE SET range = excluded.range,
                  snapshot = excluded.snapshot, lsn = excluded.lsn, claimed = excluded.claimed,
                  caught_up = excluded.caught_up""";
        try (PreparedStatement statement = connection.prepareStatement(sql)) {
            for (JoinedShard shard : shards) {
                statement.setString(1, migration);
                statement.setString(2, shard.table().text());
                statement.setString(3, shard.shard());
                statement.setString(4, ClaimTables.json(List.of(shard.range())));
                statement.setString(5, shard.snapshot());
                statement.setString(6, WalPosition.text(shard.lsn()));
                statement.setBoolean(7, claimed);
                statement.setBoolean(8, shard.caughtUp());
                statement.addBatch();
            }
            statement.executeBatch();
        }
    }

    /**
     * Keeps takeovers out until the transaction ends.
     *
     * @param settings statements before it, each with a semicolon
     * @throws GodwitException with CAPTURE_TAKEN_OVER under a later epoch
     */
    static void requireEpoch(Connection connection, String migration, long epoch, String settings, String where)
            throws SQLException {
        // The epoch is read by a statement of its own, whose snapshot is younger than the lock.
        String sql = settings + "SELECT 0 FROM pg_advisory_xact_lock_shared(" + lockKey(migration)
                + ");SELECT coalesce(max(epoch), 0) FROM godwit.capture WHERE migration = " + Sql.literal(migration);
        long now = 0;
        try (PreparedStatement statement = connection.prepareStatement(sql)) {
            boolean rows = statement.execute();
            while (rows || statement.getUpdateCount() >= 0) {
                if (rows) {
                    now = number(statement.getResultSet());
                }
                rows = statement.getMoreResults();
            }
        }
        if (now != epoch) {
            throw new GodwitException(
                    ErrorCode.CAPTURE_TAKEN_OVER,
                    "The changes were taken over: this was begun under epoch " + epoch + ", and it is " + now + " now.",
                    where,
                    "");
        }
    }

    private static long number(ResultSet row) throws SQLException {
        row.next();
        return row.getLong(1);
    }

    /** One more than it was, once nobody writes under an earlier one: waits for the lock as the session's settings say. */
    static long nextEpoch(Connection connection, String migration) throws SQLException {
        try (PreparedStatement statement = connection.prepareStatement("SELECT pg_advisory_xact_lock(?)")) {
            statement.setLong(1, lockKey(migration));
            statement.execute();
        }
        String sql = """
                INSERT INTO godwit.capture (migration, epoch) VALUES (?, 1)
                ON CONFLICT (migration) DO UPDATE SET epoch = capture.epoch + 1 RETURNING epoch""";
        try (PreparedStatement statement = connection.prepareStatement(sql)) {
            statement.setString(1, migration);
            try (ResultSet row = statement.executeQuery()) {
                return number(row);
            }
        }
    }

    /** Up to where the slot may have been acknowledged; 0 if it was not yet. */
    static long acknowledged(Connection connection, String migration) throws SQLException {
        String sql = "SELECT acknowledged::text FROM godwit.capture WHERE migration = ?";
        try (PreparedStatement statement = connection.prepareStatement(sql)) {
            statement.setString(1, migration);
            try (ResultSet row = statement.executeQuery()) {
                return row.next() ? WalPosition.of(row.getString(1)) : 0;
            }
        }
    }

    /** Notes up to where the slot is going to be acknowledged. Never goes back. */
    static void acknowledge(Connection connection, String migration, long lsn) throws SQLException {
        String sql =
                "UPDATE godwit.capture SET acknowledged = ?::pg_lsn WHERE migration = ? AND acknowledged < ?::pg_lsn";
        try (PreparedStatement statement = connection.prepareStatement(sql)) {
            statement.setString(1, WalPosition.text(lsn));
            statement.setString(2, migration);
            statement.setString(3, WalPosition.text(lsn));
            statement.executeUpdate();
        }
    }

    static Position applied(Connection connection, String migration) throws SQLException {
        String sql = "SELECT commit_lsn::text, changes FROM godwit.applied WHERE migration = ?";
        try (PreparedStatement statement = connection.prepareStatement(sql)) {
            statement.setString(1, migration);
            try (ResultSet row = statement.executeQuery()) {
                return row.next() ? new Position(WalPosition.of(row.getString(1)), row.getLong(2)) : Position.START;
            }
        }
    }

    /** Notes how far it is. Never goes back: what is applied again in one shard alone leaves the others where they are. */
    static void applied(StatementGroup group, String migration, Position upTo) throws SQLException {
        String sql = """
                INSERT INTO godwit.applied (migration, commit_lsn, changes, at) VALUES (?, ?::pg_lsn, ?, clock_timestamp())
                ON CONFLICT (migration) DO UPDATE SET commit_lsn = excluded.commit_lsn, changes = excluded.changes,
                  at = excluded.at
                WHERE (applied.commit_lsn, applied.changes) <= (excluded.commit_lsn, excluded.changes)""";
        group.add(sql, migration, WalPosition.text(upTo.commitLsn()), Long.toString(upTo.changes()));
    }

    private static final String JOINED = """
            SELECT source_table, shard, range, snapshot, lsn::text, caught_up FROM godwit.joined j
            WHERE migration = ? AND (NOT claimed OR EXISTS (SELECT FROM godwit.claim c
              WHERE c.migration = j.migration AND c.source_table = j.source_table AND c.shard = j.shard
                AND c.outcome = 'copied'))""";

    /** Shards that have landed: those whose claim is there, and those that need none. */
    static List<JoinedShard> joined(Connection connection, String migration) throws SQLException {
        try (PreparedStatement statement = connection.prepareStatement(JOINED)) {
            statement.setString(1, migration);
            statement.setFetchSize(FETCHED);
            return joined(statement, migration);
        }
    }

    /** Those of these shards that have landed. */
    static List<JoinedShard> joined(Connection connection, String migration, TableName table, Collection<String> shards)
            throws SQLException {
        try (PreparedStatement statement =
                connection.prepareStatement(JOINED + " AND source_table = ? AND shard = ANY (?)")) {
            statement.setString(1, migration);
            statement.setString(2, table.text());
            statement.setArray(3, connection.createArrayOf("text", shards.toArray()));
            return joined(statement, migration);
        }
    }

    private static List<JoinedShard> joined(PreparedStatement statement, String migration) throws SQLException {
        List<JoinedShard> shards = new ArrayList<>();
        try (ResultSet row = statement.executeQuery()) {
            while (row.next()) {
                TableName table = TableName.parse(row.getString(1));
                ShardRange range =
                        ClaimTables.ranges(row.getString(3), migration, table).get(0);
                shards.add(new JoinedShard(
                        table,
                        row.getString(2),
                        range,
                        row.getString(4),
                        WalPosition.of(row.getString(5)),
                        row.getBoolean(6)));
            }
        }
        return shards;
    }

    /** Notes that a table's changes are not followed any more. */
    static void halt(Connection connection, String migration, TableName table, String why) throws SQLException {
        String sql = """
                INSERT INTO godwit.halted (migration, source_table, why, at) VALUES (?, ?, ?, clock_timestamp())
                ON CONFLICT (migration, source_table) DO NOTHING""";
        try (PreparedStatement statement = connection.prepareStatement(sql)) {
            statement.setString(1, migration);
            statement.setString(2, table.text());
            statement.setString(3, why);
            statement.executeUpdate();
        }
    }

    /** Tables whose changes are not followed any more, each with a sentence why. */
    static Map<TableName, String> halted(Connection connection, String migration) throws SQLException {
        Map<TableName, String> halted = new HashMap<>();
        String sql = "SELECT source_table, why FROM godwit.halted WHERE migration = ?";
        try (PreparedStatement statement = connection.prepareStatement(sql)) {
            statement.setString(1, migration);
            try (ResultSet row = statement.executeQuery()) {
                while (row.next()) {
                    halted.put(TableName.parse(row.getString(1)), row.getString(2));
                }
            }
        }
        return halted;
    }

    /** A shard of a table. */
    record Name(TableName table, String shard) {}

    /** @throws GodwitException with TARGET_FAILED where one of them has not landed */
    static void caughtUp(Connection connection, String migration, List<Name> shards) throws SQLException {
        String sql = """
                UPDATE godwit.joined j SET caught_up = true FROM unnest(?::text[], ?::text[]) w(source_table, shard)
                WHERE j.migration = ? AND j.source_table = w.source_table AND j.shard = w.shard""";
        List<Name> different = shards.stream().distinct().toList();
        try (PreparedStatement statement = connection.prepareStatement(sql)) {
            statement.setArray(
                    1, array(connection, different, name -> name.table().text()));
            statement.setArray(2, array(connection, different, Name::shard));
            statement.setString(3, migration);
            if (statement.executeUpdate() != different.size()) {
                throw new GodwitException(
                        ErrorCode.TARGET_FAILED,
                        "A shard that has landed is not in godwit.joined any more.",
                        migration,
                        "Look who changes the schema godwit.");
            }
        }
    }

    private static <T> Array array(Connection connection, List<T> all, Function<T, String> text) throws SQLException {
        return connection.createArrayOf("text", all.stream().map(text).toArray());
    }
}
