package dev.godwit.node.postgres;

import dev.godwit.node.postgres.SchemaDraft.Node;
import dev.godwit.node.schema.NotCarried;
import dev.godwit.node.schema.ObjectKind;
import dev.godwit.node.schema.SchemaObject;
import dev.godwit.node.schema.Section;
import dev.godwit.protocol.table.TableName;
import java.sql.Connection;
import java.sql.ResultSet;
import java.sql.SQLException;
import java.sql.Savepoint;
import java.sql.Statement;
import java.util.ArrayList;
import java.util.Collection;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.function.LongPredicate;

/** Reads sequences and where they stand. */
final class SchemaSequences {
    private static final int POSITIONS_AT_ONCE = 200;

    private static final String SEQUENCES = """
            SELECT c.oid::bigint AS oid, n.nspname AS schema, c.relname AS name, c.relpersistence = 'u' AS unlogged,
              format_type(s.seqtypid, NULL) AS type, s.seqstart, s.seqincrement, s.seqmin, s.seqmax, s.seqcache,
              s.seqcycle, x.description AS comment
            FROM pg_sequence s JOIN pg_class c ON c.oid = s.seqrelid JOIN pg_namespace n ON n.oid = c.relnamespace
            LEFT JOIN pg_description x ON x.classoid = 'pg_class'::regclass AND x.objoid = c.oid AND x.objsubid = 0
            WHERE s.seqrelid = ANY (?::bigint[]::oid[])
            ORDER BY n.nspname, c.relname""";

    private static final String POSITIONS = """
            SELECT c.oid::bigint AS oid, n.nspname AS schema, c.relname AS name, s.seqincrement > 0 AS ascending,
              has_schema_privilege(n.oid, 'USAGE') AND has_sequence_privilege(c.oid, 'SELECT') AS readable,
              tn.nspname AS table_schema, t.relname AS table_name, a.attname AS column, t.oid::bigint AS table,
              a.atttypid IN ('int2'::regtype, 'int4'::regtype, 'int8'::regtype, 'numeric'::regtype) AS counts,
              EXISTS (SELECT FROM pg_depend u JOIN pg_attrdef f ON f.oid = u.objid
                JOIN pg_attribute o ON o.attrelid = f.adrelid AND o.attnum = f.adnum
                WHERE u.classid = 'pg_attrdef'::regclass AND u.refclassid = 'pg_class'::regclass AND u.refobjid = c.oid
                  AND o.attinhcount = 0 AND (f.adrelid, f.adnum) <> (a.attrelid, a.attnum)) AS shared
            FROM pg_sequence s JOIN pg_class c ON c.oid = s.seqrelid JOIN pg_namespace n ON n.oid = c.relnamespace
            LEFT JOIN pg_depend d ON d.classid = 'pg_class'::regclass AND d.objid = c.oid
              AND d.refclassid = 'pg_class'::regclass AND d.deptype IN ('a', 'i') AND d.refobjsubid > 0
            LEFT JOIN pg_class t ON t.oid = d.refobjid LEFT JOIN pg_namespace tn ON tn.oid = t.relnamespace
            LEFT JOIN pg_attribute a ON a.attrelid = d.refobjid AND a.attnum = d.refobjsubid
            WHERE s.seqrelid = ANY (?::bigint[]::oid[])
            ORDER BY n.nspname, c.relname""";

    private static final String NAMED = """
            SELECT c.oid::bigint FROM unnest(?::text[], ?::text[]) w(schema, name)
            JOIN pg_namespace n ON n.nspname = w.schema
            JOIN pg_class c ON c.relnamespace = n.oid AND c.relname = w.name AND c.relkind = 'S'""";

    private SchemaSequences() {}

    /** Those that are objects of their own: not those of identity columns. */
    static List<SchemaDraft> read(Connection connection, Collection<Long> oids) throws SQLException {
        List<SchemaDraft> drafts = new ArrayList<>();
        CatalogRows.of(connection, SEQUENCES, oids, row -> {
            String schema = row.getString("schema");
            String name = row.getString("name");
            String quoted = Sql.table(new TableName(schema, name));
            List<String> create = new ArrayList<>();
            create.add("CREATE SEQUENCE " + quoted + " AS " + row.getString("type") + ' ' + options(row));
            comment(create, row.getString("comment"), quoted);
            drafts.add(new SchemaDraft(
                    new SchemaObject(ObjectKind.SEQUENCE, Section.BEFORE, schema, name, null, create, List.of()),
                    new Node("pg_class", row.getLong("oid")),
                    List.of()));
            if (row.getBoolean("unlogged")) {
                drafts.add(new SchemaDraft(
                        new SchemaObject(
                                ObjectKind.PERSISTENCE,
                                Section.END,
                                schema,
                                name,
                                null,
                                List.of("ALTER SEQUENCE " + quoted + " SET UNLOGGED"),
                                List.of()),
                        List.of()));
            }
        });
        return drafts;
    }

    /** Of a row with the columns of {@code pg_sequence}. */
    static String options(ResultSet row) throws SQLException {
        return "START WITH " + row.getLong("seqstart") + " INCREMENT BY " + row.getLong("seqincrement") + " MINVALUE "
                + row.getLong("seqmin") + " MAXVALUE " + row.getLong("seqmax") + " CACHE " + row.getLong("seqcache")
                + (row.getBoolean("seqcycle") ? " CYCLE" : " NO CYCLE");
    }

    static void comment(List<String> create, String comment, String quoted) {
        if (comment != null) {
            create.add("COMMENT ON SEQUENCE " + quoted + " IS " + Sql.literal(comment));
        }
    }

    private record Standing(String schema, String name, boolean ascending) {
        String quoted() {
            return Sql.table(new TableName(schema, name));
        }

        /** Never takes a sequence back that has given values on the target. */
        SchemaObject setTo(long last, boolean called) {
            String further = ascending
                    ? "(s.last_value, s.is_called) < (" + last + ", " + called + ")"
                    : "(-s.last_value::numeric, s.is_called) < (-(" + last + ")::numeric, " + called + ")";
            String sql = "SELECT setval(" + Sql.literal(quoted()) + "::regclass, " + last + ", " + called + ") FROM "
                    + quoted() + " s WHERE NOT s.is_called OR " + further;
            return position(sql);
        }

        /** Where the user may not read it: behind the last value that landed in the column that it belongs to. */
        SchemaObject setBehind(TableName table, String column) {
            String order = ascending ? "v.last > s.last_value" : "v.last < s.last_value";
            String sql = "SELECT setval(p.seqrelid, v.last) FROM " + quoted() + " s, pg_sequence p, (SELECT "
                    + (ascending ? "max(" : "min(") + Sql.ident(column) + ")::bigint AS last FROM " + Sql.table(table)
                    + ") v WHERE p.seqrelid = " + Sql.literal(quoted())
                    + "::regclass AND v.last BETWEEN p.seqmin AND p.seqmax AND (NOT s.is_called OR " + order + ")";
            return position(sql);
        }

        private SchemaObject position(String sql) {
            return new SchemaObject(
                    ObjectKind.SEQUENCE_POSITION, Section.END, schema, name, null, List.of(sql), List.of());
        }
    }

    /**
     * Where they stand now, which no snapshot holds.
     *
     * @param carried whether the table with this oid is carried: where the user may not read a sequence, the rows that its
     *     column has in the target tell, if no other column takes values of it
     */
    static List<SchemaObject> positions(
            Connection connection, Collection<Long> oids, LongPredicate carried, List<NotCarried> notCarried)
            throws SQLException {
        List<SchemaObject> positions = new ArrayList<>();
        List<Standing> readable = new ArrayList<>();
        CatalogRows.of(connection, POSITIONS, oids, row -> {
            Standing standing =
                    new Standing(row.getString("schema"), row.getString("name"), row.getBoolean("ascending"));
            if (row.getBoolean("readable")) {
                readable.add(standing);
            } else if (row.getBoolean("counts") && !row.getBoolean("shared") && carried.test(row.getLong("table"))) {
                positions.add(standing.setBehind(
                        new TableName(row.getString("table_schema"), row.getString("table_name")),
                        row.getString("column")));
            } else {
                notCarried.add(new NotCarried(
                        ObjectKind.SEQUENCE_POSITION.word(),
                        new TableName(standing.schema, standing.name).text(),
                        "The user may not SELECT from it."));
            }
        });
        for (int from = 0; from < readable.size(); from += POSITIONS_AT_ONCE) {
            positions(
                    connection, readable.subList(from, Math.min(readable.size(), from + POSITIONS_AT_ONCE)), positions);
        }
        return positions;
    }

    /** Of sequences by name; those that are gone are left out. */
    static Map<TableName, SchemaObject> positions(Connection connection, Collection<TableName> names)
            throws SQLException {
        List<Long> oids = new ArrayList<>();
        CatalogRows.named(connection, NAMED, names, row -> oids.add(row.getLong(1)));
        Map<TableName, SchemaObject> positions = new HashMap<>();
        positions(connection, oids, table -> true, new ArrayList<>())
                .forEach(object -> positions.put(new TableName(object.schema(), object.name()), object));
        return positions;
    }

    /**
     * Only a sequence's own row says all. Reading it takes a lock, which is given back at once: there are more sequences
     * than a server has locks. {@code pg_sequence_last_value} would keep its lock until the transaction ends.
     */
    private static void positions(Connection connection, List<Standing> some, List<SchemaObject> positions)
            throws SQLException {
        StringBuilder sql = new StringBuilder();
        for (int i = 0; i < some.size(); i++) {
            sql.append(i == 0 ? "" : " UNION ALL ")
                    .append("SELECT ")
                    .append(i)
                    .append(", last_value, is_called FROM ")
                    .append(some.get(i).quoted());
        }
        Savepoint before = connection.setSavepoint();
        try (Statement statement = connection.createStatement();
                ResultSet row = statement.executeQuery(sql.toString())) {
            while (row.next()) {
                positions.add(some.get(row.getInt(1)).setTo(row.getLong(2), row.getBoolean(3)));
            }
        }
        connection.rollback(before);
        connection.releaseSavepoint(before);
    }
}
