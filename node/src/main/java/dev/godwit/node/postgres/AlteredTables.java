package dev.godwit.node.postgres;

import dev.godwit.node.source.Alteration;
import dev.godwit.protocol.table.ColumnSpec;
import dev.godwit.protocol.table.TableName;
import dev.godwit.protocol.table.TableSpec;
import java.sql.Connection;
import java.sql.PreparedStatement;
import java.sql.ResultSet;
import java.sql.SQLException;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.function.Function;

/** Compares the source's tables with what is known of them. Each call runs in the caller's transaction. */
final class AlteredTables {
    private static final String FOUND = """
            SELECT n.nspname, c.relname, c.oid,
              EXISTS (SELECT FROM pg_publication_rel r JOIN pg_publication p ON p.oid = r.prpubid
                WHERE r.prrelid = c.oid AND p.pubname = ?)
            FROM unnest(?::text[], ?::text[]) w(schema, name)
            JOIN pg_namespace n ON n.nspname = w.schema
            JOIN pg_class c ON c.relnamespace = n.oid AND c.relname = w.name AND c.relkind = 'r'""";

    /**
     * Names of a table's columns that hold NULL in every row that was there when they were added. One that was added with a
     * default keeps a trace of it, unless the default had to be computed for each row and was taken away since. None where a
     * column behind those that are known was dropped: changes of it may be on their way under the same name.
     */
    private static final String PLAIN = """
            SELECT a.attname FROM pg_attribute a JOIN pg_type t ON t.oid = a.atttypid
            WHERE a.attrelid = ?::bigint::oid AND a.attnum > 0 AND NOT a.attisdropped AND NOT a.attnotnull
              AND NOT a.atthasdef AND NOT a.atthasmissing AND a.attidentity = '' AND a.attgenerated = ''
              AND a.attcollation = t.typcollation AND t.typtype <> 'd'
              AND NOT EXISTS (SELECT FROM pg_attribute gone WHERE gone.attrelid = a.attrelid AND gone.attisdropped
                AND gone.attnum > (SELECT max(last.attnum) FROM pg_attribute last
                  WHERE last.attrelid = a.attrelid AND last.attname = ANY (?)))""";

    private final Connection session;
    private final String publication;

    AlteredTables(Connection session, String publication) {
        this.session = session;
        this.publication = publication;
    }

    private record Found(long oid, boolean published) {}

    /** Those that are not as they are known; in the order of the list. */
    Map<TableName, Alteration> among(List<TableSpec> known) throws SQLException {
        Map<TableName, Found> found = find(known);
        Map<Long, SourceCatalog.Columns> columns = new SourceCatalog(session)
                .columns(session.createArrayOf(
                        "oid", found.values().stream().map(Found::oid).toArray()));
        Map<TableName, Alteration> altered = new LinkedHashMap<>();
        for (TableSpec table : known) {
            Found its = found.get(table.name());
            if (its == null) {
                altered.put(table.name(), gone("was dropped, or has another name"));
            } else if (!its.published()) {
                altered.put(table.name(), gone("was dropped and made anew, or taken out of the publication"));
            } else {
                SourceCatalog.Columns now = columns.getOrDefault(its.oid(), new SourceCatalog.Columns());
                if (!now.columns().equals(table.columns())) {
                    altered.put(table.name(), otherColumns(table, its.oid(), now));
                }
            }
        }
        return altered;
    }

    /** The name of a table by its oid. */
    Optional<TableName> nameOf(long oid) throws SQLException {
        String sql = "SELECT n.nspname, c.relname FROM pg_class c JOIN pg_namespace n ON n.oid = c.relnamespace"
                + " WHERE c.oid = ?::bigint::oid";
        try (PreparedStatement statement = session.prepareStatement(sql)) {
            statement.setLong(1, oid);
            try (ResultSet row = statement.executeQuery()) {
                return row.next() ? Optional.of(new TableName(row.getString(1), row.getString(2))) : Optional.empty();
            }
        }
    }

    private static Alteration gone(String words) {
        return new Alteration(Optional.empty(), false, "The table " + words + ".");
    }

    private Map<TableName, Found> find(List<TableSpec> known) throws SQLException {
        Map<TableName, Found> found = new HashMap<>();
        try (PreparedStatement statement = session.prepareStatement(FOUND)) {
            statement.setString(1, publication);
            statement.setArray(2, session.createArrayOf("text", names(known, TableName::schema)));
            statement.setArray(3, session.createArrayOf("text", names(known, TableName::name)));
            try (ResultSet row = statement.executeQuery()) {
                while (row.next()) {
                    found.put(
                            new TableName(row.getString(1), row.getString(2)),
                            new Found(row.getLong(3), row.getBoolean(4)));
                }
            }
        }
        return found;
    }

    private static Object[] names(List<TableSpec> known, Function<TableName, String> part) {
        return known.stream().map(table -> part.apply(table.name())).toArray();
    }

    private Alteration otherColumns(TableSpec table, long oid, SourceCatalog.Columns now) throws SQLException {
        int before = table.columns().size();
        boolean onlyMore = now.columns().size() > before
                && now.columns().subList(0, before).equals(table.columns());
        if (!onlyMore) {
            return new Alteration(
                    Optional.empty(), true, "The table has lost columns, or has columns of other names or types.");
        }
        List<ColumnSpec> further = now.columns().subList(before, now.columns().size());
        List<String> plain =
                plain(oid, table.columns().stream().map(ColumnSpec::name).toList());
        if (!further.stream().map(ColumnSpec::name).allMatch(plain::contains)) {
            return new Alteration(
                    Optional.empty(),
                    true,
                    "The table has got a column that may not be NULL, has or had a default, or is of a domain or another"
                            + " collation than its type's: rows that were there before may hold values that no change"
                            + " tells of.");
        }
        return new Alteration(
                Optional.of(table.withAdded(further, now.isBinary())), true, "The table has got further columns.");
    }

    private List<String> plain(long oid, List<String> known) throws SQLException {
        try (PreparedStatement statement = session.prepareStatement(PLAIN)) {
            statement.setLong(1, oid);
            statement.setArray(2, session.createArrayOf("text", known.toArray()));
            List<String> names = new ArrayList<>();
            try (ResultSet row = statement.executeQuery()) {
                while (row.next()) {
                    names.add(row.getString(1));
                }
            }
            return names;
        }
    }

    /** Columns of one table as they are now, in the order in which they are copied. */
    static List<ColumnSpec> columns(Connection session, TableName table) throws SQLException {
        String sql = """
                SELECT a.attname, format_type(a.atttypid, a.atttypmod) FROM pg_attribute a
                WHERE a.attrelid = %s::regclass AND a.attnum > 0 AND NOT a.attisdropped AND a.attgenerated = ''
                ORDER BY a.attnum""".formatted(Sql.literal(Sql.table(table)));
        try (PreparedStatement statement = session.prepareStatement(sql);
                ResultSet row = statement.executeQuery()) {
            List<ColumnSpec> columns = new ArrayList<>();
            while (row.next()) {
                columns.add(new ColumnSpec(row.getString(1), row.getString(2)));
            }
            return columns;
        }
    }
}
