package dev.godwit.node.postgres;

import dev.godwit.protocol.table.TableName;
import java.sql.Connection;
import java.sql.ResultSet;
import java.sql.SQLException;
import java.sql.Statement;
import java.util.ArrayList;
import java.util.Collection;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.TreeSet;

/**
 * The publication of a migration: its tables by name and no other, all kinds of changes, each under its own table's name.
 * Works in a session with autocommit, a bounded number of tables a statement, since each costs a lock until its end.
 */
final class Publication {
    private static final int TABLES_AT_ONCE = 500;
    private static final int NAMED_AT_MOST = 5;

    private final Connection session;
    private final String name;

    Publication(Connection session, String name) {
        this.session = session;
        this.name = name;
    }

    /**
     * What there is.
     *
     * @param plain whether it is as we make it, but for its tables
     * @param tables of it; with whether the whole table is published, not some of its rows or columns
     */
    private record Found(boolean plain, Map<TableName, Boolean> tables) {
        boolean isExactly(Set<TableName> wanted) {
            return plain
                    && tables.keySet().equals(wanted)
                    && tables.values().stream().allMatch(whole -> whole);
        }
    }

    /** Whether it is there, of exactly these tables. */
    boolean isExactly(Collection<TableName> wanted) throws SQLException {
        Found found = find();
        return found != null && found.isExactly(new TreeSet<>(wanted));
    }

    /** Makes it, or makes it what it should be. Nobody may read a slot by it yet. */
    void make(Collection<TableName> wanted) throws SQLException {
        Found found = find();
        try (Statement statement = session.createStatement()) {
            if (found != null && !found.plain()) {
                statement.execute("DROP PUBLICATION " + Sql.ident(name));
                found = null;
            }
            if (found == null) {
                statement.execute("CREATE PUBLICATION " + Sql.ident(name)
                        + " WITH (publish = 'insert, update, delete, truncate')");
                found = new Found(true, Map.of());
            }
            Set<TableName> superfluous = new TreeSet<>();
            Set<TableName> missing = new TreeSet<>(wanted);
            found.tables().forEach((table, whole) -> {
                if (!whole || !missing.remove(table)) {
                    superfluous.add(table);
                }
            });
            change(statement, "DROP", superfluous);
            change(statement, "ADD", missing);
        }
    }

    private void change(Statement statement, String verb, Set<TableName> tables) throws SQLException {
        List<TableName> all = new ArrayList<>(tables);
        for (int from = 0; from < all.size(); from += TABLES_AT_ONCE) {
            // Children by inheritance are tables of their own.
            List<String> some = all.subList(from, Math.min(all.size(), from + TABLES_AT_ONCE)).stream()
                    .map(table -> "ONLY " + Sql.table(table))
                    .toList();
            statement.execute(
                    "ALTER PUBLICATION " + Sql.ident(name) + ' ' + verb + " TABLE " + String.join(", ", some));
        }
    }

    /** In words, how it differs from what it should be; for messages. */
    String difference(Collection<TableName> wanted) throws SQLException {
        Found found = find();
        if (found == null) {
            return "is not there";
        }
        Set<TableName> missing = new TreeSet<>(wanted);
        missing.removeAll(found.tables().keySet());
        Set<TableName> superfluous = new TreeSet<>(found.tables().keySet());
        superfluous.removeAll(wanted);
        if (!missing.isEmpty()) {
            return "is without " + some(missing);
        } else if (!superfluous.isEmpty()) {
            return "has the tables " + some(superfluous) + " too";
        }
        return "publishes only a part of what changes";
    }

    private static String some(Set<TableName> tables) {
        List<String> names = tables.stream()
                .limit(NAMED_AT_MOST)
                .map(table -> Sql.printable(table.text()))
                .toList();
        return String.join(", ", names) + (tables.size() > NAMED_AT_MOST ? ", …" : "");
    }

    void drop() throws SQLException {
        try (Statement statement = session.createStatement()) {
            statement.execute("DROP PUBLICATION IF EXISTS " + Sql.ident(name));
        }
    }

    /** Null if there is none. */
    private Found find() throws SQLException {
        String tables = """
                SELECT n.nspname, c.relname,
                  to_jsonb(r)->>'prqual' IS NULL AND to_jsonb(r)->>'prattrs' IS NULL
                FROM pg_publication_rel r JOIN pg_class c ON c.oid = r.prrelid
                JOIN pg_namespace n ON n.oid = c.relnamespace WHERE r.prpubid = """;
        // As JSON, since columns came with 13 and with 15; publications of schemas came with 15.
        String publication = """
                SELECT oid, NOT puballtables AND pubinsert AND pubupdate AND pubdelete AND pubtruncate
                  AND NOT coalesce((to_jsonb(p)->>'pubviaroot')::boolean, false), to_regclass(
                  'pg_catalog.pg_publication_namespace') IS NOT NULL
                FROM pg_publication p WHERE pubname = """;
        try (Statement statement = session.createStatement()) {
            long oid;
            boolean plain;
            boolean mayHaveSchemas;
            try (ResultSet row = statement.executeQuery(publication + Sql.literal(name))) {
                if (!row.next()) {
                    return null;
                }
                oid = row.getLong(1);
                plain = row.getBoolean(2);
                mayHaveSchemas = row.getBoolean(3);
            }
            if (mayHaveSchemas) {
                try (ResultSet row = statement.executeQuery(
                        "SELECT EXISTS (SELECT FROM pg_publication_namespace WHERE pnpubid = " + oid + ")")) {
                    row.next();
                    plain &= !row.getBoolean(1);
                }
            }
            Map<TableName, Boolean> found = new HashMap<>();
            try (ResultSet row = statement.executeQuery(tables + oid)) {
                while (row.next()) {
                    found.put(new TableName(row.getString(1), row.getString(2)), row.getBoolean(3));
                }
            }
            return new Found(plain, found);
        }
    }
}
