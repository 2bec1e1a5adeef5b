package dev.godwit.node.postgres;

import dev.godwit.protocol.error.ErrorCode;
import dev.godwit.protocol.error.GodwitException;
import dev.godwit.protocol.table.TableName;
import java.sql.Connection;
import java.sql.PreparedStatement;
import java.sql.ResultSet;
import java.sql.SQLException;
import java.util.ArrayList;
import java.util.HashSet;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Set;

/**
 * A table of the target as changes are applied to it: read from its catalogs, and read anew when it has another shape.
 *
 * @param partitioned whether rows are in its partitions, and not in it
 * @param columns by name, in the table's order; generated ones, which take no values, are not among them
 * @param uniqueKeys of its valid unique indexes of plain columns, without a predicate
 */
record ChangedTable(TableName name, boolean partitioned, Map<String, Column> columns, List<UniqueKey> uniqueKeys) {
    /**
     * @param type without a modifier, as a cast takes it
     * @param inArrays whether many values travel as one array of the type; else as one of texts
     * @param alwaysIdentity whether statements have to say that they mean to write it
     * @param collation to be named where values are compared; empty where the type's own one holds
     * @param equality when two texts of it are equal values
     */
    record Column(
            String name, String type, boolean inArrays, boolean alwaysIdentity, String collation, Equality equality) {}

    /** What tells by two texts of a type whether the values are equal. */
    enum Equality {
        /** The texts are equal if and only if the values are. */
        SAME_TEXT,
        /** The numbers are equal; 1.0 and 1.00 are. */
        SAME_NUMBER,
        /** The texts are equal but for blanks at their ends. */
        SAME_BUT_BLANKS,
        /** Unequal texts may be equal values. */
        UNKNOWN
    }

    /**
     * @param columns in the index's order
     * @param operators that the index finds equal values by, qualified
     * @param nullsAreEqual whether a NULL meets another
     */
    record UniqueKey(List<String> columns, List<String> operators, boolean nullsAreEqual) {}

    private static final String COLUMNS = """
            SELECT a.attname, format_type(a.atttypid, -1) AS type, a.attidentity = 'a' AS always_identity,
              t.typarray <> 0 AND t.typdelim = ',' AND b.typtype IN ('b', 'e', 'r', 'm') AND b.typcategory <> 'A'
                AND b.typname NOT IN ('record') AS in_arrays,
              CASE WHEN a.attcollation NOT IN (0, t.typcollation) OR t.typtype = 'd' AND a.attcollation <> 0
                THEN quote_ident(ln.nspname) || '.' || quote_ident(l.collname) ELSE '' END AS collation,
              CASE WHEN b.typtype = 'e' OR b.oid IN (16, 17, 18, 19, 20, 21, 23, 26, 829, 1082, 1083, 1114, 1184, 2950)
                  OR b.oid IN (25, 1043) AND coalesce(l.collisdeterministic, true) THEN 'SAME_TEXT'
                WHEN b.oid = 1700 THEN 'SAME_NUMBER'
                WHEN b.oid = 1042 AND coalesce(l.collisdeterministic, true) THEN 'SAME_BUT_BLANKS'
                ELSE 'UNKNOWN' END AS equality
            FROM pg_attribute a JOIN pg_type t ON t.oid = a.atttypid
            CROSS JOIN LATERAL (
              WITH RECURSIVE under AS (SELECT t.oid, t.typtype, t.typbasetype UNION ALL
                SELECT d.oid, d.typtype, d.typbasetype FROM under u JOIN pg_type d ON d.oid = u.typbasetype
                WHERE u.typtype = 'd')
              SELECT p.* FROM under u JOIN pg_type p ON p.oid = u.oid WHERE u.typtype <> 'd') b
            LEFT JOIN pg_collation l ON l.oid = a.attcollation LEFT JOIN pg_namespace ln ON ln.oid = l.collnamespace
            WHERE a.attrelid = ?::bigint::oid AND a.attnum > 0 AND NOT a.attisdropped AND a.attgenerated = ''
            ORDER BY a.attnum""";

    private static final String UNIQUE_KEYS = """
            SELECT (SELECT array_agg(a.attname::text ORDER BY k.place) FROM unnest(i.indkey::int2[])
                WITH ORDINALITY k(attnum, place)
                JOIN pg_attribute a ON a.attrelid = i.indrelid AND a.attnum = k.attnum WHERE k.place <= i.indnkeyatts)
                AS columns,
              (SELECT array_agg('OPERATOR(' || quote_ident(n.nspname) || '.' || o.oprname || ')' ORDER BY k.place)
                FROM unnest(i.indclass::oid[]) WITH ORDINALITY k(opclass, place) JOIN pg_opclass c ON c.oid = k.opclass
                JOIN pg_amop p ON p.amopfamily = c.opcfamily AND p.amoplefttype = c.opcintype
                  AND p.amoprighttype = c.opcintype AND p.amopstrategy = 3
                JOIN pg_operator o ON o.oid = p.amopopr JOIN pg_namespace n ON n.oid = o.oprnamespace) AS operators,
              coalesce((to_jsonb(i) ->> 'indnullsnotdistinct')::boolean, false) AS nulls_are_equal
            FROM pg_index i JOIN pg_class x ON x.oid = i.indexrelid JOIN pg_am m ON m.oid = x.relam
            WHERE i.indrelid = ?::bigint::oid AND i.indisunique AND i.indisvalid AND i.indpred IS NULL
              AND i.indexprs IS NULL AND m.amname = 'btree' ORDER BY i.indisprimary DESC, i.indexrelid""";

    /** @throws GodwitException with TARGET_TABLE_MISSING */
    static ChangedTable read(Connection connection, TableName name) throws SQLException {
        long oid;
        boolean partitioned;
        try (PreparedStatement statement = connection.prepareStatement("""
                SELECT c.oid::bigint, c.relkind = 'p' FROM pg_class c JOIN pg_namespace n ON n.oid = c.relnamespace
                WHERE n.nspname = ? AND c.relname = ? AND c.relkind IN ('r', 'p')""")) {
            statement.setString(1, name.schema());
            statement.setString(2, name.name());
            try (ResultSet row = statement.executeQuery()) {
                if (!row.next()) {
                    throw new GodwitException(
                            ErrorCode.TARGET_TABLE_MISSING,
                            "The target has no such table, and there are changes for it.",
                            Sql.printable(name.text()),
                            "Start a migration under a new name and with empty tables.");
                }
                oid = row.getLong(1);
                partitioned = row.getBoolean(2);
            }
        }
        return new ChangedTable(name, partitioned, columns(connection, oid), uniqueKeys(connection, oid));
    }

    private static Map<String, Column> columns(Connection connection, long oid) throws SQLException {
        Map<String, Column> columns = new LinkedHashMap<>();
        try (PreparedStatement statement = connection.prepareStatement(COLUMNS)) {
            statement.setLong(1, oid);
            try (ResultSet row = statement.executeQuery()) {
                while (row.next()) {
                    columns.put(
                            row.getString("attname"),
                            new Column(
                                    row.getString("attname"),
                                    row.getString("type"),
                                    row.getBoolean("in_arrays"),
                                    row.getBoolean("always_identity"),
                                    row.getString("collation"),
                                    Equality.valueOf(row.getString("equality"))));
                }
            }
        }
        return columns;
    }

    private static List<UniqueKey> uniqueKeys(Connection connection, long oid) throws SQLException {
        List<UniqueKey> keys = new ArrayList<>();
        try (PreparedStatement statement = connection.prepareStatement(UNIQUE_KEYS)) {
            statement.setLong(1, oid);
            try (ResultSet row = statement.executeQuery()) {
                while (row.next()) {
                    keys.add(new UniqueKey(
                            CatalogRows.texts(row, "columns"),
                            CatalogRows.texts(row, "operators"),
                            row.getBoolean("nulls_are_equal")));
                }
            }
        }
        return keys;
    }

    /**
     * The key of a unique index over exactly these columns, in whatever order.
     *
     * @throws GodwitException with TARGET_OBJECT_MISSING
     */
    UniqueKey keyOf(List<String> wanted) {
        Set<String> set = new HashSet<>(wanted);
        return uniqueKeys.stream()
                .filter(key -> key.columns().size() == set.size() && set.containsAll(key.columns()))
                .findFirst()
                .orElseThrow(() -> new GodwitException(
                        ErrorCode.TARGET_OBJECT_MISSING,
                        "The target's table has no unique index of the key's columns: changes could not find their rows.",
                        Sql.printable(name.text()),
                        "Create a unique index of the columns " + Sql.printable(String.join(", ", wanted)) + "."));
    }

    /** As it stands in statements that mean its own rows alone. */
    String quoted() {
        return (partitioned ? "" : "ONLY ") + Sql.table(name);
    }
}
