package dev.godwit.node.postgres;

import dev.godwit.node.target.TargetDatabase.BundleOrder;
import dev.godwit.node.target.TargetDatabase.Claim;
import dev.godwit.protocol.table.ShardRange;
import dev.godwit.protocol.table.TableName;
import dev.godwit.protocol.table.TableSpec;
import dev.godwit.protocol.table.Window;
import java.sql.Connection;
import java.sql.PreparedStatement;
import java.sql.ResultSet;
import java.sql.SQLException;
import java.util.Collection;
import java.util.HashMap;
import java.util.HashSet;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.TreeMap;

/**
 * The statements by which a bundle of small tables is kept and claimed: those of {@link ClaimTables}, for many tables at
 * once, each of which is one window of one shard. Each runs in the caller's transaction.
 *
 * <p>Godwit's tables grow while nobody has analysed them yet. A subquery with OFFSET is asked for each name by itself, by
 * the index, where a join may read all rows of the migration: for each bundle as many as all before it have left.
 */
final class BundleClaims {
    private static final Window WHOLE = new Window("0", List.of(new ShardRange.Whole()), true);
    private static final String SHARD = WHOLE.shards().get(0).id();

    private final Connection connection;
    private final BundleOrder order;
    private final Map<String, TableSpec> tables = new TreeMap<>();

    BundleClaims(Connection connection, BundleOrder order) {
        this.connection = connection;
        this.order = order;
        order.tables().forEach(table -> tables.put(table.name().text(), table));
    }

    /** Rows, bytes and digest of a table that was written. */
    record Written(String table, long rows, long bytes, String digest) {}

    /** The name that the session bears while it holds the claims. It names no single shard: those are locked one by one. */
    HolderName holder() {
        return HolderName.of(
                order.cluster(), order.migration(), order.tables().get(0).name(), "bundle", order.node());
    }

    /** Keeps the window of each table that has none. All of them in the same order, so that two bundles don't lock each other. */
    void keepWindows() throws SQLException {
        String sql = """
                INSERT INTO godwit.cut (migration, source_table, name, ranges, shards, last, cut_by)
                SELECT ?, t.name, ?, ?, 1, true, 'whole' FROM unnest(?::text[]) t(name) ORDER BY t.name
                ON CONFLICT DO NOTHING""";
        try (PreparedStatement statement = connection.prepareStatement(sql)) {
            statement.setString(1, order.migration());
            statement.setString(2, WHOLE.name());
            statement.setString(3, ClaimTables.json(WHOLE.ranges()));
            statement.setArray(4, texts(tables.keySet()));
            statement.executeUpdate();
        }
    }

    /** Tables that somebody has cut in another way. */
    Set<TableName> cutOtherwise() throws SQLException {
        String sql = """
                SELECT t.name FROM unnest(?::text[]) t(name), LATERAL (SELECT * FROM godwit.cut
                  WHERE migration = ? AND source_table = t.name OFFSET 0) c
                GROUP BY t.name
                HAVING count(*) <> 1 OR NOT bool_and(c.name = ? AND last AND shards = 1 AND cut_by = 'whole')""";
        Set<TableName> found = new HashSet<>();
        try (PreparedStatement statement = connection.prepareStatement(sql)) {
            statement.setArray(1, texts(tables.keySet()));
            statement.setString(2, order.migration());
            statement.setString(3, WHOLE.name());
            try (ResultSet row = statement.executeQuery()) {
                while (row.next()) {
                    found.add(TableName.parse(row.getString(1)));
                }
            }
        }
        return found;
    }

    /**
     * Claims these tables' shards. Once all the rows are in, the session takes its name, and a lock for each shard by which
     * others find the session that holds its claim; so it may be idle for as long as it takes. Locks of the copies are
     * waited for longer than the claims were.
     *
     * @return those of which there is no committed claim
     */
    Set<TableName> claim(Collection<TableName> wanted, HolderName holder, String lockTimeout) throws SQLException {
        String sql = """
                WITH wanted AS (SELECT * FROM unnest(?::text[], ?::bigint[]) w(name, key)),
                claimed AS (
                  INSERT INTO godwit.claim (migration, source_table, shard, outcome, source_snapshot, node)
                  SELECT ?, name, ?, 'copied', ?, ? FROM wanted ORDER BY name
                  ON CONFLICT DO NOTHING RETURNING source_table),
                named AS (SELECT set_config('application_name', ?, true), set_config('lock_timeout', ?, true),
                    set_config('idle_in_transaction_session_timeout', '0', true)
                  WHERE (SELECT count(*) FROM claimed) > 0)
                SELECT source_table, pg_advisory_xact_lock_shared(key) FROM claimed
                JOIN wanted ON name = source_table, named""";
        Set<TableName> claimed = new HashSet<>();
        try (PreparedStatement statement = connection.prepareStatement(sql)) {
            statement.setArray(
                    1, texts(wanted.stream().map(TableName::text).sorted().toList()));
            statement.setArray(
                    2,
                    connection.createArrayOf(
                            "int8",
                            wanted.stream()
                                    .sorted()
                                    .map(table -> HolderName.of("", order.migration(), table, SHARD, "")
                                            .lockKey())
                                    .toArray()));
            statement.setString(3, order.migration());
            statement.setString(4, SHARD);
            statement.setString(5, order.snapshot());
            statement.setString(6, order.node());
            statement.setString(7, holder.text());
            statement.setString(8, lockTimeout);
            try (ResultSet row = statement.executeQuery()) {
                while (row.next()) {
                    claimed.add(TableName.parse(row.getString(1)));
                }
            }
        }
        return claimed;
    }

    /** The committed claims of these tables' only shards. */
    Map<TableName, Claim> claims(Collection<TableName> wanted) throws SQLException {
        String sql = """
                SELECT source_table, shard, outcome, rows, bytes, node
                FROM godwit.claim WHERE migration = ? AND source_table = ANY (?) AND shard = ?""";
        Map<TableName, Claim> claims = new HashMap<>();
        try (PreparedStatement statement = connection.prepareStatement(sql)) {
            statement.setString(1, order.migration());
            statement.setArray(2, texts(wanted.stream().map(TableName::text).toList()));
            statement.setString(3, SHARD);
            try (ResultSet row = statement.executeQuery()) {
                while (row.next()) {
                    claims.put(TableName.parse(row.getString("source_table")), ClaimTables.claim(row));
                }
            }
        }
        return claims;
    }

    /** Completes the claims that this transaction has inserted; returns how many it has found. */
    int complete(List<Written> written) throws SQLException {
        String sql = """
                UPDATE godwit.claim c SET rows = w.rows, bytes = w.bytes, digest = w.digest,
                  committed_at = clock_timestamp()
                FROM unnest(?::text[], ?::bigint[], ?::bigint[], ?::text[]) w(name, rows, bytes, digest),
                  LATERAL (SELECT ctid AS place FROM godwit.claim
                    WHERE migration = ? AND source_table = w.name AND shard = ? OFFSET 0) ours
                WHERE c.ctid = ours.place""";
        try (PreparedStatement statement = connection.prepareStatement(sql)) {
            statement.setArray(1, texts(written.stream().map(Written::table).toList()));
            statement.setArray(
                    2,
                    connection.createArrayOf(
                            "int8", written.stream().map(Written::rows).toArray()));
            statement.setArray(
                    3,
                    connection.createArrayOf(
                            "int8", written.stream().map(Written::bytes).toArray()));
            statement.setArray(4, texts(written.stream().map(Written::digest).toList()));
            statement.setString(5, order.migration());
            statement.setString(6, SHARD);
            return statement.executeUpdate();
        }
    }

    private java.sql.Array texts(Collection<String> values) throws SQLException {
        return connection.createArrayOf("text", values.toArray());
    }
}
