package dev.godwit.node.postgres;

import dev.godwit.node.schema.ObjectKind;
import dev.godwit.node.schema.SchemaObject;
import dev.godwit.node.schema.SchemaPlan;
import dev.godwit.node.schema.Section;
import dev.godwit.protocol.error.ErrorCode;
import dev.godwit.protocol.error.GodwitException;
import dev.godwit.protocol.table.TableName;
import java.sql.Array;
import java.sql.Connection;
import java.sql.PreparedStatement;
import java.sql.ResultSet;
import java.sql.SQLException;
import java.util.ArrayList;
import java.util.List;
import java.util.Set;
import java.util.function.Function;
import java.util.function.Predicate;

/**
 * The objects that a migration makes, kept in the target beside its claims: each is marked as made in the transaction
 * that makes it, so what is done is known where it was done, and no node has to hold or read a whole schema again.
 */
final class ObjectTable {
    private static final int AT_ONCE = 500;

    private static final String COLUMNS = "place, kind, object_schema, object_name, source_table, statements";

    private ObjectTable() {}

    /**
     * An object that is to be made.
     *
     * @param place in the order in which they are made; 0 and up
     */
    record Kept(int place, SchemaObject object) {}

    /** Whether the migration's objects are kept. */
    static boolean isKept(Connection connection, String migration) throws SQLException {
        return sourceMajor(connection, migration) > 0;
    }

    /** PostgreSQL's major version where the objects were read; 0 if none are kept. */
    static int sourceMajor(Connection connection, String migration) throws SQLException {
        try (PreparedStatement statement =
                connection.prepareStatement("SELECT source_major FROM godwit.schema WHERE migration = ?")) {
            statement.setString(1, migration);
            try (ResultSet row = statement.executeQuery()) {
                return row.next() ? row.getInt(1) : 0;
            }
        }
    }

    /**
     * Keeps a schema in place of what is kept under the migration's name. To be called under the lock that all who prepare
     * take, and not once rows may have landed: what was made is then not known any more.
     *
     * @param made objects that the target has already
     */
    static void keep(Connection connection, String migration, SchemaPlan plan, Set<SchemaObject.Key> made)
            throws SQLException {
        for (String table : List.of("godwit.object", "godwit.schema")) {
            try (PreparedStatement statement =
                    connection.prepareStatement("DELETE FROM " + table + " WHERE migration = ?")) {
                statement.setString(1, migration);
                statement.executeUpdate();
            }
        }
        try (PreparedStatement statement =
                connection.prepareStatement("INSERT INTO godwit.schema (migration, source_major) VALUES (?, ?)")) {
            statement.setString(1, migration);
            statement.setInt(2, plan.serverMajor());
            statement.executeUpdate();
        }
        insert(connection, migration, plan.objects(), made);
    }

    private static void insert(
            Connection connection, String migration, List<SchemaObject> objects, Set<SchemaObject.Key> made)
            throws SQLException {
        List<Kept> all = new ArrayList<>(objects.size());
        objects.forEach(object -> all.add(new Kept(all.size(), object)));
        for (int from = 0; from < all.size(); from += AT_ONCE) {
            insert(connection, migration, all.subList(from, Math.min(all.size(), from + AT_ONCE)), made::contains);
        }
    }

    /** In one statement: row by row it takes the server several times as long. */
    private static void insert(
            Connection connection, String migration, List<Kept> objects, Predicate<SchemaObject.Key> made)
            throws SQLException {
        String sql = """
                INSERT INTO godwit.object (migration, place, section, kind, object_schema, object_name, source_table,
                  statements, made_at)
                SELECT ?, o.place, o.section, o.kind, o.schema, o.name, o.of_table, o.statements::text[],
                  CASE WHEN o.made THEN now() END
                FROM unnest(?::int4[], ?::text[], ?::text[], ?::text[], ?::text[], ?::text[], ?::text[], ?::bool[])
                  o(place, section, kind, schema, name, of_table, statements, made)""";
        try (PreparedStatement statement = connection.prepareStatement(sql)) {
            statement.setString(1, migration);
            statement.setArray(2, array(connection, "int4", objects, Kept::place));
            statement.setArray(
                    3, texts(connection, objects, object -> object.section().name()));
            statement.setArray(
                    4, texts(connection, objects, object -> object.kind().name()));
            statement.setArray(5, texts(connection, objects, SchemaObject::schema));
            statement.setArray(6, texts(connection, objects, SchemaObject::name));
            statement.setArray(
                    7,
                    texts(
                            connection,
                            objects,
                            object -> object.table() == null
                                    ? null
                                    : object.table().text()));
            // Arrays of other lengths are no rows of one array: each is passed as its text.
            List<String> statements = new ArrayList<>(objects.size());
            for (Kept kept : objects) {
                statements.add(connection
                        .createArrayOf("text", kept.object().create().toArray())
                        .toString());
            }
            statement.setArray(8, connection.createArrayOf("text", statements.toArray()));
            statement.setArray(
                    9,
                    array(
                            connection,
                            "bool",
                            objects,
                            kept -> made.test(kept.object().key())));
            statement.executeUpdate();
        }
    }

    /** Those of a section that are not made yet, in order. */
    static List<Kept> unmade(Connection connection, String migration, Section section) throws SQLException {
        return kept(connection, migration, section, " AND made_at IS NULL", statement -> {});
    }

    /** Those of tables that are not made yet and come after their rows, in order. */
    static List<Kept> unmade(Connection connection, String migration, List<TableName> tables) throws SQLException {
        Object[] names = tables.stream().map(TableName::text).toArray();
        // For each by itself: the planner may know nothing of what was just kept, and read all of it for some.
        String sql = "SELECT o.* FROM unnest(?::text[]) t(name), LATERAL (SELECT " + COLUMNS + " FROM godwit.object"
                + " WHERE migration = ? AND section = 'AFTER' AND source_table = t.name AND made_at IS NULL OFFSET 0) o"
                + " ORDER BY place";
        return kept(connection, sql, Section.AFTER, statement -> {
            statement.setArray(1, connection.createArrayOf("text", names));
            statement.setString(2, migration);
        });
    }

    /** The positions of sequences, made or not. */
    static List<SchemaObject> positions(Connection connection, String migration) throws SQLException {
        return kept(
                        connection,
                        migration,
                        Section.END,
                        " AND kind = ?",
                        statement -> statement.setString(3, ObjectKind.SEQUENCE_POSITION.name()))
                .stream()
                .map(Kept::object)
                .toList();
    }

    /** Sets what a condition leaves open, from the third parameter on. */
    @FunctionalInterface
    private interface Parameters {
        void set(PreparedStatement statement) throws SQLException;
    }

    /** @param condition more of them, each after AND */
    private static List<Kept> kept(
            Connection connection, String migration, Section section, String condition, Parameters parameters)
            throws SQLException {
        String sql = "SELECT " + COLUMNS + " FROM godwit.object WHERE migration = ? AND section = ?" + condition
                + " ORDER BY place";
        return kept(connection, sql, section, statement -> {
            statement.setString(1, migration);
            statement.setString(2, section.name());
            parameters.set(statement);
        });
    }

    private static List<Kept> kept(Connection connection, String sql, Section section, Parameters parameters)
            throws SQLException {
        List<Kept> objects = new ArrayList<>();
        try (PreparedStatement statement = connection.prepareStatement(sql)) {
            parameters.set(statement);
            try (ResultSet row = statement.executeQuery()) {
                while (row.next()) {
                    objects.add(new Kept(row.getInt("place"), object(row, section)));
                }
            }
        }
        return objects;
    }

    private static SchemaObject object(ResultSet row, Section section) throws SQLException {
        String table = row.getString("source_table");
        return new SchemaObject(
                ObjectKind.valueOf(row.getString("kind")),
                section,
                row.getString("object_schema"),
                row.getString("object_name"),
                table == null ? null : TableName.parse(table),
                CatalogRows.texts(row, "statements"),
                List.of());
    }

    /**
     * Marks as made, in the transaction that makes it.
     *
     * @throws GodwitException with TARGET_FAILED where another schema was kept meanwhile: its places mean other objects
     */
    static void made(Connection connection, String migration, List<Kept> objects) throws SQLException {
        String sql = """
                UPDATE godwit.object o SET made_at = now()
                FROM unnest(?::int4[], ?::text[], ?::text[], ?::text[]) m(place, kind, schema, name),
                  LATERAL (SELECT ctid AS at FROM godwit.object k WHERE k.migration = ? AND k.place = m.place
                    AND k.kind = m.kind AND k.object_schema = m.schema AND k.object_name = m.name OFFSET 0) found
                WHERE o.ctid = found.at""";
        try (PreparedStatement statement = connection.prepareStatement(sql)) {
            statement.setArray(1, array(connection, "int4", objects, Kept::place));
            statement.setArray(
                    2, texts(connection, objects, object -> object.kind().name()));
            statement.setArray(3, texts(connection, objects, SchemaObject::schema));
            statement.setArray(4, texts(connection, objects, SchemaObject::name));
            statement.setString(5, migration);
            if (statement.executeUpdate() != objects.size()) {
                throw new GodwitException(
                        ErrorCode.TARGET_FAILED,
                        "Another schema of this migration was kept in the target while this one was made.",
                        migration,
                        "Let one cluster alone prepare it, and hand the plan in again.");
            }
        }
    }

    private static Array texts(Connection connection, List<Kept> objects, Function<SchemaObject, String> field)
            throws SQLException {
        return array(connection, "text", objects, kept -> field.apply(kept.object()));
    }

    private static Array array(Connection connection, String type, List<Kept> objects, Function<Kept, Object> field)
            throws SQLException {
        return connection.createArrayOf(type, objects.stream().map(field).toArray());
    }

    /**
     * Whether the end of the schema has begun: every table's rows are in then. What was there before the migration was
     * entered does not count.
     */
    static boolean endHasBegun(Connection connection, String migration) throws SQLException {
        String sql = """
                SELECT EXISTS (SELECT FROM godwit.object o JOIN godwit.migration m USING (migration)
                  WHERE migration = ? AND section = 'END' AND made_at > entered_at)""";
        try (PreparedStatement statement = connection.prepareStatement(sql)) {
            statement.setString(1, migration);
            try (ResultSet row = statement.executeQuery()) {
                row.next();
                return row.getBoolean(1);
            }
        }
    }
}
