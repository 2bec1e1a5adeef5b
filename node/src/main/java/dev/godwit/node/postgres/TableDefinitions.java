package dev.godwit.node.postgres;

import dev.godwit.node.source.TableDefinition;
import dev.godwit.node.source.TableDefinition.IdentityPosition;
import dev.godwit.node.source.TableDefinition.KeyDefinition;
import dev.godwit.node.source.TableDefinition.Prerequisite;
import dev.godwit.protocol.error.ErrorCode;
import dev.godwit.protocol.error.GodwitException;
import dev.godwit.protocol.table.TableSpec;
import java.sql.Connection;
import java.sql.PreparedStatement;
import java.sql.ResultSet;
import java.sql.SQLException;
import java.util.ArrayList;
import java.util.LinkedHashSet;
import java.util.List;
import java.util.Map;
import java.util.Set;

/**
 * Reads a table's definition from the source's catalogs. Sessions have an empty search path, so the server qualifies
 * every name that it prints.
 *
 * <p>Left out: keys (they come later), checks, foreign keys, indexes, storage options, and defaults that call for a
 * sequence or a function of the user's. A leaf of a partitioned or inherited table becomes a plain table; an unlogged
 * one becomes a logged one, since a crash would empty it and leave its claims.
 */
final class TableDefinitions {
    private static final String COLUMNS = """
            SELECT a.attname, format_type(a.atttypid, a.atttypmod), a.atttypid::bigint, a.attnotnull, a.attidentity,
              a.attgenerated, pg_get_expr(d.adbin, d.adrelid),
              EXISTS (SELECT FROM pg_depend x WHERE x.classid = 'pg_attrdef'::regclass AND x.objid = d.oid
                AND (x.refclassid IN ('pg_proc'::regclass, 'pg_operator'::regclass)
                  OR x.refclassid = 'pg_class'::regclass AND x.refobjid <> a.attrelid)),
              CASE WHEN a.attcollation <> t.typcollation THEN n.nspname END, o.collname,
              s.seqstart, s.seqincrement, s.seqmin, s.seqmax, s.seqcache, s.seqcycle,
              CASE WHEN has_sequence_privilege(s.seqrelid, 'USAGE') OR has_sequence_privilege(s.seqrelid, 'SELECT')
                THEN pg_sequence_last_value(s.seqrelid) END
            FROM pg_attribute a
            JOIN pg_type t ON t.oid = a.atttypid
            LEFT JOIN pg_attrdef d ON d.adrelid = a.attrelid AND d.adnum = a.attnum
            LEFT JOIN pg_collation o ON o.oid = a.attcollation
            LEFT JOIN pg_namespace n ON n.oid = o.collnamespace
            LEFT JOIN pg_depend i ON a.attidentity <> '' AND i.classid = 'pg_class'::regclass
              AND i.refclassid = 'pg_class'::regclass AND i.refobjid = a.attrelid AND i.refobjsubid = a.attnum
              AND i.deptype = 'i'
            LEFT JOIN pg_sequence s ON s.seqrelid = i.objid
            WHERE a.attrelid = ?::regclass AND a.attnum > 0 AND NOT a.attisdropped
            ORDER BY a.attnum""";

    private static final String TYPE = """
            SELECT n.nspname, t.typname, t.typtype, t.typcategory = 'A' AND t.typelem <> 0, t.typelem::bigint,
              t.typbasetype::bigint, format_type(t.typbasetype, t.typtypmod), t.typnotnull,
              pg_get_expr(t.typdefaultbin, 0),
              CASE WHEN t.typcollation <> b.typcollation THEN cn.nspname END, c.collname,
              """ + TargetTypes.SHAPE + """

            FROM pg_type t
            JOIN pg_namespace n ON n.oid = t.typnamespace
            LEFT JOIN pg_type b ON b.oid = t.typbasetype
            LEFT JOIN pg_collation c ON c.oid = t.typcollation
            LEFT JOIN pg_namespace cn ON cn.oid = c.collnamespace
            WHERE t.oid = ?::oid""";

    /**
     * By kind of type: the types that its values are put together of. Multiranges came with version 14, so their
     * question is asked of no server before.
     */
    private static final Map<String, String> PARTS = Map.of(
            "c",
                    "SELECT a.atttypid::bigint FROM pg_type t JOIN pg_attribute a ON a.attrelid = t.typrelid"
                            + " WHERE t.oid = ?::oid AND a.attnum > 0 AND NOT a.attisdropped ORDER BY a.attnum",
            "r", "SELECT rngsubtype::bigint FROM pg_range WHERE rngtypid = ?::oid",
            "m", "SELECT rngtypid::bigint FROM pg_range WHERE rngmultitypid = ?::oid");

    private static final Set<String> BUILT_IN_SCHEMAS = Set.of("pg_catalog", "information_schema");
    private static final Set<String> COLLATIONS_EVERYWHERE = Set.of("default", "C", "POSIX");

    private final Connection connection;
    private final TableSpec table;
    private final Set<Prerequisite> prerequisites = new LinkedHashSet<>();
    private final Set<Long> resolved = new LinkedHashSet<>();
    private final List<IdentityPosition> identities = new ArrayList<>();

    private TableDefinitions(Connection connection, TableSpec table) {
        this.connection = connection;
        this.table = table;
    }

    /**
     * Reads the definition in the transaction of the given session, which has {@link SessionSource}'s settings.
     *
     * @throws GodwitException with SOURCE_TABLE_CHANGED if the table is not there any more
     */
    static TableDefinition read(Connection source, TableSpec table) throws SQLException {
        return new TableDefinitions(source, table).read();
    }

    /** The same in a session of the pool. */
    static TableDefinition read(PostgresConnections source, TableSpec table) {
        try (Connection connection = source.take()) {
            TableDefinition definition = read(connection, table);
            connection.rollback();
            return definition;
        } catch (SQLException e) {
            throw PostgresErrors.translate(
                    e, Side.SOURCE, Sql.printable(table.name().text()));
        }
    }

    private TableDefinition read() throws SQLException {
        requireTable();
        prerequisites.add(new Prerequisite.SchemaNeeded(table.name().schema()));
        String create =
                "CREATE TABLE IF NOT EXISTS " + Sql.table(table.name()) + " (" + String.join(", ", columns()) + ")";
        return new TableDefinition(List.copyOf(prerequisites), create, keys(), identities);
    }

    private void requireTable() throws SQLException {
        try (PreparedStatement statement = connection.prepareStatement("SELECT to_regclass(?) IS NOT NULL")) {
            statement.setString(1, Sql.table(table.name()));
            try (ResultSet row = statement.executeQuery()) {
                row.next();
                if (!row.getBoolean(1)) {
                    throw new GodwitException(
                            ErrorCode.SOURCE_TABLE_CHANGED,
                            "The table is not there any more.",
                            Sql.printable(table.name().text()),
                            "Leave the table's definition as it was while the migration runs.");
                }
            }
        }
    }

    private List<String> columns() throws SQLException {
        List<String> columns = new ArrayList<>();
        List<Long> types = new ArrayList<>();
        try (PreparedStatement statement = connection.prepareStatement(COLUMNS)) {
            statement.setString(1, Sql.table(table.name()));
            try (ResultSet row = statement.executeQuery()) {
                while (row.next()) {
                    columns.add(column(row));
                    types.add(row.getLong(3));
                }
            }
        }
        for (long type : types) {
            resolve(type);
        }
        return columns;
    }

    private String column(ResultSet row) throws SQLException {
        StringBuilder sql =
                new StringBuilder(Sql.ident(row.getString(1))).append(' ').append(row.getString(2));
        sql.append(collation(row.getString(9), row.getString(10)));
        String expression = row.getString(7);
        String generated = row.getString(6);
        if (!generated.isEmpty()) {
            sql.append(" GENERATED ALWAYS AS (").append(expression).append(')');
            sql.append(generated.equals("s") ? " STORED" : " VIRTUAL");
        } else if (!row.getString(5).isEmpty()) {
            sql.append(identity(row));
        } else if (expression != null && !row.getBoolean(8) && !expression.contains("nextval(")) {
            sql.append(" DEFAULT ").append(expression);
        }
        if (row.getBoolean(4)) {
            sql.append(" NOT NULL");
        }
        return sql.toString();
    }

    private String identity(ResultSet row) throws SQLException {
        long increment = row.getLong(12);
        Long last = row.getObject(17, Long.class);
        identities.add(new IdentityPosition(row.getString(1), last, increment > 0));
        return " GENERATED " + (row.getString(5).equals("a") ? "ALWAYS" : "BY DEFAULT") + " AS IDENTITY (START WITH "
                + row.getLong(11) + " INCREMENT BY " + increment + " MINVALUE " + row.getLong(13) + " MAXVALUE "
                + row.getLong(14) + " CACHE " + row.getLong(15) + (row.getBoolean(16) ? " CYCLE)" : ")");
    }

    /** Empty where it is the type's own. */
    private String collation(String schema, String name) {
        if (schema == null) {
            return "";
        }
        if (!(schema.equals("pg_catalog") && COLLATIONS_EVERYWHERE.contains(name))) {
            prerequisites.add(new Prerequisite.CollationNeeded(schema, name));
        }
        return " COLLATE " + Sql.ident(schema) + '.' + Sql.ident(name);
    }

    /** Adds what a type needs, and the type after that. */
    private void resolve(long type) throws SQLException {
        if (!resolved.add(type)) {
            return;
        }
        try (PreparedStatement statement = connection.prepareStatement(TYPE)) {
            statement.setLong(1, type);
            try (ResultSet row = statement.executeQuery()) {
                if (!row.next() || BUILT_IN_SCHEMAS.contains(row.getString(1)) && type < FIRST_OID_OF_USERS) {
                    return;
                }
                if (row.getBoolean(4)) {
                    resolve(row.getLong(5));
                    return;
                }
                String schema = row.getString(1);
                String name = row.getString(2);
                String shape = row.getString(12);
                switch (row.getString(3)) {
                    case "e" -> {
                        prerequisites.add(new Prerequisite.SchemaNeeded(schema));
                        prerequisites.add(new Prerequisite.EnumNeeded(schema, name, labels(type)));
                    }
                    case "d" -> {
                        String create = domain(type, row);
                        resolve(row.getLong(6));
                        prerequisites.add(new Prerequisite.SchemaNeeded(schema));
                        prerequisites.add(new Prerequisite.DomainNeeded(schema, name, create, shape));
                    }
                    default -> {
                        resolveParts(row.getString(3), type);
                        prerequisites.add(new Prerequisite.TypeNeeded(schema, name, shape));
                    }
                }
            }
        }
    }

    /** A type's shape names its parts and does not show theirs. */
    private void resolveParts(String kind, long type) throws SQLException {
        if (!PARTS.containsKey(kind)) {
            return;
        }
        List<Long> parts = new ArrayList<>();
        try (PreparedStatement statement = connection.prepareStatement(PARTS.get(kind))) {
            statement.setLong(1, type);
            try (ResultSet row = statement.executeQuery()) {
                while (row.next()) {
                    parts.add(row.getLong(1));
                }
            }
        }
        for (long part : parts) {
            resolve(part);
        }
    }

    /** Objects below are made by initdb and are the same everywhere; extensions may put theirs into pg_catalog too. */
    private static final long FIRST_OID_OF_USERS = 16_384;

    private String domain(long type, ResultSet row) throws SQLException {
        StringBuilder sql = new StringBuilder("CREATE DOMAIN ")
                .append(Sql.ident(row.getString(1)))
                .append('.')
                .append(Sql.ident(row.getString(2)))
                .append(" AS ")
                .append(row.getString(7))
                .append(collation(row.getString(10), row.getString(11)));
        if (row.getString(9) != null) {
            sql.append(" DEFAULT ").append(row.getString(9));
        }
        if (row.getBoolean(8)) {
            sql.append(" NOT NULL");
        }
        String checks = "SELECT conname, pg_get_constraintdef(oid) FROM pg_constraint"
                + " WHERE contypid = ?::oid AND contype = 'c' AND convalidated ORDER BY conname";
        try (PreparedStatement statement = connection.prepareStatement(checks)) {
            statement.setLong(1, type);
            try (ResultSet check = statement.executeQuery()) {
                while (check.next()) {
                    sql.append(" CONSTRAINT ")
                            .append(Sql.ident(check.getString(1)))
                            .append(' ');
                    sql.append(check.getString(2));
                }
            }
        }
        return sql.toString();
    }

    private List<String> labels(long type) throws SQLException {
        List<String> labels = new ArrayList<>();
        try (PreparedStatement statement = connection.prepareStatement(
                "SELECT enumlabel FROM pg_enum WHERE enumtypid = ?::oid ORDER BY enumsortorder")) {
            statement.setLong(1, type);
            try (ResultSet row = statement.executeQuery()) {
                while (row.next()) {
                    labels.add(row.getString(1));
                }
            }
        }
        return labels;
    }

    /**
     * The primary key; without one the unique constraints; without those a unique index on the key that shards are cut
     * by, as a constraint.
     */
    private List<KeyDefinition> keys() throws SQLException {
        String sql = """
                SELECT c.conname, c.contype = 'p', pg_get_constraintdef(c.oid) FROM pg_constraint c
                WHERE c.conrelid = ?::regclass AND c.contype IN ('p', 'u') ORDER BY c.contype, c.conname""";
        List<KeyDefinition> keys = new ArrayList<>();
        try (PreparedStatement statement = connection.prepareStatement(sql)) {
            statement.setString(1, Sql.table(table.name()));
            try (ResultSet row = statement.executeQuery()) {
                while (row.next()) {
                    keys.add(new KeyDefinition(row.getString(1), row.getBoolean(2), row.getString(3)));
                }
            }
        }
        return keys.isEmpty() && !table.keyColumns().isEmpty() ? uniqueIndex() : keys;
    }

    private List<KeyDefinition> uniqueIndex() throws SQLException {
        String sql = """
                SELECT c.relname FROM pg_index i JOIN pg_class c ON c.oid = i.indexrelid
                WHERE i.indrelid = ?::regclass AND i.indisunique AND i.indisvalid AND i.indpred IS NULL
                  AND i.indexprs IS NULL AND i.indnkeyatts = i.indnatts AND ARRAY(
                    SELECT a.attname::text FROM unnest(i.indkey::int2[]) WITH ORDINALITY k(attnum, place)
                    JOIN pg_attribute a ON a.attrelid = i.indrelid AND a.attnum = k.attnum ORDER BY k.place) = ?
                ORDER BY c.relname LIMIT 1""";
        try (PreparedStatement statement = connection.prepareStatement(sql)) {
            statement.setString(1, Sql.table(table.name()));
            statement.setArray(
                    2, connection.createArrayOf("text", table.keyColumns().toArray()));
            try (ResultSet row = statement.executeQuery()) {
                return row.next()
                        ? List.of(new KeyDefinition(
                                row.getString(1), false, "UNIQUE (" + Sql.idents(table.keyColumns()) + ")"))
                        : List.of();
            }
        }
    }
}
