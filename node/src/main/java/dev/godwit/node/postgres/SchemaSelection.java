package dev.godwit.node.postgres;

import dev.godwit.node.postgres.SchemaReader.Seeds;
import dev.godwit.protocol.plan.Plan;
import dev.godwit.protocol.table.TableName;
import java.sql.Connection;
import java.sql.SQLException;
import java.util.LinkedHashSet;
import java.util.List;
import java.util.Set;

/**
 * What a plan's patterns mean in a source: not tables alone, since an application may use a sequence or a type that no
 * table shows.
 *
 * @param relations of every kind that has rows
 */
record SchemaSelection(Plan plan, Seeds seeds, List<SourceRelation> relations) {
    /** Those of extensions, and those that a table's column owns, come with these or not at all. */
    private static final String SEQUENCES = """
            SELECT c.oid::bigint, n.nspname, c.relname FROM pg_class c JOIN pg_namespace n ON n.oid = c.relnamespace
            WHERE c.relkind = 'S' AND c.relpersistence <> 't' AND NOT EXISTS (
              SELECT FROM pg_depend d WHERE d.classid = 'pg_class'::regclass AND d.objid = c.oid
                AND d.deptype IN ('a', 'i', 'e'))""" + Filter.SCHEMAS;

    private static final String TYPES = """
            SELECT t.oid::bigint, n.nspname, t.typname FROM pg_type t JOIN pg_namespace n ON n.oid = t.typnamespace
            LEFT JOIN pg_class c ON c.oid = t.typrelid
            WHERE (t.typtype IN ('e', 'd', 'r') OR t.typtype = 'c' AND c.relkind = 'c') AND NOT EXISTS (
              SELECT FROM pg_depend d WHERE d.classid = 'pg_type'::regclass AND d.objid = t.oid
                AND d.deptype = 'e')""" + Filter.SCHEMAS;

    private static final String COLLATIONS = """
            SELECT c.oid::bigint, n.nspname, c.collname FROM pg_collation c
            JOIN pg_namespace n ON n.oid = c.collnamespace
            WHERE NOT EXISTS (SELECT FROM pg_depend d WHERE d.classid = 'pg_collation'::regclass AND d.objid = c.oid
                AND d.deptype = 'e')""" + Filter.SCHEMAS;

    /** Matches names against the plan's patterns. */
    static final class Filter {
        /** Schemas that are never a user's; the query calls the schema's catalog {@code n}. */
        static final String SCHEMAS =
                " AND n.nspname !~ '^pg_' AND n.nspname NOT IN ('information_schema', 'godwit') ORDER BY 2, 3";

        private final TablePatterns include;
        private final TablePatterns exclude;

        Filter(Plan plan) {
            include = new TablePatterns(plan.include());
            exclude = new TablePatterns(plan.exclude());
        }

        boolean means(TableName name) {
            return include.matches(name) && !exclude.matches(name);
        }
    }

    static SchemaSelection read(Connection connection, Plan plan) throws SQLException {
        List<SourceRelation> relations = new SourceCatalog(connection).relations(plan);
        Set<Long> tables = new LinkedHashSet<>();
        relations.stream()
                .filter(relation -> (relation.kind() == 'r' || relation.kind() == 'p') && relation.extension() == null)
                .forEach(relation -> tables.add(relation.oid()));
        Filter filter = new Filter(plan);
        Seeds seeds = new Seeds(
                tables,
                oids(connection, SEQUENCES, filter),
                oids(connection, TYPES, filter),
                oids(connection, COLLATIONS, filter));
        return new SchemaSelection(plan, seeds, relations);
    }

    private static Set<Long> oids(Connection connection, String sql, Filter filter) throws SQLException {
        Set<Long> oids = new LinkedHashSet<>();
        CatalogRows.all(connection, sql, row -> {
            if (filter.means(new TableName(row.getString(2), row.getString(3)))) {
                oids.add(row.getLong(1));
            }
        });
        return oids;
    }
}
