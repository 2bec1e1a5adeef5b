package dev.godwit.node.postgres;

import java.sql.Connection;
import java.sql.ResultSet;
import java.sql.SQLException;
import java.sql.Statement;
import java.util.ArrayList;
import java.util.List;

/** All that the catalogs say of the tables of some schemas, as lines; written without any of the code under test. */
public final class CatalogFingerprint {
    private static final String SCHEMAS = " n.nspname IN ('shop', 'sch\"ema; DROP') ";

    private static final List<String> QUERIES = List.of("""
            SELECT 'table', c.oid::regclass, c.relkind, c.relpersistence, c.reloptions, t.reloptions, c.relreplident,
              c.relispartition, pg_get_partkeydef(c.oid), pg_get_expr(c.relpartbound, c.oid), c.reloftype::regtype, a.amname,
              obj_description(c.oid, 'pg_class')
            FROM pg_class c JOIN pg_namespace n ON n.oid = c.relnamespace LEFT JOIN pg_class t ON t.oid = c.reltoastrelid
            LEFT JOIN pg_am a ON a.oid = c.relam WHERE c.relkind IN ('r', 'p', 'c') AND %s""", """
            SELECT 'column', c.oid::regclass, row_number() OVER (PARTITION BY c.oid ORDER BY a.attnum), a.attname,
              format_type(a.atttypid, a.atttypmod), a.attnotnull, a.attidentity, a.attgenerated,
              pg_get_expr(d.adbin, d.adrelid), a.attcollation::regcollation, a.attstorage, a.attcompression,
              a.attislocal, a.attinhcount, a.attstattarget, a.attoptions, col_description(c.oid, a.attnum)
            FROM pg_class c JOIN pg_namespace n ON n.oid = c.relnamespace JOIN pg_attribute a ON a.attrelid = c.oid
            LEFT JOIN pg_attrdef d ON d.adrelid = c.oid AND d.adnum = a.attnum
            WHERE a.attnum > 0 AND NOT a.attisdropped AND c.relkind IN ('r', 'p', 'c', 'i', 'I') AND %s""", """
            SELECT 'constraint', k.conrelid::regclass, k.contypid::regtype, k.conname, k.contype,
              pg_get_constraintdef(k.oid), k.convalidated, k.condeferrable, k.condeferred, k.conislocal, k.coninhcount,
              k.contype = 'c' AND k.connoinherit, p.conname, p.conrelid::regclass, k.conindid::regclass, obj_description(k.oid, 'pg_constraint')
            FROM pg_constraint k JOIN pg_namespace n ON n.oid = k.connamespace
            LEFT JOIN pg_constraint p ON p.oid = k.conparentid WHERE k.contype <> 't' AND %s""", """
            SELECT 'index', c.oid::regclass, c.relkind, pg_get_indexdef(i.indexrelid), i.indisunique, i.indisprimary,
              i.indisexclusion, i.indimmediate, i.indisclustered, i.indisvalid, i.indisready, i.indislive,
              i.indisreplident, c.relpersistence, c.reloptions, h.inhparent::regclass, obj_description(c.oid, 'pg_class')
            FROM pg_index i JOIN pg_class c ON c.oid = i.indexrelid JOIN pg_namespace n ON n.oid = c.relnamespace
            LEFT JOIN pg_inherits h ON h.inhrelid = c.oid WHERE %s""", """
            SELECT 'inherits', h.inhrelid::regclass, h.inhparent::regclass, h.inhseqno
            FROM pg_inherits h JOIN pg_class c ON c.oid = h.inhrelid JOIN pg_namespace n ON n.oid = c.relnamespace
            WHERE %s""", """
            SELECT 'sequence', c.oid::regclass, c.relpersistence, format_type(s.seqtypid, NULL), s.seqstart,
              s.seqincrement, s.seqmin, s.seqmax, s.seqcache, s.seqcycle, d.refobjid::regclass, a.attname, d.deptype,
              query_to_xml(format('SELECT last_value, is_called FROM %%I.%%I', n.nspname, c.relname), false, true, ''),
              obj_description(c.oid, 'pg_class')
            FROM pg_sequence s JOIN pg_class c ON c.oid = s.seqrelid JOIN pg_namespace n ON n.oid = c.relnamespace
            LEFT JOIN pg_depend d ON d.classid = 'pg_class'::regclass AND d.objid = c.oid
              AND d.refclassid = 'pg_class'::regclass
            LEFT JOIN pg_attribute a ON a.attrelid = d.refobjid AND a.attnum = d.refobjsubid WHERE %s""", """
            SELECT 'type', t.oid::regtype, t.typtype, t.typnotnull, format_type(t.typbasetype, t.typtypmod),
              t.typdefault, t.typcollation::regcollation, t.typndims,
              (SELECT array_agg(e.enumlabel ORDER BY e.enumsortorder) FROM pg_enum e WHERE e.enumtypid = t.oid),
              r.rngsubtype::regtype, r.rngmultitypid::regtype, r.rngcollation::regcollation, o.opcname, r.rngsubdiff,
              obj_description(t.oid, 'pg_type')
            FROM pg_type t JOIN pg_namespace n ON n.oid = t.typnamespace LEFT JOIN pg_range r ON r.rngtypid = t.oid
            LEFT JOIN pg_opclass o ON o.oid = r.rngsubopc LEFT JOIN pg_class c ON c.oid = t.typrelid
            WHERE t.typtype <> 'b' AND coalesce(c.relkind, 'c') <> 'v' AND coalesce(c.relkind, 'c') <> 'm' AND %s""", """
            SELECT 'collation', o.oid::regcollation, o.collprovider, o.collisdeterministic, o.collcollate, o.collctype,
              o.colllocale, o.collicurules, obj_description(o.oid, 'pg_collation')
            FROM pg_collation o JOIN pg_namespace n ON n.oid = o.collnamespace WHERE %s""", """
            SELECT 'statistics', s.stxname, s.stxrelid::regclass, pg_get_statisticsobjdef(s.oid), s.stxstattarget,
              obj_description(s.oid, 'pg_statistic_ext')
            FROM pg_statistic_ext s JOIN pg_namespace n ON n.oid = s.stxnamespace WHERE %s""");

    /** Owners and grants, with the same placeholder. */
    private static final List<String> RIGHTS = List.of("""
            SELECT 'relation', c.oid::regclass, c.relowner::regrole, c.relacl IS NULL,
              (SELECT array_agg(a::text ORDER BY a::text) FROM unnest(c.relacl) a)
            FROM pg_class c JOIN pg_namespace n ON n.oid = c.relnamespace
            WHERE c.relkind IN ('r', 'p', 'S', 'i', 'I') AND %s""", """
            SELECT 'column', c.oid::regclass, a.attname, (SELECT array_agg(x::text ORDER BY x::text) FROM unnest(a.attacl) x)
            FROM pg_class c JOIN pg_namespace n ON n.oid = c.relnamespace JOIN pg_attribute a ON a.attrelid = c.oid
            WHERE a.attacl IS NOT NULL AND NOT a.attisdropped AND c.relkind IN ('r', 'p') AND %s""", """
            SELECT 'type', t.oid::regtype, t.typowner::regrole, t.typacl IS NULL,
              (SELECT array_agg(a::text ORDER BY a::text) FROM unnest(t.typacl) a)
            FROM pg_type t JOIN pg_namespace n ON n.oid = t.typnamespace LEFT JOIN pg_class c ON c.oid = t.typrelid
            WHERE t.typtype <> 'b' AND coalesce(c.relkind, 'c') NOT IN ('v', 'm') AND %s""", """
            SELECT 'schema', n.oid::regnamespace, n.nspowner::regrole, n.nspacl IS NULL,
              (SELECT array_agg(a::text ORDER BY a::text) FROM unnest(n.nspacl) a) FROM pg_namespace n WHERE %s""", """
            SELECT 'collation', o.oid::regcollation, o.collowner::regrole
            FROM pg_collation o JOIN pg_namespace n ON n.oid = o.collnamespace WHERE %s""", """
            SELECT 'statistics', n.nspname, s.stxname, s.stxowner::regrole
            FROM pg_statistic_ext s JOIN pg_namespace n ON n.oid = s.stxnamespace WHERE %s""");

    private CatalogFingerprint() {}

    /** Who owns and is granted what. */
    static List<String> rights(Connection connection) throws SQLException {
        return lines(connection, RIGHTS);
    }

    public static List<String> of(Connection connection) throws SQLException {
        return lines(connection, QUERIES);
    }

    private static List<String> lines(Connection connection, List<String> queries) throws SQLException {
        List<String> lines = new ArrayList<>();
        try (Statement statement = connection.createStatement()) {
            statement.execute("SET search_path = ''");
            boolean before17 = connection.getMetaData().getDatabaseMajorVersion() < 17;
            for (String query : queries) {
                String sql = query.formatted(SCHEMAS);
                try (ResultSet row = statement.executeQuery(
                        before17 ? sql.replace("o.colllocale, o.collicurules", "o.colliculocale") : sql)) {
                    while (row.next()) {
                        StringBuilder line = new StringBuilder();
                        for (int i = 1; i <= row.getMetaData().getColumnCount(); i++) {
                            line.append(i == 1 ? "" : " | ").append(row.getString(i));
                        }
                        lines.add(line.toString());
                    }
                }
            }
        }
        lines.sort(null);
        return lines;
    }
}
