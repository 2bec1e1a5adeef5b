package dev.godwit.node.postgres;

import dev.godwit.node.schema.ObjectKind;
import dev.godwit.node.schema.Rights;
import dev.godwit.node.schema.SchemaObject;
import dev.godwit.node.schema.Section;
import dev.godwit.protocol.plan.Plan;
import dev.godwit.protocol.plan.SchemaMode;
import dev.godwit.protocol.table.TableName;
import java.sql.Connection;
import java.sql.ResultSet;
import java.sql.SQLException;
import java.util.ArrayList;
import java.util.Comparator;
import java.util.HashMap;
import java.util.HashSet;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.Set;
import java.util.TreeMap;
import java.util.TreeSet;

/** Reads owners and grants, and what gives them to the objects that {@link SchemaReader} has found. */
final class SchemaRights {
    /** Catalog, schema's column, name, owner and list of grants of what has only a name; {@code o} is the object. */
    private static final String SIMPLE = """
            UNION ALL SELECT '%1$s'::regclass, o.oid, n.nspname, o.%2$sname::text, '', '%3$s', o.%2$sowner, %4$s
            FROM %1$s o JOIN pg_namespace n ON n.oid = o.%2$snamespace
            """;

    private static final String GLOBAL = """
            UNION ALL SELECT '%1$s'::regclass, o.oid, '', o.%2$sname::text, '', '%3$s', o.%2$sowner, %4$s FROM %1$s o
            """;

    private static final String NO_GRANTS = "NULL::aclitem[]";

    private static final String OBJECTS = """
            SELECT 'pg_class'::regclass AS catalog, c.oid, n.nspname AS schema, c.relname::text AS name,
              '' AS column_name, CASE c.relkind WHEN 'S' THEN 'sequence' WHEN 'v' THEN 'view'
                WHEN 'm' THEN 'materialised view' WHEN 'f' THEN 'foreign table' ELSE 'table' END AS what,
              c.relowner AS owner, c.relacl AS grants
            FROM pg_class c JOIN pg_namespace n ON n.oid = c.relnamespace
            WHERE c.relkind IN ('r', 'p', 'S', 'v', 'm', 'f') AND c.relpersistence <> 't'
            UNION ALL SELECT 'pg_class'::regclass, c.oid, n.nspname, c.relname::text, a.attname::text,
              CASE c.relkind WHEN 'v' THEN 'view' WHEN 'm' THEN 'materialised view' WHEN 'f' THEN 'foreign table'
                ELSE 'table' END, c.relowner, a.attacl
            FROM pg_attribute a JOIN pg_class c ON c.oid = a.attrelid JOIN pg_namespace n ON n.oid = c.relnamespace
            WHERE a.attacl IS NOT NULL AND NOT a.attisdropped AND c.relkind IN ('r', 'p', 'v', 'm', 'f')
              AND c.relpersistence <> 't'
            UNION ALL SELECT 'pg_type'::regclass, t.oid, n.nspname, t.typname::text, '', 'type', t.typowner, t.typacl
            FROM pg_type t JOIN pg_namespace n ON n.oid = t.typnamespace LEFT JOIN pg_class c ON c.oid = t.typrelid
            WHERE t.typtype IN ('e', 'd', 'r') OR t.typtype = 'c' AND c.relkind = 'c'
              OR t.typtype = 'b' AND NOT EXISTS (SELECT FROM pg_type e WHERE e.typarray = t.oid)
            UNION ALL SELECT 'pg_proc'::regclass, p.oid, n.nspname,
              p.proname || '(' || pg_get_function_identity_arguments(p.oid) || ')', '', 'function', p.proowner, p.proacl
            FROM pg_proc p JOIN pg_namespace n ON n.oid = p.pronamespace
            UNION ALL SELECT 'pg_namespace'::regclass, n.oid, n.nspname, '', '', 'schema', n.nspowner, n.nspacl
            FROM pg_namespace n
            """
            + SIMPLE.formatted("pg_collation", "coll", "collation", NO_GRANTS)
            + SIMPLE.formatted("pg_statistic_ext", "stx", "statistics", NO_GRANTS)
            + SIMPLE.formatted("pg_operator", "opr", "operator", NO_GRANTS)
            + SIMPLE.formatted("pg_opclass", "opc", "operator class", NO_GRANTS)
            + SIMPLE.formatted("pg_opfamily", "opf", "operator family", NO_GRANTS)
            + SIMPLE.formatted("pg_conversion", "con", "conversion", NO_GRANTS)
            + SIMPLE.formatted("pg_ts_config", "cfg", "text search configuration", NO_GRANTS)
            + SIMPLE.formatted("pg_ts_dict", "dict", "text search dictionary", NO_GRANTS)
            + GLOBAL.formatted("pg_foreign_data_wrapper", "fdw", "foreign-data wrapper", "o.fdwacl")
            + GLOBAL.formatted("pg_foreign_server", "srv", "foreign server", "o.srvacl")
            + GLOBAL.formatted("pg_event_trigger", "evt", "event trigger", NO_GRANTS)
            + GLOBAL.formatted("pg_language", "lan", "language", "o.lanacl");

    /** What initdb or an extension made keeps the rights that these gave it; the schema public is the target's own. */
    private static final String RIGHTS = """
            SELECT o.schema, o.name, o.column_name, o.what, r.rolname AS owner, o.grants IS NOT NULL AS has_grants,
              g.rolname AS grantor, CASE WHEN x.grantee = 0 THEN NULL ELSE e.rolname END AS grantee,
              x.privilege_type AS privilege, x.is_grantable AS grantable, l.nspname AS table_schema,
              l.relname AS table_name
            FROM (%s) o JOIN pg_roles r ON r.oid = o.owner
            LEFT JOIN LATERAL aclexplode(o.grants) WITH ORDINALITY
              x(grantor, grantee, privilege_type, is_grantable, place) ON true
            LEFT JOIN pg_roles g ON g.oid = x.grantor LEFT JOIN pg_roles e ON e.oid = x.grantee
            LEFT JOIN LATERAL (SELECT n.nspname, c.relname FROM pg_depend d JOIN pg_class c ON c.oid = d.refobjid
              JOIN pg_namespace n ON n.oid = c.relnamespace WHERE o.what = 'sequence'
              AND d.classid = 'pg_class'::regclass AND d.objid = o.oid AND d.refclassid = 'pg_class'::regclass
              AND d.refobjsubid > 0 AND d.deptype IN ('a', 'i') LIMIT 1) l ON true
            WHERE o.oid >= %d AND o.schema !~ '^pg_' AND o.schema NOT IN ('information_schema', 'godwit')
              AND NOT EXISTS (SELECT FROM pg_depend d WHERE d.classid = o.catalog AND d.objid = o.oid AND d.deptype = 'e')
            ORDER BY o.what <> 'schema', o.what, o.schema, o.name, o.column_name, x.place""".formatted(OBJECTS, SchemaReferences.FIRST_OID_OF_USERS);

    /** With the table, or without where the plan's patterns don't matter. */
    private static final String NAMED = """
            SELECT n.nspname, c.relname, r.rolname FROM pg_policy p JOIN pg_class c ON c.oid = p.polrelid
              JOIN pg_namespace n ON n.oid = c.relnamespace JOIN pg_roles r ON r.oid = ANY (p.polroles)
            WHERE n.nspname NOT IN ('pg_catalog', 'information_schema', 'godwit')
            UNION SELECT NULL, NULL, r.rolname FROM pg_user_mappings m JOIN pg_roles r ON r.oid = m.umuser""";

    /** Objects that are read, by what the query calls them. */
    private static final Map<ObjectKind, String> WHAT = Map.of(
            ObjectKind.SCHEMA, "schema",
            ObjectKind.COLLATION, "collation",
            ObjectKind.ENUM, "type",
            ObjectKind.DOMAIN, "type",
            ObjectKind.COMPOSITE, "type",
            ObjectKind.RANGE, "type",
            ObjectKind.SEQUENCE, "sequence",
            ObjectKind.TABLE, "table",
            ObjectKind.STATISTICS, "statistics");

    /** Those that grants can be given of. */
    private static final Set<String> GRANTABLE = Set.of("schema", "type", "sequence", "table");

    private record Name(String what, String schema, String name) {}

    /** @param grantee null for PUBLIC; @param column empty for the whole object */
    private record Grant(String column, String grantor, String grantee, String privilege, boolean grantable) {}

    /** @param table that a sequence belongs to; null if none */
    private record Owned(Name name, String owner, TableName table, Set<String> columns, List<Grant> grants) {
        boolean isGranted() {
            return grants.stream().anyMatch(grant -> !owner.equals(grant.grantee()));
        }
    }

    private final Plan plan;
    private final Map<Name, Owned> owned = new LinkedHashMap<>();
    private final Map<Name, SchemaObject> made = new HashMap<>();
    private Rights rights;

    private SchemaRights(Plan plan) {
        this.plan = plan;
    }

    /** @param objects of the plan's tables */
    static SchemaRights read(Connection connection, Plan plan, List<SchemaObject> objects) throws SQLException {
        SchemaRights rights = new SchemaRights(plan);
        objects.stream()
                .filter(object -> WHAT.containsKey(object.kind()))
                .forEach(object ->
                        rights.made.put(new Name(WHAT.get(object.kind()), object.schema(), object.name()), object));
        CatalogRows.all(connection, RIGHTS, rights::take);
        rights.owned.values().removeIf(one -> !rights.isCarried(one));
        Set<String> named = new TreeSet<>();
        SchemaSelection.Filter filter = new SchemaSelection.Filter(plan);
        CatalogRows.all(connection, NAMED, row -> {
            if (row.getString(1) == null || filter.means(new TableName(row.getString(1), row.getString(2)))) {
                named.add(row.getString(3));
            }
        });
        rights.rights = rights.count(named);
        return rights;
    }

    Rights rights() {
        return rights;
    }

    private void take(ResultSet row) throws SQLException {
        Name name = new Name(row.getString("what"), row.getString("schema"), row.getString("name"));
        String owner = row.getString("owner");
        TableName table = row.getString("table_name") == null
                ? null
                : new TableName(row.getString("table_schema"), row.getString("table_name"));
        Owned one =
                owned.computeIfAbsent(name, its -> new Owned(its, owner, table, new TreeSet<>(), new ArrayList<>()));
        if (row.getBoolean("has_grants")) {
            one.columns().add(row.getString("column_name"));
        }
        if (row.getString("grantor") != null) {
            one.grants()
                    .add(new Grant(
                            row.getString("column_name"),
                            row.getString("grantor"),
                            row.getString("grantee"),
                            row.getString("privilege"),
                            row.getBoolean("grantable")));
        }
    }

    /** An archive has all but what the plan excludes; else it is what was read, and sequences of identity columns. */
    private boolean isCarried(Owned one) {
        if (plan.schema() == SchemaMode.DUMP) {
            boolean hasRows =
                    one.name().what().equals("table") || one.name().what().equals("foreign table");
            return !hasRows
                    || new SchemaSelection.Filter(plan)
                            .means(new TableName(one.name().schema(), one.name().name()));
        }
        return made.containsKey(one.name())
                || one.table() != null
                        && made.containsKey(new Name(
                                "table", one.table().schema(), one.table().name()));
    }

    private Rights count(Set<String> named) {
        Map<String, Integer> owners = new TreeMap<>();
        Map<String, Integer> grantees = new TreeMap<>();
        Set<String> grantors = new TreeSet<>();
        Set<String> otherGrantors = new TreeSet<>();
        int granted = 0;
        for (Owned one : owned.values()) {
            owners.merge(one.owner(), 1, Integer::sum);
            granted += one.isGranted() ? 1 : 0;
            Set<String> to = new HashSet<>();
            for (Grant grant : one.grants()) {
                to.add(grant.grantee() == null ? Rights.PUBLIC : grant.grantee());
                grantors.add(grant.grantor());
                if (!grant.grantor().equals(one.owner())) {
                    otherGrantors.add(grant.grantor());
                }
            }
            to.remove(one.owner());
            to.forEach(role -> grantees.merge(role, 1, Integer::sum));
        }
        return new Rights(owners, grantees, grantors, otherGrantors, granted, named);
    }

    /** What gives the rights that the plan carries; schemas first, since who owns in a schema must be let into it. */
    List<SchemaObject> objects() {
        List<SchemaObject> objects = new ArrayList<>();
        for (Owned one : owned.values()) {
            SchemaObject of = made.get(one.name());
            if (of == null && (plan.schema() == SchemaMode.DUMP || one.table() == null)) {
                continue;
            }
            List<String> statements = new ArrayList<>();
            if (plan.owners() && one.table() == null) {
                statements.add("ALTER " + one.name().what().toUpperCase(Locale.ROOT) + ' ' + quoted(one) + " OWNER TO "
                        + Sql.ident(one.owner()));
            }
            if (plan.grants() && GRANTABLE.contains(one.name().what())) {
                grants(one, statements);
            }
            if (!statements.isEmpty()) {
                objects.add(new SchemaObject(
                                ObjectKind.RIGHTS,
                                Section.END,
                                one.name().schema(),
                                one.name().name(),
                                of == null ? one.table() : of.table(),
                                statements,
                                List.of())
                        .shaped(List.of((of == null ? ObjectKind.SEQUENCE : of.kind()).name())));
            }
        }
        return objects;
    }

    private static String quoted(Owned one) {
        return one.name().name().isEmpty()
                ? Sql.ident(one.name().schema())
                : Sql.table(new TableName(one.name().schema(), one.name().name()));
    }

    /** Where the owner is left out, what he has is the target's user's, who keeps all. */
    private void grants(Owned one, List<String> statements) {
        String on = " ON " + one.name().what().toUpperCase(Locale.ROOT) + ' ' + quoted(one);
        if (one.columns().contains("")) {
            statements.add("REVOKE ALL" + on + " FROM PUBLIC");
            if (plan.owners()) {
                statements.add("REVOKE ALL" + on + " FROM " + Sql.ident(one.owner()));
            }
        }
        for (Grant grant : inOrder(one)) {
            if (!plan.owners() && one.owner().equals(grant.grantee())) {
                continue;
            }
            boolean another = !grant.grantor().equals(one.owner());
            if (another) {
                statements.add("SET LOCAL ROLE " + Sql.ident(grant.grantor()));
            }
            String column = grant.column().isEmpty() ? "" : " (" + Sql.ident(grant.column()) + ')';
            statements.add("GRANT " + grant.privilege() + column + on + " TO "
                    + (grant.grantee() == null ? "PUBLIC" : Sql.ident(grant.grantee()))
                    + (grant.grantable() ? " WITH GRANT OPTION" : ""));
            if (another) {
                statements.add("RESET ROLE");
            }
        }
    }

    /** The owner's first, then those of who has a right by an earlier one: nobody can pass on what he has not got yet. */
    private static List<Grant> inOrder(Owned one) {
        List<Grant> left = new ArrayList<>(one.grants());
        left.sort(Comparator.comparing((Grant grant) -> !grant.grantor().equals(one.owner())));
        List<Grant> ordered = new ArrayList<>();
        Set<String> able = new HashSet<>(Set.of(one.owner()));
        while (!left.isEmpty()) {
            List<Grant> next = left.stream()
                    .filter(grant -> able.contains(grant.grantor()))
                    .toList();
            List<Grant> taken = next.isEmpty() ? List.copyOf(left) : next;
            ordered.addAll(taken);
            left.removeAll(taken);
            taken.stream()
                    .filter(grant -> grant.grantable() && grant.grantee() != null)
                    .forEach(grant -> able.add(grant.grantee()));
        }
        return ordered;
    }
}
