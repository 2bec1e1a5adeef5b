package dev.godwit.node.postgres;

import dev.godwit.node.postgres.SchemaReferences.Reference;
import dev.godwit.protocol.table.TableName;
import java.sql.Connection;
import java.sql.ResultSet;
import java.sql.SQLException;
import java.util.ArrayList;
import java.util.Collection;
import java.util.HashMap;
import java.util.List;
import java.util.Map;

/** Reads columns and writes their definitions. */
final class SchemaColumns {
    private static final String COLUMNS = """
            SELECT a.attrelid::bigint AS relation, a.attname AS name,
              format_type(a.atttypid, a.atttypmod) AS type, a.attnotnull AS not_null, a.attidentity AS identity,
              a.attgenerated AS generated, pg_get_expr(d.adbin, d.adrelid) AS expression, d.oid::bigint AS default_oid,
              CASE WHEN a.attcollation <> t.typcollation THEN n.nspname END AS collation_schema, c.collname AS collation,
              a.attstorage AS storage, t.typstorage AS usual_storage, %s AS compression, a.attislocal AS local,
              coalesce(a.attstattarget, -1) AS statistics, a.attoptions AS options,
              x.description AS comment, s.seqrelid::bigint AS sequence, sn.nspname AS sequence_schema,
              sc.relname AS sequence_name, sx.description AS sequence_comment,
              s.seqstart, s.seqincrement, s.seqmin, s.seqmax, s.seqcache, s.seqcycle
            FROM pg_attribute a
            JOIN pg_type t ON t.oid = a.atttypid
            LEFT JOIN pg_attrdef d ON d.adrelid = a.attrelid AND d.adnum = a.attnum
            LEFT JOIN pg_collation c ON c.oid = a.attcollation
            LEFT JOIN pg_namespace n ON n.oid = c.collnamespace
            LEFT JOIN pg_description x ON x.classoid = 'pg_class'::regclass AND x.objoid = a.attrelid
              AND x.objsubid = a.attnum
            LEFT JOIN pg_depend i ON a.attidentity <> '' AND i.classid = 'pg_class'::regclass AND i.objsubid = 0
              AND i.refclassid = 'pg_class'::regclass AND i.refobjid = a.attrelid AND i.refobjsubid = a.attnum
              AND i.deptype = 'i'
            LEFT JOIN pg_sequence s ON s.seqrelid = i.objid
            LEFT JOIN pg_class sc ON sc.oid = s.seqrelid
            LEFT JOIN pg_namespace sn ON sn.oid = sc.relnamespace
            LEFT JOIN pg_description sx ON sx.classoid = 'pg_class'::regclass AND sx.objoid = s.seqrelid
              AND sx.objsubid = 0
            WHERE a.attrelid = ANY (?::bigint[]::oid[]) AND a.attnum > 0 AND NOT a.attisdropped
            ORDER BY a.attrelid, a.attnum""";

    /** One that the table defines anew, with the sequence behind it. */
    record IdentitySequence(long oid, String schema, String name, String options, String comment) {
        String quoted() {
            return Sql.table(new TableName(schema, name));
        }
    }

    /**
     * A column as the catalog has it.
     *
     * @param expression default or generation expression, or null
     * @param separate whether the default calls what may be missing on the target, and so is set by itself
     * @param identity of its own, or null; {@code identityKind} says whether it has any
     */
    record Column(
            String name,
            String typed,
            boolean notNull,
            String identityKind,
            IdentitySequence identity,
            String generated,
            String expression,
            boolean separate,
            List<Reference> references,
            String storage,
            String usualStorage,
            String compression,
            boolean local,
            int statistics,
            List<String> options,
            String comment) {
        boolean isGenerated() {
            return !generated.isEmpty();
        }

        /** As it stands in CREATE TABLE. */
        String definition() {
            StringBuilder sql = new StringBuilder(Sql.ident(name)).append(' ').append(typed);
            if (isGenerated()) {
                sql.append(" GENERATED ALWAYS AS (").append(expression).append(')');
                sql.append(generated.equals("s") ? " STORED" : " VIRTUAL");
            } else if (identity != null) {
                sql.append(' ').append(identityClause());
            } else if (expression != null && !separate) {
                sql.append(" DEFAULT ").append(expression);
            }
            return sql.append(notNull ? " NOT NULL" : "").toString();
        }

        String identityClause() {
            return "GENERATED " + (identityKind.equals("a") ? "ALWAYS" : "BY DEFAULT") + " AS IDENTITY (SEQUENCE NAME "
                    + identity.quoted() + ' ' + identity.options() + ')';
        }
    }

    private SchemaColumns() {}

    /** Of each relation, by its oid, in order. */
    static Map<Long, List<Column>> read(Connection connection, Collection<Long> relations) throws SQLException {
        Map<Long, Long> defaults = new HashMap<>();
        CatalogRows.of(
                connection,
                "SELECT oid::bigint, adrelid::bigint FROM pg_attrdef WHERE adrelid = ANY (?::bigint[]::oid[])",
                relations,
                row -> defaults.put(row.getLong(1), row.getLong(2)));
        Map<Long, List<Reference>> references = SchemaReferences.of(connection, "pg_attrdef", defaults.keySet());
        // Columns' own compression came with 14.
        String compression = connection.getMetaData().getDatabaseMajorVersion() >= 14 ? "a.attcompression" : "''::text";
        Map<Long, List<Column>> columns = new HashMap<>();
        CatalogRows.of(connection, COLUMNS.formatted(compression), relations, row -> {
            long relation = row.getLong("relation");
            List<Reference> its = references.getOrDefault(row.getLong("default_oid"), List.of()).stream()
                    .filter(reference -> !reference.catalog().equals("pg_class") || reference.oid() != relation)
                    .toList();
            columns.computeIfAbsent(relation, oid -> new ArrayList<>()).add(column(row, its));
        });
        return columns;
    }

    private static Column column(ResultSet row, List<Reference> references) throws SQLException {
        IdentitySequence identity = row.getLong("sequence") == 0
                ? null
                : new IdentitySequence(
                        row.getLong("sequence"),
                        row.getString("sequence_schema"),
                        row.getString("sequence_name"),
                        SchemaSequences.options(row),
                        row.getString("sequence_comment"));
        return new Column(
                row.getString("name"),
                row.getString("type") + SchemaTypes.collation(row),
                row.getBoolean("not_null"),
                row.getString("identity"),
                identity,
                row.getString("generated"),
                row.getString("expression"),
                !references.stream().allMatch(SchemaColumns::isCarried),
                references,
                row.getString("storage"),
                row.getString("usual_storage"),
                row.getString("compression"),
                row.getBoolean("local"),
                row.getInt("statistics"),
                CatalogRows.texts(row, "options"),
                row.getString("comment"));
    }

    /** What is made before tables, and carried with them. */
    private static boolean isCarried(Reference reference) {
        return reference.isSequence()
                || reference.extension() == null
                        && (reference.catalog().equals("pg_type")
                                || reference.catalog().equals("pg_collation"));
    }
}
