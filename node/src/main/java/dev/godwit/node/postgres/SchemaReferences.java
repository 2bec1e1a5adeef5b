package dev.godwit.node.postgres;

import dev.godwit.node.schema.Need;
import java.sql.Connection;
import java.sql.SQLException;
import java.util.ArrayList;
import java.util.Collection;
import java.util.HashMap;
import java.util.List;
import java.util.Map;

/** What objects refer to, by {@code pg_depend}; what is built into every server is left out. */
final class SchemaReferences {
    /** Objects below are made by initdb and are the same everywhere; extensions may put theirs into pg_catalog too. */
    static final long FIRST_OID_OF_USERS = 16_384;

    /** How the server prints what the catalog {@code %1$s} has as {@code %2$s}: the same on every side. */
    private static final Map<String, String> PRINTED = Map.of(
            "pg_proc", "%s::regprocedure::text",
            "pg_operator", "%s::regoperator::text",
            "pg_class", "%s::regclass::text",
            "pg_type", "%s::regtype::text",
            "pg_ts_config", "%s::regconfig::text",
            "pg_ts_dict", "%s::regdictionary::text",
            "pg_collation",
                    "(SELECT format('%%I.%%I', n.nspname, p.collname) FROM pg_collation p"
                            + " JOIN pg_namespace n ON n.oid = p.collnamespace WHERE p.oid = %s)",
            "pg_opclass",
                    "(SELECT format('%%I.%%I USING %%I', n.nspname, p.opcname, a.amname) FROM pg_opclass p"
                            + " JOIN pg_am a ON a.oid = p.opcmethod"
                            + " JOIN pg_namespace n ON n.oid = p.opcnamespace WHERE p.oid = %s)");

    /**
     * @param catalog that it is in, for example {@code pg_proc}
     * @param kind relkind of a relation; else empty
     * @param extension that it belongs to, or null
     * @param printed as the server prints it
     */
    record Reference(String catalog, long oid, String kind, String extension, String printed) {
        /** What the target must have, if the referred object is not carried. */
        Need need() {
            return extension != null
                    ? new Need(Need.Kind.EXTENSION, extension)
                    : new Need(SchemaReferences.kind(catalog), printed);
        }

        boolean isSequence() {
            return catalog.equals("pg_class") && kind.equals("S") && extension == null;
        }
    }

    private SchemaReferences() {}

    /** Of each object of the catalog, by its oid. An attribute of a composite type is told as the type. */
    static Map<Long, List<Reference>> of(Connection connection, String catalog, Collection<Long> oids)
            throws SQLException {
        StringBuilder printed = new StringBuilder("CASE d.refclassid");
        PRINTED.forEach((name, how) -> printed.append(" WHEN '")
                .append(name)
                .append("'::regclass THEN ")
                .append(how.formatted("d.refobjid")));
        printed.append(" ELSE pg_describe_object(d.refclassid, d.refobjid, 0) END");
        String sql = """
                SELECT d.objid::bigint,
                  CASE WHEN c.relkind = 'c' THEN 'pg_type' ELSE d.refclassid::regclass::text END,
                  CASE WHEN c.relkind = 'c' THEN c.reltype ELSE d.refobjid END::bigint,
                  coalesce(c.relkind, ''), e.extname, %s
                FROM (SELECT DISTINCT objid, refclassid, refobjid FROM pg_depend
                  WHERE classid = '%s'::regclass AND objid = ANY (?::bigint[]::oid[]) AND refobjid >= %d
                    AND deptype NOT IN ('e', 'x') AND NOT (refclassid = classid AND refobjid = objid)
                    AND refclassid NOT IN ('pg_namespace'::regclass, 'pg_constraint'::regclass,
                      'pg_attrdef'::regclass, 'pg_extension'::regclass)) d
                LEFT JOIN pg_class c ON d.refclassid = 'pg_class'::regclass AND c.oid = d.refobjid
                LEFT JOIN pg_depend x ON x.classid = d.refclassid AND x.objid = d.refobjid AND x.objsubid = 0
                  AND x.deptype = 'e'
                LEFT JOIN pg_extension e ON x.refclassid = 'pg_extension'::regclass AND e.oid = x.refobjid
                ORDER BY 1, 2, 3""".formatted(printed, catalog, FIRST_OID_OF_USERS);
        Map<Long, List<Reference>> references = new HashMap<>();
        CatalogRows.of(
                connection,
                sql,
                oids,
                row -> references
                        .computeIfAbsent(row.getLong(1), oid -> new ArrayList<>())
                        .add(new Reference(
                                row.getString(2),
                                row.getLong(3),
                                row.getString(4),
                                row.getString(5),
                                row.getString(6))));
        return references;
    }

    /** Everything of users that the catalog has, as the server prints it. */
    static String listing(Need.Kind kind) {
        if (kind == Need.Kind.EXTENSION) {
            return "SELECT extname FROM pg_extension";
        }
        String catalog = switch (kind) {
            case TYPE -> "pg_type";
            case COLLATION -> "pg_collation";
            case FUNCTION -> "pg_proc";
            case OPERATOR -> "pg_operator";
            case OPERATOR_CLASS -> "pg_opclass";
            case TEXT_SEARCH_CONFIGURATION -> "pg_ts_config";
            case TEXT_SEARCH_DICTIONARY -> "pg_ts_dict";
            case RELATION -> "pg_class";
            case EXTENSION, OTHER -> throw new IllegalArgumentException("has no listing");
        };
        return "SELECT " + PRINTED.get(catalog).formatted("o.oid") + " FROM " + catalog + " o WHERE o.oid >= "
                + FIRST_OID_OF_USERS;
    }

    private static Need.Kind kind(String catalog) {
        return switch (catalog) {
            case "pg_type" -> Need.Kind.TYPE;
            case "pg_collation" -> Need.Kind.COLLATION;
            case "pg_proc" -> Need.Kind.FUNCTION;
            case "pg_operator" -> Need.Kind.OPERATOR;
            case "pg_opclass" -> Need.Kind.OPERATOR_CLASS;
            case "pg_ts_config" -> Need.Kind.TEXT_SEARCH_CONFIGURATION;
            case "pg_ts_dict" -> Need.Kind.TEXT_SEARCH_DICTIONARY;
            case "pg_class" -> Need.Kind.RELATION;
            default -> Need.Kind.OTHER;
        };
    }
}
