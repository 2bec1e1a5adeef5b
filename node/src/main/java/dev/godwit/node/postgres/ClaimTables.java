package dev.godwit.node.postgres;

import com.fasterxml.jackson.core.JsonProcessingException;
import com.fasterxml.jackson.core.json.JsonWriteFeature;
import com.fasterxml.jackson.core.type.TypeReference;
import com.fasterxml.jackson.databind.ObjectMapper;
import com.fasterxml.jackson.databind.json.JsonMapper;
import dev.godwit.node.target.TargetDatabase.Claim;
import dev.godwit.node.target.TargetDatabase.MigrationEntry;
import dev.godwit.node.target.TargetDatabase.ShardOrder;
import dev.godwit.protocol.error.ErrorCode;
import dev.godwit.protocol.error.GodwitException;
import dev.godwit.protocol.table.Shard;
import dev.godwit.protocol.table.ShardRange;
import dev.godwit.protocol.table.TableName;
import dev.godwit.protocol.table.Window;
import java.sql.Connection;
import java.sql.PreparedStatement;
import java.sql.ResultSet;
import java.sql.SQLException;
import java.util.Collection;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.OptionalInt;

/** The statements on {@code godwit.migration}, {@code godwit.cut} and {@code godwit.claim}. Each runs in the caller's transaction. */
final class ClaimTables {
    private static final TypeReference<List<ShardRange>> RANGES = new TypeReference<>() {};

    /** Escapes all but ASCII: the target's encoding may lack characters that the source's keys have. */
    private static final ObjectMapper JSON =
            JsonMapper.builder().enable(JsonWriteFeature.ESCAPE_NON_ASCII).build();

    private ClaimTables() {}

    static Optional<MigrationEntry> entry(Connection connection, String migration) throws SQLException {
        String sql = "SELECT plan_digest, source_identity, cluster, exported, snapshot FROM godwit.migration"
                + " WHERE migration = ?";
        try (PreparedStatement statement = connection.prepareStatement(sql)) {
            statement.setString(1, migration);
            try (ResultSet row = statement.executeQuery()) {
                return row.next()
                        ? Optional.of(new MigrationEntry(
                                migration,
                                row.getString(1),
                                row.getString(2),
                                row.getString(3),
                                row.getString(4),
                                row.getString(5)))
                        : Optional.empty();
            }
        }
    }

    /** Does nothing if there is an entry of that name. */
    static void enter(Connection connection, MigrationEntry entry) throws SQLException {
        String sql = """
                INSERT INTO godwit.migration (migration, plan_digest, source_identity, cluster, exported, snapshot)
                VALUES (?, ?, ?, ?, ?, ?) ON CONFLICT DO NOTHING""";
        try (PreparedStatement statement = connection.prepareStatement(sql)) {
            statement.setString(1, entry.migration());
            statement.setString(2, entry.planDigest());
            statement.setString(3, entry.sourceIdentity());
            statement.setString(4, entry.cluster());
            statement.setString(5, entry.exported());
            statement.setString(6, entry.snapshot());
            statement.executeUpdate();
        }
    }

    /**
     * Does nothing if there is a window of that name.
     *
     * @param cutBy what its ranges are ranges of; empty for pieces, which are of what their shard was
     */
    static void keep(Connection connection, String migration, TableName table, Window window, String cutBy)
            throws SQLException {
        String sql = """
                INSERT INTO godwit.cut (migration, source_table, name, ranges, shards, last, cut_by)
                VALUES (?, ?, ?, ?, ?, ?, ?) ON CONFLICT DO NOTHING""";
        try (PreparedStatement statement = connection.prepareStatement(sql)) {
            statement.setString(1, migration);
            statement.setString(2, table.text());
            statement.setString(3, window.name());
            statement.setString(4, json(window.ranges()));
            statement.setInt(5, window.ranges().size());
            statement.setBoolean(6, window.last());
            statement.setString(7, cutBy);
            statement.executeUpdate();
        }
    }

    /** What the ranges of a window that is there are ranges of, as {@link #keep} was told. */
    static String cutBy(Connection connection, String migration, TableName table, String name) throws SQLException {
        String sql = "SELECT cut_by FROM godwit.cut WHERE migration = ? AND source_table = ? AND name = ?";
        try (PreparedStatement statement = connection.prepareStatement(sql)) {
            statement.setString(1, migration);
            statement.setString(2, table.text());
            statement.setString(3, name);
            try (ResultSet row = statement.executeQuery()) {
                return row.next() ? row.getString(1) : "";
            }
        }
    }

    static Optional<Window> window(Connection connection, String migration, TableName table, String name)
            throws SQLException {
        String sql = "SELECT ranges, last FROM godwit.cut WHERE migration = ? AND source_table = ? AND name = ?";
        try (PreparedStatement statement = connection.prepareStatement(sql)) {
            statement.setString(1, migration);
            statement.setString(2, table.text());
            statement.setString(3, name);
            try (ResultSet row = statement.executeQuery()) {
                return row.next()
                        ? Optional.of(new Window(name, ranges(row.getString(1), migration, table), row.getBoolean(2)))
                        : Optional.empty();
            }
        }
    }

    static Map<String, Claim> claims(Connection connection, String migration, TableName table, Collection<String> ids)
            throws SQLException {
        String sql = """
                SELECT shard, outcome, rows, bytes, node FROM godwit.claim WHERE migration = ? AND source_table = ? AND shard = ANY (?)""";
        Map<String, Claim> claims = new HashMap<>();
        try (PreparedStatement statement = connection.prepareStatement(sql)) {
            statement.setString(1, migration);
            statement.setString(2, table.text());
            statement.setArray(3, connection.createArrayOf("text", ids.toArray()));
            try (ResultSet row = statement.executeQuery()) {
                while (row.next()) {
                    Claim claim = claim(row);
                    claims.put(claim.shard(), claim);
                }
            }
        }
        return claims;
    }

    /** @param row with shard, outcome, rows, bytes and node; the last three are NULL while a claim is not complete */
    static Claim claim(ResultSet row) throws SQLException {
        String node = row.getString("node");
        return new Claim(
                row.getString("shard"),
                row.getString("outcome").equals("retired"),
                row.getLong("rows"),
                row.getLong("bytes"),
                node == null ? "" : node);
    }

    static Optional<Claim> claim(Connection connection, String migration, TableName table, String shard)
            throws SQLException {
        return Optional.ofNullable(
                claims(connection, migration, table, List.of(shard)).get(shard));
    }

    /**
     * Claims a shard for landing. In the same statement, once the row is in, the session takes the name under which
     * others find the one that holds the claim; so those who wait for it never bear that name. Locks of the copy are
     * waited for longer than the claim was.
     *
     * @return the backend's process, or empty if there is a committed claim
     */
    static OptionalInt claim(Connection connection, ShardOrder order, String applicationName, String lockTimeout)
            throws SQLException {
        String sql = """
                WITH claimed AS (
                  INSERT INTO godwit.claim
                    (migration, source_table, shard, outcome, lower_bound, upper_bound, source_snapshot, node)
                  VALUES (?, ?, ?, 'copied', ?, ?, ?, ?) ON CONFLICT DO NOTHING RETURNING 1)
                SELECT pg_backend_pid(), set_config('application_name', ?, true), set_config('lock_timeout', ?, true)
                FROM claimed""";
        try (PreparedStatement statement = connection.prepareStatement(sql)) {
            key(statement, order.migration(), order.table().name(), order.shard());
            statement.setString(6, order.snapshot());
            statement.setString(7, order.node());
            statement.setString(8, applicationName);
            statement.setString(9, lockTimeout);
            try (ResultSet row = statement.executeQuery()) {
                return row.next() ? OptionalInt.of(row.getInt(1)) : OptionalInt.empty();
            }
        }
    }

    /** Completes the claim that this transaction has inserted. */
    static boolean complete(Connection connection, ShardOrder order, long rows, long bytes, String digest)
            throws SQLException {
        String sql = """
                UPDATE godwit.claim SET rows = ?, bytes = ?, digest = ?, committed_at = clock_timestamp()
                WHERE migration = ? AND source_table = ? AND shard = ?""";
        try (PreparedStatement statement = connection.prepareStatement(sql)) {
            statement.setLong(1, rows);
            statement.setLong(2, bytes);
            statement.setString(3, digest);
            statement.setString(4, order.migration());
            statement.setString(5, order.table().name().text());
            statement.setString(6, order.shard().id());
            return statement.executeUpdate() == 1;
        }
    }

    /** What is thrown where a claim can't be completed. */
    static GodwitException ownClaimIsGone(String where) {
        return new GodwitException(
                ErrorCode.TARGET_FAILED,
                "A claim that this transaction inserted is not there any more.",
                where,
                "Look for a trigger on godwit.claim.");
    }

    /**
     * Notes that all shards of these tables are there. The claims of others that were seen may still be in memory alone;
     * this row makes the transaction's own commit flush theirs, which are earlier in the log.
     */
    static void confirm(Connection connection, String migration, Collection<TableName> tables) throws SQLException {
        String sql = """
                INSERT INTO godwit.target_table (migration, source_table, made, confirmed_at)
                SELECT ?, t.name, false, clock_timestamp() FROM unnest(?::text[]) t(name) ORDER BY t.name
                ON CONFLICT (migration, source_table) DO UPDATE SET confirmed_at = excluded.confirmed_at""";
        try (PreparedStatement statement = connection.prepareStatement(sql)) {
            statement.setString(1, migration);
            statement.setArray(
                    2,
                    connection.createArrayOf(
                            "text", tables.stream().map(TableName::text).toArray()));
            statement.executeUpdate();
        }
    }

    /**
     * Claims a shard as retired.
     *
     * @return false if there is a committed claim
     */
    static boolean retire(Connection connection, String migration, TableName table, Shard shard) throws SQLException {
        String sql = """
                INSERT INTO godwit.claim
                  (migration, source_table, shard, outcome, lower_bound, upper_bound, source_snapshot, committed_at)
                VALUES (?, ?, ?, 'retired', ?, ?, '', clock_timestamp()) ON CONFLICT DO NOTHING""";
        try (PreparedStatement statement = connection.prepareStatement(sql)) {
            key(statement, migration, table, shard);
            return statement.executeUpdate() == 1;
        }
    }

    private static void key(PreparedStatement statement, String migration, TableName table, Shard shard)
            throws SQLException {
        statement.setString(1, migration);
        statement.setString(2, table.text());
        statement.setString(3, shard.id());
        statement.setString(4, lower(shard.range()));
        statement.setString(5, upper(shard.range()));
    }

    private static String lower(ShardRange range) {
        if (range instanceof ShardRange.Keys keys) {
            return keys.from() == null ? null : json(keys.from());
        } else if (range instanceof ShardRange.Blocks blocks) {
            return "(" + blocks.from() + ",0)";
        }
        return range instanceof ShardRange.NullKeys ? "NULL" : null;
    }

    private static String upper(ShardRange range) {
        if (range instanceof ShardRange.Keys keys) {
            return keys.to() == null ? null : json(keys.to());
        } else if (range instanceof ShardRange.Blocks blocks) {
            return blocks.to() < 0 ? null : "(" + blocks.to() + ",0)";
        }
        return range instanceof ShardRange.NullKeys ? "NULL" : null;
    }

    static String json(List<?> values) {
        boolean ranges = !values.isEmpty() && values.get(0) instanceof ShardRange;
        try {
            return ranges ? JSON.writerFor(RANGES).writeValueAsString(values) : JSON.writeValueAsString(values);
        } catch (JsonProcessingException e) {
            // Its message may hold bounds.
            throw new IllegalStateException("ranges can't be written as JSON");
        }
    }

    /** The inverse of {@link #json}, for ranges. */
    static List<ShardRange> ranges(String json, String migration, TableName table) {
        try {
            return JSON.readValue(json, RANGES);
        } catch (JsonProcessingException e) {
            throw new GodwitException(
                    ErrorCode.TARGET_FAILED,
                    "A range in schema godwit can't be read: somebody changed it, or a newer version wrote it.",
                    migration + ", " + Sql.printable(table.text()),
                    "Run the version of Godwit that wrote it.");
        }
    }
}
