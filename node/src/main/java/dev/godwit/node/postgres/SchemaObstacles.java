package dev.godwit.node.postgres;

import dev.godwit.node.schema.Need;
import dev.godwit.node.schema.ObjectKind;
import dev.godwit.node.schema.SchemaObject;
import dev.godwit.node.schema.SchemaPlan;
import dev.godwit.protocol.error.ErrorCode;
import dev.godwit.protocol.error.Problem;
import dev.godwit.protocol.table.TableName;
import java.sql.Connection;
import java.sql.SQLException;
import java.util.ArrayList;
import java.util.EnumSet;
import java.util.HashSet;
import java.util.LinkedHashMap;
import java.util.LinkedHashSet;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.TreeMap;
import java.util.stream.Collectors;

/** What in a target would be in the way once all rows are in: names that are taken, extensions elsewhere, others' tables. */
final class SchemaObstacles {
    /** Kinds after the rows whose names are relations'; a key's index is an object of its own. */
    private static final Set<ObjectKind> RELATIONS = EnumSet.of(ObjectKind.INDEX, ObjectKind.EXCLUSION);

    private static final Set<ObjectKind> CONSTRAINTS = EnumSet.of(
            ObjectKind.PRIMARY_KEY, ObjectKind.UNIQUE, ObjectKind.EXCLUSION, ObjectKind.CHECK, ObjectKind.FOREIGN_KEY);

    /** What anybody may set of a table, or that is set only where it can be. */
    private static final Set<ObjectKind> NEEDS_NO_OWNER =
            EnumSet.of(ObjectKind.ANALYSIS, ObjectKind.SEQUENCE_POSITION, ObjectKind.RIGHTS, ObjectKind.TABLE);

    private static final String NAMED = " FROM unnest(?::text[], ?::text[]) w(schema, name)"
            + " JOIN pg_namespace n ON n.nspname = w.schema JOIN pg_class c ON c.relnamespace = n.oid"
            + " AND c.relname = w.name";

    private static final String TAKEN = "SELECT n.nspname, c.relname, CASE c.relkind WHEN 'r' THEN 'a table'"
            + " WHEN 'p' THEN 'a partitioned table' WHEN 'v' THEN 'a view' WHEN 'm' THEN 'a materialised view'"
            + " WHEN 'S' THEN 'a sequence' WHEN 'f' THEN 'a foreign table' WHEN 'c' THEN 'a composite type'"
            + " ELSE coalesce('an index of ' || i.indrelid::regclass, 'something else') END" + NAMED
            + " LEFT JOIN pg_index i ON i.indexrelid = c.oid";

    private static final String CONSTRAINED =
            "SELECT n.nspname, c.relname, k.conname" + NAMED + " JOIN pg_constraint k ON k.conrelid = c.oid";

    private static final String STATISTICS = "SELECT n.nspname, s.stxname, s.stxrelid::regclass::text"
            + " FROM unnest(?::text[], ?::text[]) w(schema, name) JOIN pg_namespace n ON n.nspname = w.schema"
            + " JOIN pg_statistic_ext s ON s.stxnamespace = n.oid AND s.stxname = w.name";

    private static final String OF_OTHERS = "SELECT n.nspname, c.relname, r.rolname" + NAMED
            + " JOIN pg_roles r ON r.oid = c.relowner WHERE NOT pg_has_role(c.relowner, 'USAGE')";

    private final Connection target;
    private final SchemaPlan wanted;
    private final Set<SchemaObject.Key> there;
    private final String place;
    private final List<Problem> problems = new ArrayList<>();

    private SchemaObstacles(Connection target, SchemaPlan wanted, Set<SchemaObject.Key> there, String place) {
        this.target = target;
        this.wanted = wanted;
        this.there = there;
        this.place = place;
    }

    /**
     * @param wanted what is to be made, one object after the other
     * @param there what the target has of it
     * @param needed extensions that what is carried needs
     */
    static List<Problem> of(
            Connection target, SchemaPlan wanted, Set<SchemaObject.Key> there, Set<String> needed, String place)
            throws SQLException {
        SchemaObstacles obstacles = new SchemaObstacles(target, wanted, there, place);
        obstacles.extensions(needed);
        obstacles.relations();
        obstacles.constraints();
        obstacles.statistics();
        obstacles.owners();
        return obstacles.problems;
    }

    /** Those that tables need, as the catalogs say it; an archive's objects may need any. */
    static Set<String> needed(SchemaPlan source, boolean dumped) {
        return dumped
                ? source.extensions().keySet()
                : source.needs().stream()
                        .filter(need -> need.kind() == Need.Kind.EXTENSION)
                        .map(Need::name)
                        .collect(Collectors.toSet());
    }

    /** Names are carried with their schema: a type that is elsewhere is not found, or another one is. */
    private void extensions(Set<String> needed) throws SQLException {
        SchemaReader.extensions(target).forEach((name, schema) -> {
            String at = wanted.extensions().get(name);
            if (at != null && needed.contains(name) && !at.equals(schema)) {
                problems.add(new Problem(
                        ErrorCode.TARGET_EXTENSION_ELSEWHERE,
                        "The extension " + Sql.printable(name) + " is in the schema " + Sql.printable(schema)
                                + " of the target and in the schema " + Sql.printable(at) + " of the source.",
                        place,
                        "ALTER EXTENSION " + Sql.printable(Sql.ident(name)) + " SET SCHEMA "
                                + Sql.printable(Sql.ident(at))
                                + "; where that is refused, drop it in the target and create it there."));
            }
        });
    }

    private Map<TableName, SchemaObject> missing(Set<ObjectKind> kinds) {
        Map<TableName, SchemaObject> missing = new LinkedHashMap<>();
        wanted.objects().stream()
                .filter(object -> kinds.contains(object.kind()) && !there.contains(object.key()))
                .forEach(object -> missing.put(new TableName(object.schema(), object.name()), object));
        return missing;
    }

    private void relations() throws SQLException {
        Map<TableName, SchemaObject> missing = missing(RELATIONS);
        CatalogRows.named(
                target,
                TAKEN,
                missing.keySet(),
                row -> taken(missing.get(new TableName(row.getString(1), row.getString(2))), row.getString(3)));
    }

    private void statistics() throws SQLException {
        Map<TableName, SchemaObject> missing = missing(EnumSet.of(ObjectKind.STATISTICS));
        CatalogRows.named(
                target,
                STATISTICS,
                missing.keySet(),
                row -> taken(
                        missing.get(new TableName(row.getString(1), row.getString(2))),
                        "a statistics object of " + row.getString(3)));
    }

    private void constraints() throws SQLException {
        record Named(TableName table, String name) {}
        Map<Named, SchemaObject> missing = new LinkedHashMap<>();
        Set<TableName> tables = new LinkedHashSet<>();
        for (SchemaObject object : wanted.objects()) {
            if (CONSTRAINTS.contains(object.kind()) && !there.contains(object.key())) {
                missing.put(new Named(object.table(), object.name()), object);
                tables.add(object.table());
            }
        }
        CatalogRows.named(target, CONSTRAINED, tables, row -> {
            TableName table = new TableName(row.getString(1), row.getString(2));
            SchemaObject object = missing.get(new Named(table, row.getString(3)));
            if (object != null) {
                taken(object, "another constraint of the table");
            }
        });
    }

    private void taken(SchemaObject object, String by) {
        problems.add(new Problem(
                ErrorCode.TARGET_NAME_TAKEN,
                "The name is taken in the target by " + Sql.printable(by) + ".",
                Sql.printable(object.identity()),
                "Drop or rename what has the name in the target."));
    }

    /** Tables that are there and get an index or a constraint: that takes their owner. */
    private void owners() throws SQLException {
        Set<TableName> altered = new LinkedHashSet<>();
        Set<TableName> tables = new HashSet<>();
        there.stream().filter(key -> key.kind() == ObjectKind.TABLE).forEach(key -> tables.add(key.table()));
        wanted.objects().stream()
                .filter(object -> !NEEDS_NO_OWNER.contains(object.kind()) && !there.contains(object.key()))
                .map(SchemaObject::table)
                .filter(table -> table != null && tables.contains(table))
                .forEach(altered::add);
        Map<String, List<String>> others = new TreeMap<>();
        CatalogRows.named(
                target,
                OF_OTHERS,
                altered,
                row -> others.computeIfAbsent(row.getString(3), owner -> new ArrayList<>())
                        .add(new TableName(row.getString(1), row.getString(2)).text()));
        others.forEach((owner, names) -> problems.add(new Problem(
                ErrorCode.TARGET_OWNER_OTHER,
                "The user may not make indexes and constraints on " + names.size()
                        + " tables that are there and belong to " + Sql.printable(owner) + ": " + Amount.names(names)
                        + ".",
                place,
                "GRANT " + Sql.printable(Sql.ident(owner))
                        + " to the target's user, or make him the tables' owner, or drop"
                        + " them if they are empty.")));
    }
}
