package dev.godwit.load.postgres;

import java.sql.Connection;
import java.sql.ResultSet;
import java.sql.SQLException;
import java.sql.Statement;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.TreeMap;

/**
 * What a database holds: of each table the number of rows and the sum of 64-bit hashes of all rows as text. The same for
 * the same multiset of rows, in whatever order; computed by the database.
 */
public final class TableContents {
    private TableContents() {}

    /** By table, of the schema public. */
    public static Map<String, String> of(BenchServer server, String database) {
        try (Connection connection = server.connect(database);
                Statement statement = connection.createStatement()) {
            // a row's text must not depend on the server's settings
            statement.execute("SET datestyle = 'ISO, YMD'; SET intervalstyle = 'postgres'; SET timezone = 'UTC';"
                    + " SET extra_float_digits = 3; SET bytea_output = 'hex'");
            Map<String, String> contents = new TreeMap<>();
            for (String table : tables(statement)) {
                contents.put(table, content(statement, table));
            }
            return contents;
        } catch (SQLException e) {
            throw new IllegalStateException("the contents of " + database + " can't be read: " + e.getMessage(), e);
        }
    }

    private static List<String> tables(Statement statement) throws SQLException {
        List<String> tables = new ArrayList<>();
        try (ResultSet row = statement.executeQuery("SELECT c.oid::regclass::text FROM pg_class c"
                + " WHERE c.relkind = 'r' AND c.relnamespace = 'public'::regnamespace ORDER BY 1")) {
            while (row.next()) {
                tables.add(row.getString(1));
            }
        }
        return tables;
    }

    private static String content(Statement statement, String table) throws SQLException {
        try (ResultSet row = statement.executeQuery(
                "SELECT count(*) || ' rows, ' || coalesce(sum(hashtextextended(t::text, 0)::numeric), 0) FROM ONLY "
                        + table + " t")) {
            row.next();
            return row.getString(1);
        }
    }
}
