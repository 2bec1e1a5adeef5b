package dev.godwit.node.postgres;

import dev.godwit.node.schema.DependencyOrder;
import dev.godwit.protocol.table.TableName;
import java.sql.Connection;
import java.sql.SQLException;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.TreeSet;

/**
 * Fills materialised views, which an archive without rows makes empty, in an order in which each finds those that it
 * reads filled: also those that it reads by way of views and of functions whose bodies the server looks into. What a
 * function's text names is not known to the server.
 */
final class MaterialisedViews {
    /** Each view and materialised view, whether it is the latter, and whether it is filled. */
    private static final String VIEWS = """
            SELECT c.oid::bigint, n.nspname, c.relname, c.relkind = 'm', c.relispopulated
            FROM pg_class c JOIN pg_namespace n ON n.oid = c.relnamespace
            WHERE c.relkind IN ('v', 'm') AND c.oid >= %d ORDER BY n.nspname, c.relname""".formatted(SchemaReferences.FIRST_OID_OF_USERS);

    /** Oids of different catalogs may be equal: a function's is told negative. */
    private static final String DEPENDENCIES = """
            SELECT r.ev_class::bigint, CASE WHEN d.refclassid = 'pg_proc'::regclass THEN -1 ELSE 1 END * d.refobjid::bigint
            FROM pg_rewrite r JOIN pg_depend d ON d.classid = 'pg_rewrite'::regclass AND d.objid = r.oid
            WHERE d.refclassid IN ('pg_class'::regclass, 'pg_proc'::regclass) AND d.refobjid <> r.ev_class
              AND d.refobjid >= %1$d
            UNION
            SELECT -d.objid::bigint, CASE WHEN d.refclassid = 'pg_proc'::regclass THEN -1 ELSE 1 END * d.refobjid::bigint
            FROM pg_depend d WHERE d.classid = 'pg_proc'::regclass AND d.deptype = 'n' AND d.refobjid >= %1$d
              AND d.refclassid IN ('pg_class'::regclass, 'pg_proc'::regclass)""".formatted(SchemaReferences.FIRST_OID_OF_USERS);

    private MaterialisedViews() {}

    /**
     * One to fill.
     *
     * @param statement that fills it; doing so again changes nothing but what its query changes by itself
     */
    record Refresh(TableName view, String statement) {}

    /**
     * Those of these that the source has filled.
     *
     * @param source a session
     * @param views that are restored
     */
    static List<Refresh> refreshes(Connection source, Set<TableName> views) throws SQLException {
        Map<Long, TableName> filled = new LinkedHashMap<>();
        Set<Long> nodes = new TreeSet<>();
        List<Long> ordered = new ArrayList<>();
        CatalogRows.all(source, VIEWS, row -> {
            TableName name = new TableName(row.getString(2), row.getString(3));
            ordered.add(row.getLong(1));
            if (row.getBoolean(4) && row.getBoolean(5) && views.contains(name)) {
                filled.put(row.getLong(1), name);
            }
        });
        Map<Long, Set<Long>> dependsOn = new HashMap<>();
        CatalogRows.all(source, DEPENDENCIES, row -> {
            dependsOn.computeIfAbsent(row.getLong(1), oid -> new TreeSet<>()).add(row.getLong(2));
            nodes.add(row.getLong(1));
        });
        // Functions are among the things, since what they read orders the views that call them.
        nodes.stream().filter(node -> node < 0).forEach(ordered::add);
        DependencyOrder<Long> order = DependencyOrder.of(ordered, dependsOn);
        List<Long> all = new ArrayList<>(order.ordered());
        all.addAll(order.circular());
        return all.stream()
                .filter(filled::containsKey)
                .map(oid -> new Refresh(filled.get(oid), "REFRESH MATERIALIZED VIEW " + Sql.table(filled.get(oid))))
                .toList();
    }
}
