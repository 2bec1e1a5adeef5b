package dev.godwit.node.postgres;

import dev.godwit.protocol.plan.Consistency;
import dev.godwit.protocol.plan.Plan;
import dev.godwit.protocol.table.ColumnSpec;
import dev.godwit.protocol.table.CutMethod;
import dev.godwit.protocol.table.TableName;
import dev.godwit.protocol.table.TableSpec;
import java.sql.Array;
import java.sql.Connection;
import java.sql.PreparedStatement;
import java.sql.ResultSet;
import java.sql.SQLException;
import java.sql.Statement;
import java.util.ArrayList;
import java.util.Comparator;
import java.util.HashMap;
import java.util.List;
import java.util.Map;

/**
 * Reads the source's catalog: which relations the patterns mean, and what a coordinator must know of each table. A
 * partition is meant where a pattern names it or a partitioned table above it.
 */
final class SourceCatalog {
    /** TID range scans came with 14; before, a range of blocks costs a scan of the table. */
    private static final int FIRST_VERSION_WITH_BLOCK_RANGES = 14;

    private static final String RELATIONS = """
            SELECT c.oid, n.nspname, c.relname, c.relkind,
                   CASE WHEN c.relispartition THEN ARRAY(
                       SELECT ARRAY[an.nspname::text, a.relname::text]
                       FROM pg_partition_ancestors(c.oid) WITH ORDINALITY p (relid, place)
                       JOIN pg_class a ON a.oid = p.relid JOIN pg_namespace an ON an.oid = a.relnamespace
                       WHERE p.relid <> c.oid ORDER BY p.place) END,
                   (SELECT e.extname FROM pg_depend d JOIN pg_extension e ON e.oid = d.refobjid
                    WHERE d.classid = 'pg_class'::regclass AND d.objid = c.oid AND d.objsubid = 0
                      AND d.refclassid = 'pg_extension'::regclass AND d.deptype = 'e'),
                   has_schema_privilege(n.oid, 'USAGE') AND (has_table_privilege(c.oid, 'SELECT') OR NOT EXISTS (
                       SELECT FROM pg_attribute a WHERE a.attrelid = c.oid AND a.attnum > 0 AND NOT a.attisdropped
                         AND a.attgenerated = '' AND NOT has_column_privilege(c.oid, a.attnum, 'SELECT'))),
                   c.relrowsecurity AND row_security_active(c.oid)
            FROM pg_class c JOIN pg_namespace n ON n.oid = c.relnamespace
            WHERE c.relkind IN ('r', 'p', 'f', 'v', 'm') AND c.relpersistence <> 't'
              AND n.nspname !~ '^pg_' AND n.nspname NOT IN ('information_schema', 'godwit')
            ORDER BY n.nspname, c.relname
            """;

    private static final String SIZES = """
            SELECT c.oid, coalesce(pg_table_size(c.oid), 0),
                   CASE WHEN c.reltuples < 0 OR (c.reltuples = 0 AND c.relpages = 0) THEN -1
                        ELSE c.reltuples::bigint END,
                   coalesce(pg_relation_filenode(c.oid)::bigint, 0)
            FROM pg_class c WHERE c.oid = ANY (?)
            """;

    /** Domains are followed down to their base; an array of anything but a built-in type carries its element's oid. */
    private static final String COLUMNS = """
            WITH RECURSIVE col AS (
              SELECT a.attrelid, a.attnum, a.attname, a.atttypid, format_type(a.atttypid, a.atttypmod) AS printed
              FROM pg_attribute a
              WHERE a.attrelid = ANY (?) AND a.attnum > 0 AND NOT a.attisdropped AND a.attgenerated = ''),
            base AS (
              SELECT DISTINCT atttypid AS top, atttypid AS oid FROM col
              UNION ALL
              SELECT b.top, t.typbasetype FROM base b JOIN pg_type t ON t.oid = b.oid WHERE t.typtype = 'd'),
            plain AS (
              SELECT t.oid FROM pg_type t
              WHERE t.oid < 16384 AND t.typtype IN ('b', 'r', 'm') AND t.typsend <> 0 AND t.typreceive <> 0
                AND t.typname !~ '^_?reg' AND t.typname NOT IN ('oid', '_oid', 'oidvector', '_oidvector')),
            safe AS (
              SELECT b.top FROM base b JOIN pg_type t ON t.oid = b.oid
              WHERE t.typtype = 'e' OR (t.oid IN (SELECT oid FROM plain)
                AND (t.typelem = 0 OR t.typelem IN (SELECT oid FROM plain))))
            SELECT col.attrelid, col.attname, col.printed, EXISTS (SELECT FROM safe WHERE safe.top = col.atttypid)
            FROM col ORDER BY col.attrelid, col.attnum
            """;

    /**
     * Keys whose index sorts as comparisons and ORDER BY do with only pg_catalog in the search path: operator classes
     * that are built in and the type's default, the column's own collation, ascending. Domains over enums, ranges and
     * composite types sort by an index and have no operators. The best of each table first.
     */
    private static final String KEYS = """
            SELECT i.indrelid, ARRAY_AGG(a.attname::text ORDER BY k.place), BOOL_OR(NOT a.attnotnull)
            FROM pg_index i
            JOIN pg_class ic ON ic.oid = i.indexrelid
            JOIN pg_am am ON am.oid = ic.relam AND am.amname = 'btree'
            CROSS JOIN LATERAL generate_series(0, i.indnkeyatts - 1) k (place)
            JOIN pg_attribute a ON a.attrelid = i.indrelid AND a.attnum = i.indkey[k.place]
            JOIN pg_type t ON t.oid = a.atttypid
            JOIN pg_opclass oc ON oc.oid = i.indclass[k.place]
            WHERE i.indrelid = ANY (?) AND i.indisunique AND i.indisvalid AND i.indisready AND i.indislive
              AND i.indimmediate AND i.indpred IS NULL AND i.indexprs IS NULL
            GROUP BY i.indrelid, i.indexrelid, i.indisprimary, i.indnkeyatts, ic.relname
            HAVING COUNT(*) = i.indnkeyatts
              AND BOOL_AND(i.indoption[k.place] = 0 AND i.indcollation[k.place] = a.attcollation
                           AND oc.opcdefault AND oc.oid < 16384 AND a.attgenerated = ''
                           AND (t.typtype <> 'd' OR oc.opcintype NOT IN ('anyenum'::regtype, 'anyrange'::regtype,
                             'record'::regtype)))
            ORDER BY i.indrelid, i.indisprimary DESC, BOOL_OR(NOT a.attnotnull), i.indnkeyatts, ic.relname
            """;

    private final Connection connection;

    SourceCatalog(Connection connection) {
        this.connection = connection;
    }

    /** As {@link dev.godwit.node.source.SourceDatabase#tables}. */
    List<TableSpec> tables(Plan plan) throws SQLException {
        List<SourceRelation> tables =
                relations(plan).stream().filter(SourceRelation::isTable).toList();
        Array oids = connection.createArrayOf(
                "oid", tables.stream().map(SourceRelation::oid).toArray());
        int version = connection.getMetaData().getDatabaseMajorVersion();
        Map<Long, Size> sizes = sizes(oids);
        Map<Long, Columns> columns = columns(oids);
        Map<Long, Key> keys = plan.consistency() == Consistency.ONLINE ? identities(oids) : keys(oids);
        List<TableSpec> specs = new ArrayList<>(tables.size());
        for (SourceRelation table : tables) {
            Size size = sizes.get(table.oid());
            if (size == null) {
                // Dropped between the two questions.
                continue;
            }
            Columns its = columns.getOrDefault(table.oid(), new Columns());
            Key key = keys.getOrDefault(table.oid(), new Key(List.of(), false, false));
            specs.add(new TableSpec(
                    table.name(),
                    its.columns,
                    key.columns,
                    key.nullable,
                    method(plan, version, size.bytes, key.cuts),
                    its.binary,
                    size.bytes,
                    size.rows,
                    size.fileNode));
        }
        LargeObjects.spec(connection, plan).ifPresent(specs::add);
        specs.sort(
                Comparator.comparingLong(TableSpec::estimatedBytes).reversed().thenComparing(TableSpec::name));
        return List.copyOf(specs);
    }

    /** Relations of every kind that the patterns mean, by name. */
    List<SourceRelation> relations(Plan plan) throws SQLException {
        TablePatterns include = new TablePatterns(plan.include());
        TablePatterns exclude = new TablePatterns(plan.exclude());
        return relations().stream()
                .filter(relation -> means(include, relation) && !means(exclude, relation))
                .toList();
    }

    private static boolean means(TablePatterns patterns, SourceRelation relation) {
        return patterns.matches(relation.name())
                || relation.ancestors().stream().anyMatch(patterns::matches);
    }

    private List<SourceRelation> relations() throws SQLException {
        List<SourceRelation> relations = new ArrayList<>();
        try (Statement statement = connection.createStatement();
                ResultSet row = statement.executeQuery(RELATIONS)) {
            while (row.next()) {
                relations.add(new SourceRelation(
                        row.getLong(1),
                        new TableName(row.getString(2), row.getString(3)),
                        row.getString(4).charAt(0),
                        names(row.getArray(5)),
                        row.getString(6),
                        row.getBoolean(7),
                        row.getBoolean(8)));
            }
        }
        return relations;
    }

    private static List<TableName> names(Array array) throws SQLException {
        List<TableName> names = new ArrayList<>();
        if (array != null) {
            for (Object pair : (Object[]) array.getArray()) {
                names.add(new TableName((String) ((Object[]) pair)[0], (String) ((Object[]) pair)[1]));
            }
        }
        return names;
    }

    private static CutMethod method(Plan plan, int version, long bytes, boolean keyed) {
        boolean canReadBlocks = version >= FIRST_VERSION_WITH_BLOCK_RANGES;
        if (bytes <= plan.limits().shardBytes()) {
            return CutMethod.WHOLE;
        } else if (plan.consistency() == Consistency.SNAPSHOT && canReadBlocks) {
            return CutMethod.BLOCK;
        } else if (keyed) {
            return CutMethod.KEY;
        }
        // Of a change one knows the key, and not the block.
        return canReadBlocks && plan.consistency() != Consistency.ONLINE ? CutMethod.BLOCK : CutMethod.WHOLE;
    }

    private record Size(long bytes, long rows, long fileNode) {}

    private Map<Long, Size> sizes(Array oids) throws SQLException {
        Map<Long, Size> sizes = new HashMap<>();
        try (PreparedStatement statement = connection.prepareStatement(SIZES)) {
            statement.setArray(1, oids);
            try (ResultSet row = statement.executeQuery()) {
                while (row.next()) {
                    sizes.put(row.getLong(1), new Size(row.getLong(2), row.getLong(3), row.getLong(4)));
                }
            }
        }
        return sizes;
    }

    /** Those of a table that are copied. */
    static final class Columns {
        private final List<ColumnSpec> columns = new ArrayList<>();
        private boolean binary = true;

        List<ColumnSpec> columns() {
            return columns;
        }

        /** Whether all may travel in COPY's binary format. */
        boolean isBinary() {
            return binary;
        }
    }

    /** By the table's oid; of one without columns there is nothing. */
    Map<Long, Columns> columns(Array oids) throws SQLException {
        Map<Long, Columns> columns = new HashMap<>();
        try (PreparedStatement statement = connection.prepareStatement(COLUMNS)) {
            statement.setArray(1, oids);
            try (ResultSet row = statement.executeQuery()) {
                while (row.next()) {
                    Columns its = columns.computeIfAbsent(row.getLong(1), oid -> new Columns());
                    its.columns.add(new ColumnSpec(row.getString(2), row.getString(3)));
                    its.binary &= row.getBoolean(4);
                }
            }
        }
        return columns;
    }

    /** @param cuts whether the table can be cut by it */
    private record Key(List<String> columns, boolean nullable, boolean cuts) {}

    private Map<Long, Key> keys(Array oids) throws SQLException {
        Map<Long, Key> keys = new HashMap<>();
        try (PreparedStatement statement = connection.prepareStatement(KEYS)) {
            statement.setArray(1, oids);
            try (ResultSet row = statement.executeQuery()) {
                while (row.next()) {
                    List<String> names = List.of((String[]) row.getArray(2).getArray());
                    keys.putIfAbsent(row.getLong(1), new Key(names, row.getBoolean(3), true));
                }
            }
        }
        return keys;
    }

    /** What changes tell of a row is its identity: where they join in, that is the key. */
    private Map<Long, Key> identities(Array oids) throws SQLException {
        Map<Long, Key> keys = new HashMap<>();
        ReplicaIdentities.of(connection, oids)
                .forEach((oid, identity) -> keys.put(oid, new Key(identity.columns(), false, identity.ordered())));
        return keys;
    }

    /** Blocks of the table's main file now. */
    static long blocks(Connection connection, TableName table) throws SQLException {
        String sql = "SELECT pg_relation_size(" + Sql.literal(Sql.table(table))
                + "::regclass, 'main') / current_setting('block_size')::bigint";
        try (Statement statement = connection.createStatement();
                ResultSet row = statement.executeQuery(sql)) {
            row.next();
            return row.getLong(1);
        }
    }
}
