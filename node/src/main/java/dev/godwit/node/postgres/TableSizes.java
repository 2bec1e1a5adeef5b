package dev.godwit.node.postgres;

import dev.godwit.protocol.table.TableName;
import dev.godwit.protocol.table.TableSpec;
import java.sql.Connection;
import java.sql.PreparedStatement;
import java.sql.ResultSet;
import java.sql.SQLException;
import java.util.HashMap;
import java.util.List;
import java.util.Map;

/** What the source's tables take on its disk, part by part. */
final class TableSizes {
    /** Parts of a smaller table are not asked for: each asks the disk for files, and tables may be many. */
    static final long WORTH_PARTING = 1L << 20;

    /**
     * Bytes on disk, but for {@code blocks}.
     *
     * @param rows the table with TOAST
     * @param indexes all of the table's own, not those of TOAST
     * @param toast values that are kept outside of their rows; 0 for a table below {@link #WORTH_PARTING}
     * @param blocks of the main file; 0 for a table below {@link #WORTH_PARTING}
     */
    record Size(long rows, long indexes, long toast, long blocks) {
        long total() {
            return rows + indexes;
        }
    }

    private TableSizes() {}

    /** One statement, however many tables there are. A table that has gone meanwhile is not in it. */
    static Map<TableName, Size> read(Connection connection, List<TableSpec> tables) throws SQLException {
        String sql = """
                SELECT n.nspname, c.relname, w.bytes, coalesce(pg_indexes_size(c.oid), 0),
                  CASE WHEN w.bytes >= %1$d
                    THEN coalesce(pg_relation_size(nullif(c.reltoastrelid, 0)), 0) ELSE 0 END,
                  CASE WHEN w.bytes >= %1$d
                    THEN coalesce(pg_relation_size(c.oid), 0) / current_setting('block_size')::bigint ELSE 0 END
                FROM unnest(?::text[], ?::text[], ?::bigint[]) g(schema, name, bytes)
                JOIN pg_namespace n ON n.nspname = g.schema
                JOIN pg_class c ON c.relnamespace = n.oid AND c.relname = g.name
                CROSS JOIN LATERAL (SELECT coalesce(g.bytes, pg_table_size(c.oid)) AS bytes) w""".formatted(WORTH_PARTING);
        Map<TableName, Size> sizes = new HashMap<>();
        try (PreparedStatement statement = connection.prepareStatement(sql)) {
            Object[] schemas =
                    tables.stream().map(table -> table.name().schema()).toArray();
            Object[] names = tables.stream().map(table -> table.name().name()).toArray();
            Object[] bytes = tables.stream()
                    // What making large objects costs is in their bytes, and no disk holds it.
                    .map(table -> LargeObjects.are(table.name()) ? null : table.estimatedBytes())
                    .toArray();
            statement.setArray(1, connection.createArrayOf("text", schemas));
            statement.setArray(2, connection.createArrayOf("text", names));
            statement.setArray(3, connection.createArrayOf("bigint", bytes));
            try (ResultSet row = statement.executeQuery()) {
                while (row.next()) {
                    sizes.put(
                            new TableName(row.getString(1), row.getString(2)),
                            new Size(row.getLong(3), row.getLong(4), row.getLong(5), row.getLong(6)));
                }
            }
        }
        return sizes;
    }
}
