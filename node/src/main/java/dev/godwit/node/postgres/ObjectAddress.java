package dev.godwit.node.postgres;

import java.sql.Connection;
import java.sql.ResultSet;
import java.sql.SQLException;
import java.util.Collection;
import java.util.HashSet;
import java.util.List;
import java.util.Set;

/**
 * An object's name that is the same in every database: as {@code pg_identify_object_as_address} tells it.
 *
 * @param type in the server's words, for example {@code table constraint}
 * @param names as in the catalogs, for example of schema, table and constraint
 * @param arguments for example types of a function's
 */
record ObjectAddress(String type, List<String> names, List<String> arguments) {
    private static final String ATTACHED = "partition";

    ObjectAddress {
        names = List.copyOf(names);
        arguments = List.copyOf(arguments);
    }

    /** Takes an object with its oid. */
    @FunctionalInterface
    interface Taker {
        /**
         * @param schema raw; null for what is in none
         * @param name raw, within the schema; null for what is in none
         * @param shows whether the object is there only once its entry in an archive is restored
         */
        void take(long oid, ObjectAddress address, String schema, String name, boolean shows) throws SQLException;
    }

    /** For messages. */
    String text() {
        return Sql.printable(type
                + ' '
                + String.join(".", names)
                + (arguments.isEmpty() ? "" : "(" + String.join(", ", arguments) + ")"));
    }

    /** Objects of one catalog by their oids; those that are not there are left out. */
    static void of(Connection connection, String catalog, Collection<Long> oids, Taker taker) throws SQLException {
        CatalogRows.of(
                connection,
                query(connection, catalog) + " AND o.oid = ANY (?::bigint[]::oid[])",
                oids,
                row -> take(row, taker));
    }

    /** All objects of users that one catalog has, and that are there only once their entry is restored. */
    static Set<ObjectAddress> all(Connection connection, String catalog) throws SQLException {
        Set<ObjectAddress> all = new HashSet<>();
        CatalogRows.all(
                connection,
                query(connection, catalog) + " AND o.oid >= " + SchemaReferences.FIRST_OID_OF_USERS,
                row -> take(row, (oid, address, schema, name, shows) -> {
                    if (shows) {
                        all.add(address);
                    }
                }));
        return all;
    }

    /** A table being a partition of another, which no catalog of objects has. */
    static ObjectAddress attached(String childSchema, String child, String parentSchema, String parent) {
        return new ObjectAddress(ATTACHED, List.of(childSchema, child), List.of(parentSchema, parent));
    }

    static Set<ObjectAddress> allAttached(Connection connection) throws SQLException {
        Set<ObjectAddress> all = new HashSet<>();
        CatalogRows.all(
                connection,
                "SELECT n.nspname, c.relname, pn.nspname, p.relname FROM pg_inherits i"
                        + " JOIN pg_class c ON c.oid = i.inhrelid JOIN pg_namespace n ON n.oid = c.relnamespace"
                        + " JOIN pg_class p ON p.oid = i.inhparent JOIN pg_namespace pn ON pn.oid = p.relnamespace"
                        + " WHERE c.relispartition AND c.relkind IN ('r', 'p', 'f')",
                row -> all.add(attached(row.getString(1), row.getString(2), row.getString(3), row.getString(4))));
        return all;
    }

    private static String query(Connection connection, String catalog) throws SQLException {
        return """
                SELECT o.oid::bigint AS oid, a.type, a.object_names, a.object_args, (parse_ident(i.schema))[1] AS schema,
                  CASE a.type WHEN 'type' THEN (parse_ident(i.name))[1]
                    ELSE a.object_names[array_upper(a.object_names, 1)] END AS name, %s AS shows
                FROM %s o, LATERAL pg_identify_object_as_address('%2$s'::regclass, o.oid, 0) a,
                  LATERAL pg_identify_object('%2$s'::regclass, o.oid, 0) i
                WHERE a.type IS NOT NULL""".formatted(shows(catalog, connection.getMetaData().getDatabaseMajorVersion()), catalog);
    }

    /**
     * When an object is there before its own entry is restored: a base type as a shell, for the functions that it needs;
     * an operator as another one's commutator; a trigger of a partition, which the partitioned table's makes; a
     * constraint that the parent's has made; the rule of a view that was made in a first shape.
     */
    private static String shows(String catalog, int major) {
        return switch (catalog) {
            case "pg_type" -> "o.typtype <> 'b'";
            case "pg_operator" -> "o.oprcode <> 0";
            case "pg_trigger" -> major >= 13 ? "o.tgparentid = 0" : "NOT o.tgisinternal";
            case "pg_constraint" -> "o.coninhcount = 0";
            case "pg_rewrite" -> "o.rulename <> '_RETURN'";
            default -> "true";
        };
    }

    private static void take(ResultSet row, Taker taker) throws SQLException {
        ObjectAddress address = new ObjectAddress(
                row.getString("type"), CatalogRows.texts(row, "object_names"), CatalogRows.texts(row, "object_args"));
        taker.take(
                row.getLong("oid"), address, row.getString("schema"), row.getString("name"), row.getBoolean("shows"));
    }
}
