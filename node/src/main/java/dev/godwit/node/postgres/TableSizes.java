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
    /**
     * Bytes on disk, but for {@code blocks}.
     *
     * @param indexes all of the table's own, not those of TOAST
     * @param toast values that are kept outside of their rows
     * @param blocks of the main file
     */
    record Size(long total, long indexes, long toast, long blocks) {}

    private TableSizes() {}

    /** One statement, however many tables there are. A table that has gone meanwhile is not in it. */
    static Map<TableName, Size> read(Connection connection, List<TableSpec> tables) throws SQLException {
        String sql = """
                SELECT n.nspname, c.relname, coalesce(pg_total_relation_size(c.oid), 0),
                  coalesce(pg_indexes_size(c.oid), 0), coalesce(pg_relation_size(nullif(c.reltoastrelid, 0)), 0),
                  coalesce(pg_relation_size(c.oid), 0) / current_setting('block_size')::bigint
                FROM unnest(?::text[], ?::text[]) w(schema, name)
                JOIN pg_namespace n ON n.nspname = w.schema
                JOIN pg_class c ON c.relnamespace = n.oid AND c.relname = w.name""";
        Map<TableName, Size> sizes = new HashMap<>();
        try (PreparedStatement statement = connection.prepareStatement(sql)) {
            Object[] schemas =
                    tables.stream().map(table -> table.name().schema()).toArray();
            Object[] names = tables.stream().map(table -> table.name().name()).toArray();
            statement.setArray(1, connection.createArrayOf("text", schemas));
            statement.setArray(2, connection.createArrayOf("text", names));
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
