package dev.godwit.node.postgres;

import dev.godwit.protocol.table.ColumnSpec;
import dev.godwit.protocol.table.TableName;
import dev.godwit.protocol.table.TableSpec;
import java.sql.Connection;
import java.sql.PreparedStatement;
import java.sql.ResultSet;
import java.sql.SQLException;
import java.sql.Statement;
import java.util.ArrayList;
import java.util.List;

/** Adds columns to the target's tables that the source has got. Each call runs in the caller's transaction. */
final class AddedColumns {
    /** The table whose columns they become: of a partition, the one that all partitions belong to. */
    private static final String PLACE = """
            SELECT n.nspname, r.relname, pg_has_role(r.relowner, 'USAGE'),
              NOT c.relispartition AND EXISTS (SELECT FROM pg_inherits WHERE c.oid IN (inhrelid, inhparent))
            FROM pg_class c JOIN pg_class r ON r.oid = coalesce(pg_partition_root(c.oid), c.oid)
            JOIN pg_namespace n ON n.oid = r.relnamespace
            WHERE c.oid = to_regclass(?)""";

    private static final String COLUMN = """
            SELECT (SELECT CASE WHEN a.attnotnull OR a.atthasdef OR a.atthasmissing OR a.attidentity <> ''
                OR a.attgenerated <> '' THEN '' ELSE format_type(a.atttypid, a.atttypmod) END FROM pg_attribute a
              WHERE a.attrelid = to_regclass(?) AND a.attname = ? AND NOT a.attisdropped),
              to_regtype(?) IS NOT NULL""";

    private AddedColumns() {}

    private record Place(TableName table, boolean ours, boolean inherits) {}

    /** Whether the columns that were added to this table are in the target's too, or can be added there. */
    static boolean can(Connection session, TableSpec table) throws SQLException {
        Place place = place(session, table.name());
        if (place == null) {
            return false;
        }
        boolean mayAdd = place.ours() && !place.inherits();
        for (ColumnSpec column : table.added()) {
            Found found = find(session, table.name(), column);
            boolean fits = found.type() == null
                    ? mayAdd && found.known()
                    : found.type().equals(column.type());
            if (!fits) {
                return false;
            }
        }
        return true;
    }

    /**
     * @param type of the column of that name; null if there is none, empty if it fills itself or may not be NULL
     * @param known whether there is a type as the column's at the source
     */
    private record Found(String type, boolean known) {}

    private static Found find(Connection session, TableName table, ColumnSpec column) throws SQLException {
        try (PreparedStatement statement = session.prepareStatement(COLUMN)) {
            statement.setString(1, Sql.table(table));
            statement.setString(2, column.name());
            statement.setString(3, column.type());
            try (ResultSet row = statement.executeQuery()) {
                row.next();
                return new Found(row.getString(1), row.getBoolean(2));
            }
        }
    }

    private static boolean isThere(Connection session, TableName table, ColumnSpec column) throws SQLException {
        return find(session, table, column).type() != null;
    }

    private static Place place(Connection session, TableName table) throws SQLException {
        try (PreparedStatement statement = session.prepareStatement(PLACE)) {
            statement.setString(1, Sql.table(table));
            try (ResultSet row = statement.executeQuery()) {
                return row.next()
                        ? new Place(
                                new TableName(row.getString(1), row.getString(2)), row.getBoolean(3), row.getBoolean(4))
                        : null;
            }
        }
    }

    /** Those that are there stay. Waits for whoever writes to the table. */
    static void add(Connection session, TableSpec table) throws SQLException {
        Place place = place(session, table.name());
        if (place == null) {
            return; // what comes next for it says so
        }
        List<String> missing = new ArrayList<>();
        for (ColumnSpec column : table.added()) {
            if (!isThere(session, table.name(), column)) {
                missing.add("ADD COLUMN " + Sql.ident(column.name()) + ' ' + column.type());
            }
        }
        if (!missing.isEmpty()) {
            try (Statement statement = session.createStatement()) {
                statement.execute("ALTER TABLE " + Sql.table(place.table()) + ' ' + String.join(", ", missing));
            }
        }
    }
}
