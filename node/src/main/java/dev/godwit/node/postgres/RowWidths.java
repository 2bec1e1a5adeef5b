package dev.godwit.node.postgres;

import dev.godwit.node.postgres.TableSizes.Size;
import dev.godwit.protocol.check.Remark;
import dev.godwit.protocol.check.RemarkCode;
import dev.godwit.protocol.table.ColumnSpec;
import dev.godwit.protocol.table.TableName;
import dev.godwit.protocol.table.TableSpec;
import java.sql.Connection;
import java.sql.ResultSet;
import java.sql.SQLException;
import java.sql.Savepoint;
import java.sql.Statement;
import java.util.ArrayList;
import java.util.Comparator;
import java.util.List;
import java.util.Map;

/**
 * How wide rows are, by samples of the tables with most bytes outside of their rows: a row of some 8 kB and more has
 * them there. Widths are told, never values, and none is fetched for it.
 */
final class RowWidths {
    /** PostgreSQL builds a row that travels in one piece of memory, of so many bytes at most. */
    private static final long ROW_LIMIT = 1L << 30;

    /** A sample does not see the widest row: a quarter of what is possible is near. */
    static final long NEAR = ROW_LIMIT / 4;

    private static final int TABLES_AT_MOST = 10;
    private static final int BLOCKS_AT_MOST = 1_000;
    private static final int ROWS_AT_MOST = 100_000;
    private static final String SECONDS_AT_MOST = "10s";
    private static final String INSUFFICIENT_PRIVILEGE = "42501";

    /** Also a value that compresses well leaves as much there when it is near the limit. */
    private static final long LEAST_TOAST = TableSizes.WORTH_PARTING;

    private final long near;
    private final long shardBytes;

    /**
     * @param near bytes of a row that are worth a warning
     * @param shardBytes of the plan
     */
    RowWidths(long near, long shardBytes) {
        this.near = near;
        this.shardBytes = shardBytes;
    }

    private record Widest(TableSpec table, long rows, long bytes) {}

    /** One statement for each of the few tables that may have wide rows; sessions keep locks on these until the end. */
    List<Remark> remarks(Connection source, List<TableSpec> tables, Map<TableName, Size> sizes, String place)
            throws SQLException {
        List<TableSpec> candidates = tables.stream()
                .filter(table -> toast(sizes, table) >= LEAST_TOAST)
                .sorted(Comparator.comparingLong((TableSpec table) -> toast(sizes, table))
                        .reversed())
                .limit(TABLES_AT_MOST)
                .toList();
        List<Remark> remarks = new ArrayList<>();
        List<String> wide = new ArrayList<>();
        long widest = 0;
        for (TableSpec table : candidates) {
            Widest found = widestReadable(source, table, sizes.get(table.name()).blocks());
            if (found.bytes() >= near) {
                remarks.add(nearLimit(found));
            }
            if (found.bytes() > shardBytes) {
                wide.add(table.name().text());
                widest = Math.max(widest, found.bytes());
            }
        }
        if (!wide.isEmpty()) {
            remarks.add(new Remark(
                    RemarkCode.ROWS_WIDER_THAN_SHARDS,
                    "Sampled rows of " + Amount.names(wide) + " are of up to " + Amount.bytes(widest)
                            + " and wider than limits.shardBytes (" + Amount.bytes(shardBytes)
                            + "): such a row is a shard of its own. A node's memory does not grow with it.",
                    place,
                    ""));
        }
        return remarks;
    }

    private static Remark nearLimit(Widest found) {
        return new Remark(
                RemarkCode.ROWS_NEAR_LIMIT,
                "The widest of " + found.rows() + " sampled rows is about " + Amount.bytes(found.bytes())
                        + (found.table().binary() ? "" : " as text, where bytea doubles")
                        + ". PostgreSQL can't send a row of 1 GiB: a wider one would pause the table.",
                Sql.printable(found.table().name().text()),
                "Look for the widest rows (octet_length of its columns), and exclude the table if one is too wide.");
    }

    private static long toast(Map<TableName, Size> sizes, TableSpec table) {
        Size size = sizes.get(table.name());
        return size == null ? 0 : size.toast();
    }

    /** That the role may not read the table, or not all of its rows, is a problem already. */
    private static Widest widestReadable(Connection source, TableSpec table, long blocks) throws SQLException {
        Savepoint before = source.setSavepoint();
        try {
            return widest(source, table, blocks);
        } catch (SQLException e) {
            if (!INSUFFICIENT_PRIVILEGE.equals(e.getSQLState())) {
                throw e;
            }
            source.rollback(before);
            return new Widest(table, 0, 0);
        }
    }

    private static Widest widest(Connection source, TableSpec table, long blocks) throws SQLException {
        StringBuilder width = new StringBuilder("0::bigint");
        for (ColumnSpec column : table.columns()) {
            width.append(" + coalesce(").append(width(column, table.binary())).append(", 0)");
        }
        String sample = blocks > BLOCKS_AT_MOST ? " TABLESAMPLE SYSTEM (" + 100.0 * BLOCKS_AT_MOST / blocks + ")" : "";
        String sql = "SELECT count(*), coalesce(max(w), 0) FROM (SELECT " + width + " AS w FROM ONLY "
                + Sql.table(table.name()) + sample + " LIMIT " + ROWS_AT_MOST + ") sampled";
        try (Statement statement = source.createStatement()) {
            statement.execute("SET LOCAL statement_timeout = '" + SECONDS_AT_MOST + "'");
            try (ResultSet row = statement.executeQuery(sql)) {
                row.next();
                return new Widest(table, row.getLong(1), row.getLong(2));
            }
        }
    }

    /** Lengths that the server knows without fetching the value; of other types the stored size, maybe compressed. */
    private static String width(ColumnSpec column, boolean binary) {
        String name = Sql.ident(column.name());
        String type = column.type();
        if (type.equals("bytea")) {
            return (binary ? "" : "2 * ") + "octet_length(" + name + ")::bigint";
        }
        boolean text = type.equals("text") || type.startsWith("character") && !type.endsWith("]");
        return (text ? "octet_length(" : "pg_column_size(") + name + ")::bigint";
    }
}
