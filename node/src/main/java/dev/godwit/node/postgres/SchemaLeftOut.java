package dev.godwit.node.postgres;

import dev.godwit.node.schema.NotCarried;
import dev.godwit.protocol.table.TableName;
import java.sql.Connection;
import java.sql.SQLException;
import java.util.ArrayList;
import java.util.List;
import java.util.Set;

/**
 * What a database has beside its tables, by kind and name: of the schemas and tables that the plan means, and of the
 * database itself.
 */
final class SchemaLeftOut {
    private static final String NO_EXTENSION =
            " AND NOT EXISTS (SELECT FROM pg_depend d WHERE d.classid = '%s'::regclass AND d.objid = o.oid"
                    + " AND d.deptype = 'e')";

    /** Kind, schema, name and what is told beside the name: {@code o} is the object, {@code n} its schema. */
    private static final List<String> NAMED = List.of(
            """
            SELECT CASE o.relkind WHEN 'v' THEN 'view' WHEN 'm' THEN 'materialised view' ELSE 'foreign table' END,
              n.nspname, o.relname, '' FROM pg_class o JOIN pg_namespace n ON n.oid = o.relnamespace
            WHERE o.relkind IN ('v', 'm', 'f')""" + NO_EXTENSION.formatted("pg_class"),
            """
            SELECT CASE o.prokind WHEN 'p' THEN 'procedure' WHEN 'a' THEN 'aggregate' ELSE 'function' END,
              n.nspname, o.proname, '(' || pg_get_function_identity_arguments(o.oid) || ')'
            FROM pg_proc o JOIN pg_namespace n ON n.oid = o.pronamespace WHERE NOT EXISTS (
              SELECT FROM pg_depend i WHERE i.classid = 'pg_proc'::regclass AND i.objid = o.oid AND i.deptype = 'i')
            """ + NO_EXTENSION.formatted("pg_proc"),
            """
            SELECT 'operator', n.nspname, o.oprname,
              ' (' || format_type(o.oprleft, NULL) || ', ' || format_type(o.oprright, NULL) || ')'
            FROM pg_operator o JOIN pg_namespace n ON n.oid = o.oprnamespace WHERE true""" + NO_EXTENSION.formatted("pg_operator"),
            """
            SELECT 'operator class', n.nspname, o.opcname, ''
            FROM pg_opclass o JOIN pg_namespace n ON n.oid = o.opcnamespace WHERE true""" + NO_EXTENSION.formatted("pg_opclass"),
            """
            SELECT 'conversion', n.nspname, o.conname, ''
            FROM pg_conversion o JOIN pg_namespace n ON n.oid = o.connamespace WHERE true""" + NO_EXTENSION.formatted("pg_conversion"),
            """
            SELECT 'text search configuration', n.nspname, o.cfgname, ''
            FROM pg_ts_config o JOIN pg_namespace n ON n.oid = o.cfgnamespace WHERE true""" + NO_EXTENSION.formatted("pg_ts_config"),
            """
            SELECT 'text search dictionary', n.nspname, o.dictname, ''
            FROM pg_ts_dict o JOIN pg_namespace n ON n.oid = o.dictnamespace WHERE true""" + NO_EXTENSION.formatted("pg_ts_dict"),
            """
            SELECT 'base type', n.nspname, o.typname, ''
            FROM pg_type o JOIN pg_namespace n ON n.oid = o.typnamespace
            WHERE o.typtype = 'b' AND NOT EXISTS (SELECT FROM pg_type e WHERE e.oid = o.typelem AND e.typarray = o.oid)
            """ + NO_EXTENSION.formatted("pg_type"));

    /** Kind, schema, table and name of what hangs on a table. */
    private static final List<String> OF_TABLES = List.of("""
            SELECT 'trigger', n.nspname, c.relname, o.tgname FROM pg_trigger o JOIN pg_class c ON c.oid = o.tgrelid
            JOIN pg_namespace n ON n.oid = c.relnamespace
            WHERE NOT o.tgisinternal AND o.tgrelid = ANY (?::bigint[]::oid[]) ORDER BY 2, 3, 4""", """
            SELECT 'rule', n.nspname, c.relname, o.rulename FROM pg_rewrite o JOIN pg_class c ON c.oid = o.ev_class
            JOIN pg_namespace n ON n.oid = c.relnamespace
            WHERE o.ev_class = ANY (?::bigint[]::oid[]) ORDER BY 2, 3, 4""", """
            SELECT 'policy', n.nspname, c.relname, o.polname FROM pg_policy o JOIN pg_class c ON c.oid = o.polrelid
            JOIN pg_namespace n ON n.oid = c.relnamespace
            WHERE o.polrelid = ANY (?::bigint[]::oid[]) ORDER BY 2, 3, 4""", """
            SELECT 'row-level security', n.nspname, c.relname, CASE WHEN c.relforcerowsecurity THEN 'forced' ELSE '' END
            FROM pg_class c JOIN pg_namespace n ON n.oid = c.relnamespace
            WHERE (c.relrowsecurity OR c.relforcerowsecurity) AND c.oid = ANY (?::bigint[]::oid[]) ORDER BY 2, 3""", """
            SELECT 'grants', n.nspname, c.relname, '' FROM pg_class c JOIN pg_namespace n ON n.oid = c.relnamespace
            WHERE c.oid = ANY (?::bigint[]::oid[]) AND (EXISTS (
                SELECT FROM aclexplode(c.relacl) g WHERE g.grantee <> c.relowner)
              OR EXISTS (SELECT FROM pg_attribute a WHERE a.attrelid = c.oid AND a.attacl IS NOT NULL))
            ORDER BY 2, 3""", """
            SELECT 'owner', n.nspname, c.relname, r.rolname FROM pg_class c
            JOIN pg_namespace n ON n.oid = c.relnamespace JOIN pg_roles r ON r.oid = c.relowner
            WHERE c.oid = ANY (?::bigint[]::oid[]) AND r.rolname <> current_user ORDER BY 2, 3""");

    /** Kind and name of what the database has, and a reason or an empty text. */
    private static final List<String> OF_THE_DATABASE = List.of(
            "SELECT 'publication', pubname, '' FROM pg_publication ORDER BY 2",
            "SELECT 'subscription', subname, '' FROM pg_subscription"
                    + " WHERE subdbid = (SELECT oid FROM pg_database WHERE datname = current_database()) ORDER BY 2",
            "SELECT 'event trigger', evtname, '' FROM pg_event_trigger o WHERE true"
                    + NO_EXTENSION.formatted("pg_event_trigger") + " ORDER BY 2",
            "SELECT 'foreign server', srvname, '' FROM pg_foreign_server o WHERE true"
                    + NO_EXTENSION.formatted("pg_foreign_server") + " ORDER BY 2",
            "SELECT 'foreign-data wrapper', fdwname, '' FROM pg_foreign_data_wrapper o WHERE true"
                    + NO_EXTENSION.formatted("pg_foreign_data_wrapper") + " ORDER BY 2",
            "SELECT 'cast', format_type(castsource, NULL) || ' to ' || format_type(casttarget, NULL), ''"
                    + " FROM pg_cast o WHERE o.oid >= " + SchemaReferences.FIRST_OID_OF_USERS
                    // A range's to its multirange comes with the type.
                    + " AND NOT EXISTS (SELECT FROM pg_depend i WHERE i.classid = 'pg_cast'::regclass AND i.objid = o.oid"
                    + " AND i.deptype = 'i')"
                    + NO_EXTENSION.formatted("pg_cast") + " ORDER BY 2",
            "SELECT 'extension', extname, 'What needs it can be made only where the target has it.'"
                    + " FROM pg_extension WHERE extname <> 'plpgsql' ORDER BY 2",
            "SELECT 'default privileges', coalesce((SELECT nspname FROM pg_namespace n WHERE n.oid = defaclnamespace),"
                    + " 'of the database'), '' FROM pg_default_acl ORDER BY 2");

    private SchemaLeftOut() {}

    static List<NotCarried> read(Connection connection, SchemaSelection selection) throws SQLException {
        SchemaSelection.Filter filter = new SchemaSelection.Filter(selection.plan());
        List<NotCarried> left = new ArrayList<>();
        for (String sql : NAMED) {
            CatalogRows.all(connection, sql + SchemaSelection.Filter.SCHEMAS, row -> {
                TableName name = new TableName(row.getString(2), row.getString(3));
                if (filter.means(name)) {
                    left.add(new NotCarried(row.getString(1), name.text() + row.getString(4), ""));
                }
            });
        }
        Set<Long> tables = selection.seeds().tables();
        for (String sql : OF_TABLES) {
            CatalogRows.of(connection, sql, tables, row -> {
                String table = new TableName(row.getString(2), row.getString(3)).text();
                left.add(new NotCarried(row.getString(1), (table + ' ' + row.getString(4)).strip(), ""));
            });
        }
        for (String sql : OF_THE_DATABASE) {
            CatalogRows.all(
                    connection,
                    sql,
                    row -> left.add(new NotCarried(row.getString(1), row.getString(2), row.getString(3))));
        }
        selection.relations().stream()
                .filter(relation -> relation.extension() != null)
                .forEach(relation -> left.add(
                        new NotCarried("table of an extension", relation.name().text(), "The extension makes it.")));
        return left;
    }
}
