package dev.godwit.node.postgres;

import dev.godwit.node.postgres.SchemaDraft.Node;
import dev.godwit.node.postgres.SchemaReferences.Reference;
import dev.godwit.node.schema.Need;
import dev.godwit.node.schema.ObjectKind;
import dev.godwit.node.schema.SchemaObject;
import dev.godwit.node.schema.Section;
import dev.godwit.protocol.table.TableName;
import java.sql.Connection;
import java.sql.ResultSet;
import java.sql.SQLException;
import java.util.ArrayList;
import java.util.Collection;
import java.util.HashMap;
import java.util.HashSet;
import java.util.LinkedHashMap;
import java.util.LinkedHashSet;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.stream.Collectors;

/**
 * Reads users' types and, level by level, the types that these are made of. An array stands for its element, a
 * multirange for its range, a row's type for its table.
 */
final class SchemaTypes {
    private static final String TYPES = """
            SELECT t.oid::bigint AS oid, n.nspname AS schema, t.typname AS name, t.typtype AS kind,
              t.oid::regtype::text AS printed, r.oid::bigint AS relation, r.relkind AS relation_kind,
              e.oid::bigint AS element, %s AS range, g.extname AS extension, x.description AS comment,
              format_type(t.typbasetype, t.typtypmod) AS base, t.typnotnull AS not_null,
              pg_get_expr(t.typdefaultbin, 0) AS default_value,
              CASE WHEN t.typcollation <> b.typcollation THEN cn.nspname END AS collation_schema,
              c.collname AS collation
            FROM pg_type t JOIN pg_namespace n ON n.oid = t.typnamespace
            LEFT JOIN pg_class r ON r.oid = t.typrelid
            LEFT JOIN pg_type e ON e.oid = t.typelem AND e.typarray = t.oid
            LEFT JOIN pg_type b ON b.oid = t.typbasetype
            LEFT JOIN pg_collation c ON c.oid = t.typcollation
            LEFT JOIN pg_namespace cn ON cn.oid = c.collnamespace
            LEFT JOIN pg_depend d ON d.classid = 'pg_type'::regclass AND d.objid = t.oid AND d.objsubid = 0
              AND d.deptype = 'e'
            LEFT JOIN pg_extension g ON g.oid = d.refobjid
            LEFT JOIN pg_description x ON x.classoid = 'pg_type'::regclass AND x.objoid = t.oid AND x.objsubid = 0
            WHERE t.oid = ANY (?::bigint[]::oid[])
            ORDER BY n.nspname, t.typname""";

    private static final String LABELS = """
            SELECT enumtypid::bigint, enumlabel FROM pg_enum WHERE enumtypid = ANY (?::bigint[]::oid[])
            ORDER BY enumtypid, enumsortorder""";

    private static final String CHECKS = """
            SELECT k.contypid::bigint AS type, k.oid::bigint AS oid, k.conname AS name,
              pg_get_constraintdef(k.oid) AS definition, k.convalidated AS validated, x.description AS comment
            FROM pg_constraint k
            LEFT JOIN pg_description x ON x.classoid = 'pg_constraint'::regclass AND x.objoid = k.oid AND x.objsubid = 0
            WHERE k.contypid = ANY (?::bigint[]::oid[]) AND k.contype = 'c' ORDER BY k.contypid, k.conname""";

    private static final String ATTRIBUTES = """
            SELECT a.attrelid::bigint AS relation, a.attname AS name, format_type(a.atttypid, a.atttypmod) AS type,
              CASE WHEN a.attcollation <> t.typcollation THEN n.nspname END AS collation_schema, c.collname AS collation,
              x.description AS comment
            FROM pg_attribute a JOIN pg_type t ON t.oid = a.atttypid
            LEFT JOIN pg_collation c ON c.oid = a.attcollation
            LEFT JOIN pg_namespace n ON n.oid = c.collnamespace
            LEFT JOIN pg_description x ON x.classoid = 'pg_class'::regclass AND x.objoid = a.attrelid
              AND x.objsubid = a.attnum
            WHERE a.attrelid = ANY (?::bigint[]::oid[]) AND a.attnum > 0 AND NOT a.attisdropped
            ORDER BY a.attrelid, a.attnum""";

    private static final String RANGES = """
            SELECT r.rngtypid::bigint AS oid, format_type(r.rngsubtype, NULL) AS subtype,
              CASE WHEN NOT o.opcdefault THEN format('%%I.%%I', o_n.nspname, o.opcname) END AS operator_class,
              CASE WHEN r.rngcollation <> t.typcollation THEN format('%%I.%%I', c_n.nspname, c.collname) END AS collation,
              r.rngcanonical <> 0 AS canonical,
              CASE WHEN r.rngsubdiff <> 0 THEN format('%%I.%%I', p_n.nspname, p.proname) END AS difference, %s AS multirange
            FROM pg_range r JOIN pg_type t ON t.oid = r.rngsubtype
            JOIN pg_opclass o ON o.oid = r.rngsubopc JOIN pg_namespace o_n ON o_n.oid = o.opcnamespace
            LEFT JOIN pg_collation c ON c.oid = r.rngcollation LEFT JOIN pg_namespace c_n ON c_n.oid = c.collnamespace
            LEFT JOIN pg_proc p ON p.oid = r.rngsubdiff LEFT JOIN pg_namespace p_n ON p_n.oid = p.pronamespace
            WHERE r.rngtypid = ANY (?::bigint[]::oid[])""";

    private final Connection connection;
    private final boolean multiranges;
    private final Map<Long, Found> found = new HashMap<>();
    private final Set<Long> asked = new HashSet<>();
    private final List<SchemaDraft> drafts = new ArrayList<>();

    /**
     * A type by what it stands for.
     *
     * @param node of the type or table that is carried, or null
     * @param need what the target must have where it is not carried, or null
     * @param standsFor the type that has the answer, or 0
     */
    private record Found(Node node, Need need, long standsFor) {}

    SchemaTypes(Connection connection) throws SQLException {
        this.connection = connection;
        this.multiranges = connection.getMetaData().getDatabaseMajorVersion() >= 14;
    }

    /** Reads these types, and all that they are made of. */
    void read(Collection<Long> oids) throws SQLException {
        Set<Long> open = new LinkedHashSet<>(oids);
        open.removeAll(asked);
        while (!open.isEmpty()) {
            asked.addAll(open);
            Set<Long> next = new LinkedHashSet<>();
            for (SchemaDraft draft : level(open, next)) {
                drafts.add(draft);
                draft.references().stream()
                        .filter(reference -> reference.catalog().equals("pg_type"))
                        .forEach(reference -> next.add(reference.oid()));
            }
            next.removeAll(asked);
            open = next;
        }
    }

    List<SchemaDraft> drafts() {
        return drafts;
    }

    /** The carried type or table that the type stands for, or null. */
    Node node(long type) {
        Found its = resolved(type);
        return its == null ? null : its.node();
    }

    /** What the target must have for it, or null. */
    Need need(long type) {
        Found its = resolved(type);
        return its == null ? null : its.need();
    }

    private Found resolved(long type) {
        Found its = found.get(type);
        while (its != null && its.standsFor() != 0) {
            its = found.get(its.standsFor());
        }
        return its;
    }

    /** @param row of a type that is carried */
    private record Carried(
            long oid,
            String schema,
            String name,
            long relation,
            String comment,
            List<String> parts,
            List<String> shape) {
        String quoted() {
            return Sql.table(new TableName(schema, name));
        }
    }

    /** One level; fills in what the types stand for. */
    private List<SchemaDraft> level(Collection<Long> oids, Set<Long> next) throws SQLException {
        Map<Long, Carried> enums = new LinkedHashMap<>();
        Map<Long, Carried> domains = new LinkedHashMap<>();
        Map<Long, Carried> composites = new LinkedHashMap<>();
        Map<Long, Carried> ranges = new LinkedHashMap<>();
        String range = multiranges
                ? "(SELECT m.rngtypid::bigint FROM pg_range m WHERE t.typtype = 'm' AND m.rngmultitypid = t.oid)"
                : "NULL::bigint";
        CatalogRows.of(connection, TYPES.formatted(range), oids, row -> {
            long oid = row.getLong("oid");
            long other = row.getLong("element") != 0 ? row.getLong("element") : row.getLong("range");
            if (other != 0) {
                found.put(oid, new Found(null, null, other));
                next.add(other);
                return;
            }
            if (oid < SchemaReferences.FIRST_OID_OF_USERS) {
                return;
            }
            Need need = new Need(Need.Kind.TYPE, row.getString("printed"));
            if (row.getString("extension") != null) {
                found.put(oid, new Found(null, new Need(Need.Kind.EXTENSION, row.getString("extension")), 0));
                return;
            }
            Carried carried = new Carried(
                    oid,
                    row.getString("schema"),
                    row.getString("name"),
                    row.getLong("relation"),
                    row.getString("comment"),
                    new ArrayList<>(),
                    new ArrayList<>());
            found.put(oid, new Found(new Node("pg_type", oid), need, 0));
            switch (row.getString("kind")) {
                case "e" -> enums.put(oid, carried);
                case "d" -> {
                    carried.parts().add(domain(row));
                    carried.shape().add(row.getString("base"));
                    domains.put(oid, carried);
                }
                case "r" -> ranges.put(oid, carried);
                case "c" -> {
                    if (row.getString("relation_kind").equals("c")) {
                        composites.put(carried.relation(), carried);
                    } else {
                        found.put(oid, new Found(new Node("pg_class", carried.relation()), need, 0));
                    }
                }
                default -> found.put(oid, new Found(null, need, 0));
            }
        });
        List<SchemaDraft> made = new ArrayList<>();
        made.addAll(enums(enums));
        made.addAll(domains(domains));
        made.addAll(composites(composites));
        made.addAll(ranges(ranges));
        return made;
    }

    private List<SchemaDraft> enums(Map<Long, Carried> enums) throws SQLException {
        CatalogRows.of(connection, LABELS, enums.keySet(), row -> {
            Carried type = enums.get(row.getLong(1));
            type.parts().add(Sql.literal(row.getString(2)));
            type.shape().add(row.getString(2));
        });
        return enums.values().stream()
                .map(type -> {
                    List<String> create = new ArrayList<>();
                    create.add("CREATE TYPE " + type.quoted() + " AS ENUM (" + String.join(", ", type.parts()) + ")");
                    return draft(ObjectKind.ENUM, type, create, List.of());
                })
                .toList();
    }

    private static String domain(ResultSet row) throws SQLException {
        return row.getString("base")
                + collation(row)
                + (row.getString("default_value") == null ? "" : " DEFAULT " + row.getString("default_value"))
                + (row.getBoolean("not_null") ? " NOT NULL" : "");
    }

    static String collation(ResultSet row) throws SQLException {
        return row.getString("collation_schema") == null
                ? ""
                : " COLLATE " + Sql.table(new TableName(row.getString("collation_schema"), row.getString("collation")));
    }

    private List<SchemaDraft> domains(Map<Long, Carried> domains) throws SQLException {
        Map<Long, List<String>> later = new HashMap<>();
        Map<Long, Long> checks = new HashMap<>();
        CatalogRows.of(connection, CHECKS, domains.keySet(), row -> {
            Carried domain = domains.get(row.getLong("type"));
            String check = "CONSTRAINT " + Sql.ident(row.getString("name")) + ' ' + row.getString("definition");
            List<String> its = later.computeIfAbsent(domain.oid(), oid -> new ArrayList<>());
            if (row.getBoolean("validated")) {
                domain.parts().add(check);
            } else {
                its.add("ALTER DOMAIN " + domain.quoted() + " ADD " + check);
            }
            if (row.getString("comment") != null) {
                its.add("COMMENT ON CONSTRAINT " + Sql.ident(row.getString("name")) + " ON DOMAIN " + domain.quoted()
                        + " IS " + Sql.literal(row.getString("comment")));
            }
            checks.put(row.getLong("oid"), domain.oid());
        });
        Map<Long, List<Reference>> references =
                new HashMap<>(SchemaReferences.of(connection, "pg_type", domains.keySet()));
        SchemaReferences.of(connection, "pg_constraint", checks.keySet())
                .forEach((check, its) -> references.merge(checks.get(check), its, SchemaTypes::joined));
        List<SchemaDraft> made = new ArrayList<>();
        domains.values().forEach(domain -> {
            List<String> create = new ArrayList<>();
            create.add("CREATE DOMAIN " + domain.quoted() + " AS " + String.join(" ", domain.parts()));
            create.addAll(later.getOrDefault(domain.oid(), List.of()));
            made.add(draft(
                    ObjectKind.DOMAIN,
                    domain,
                    create,
                    references.getOrDefault(domain.oid(), List.of()).stream()
                            .filter(reference -> reference.oid() != domain.oid())
                            .toList()));
        });
        return made;
    }

    static List<Reference> joined(List<Reference> some, List<Reference> more) {
        List<Reference> all = new ArrayList<>(some);
        all.addAll(more);
        return all;
    }

    private List<SchemaDraft> composites(Map<Long, Carried> composites) throws SQLException {
        Map<Long, List<String>> comments = new HashMap<>();
        CatalogRows.of(connection, ATTRIBUTES, composites.keySet(), row -> {
            Carried type = composites.get(row.getLong("relation"));
            String attribute = Sql.ident(row.getString("name")) + ' ' + row.getString("type");
            type.parts().add(attribute + collation(row));
            type.shape().add(attribute);
            if (row.getString("comment") != null) {
                comments.computeIfAbsent(type.oid(), oid -> new ArrayList<>())
                        .add("COMMENT ON COLUMN " + type.quoted() + '.' + Sql.ident(row.getString("name")) + " IS "
                                + Sql.literal(row.getString("comment")));
            }
        });
        Map<Long, List<Reference>> references = SchemaReferences.of(connection, "pg_class", composites.keySet());
        return composites.values().stream()
                .map(type -> {
                    List<String> create = new ArrayList<>();
                    create.add("CREATE TYPE " + type.quoted() + " AS (" + String.join(", ", type.parts()) + ")");
                    create.addAll(comments.getOrDefault(type.oid(), List.of()));
                    return draft(
                            ObjectKind.COMPOSITE,
                            type,
                            create,
                            references.getOrDefault(type.relation(), List.of()).stream()
                                    .filter(reference -> reference.oid() != type.oid())
                                    .toList());
                })
                .toList();
    }

    /** One with a canonical function of a user's can't be made before that function, nor the function before it. */
    private List<SchemaDraft> ranges(Map<Long, Carried> ranges) throws SQLException {
        Set<Long> left = new HashSet<>();
        String multirange = multiranges
                ? "(SELECT format('%I.%I', m_n.nspname, m.typname) FROM pg_type m JOIN pg_namespace m_n"
                        + " ON m_n.oid = m.typnamespace WHERE m.oid = r.rngmultitypid)"
                : "NULL";
        CatalogRows.of(connection, RANGES.formatted(multirange), ranges.keySet(), row -> {
            long oid = row.getLong("oid");
            if (row.getBoolean("canonical")) {
                left.add(oid);
            }
            ranges.get(oid).shape().add(row.getString("subtype"));
            Map<String, String> options = new LinkedHashMap<>();
            options.put("SUBTYPE", row.getString("subtype"));
            options.put("SUBTYPE_OPCLASS", row.getString("operator_class"));
            options.put("COLLATION", row.getString("collation"));
            options.put("SUBTYPE_DIFF", row.getString("difference"));
            options.put("MULTIRANGE_TYPE_NAME", row.getString("multirange"));
            ranges.get(oid)
                    .parts()
                    .add(options.entrySet().stream()
                            .filter(option -> option.getValue() != null)
                            .map(option -> option.getKey() + " = " + option.getValue())
                            .collect(Collectors.joining(", ")));
        });
        Map<Long, List<Reference>> references = SchemaReferences.of(connection, "pg_type", ranges.keySet());
        List<SchemaDraft> made = new ArrayList<>();
        ranges.values().forEach(type -> {
            if (left.contains(type.oid())) {
                found.computeIfPresent(type.oid(), (oid, its) -> new Found(null, its.need(), 0));
                return;
            }
            List<String> create = new ArrayList<>();
            create.add("CREATE TYPE " + type.quoted() + " AS RANGE (" + String.join(", ", type.parts()) + ")");
            List<Reference> its = references.getOrDefault(type.oid(), List.of()).stream()
                    .filter(reference -> !reference.catalog().equals("pg_type") || reference.oid() != type.oid())
                    .toList();
            made.add(draft(ObjectKind.RANGE, type, create, its));
        });
        return made;
    }

    private static SchemaDraft draft(ObjectKind kind, Carried type, List<String> create, List<Reference> references) {
        if (type.comment() != null) {
            create.add("COMMENT ON " + (kind == ObjectKind.DOMAIN ? "DOMAIN " : "TYPE ") + type.quoted() + " IS "
                    + Sql.literal(type.comment()));
        }
        return new SchemaDraft(
                new SchemaObject(
                        kind, Section.BEFORE, type.schema(), type.name(), null, create, List.of(), type.shape()),
                new Node("pg_type", type.oid()),
                references);
    }
}
