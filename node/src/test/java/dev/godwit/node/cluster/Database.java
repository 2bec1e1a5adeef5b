package dev.godwit.node.cluster;

import dev.godwit.node.testing.Sessions;
import java.math.BigInteger;
import java.sql.Connection;
import java.sql.DriverManager;
import java.sql.ResultSet;
import java.sql.SQLException;
import java.sql.Statement;
import java.util.Map;
import java.util.TreeMap;

/**
 * One database of a {@link Postgres}.
 *
 * @param port of its server on the loopback address
 * @param name of the database
 */
public record Database(int port, String name) implements Sessions {
    public static final String HOST = "127.0.0.1";
    public static final String USER = "postgres";

    /** Rows as text must not depend on the server's settings. */
    static final String SETTINGS = "SET datestyle = 'ISO, YMD'; SET intervalstyle = 'postgres';"
            + " SET timezone = 'UTC'; SET extra_float_digits = 3; SET bytea_output = 'hex'; SET lc_monetary = 'C'";

    /**
     * What a table holds, whatever the order of its rows.
     *
     * @param rows number of rows
     * @param digest sum of 64-bit hashes of all rows as text
     */
    public record Content(long rows, BigInteger digest) {}

    @Override
    public Connection open() throws SQLException {
        return DriverManager.getConnection("jdbc:postgresql://" + HOST + ":" + port + "/" + name, USER, "");
    }

    /** A session; the caller closes it. */
    public Connection connect() {
        try {
            return open();
        } catch (SQLException e) {
            throw new IllegalStateException(e);
        }
    }

    /**
     * Makes a table {@code (id bigint PRIMARY KEY, version int, payload text)} of rows 1 to {@code rows}, each of about
     * {@code payloadBytes}, and gathers its statistics.
     */
    public void fill(String table, int rows, int payloadBytes) {
        run(
                "CREATE TABLE " + table + " (id bigint PRIMARY KEY, version int NOT NULL, payload text NOT NULL)",
                "INSERT INTO " + table + " SELECT i, 0, left(repeat(md5(i::text), " + (payloadBytes / 32 + 1) + "), "
                        + payloadBytes + ") FROM generate_series(1, " + rows + ") i",
                "ANALYZE " + table);
    }

    /** Of all tables but Godwit's own and the system's, by schema and name. */
    public Map<String, Content> contents() {
        String tables = "SELECT format('%I.%I', n.nspname, c.relname) FROM pg_class c JOIN pg_namespace n"
                + " ON n.oid = c.relnamespace WHERE c.relkind = 'r'"
                + " AND n.nspname NOT IN ('godwit', 'information_schema') AND n.nspname NOT LIKE 'pg\\_%'";
        Map<String, Content> contents = new TreeMap<>();
        for (String table : texts(tables)) {
            contents.put(table, content(table));
        }
        return contents;
    }

    /** @param table quoted where it must be */
    public Content content(String table) {
        return content(table, SETTINGS);
    }

    /**
     * What a table held as of a snapshot.
     *
     * @param exported name under which a session that lives has exported it
     */
    public Content contentAsOf(String exported, String table) {
        return content(
                table,
                SETTINGS + "; BEGIN ISOLATION LEVEL REPEATABLE READ; SET TRANSACTION SNAPSHOT '" + exported + "'");
    }

    private Content content(String table, String settings) {
        String query = "SELECT count(*), coalesce(sum(hashtextextended(t::text, 0)::numeric), 0)::text FROM ONLY "
                + table + " t";
        try (Connection connection = connect();
                Statement statement = connection.createStatement()) {
            statement.execute(settings);
            try (ResultSet row = statement.executeQuery(query)) {
                row.next();
                return new Content(row.getLong(1), new BigInteger(row.getString(2)));
            }
        } catch (SQLException e) {
            throw new IllegalStateException(e);
        }
    }
}
