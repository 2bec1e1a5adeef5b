package dev.godwit.node.postgres;

import dev.godwit.node.postgres.SchemaDraft.Node;
import dev.godwit.node.schema.ObjectKind;
import dev.godwit.node.schema.SchemaObject;
import dev.godwit.node.schema.Section;
import dev.godwit.protocol.table.TableName;
import java.sql.Connection;
import java.sql.SQLException;
import java.util.ArrayList;
import java.util.Collection;
import java.util.List;

/** Reads users' collations. */
final class SchemaCollations {
    /** As JSON, since the catalog's columns have other names in nearly every version. */
    private static final String COLLATIONS = """
            SELECT c.oid::bigint AS oid, n.nspname AS schema, c.collname AS name, x.description AS comment,
              r.j->>'collprovider' AS provider, coalesce(r.j->>'collisdeterministic', 'true')::boolean AS deterministic,
              r.j->>'collcollate' AS collate, r.j->>'collctype' AS ctype,
              coalesce(r.j->>'colllocale', r.j->>'colliculocale') AS locale, r.j->>'collicurules' AS rules
            FROM pg_collation c JOIN pg_namespace n ON n.oid = c.collnamespace
            CROSS JOIN LATERAL (SELECT c.oid, to_jsonb(c) AS j) r
            LEFT JOIN pg_description x ON x.classoid = 'pg_collation'::regclass AND x.objoid = r.oid AND x.objsubid = 0
            WHERE c.oid = ANY (?::bigint[]::oid[])
            ORDER BY n.nspname, c.collname""";

    private SchemaCollations() {}

    static List<SchemaDraft> read(Connection connection, Collection<Long> oids) throws SQLException {
        List<SchemaDraft> drafts = new ArrayList<>();
        CatalogRows.of(connection, COLLATIONS, oids, row -> {
            String schema = row.getString("schema");
            String name = row.getString("name");
            String quoted = Sql.table(new TableName(schema, name));
            List<String> options = new ArrayList<>();
            String provider = row.getString("provider");
            options.add("provider = "
                    + switch (provider) {
                        case "i" -> "icu";
                        case "b" -> "builtin";
                        default -> "libc";
                    });
            String locale = row.getString("locale");
            // Before 15 ICU's locale stood where libc's stands.
            if (provider.equals("c") || locale == null) {
                String collate = row.getString("collate");
                if (provider.equals("c")) {
                    options.add("lc_collate = " + Sql.literal(collate));
                    options.add("lc_ctype = " + Sql.literal(row.getString("ctype")));
                } else {
                    options.add("locale = " + Sql.literal(collate));
                }
            } else {
                options.add("locale = " + Sql.literal(locale));
            }
            if (row.getString("rules") != null) {
                options.add("rules = " + Sql.literal(row.getString("rules")));
            }
            if (!row.getBoolean("deterministic")) {
                options.add("deterministic = false");
            }
            List<String> create = new ArrayList<>();
            create.add("CREATE COLLATION " + quoted + " (" + String.join(", ", options) + ")");
            if (row.getString("comment") != null) {
                create.add("COMMENT ON COLLATION " + quoted + " IS " + Sql.literal(row.getString("comment")));
            }
            drafts.add(new SchemaDraft(
                    new SchemaObject(ObjectKind.COLLATION, Section.BEFORE, schema, name, null, create, List.of()),
                    new Node("pg_collation", row.getLong("oid")),
                    List.of()));
        });
        return drafts;
    }
}
