package dev.godwit.ops.demo;

import dev.godwit.protocol.table.TableName;
import java.math.BigInteger;
import java.sql.Connection;
import java.sql.ResultSet;
import java.sql.SQLException;
import java.sql.Statement;
import java.util.ArrayList;
import java.util.List;
import java.util.Set;
import java.util.TreeMap;
import java.util.TreeSet;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CompletionException;
import org.postgresql.util.PSQLState;

/**
 * Whether two databases hold the same tables with the same rows. Each database computes of each table the number of rows
 * and the sum of 64-bit hashes of all rows as text: the same for the same multiset of rows, in whatever order.
 */
final class Equality {
    private static final String SCHEMAS = "('public', 'sales')";

    private Equality() {}

    /**
     * What one database says of one table.
     *
     * @param rows number of rows
     * @param digest sum of the hashes
     */
    record Content(long rows, BigInteger digest) {
        /** The sum's lowest 64 bits in hexadecimal, for people. */
        String shortDigest() {
            return String.format("%016x", digest.longValue());
        }
    }

    /**
     * One table.
     *
     * @param table its name
     * @param source null if it is not there
     * @param target null if it is not there
     */
    record Comparison(TableName table, Content source, Content target) {
        boolean equal() {
            return source != null && source.equals(target);
        }
    }

    /** Compares all tables of both databases, in both at once. */
    static List<Comparison> compare(DemoServer source, DemoServer target) throws SQLException {
        CompletableFuture<TreeMap<TableName, Content>> ofSource = CompletableFuture.supplyAsync(() -> contents(source));
        CompletableFuture<TreeMap<TableName, Content>> ofTarget = CompletableFuture.supplyAsync(() -> contents(target));
        try {
            TreeMap<TableName, Content> sources = ofSource.join();
            TreeMap<TableName, Content> targets = ofTarget.join();
            Set<TableName> names = new TreeSet<>(sources.keySet());
            names.addAll(targets.keySet());
            return names.stream()
                    .map(name -> new Comparison(name, sources.get(name), targets.get(name)))
                    .toList();
        } catch (CompletionException e) {
            if (e.getCause() instanceof ComparisonFailure failure) {
                throw failure.cause;
            }
            throw e;
        }
    }

    private static TreeMap<TableName, Content> contents(DemoServer server) {
        try (Connection connection = server.connect();
                Statement statement = connection.createStatement()) {
            // a row's text must not depend on the server's settings
            statement.execute("SET datestyle = 'ISO, YMD'; SET intervalstyle = 'postgres'; SET timezone = 'UTC';"
                    + " SET extra_float_digits = 3; SET bytea_output = 'hex'; SET lc_monetary = 'C'");
            TreeMap<TableName, Content> contents = new TreeMap<>();
            for (TableName table : tables(statement)) {
                contents.put(table, content(statement, table));
            }
            return contents;
        } catch (SQLException e) {
            throw new ComparisonFailure(e);
        }
    }

    private static List<TableName> tables(Statement statement) throws SQLException {
        List<TableName> tables = new ArrayList<>();
        try (ResultSet rows = statement.executeQuery("SELECT n.nspname, c.relname FROM pg_class c"
                + " JOIN pg_namespace n ON n.oid = c.relnamespace WHERE c.relkind = 'r' AND n.nspname IN " + SCHEMAS)) {
            while (rows.next()) {
                tables.add(new TableName(rows.getString(1), rows.getString(2)));
            }
        }
        return tables;
    }

    private static Content content(Statement statement, TableName table) throws SQLException {
        String query = "SELECT count(*), coalesce(sum(hashtextextended(t::text, 0)::numeric), 0)::text FROM ONLY "
                + quoted(table.schema()) + "." + quoted(table.name()) + " t";
        try (ResultSet row = statement.executeQuery(query)) {
            if (!row.next()) {
                throw new SQLException("no row", PSQLState.NO_DATA.getState());
            }
            return new Content(row.getLong(1), new BigInteger(row.getString(2)));
        }
    }

    private static String quoted(String identifier) {
        return '"' + identifier.replace("\"", "\"\"") + '"';
    }

    private static final class ComparisonFailure extends RuntimeException {
        private static final long serialVersionUID = 1L;
        private final SQLException cause;

        ComparisonFailure(SQLException cause) {
            super(cause);
            this.cause = cause;
        }
    }
}
