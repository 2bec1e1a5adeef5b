package dev.godwit.load.postgres;

import java.sql.Connection;
import java.sql.ResultSet;
import java.sql.SQLException;
import java.sql.Statement;
import java.util.ArrayList;
import java.util.HashSet;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Set;

/**
 * What a database's schema public is made of beside its rows, as text by kind. Indexes and constraints go by what they
 * do and not by their names, since some tools give new ones; an index that is not valid and a constraint that is not
 * validated do not count as the ones they should be.
 *
 * @param byKind a text for each object
 */
public record SchemaObjects(Map<String, Set<String>> byKind) {
    private static final String QUERY = """
            SELECT 'columns', c.oid::regclass || '.' || a.attname || ' ' || format_type(a.atttypid, a.atttypmod)
                || CASE WHEN a.attnotnull THEN ' NOT NULL' ELSE '' END || a.attidentity::text || a.attgenerated::text
                || coalesce(pg_get_expr(d.adbin, d.adrelid), '')
              FROM pg_class c JOIN pg_attribute a ON a.attrelid = c.oid AND a.attnum > 0 AND NOT a.attisdropped
                LEFT JOIN pg_attrdef d ON d.adrelid = c.oid AND d.adnum = a.attnum
              WHERE c.relkind IN ('r', 'p') AND c.relnamespace = 'public'::regnamespace
            UNION ALL
            SELECT 'indexes', regexp_replace(pg_get_indexdef(i.indexrelid), ' INDEX .+? ON ', ' INDEX ON ')
              FROM pg_index i JOIN pg_class c ON c.oid = i.indexrelid
              WHERE c.relnamespace = 'public'::regnamespace AND i.indisvalid
            UNION ALL
            SELECT CASE o.contype WHEN 'p' THEN 'primary keys' WHEN 'u' THEN 'unique constraints'
                WHEN 'f' THEN 'foreign keys' WHEN 'c' THEN 'checks' ELSE 'other constraints' END,
                o.conrelid::regclass || ' ' || pg_get_constraintdef(o.oid)
              FROM pg_constraint o WHERE o.connamespace = 'public'::regnamespace
            UNION ALL
            SELECT 'sequences', sequencename || ' ' || coalesce(last_value::text, 'not used')
              FROM pg_sequences WHERE schemaname = 'public'
            ORDER BY 1""";

    public static SchemaObjects of(BenchServer server, String database) {
        Map<String, Set<String>> byKind = new LinkedHashMap<>();
        try (Connection connection = server.connect(database);
                Statement statement = connection.createStatement();
                ResultSet row = statement.executeQuery(QUERY)) {
            while (row.next()) {
                byKind.computeIfAbsent(row.getString(1), kind -> new HashSet<>())
                        .add(row.getString(2));
            }
        } catch (SQLException e) {
            throw new IllegalStateException("the catalog of " + database + " can't be read: " + e.getMessage(), e);
        }
        return new SchemaObjects(byKind);
    }

    /** How many of each kind, in words. */
    public String count() {
        return String.join(
                ", ",
                byKind.entrySet().stream()
                        .map(kind -> kind.getValue().size() + " " + kind.getKey())
                        .toList());
    }

    /** What of these is not in another database as it is here, in words; empty if nothing is missing. */
    public String missingIn(SchemaObjects other) {
        List<String> missing = new ArrayList<>();
        byKind.forEach((kind, objects) -> {
            Set<String> there = other.byKind.getOrDefault(kind, Set.of());
            long left =
                    objects.stream().filter(object -> !there.contains(object)).count();
            if (left > 0) {
                missing.add(left + " of " + objects.size() + " " + kind);
            }
        });
        return String.join(", ", missing);
    }
}
