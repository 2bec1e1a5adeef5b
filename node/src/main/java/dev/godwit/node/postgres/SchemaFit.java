package dev.godwit.node.postgres;

import dev.godwit.node.schema.Need;
import dev.godwit.node.schema.NotCarried;
import dev.godwit.node.schema.ObjectKind;
import dev.godwit.node.schema.SchemaObject;
import dev.godwit.node.schema.SchemaPlan;
import dev.godwit.protocol.error.ErrorCode;
import dev.godwit.protocol.error.Problem;
import dev.godwit.protocol.plan.Plan;
import dev.godwit.protocol.plan.SchemaMode;
import dev.godwit.protocol.table.TableName;
import java.sql.Connection;
import java.sql.SQLException;
import java.util.ArrayList;
import java.util.EnumSet;
import java.util.HashMap;
import java.util.HashSet;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.stream.Collectors;

/**
 * What of a source's schema a target can take, and what it has of it already.
 *
 * @param wanted what is to be there in the end: without what needs something that the target lacks
 * @param problems why rows could not land, or what could not be made later
 * @param there objects that the target has already
 */
record SchemaFit(SchemaPlan wanted, List<Problem> problems, Set<SchemaObject.Key> there) {
    private static final int FIRST_WITH_UNLOGGED_SEQUENCES = 15;
    private static final int FIRST_WITH_MAINTAIN = 17;

    /** Kinds of what an archive does not bring. */
    private static final Set<String> IN_NO_ARCHIVE = Set.of("publication", "subscription");

    /** Whose values travel by their shape. */
    private static final Set<ObjectKind> TYPES =
            EnumSet.of(ObjectKind.ENUM, ObjectKind.DOMAIN, ObjectKind.COMPOSITE, ObjectKind.RANGE, ObjectKind.TABLE);

    /**
     * Whether the target can take the schema that is read from the source; looks only.
     *
     * @param told tables of which it is told already that their columns differ
     */
    static SchemaFit of(Connection target, Plan plan, SchemaPlan source, Set<TableName> told, String place)
            throws SQLException {
        boolean dumped = plan.schema() == SchemaMode.DUMP;
        Set<Need> missing = dumped ? Set.of() : SchemaNeeds.missing(target, source.needs());
        int targetMajor = target.getMetaData().getDatabaseMajorVersion();
        SchemaPlan possible = dumped ? besideAnArchive(source) : possible(source.without(missing), targetMajor);
        SchemaPlan wanted = MissingNeeds.withoutExtensionsOf(target, possible);
        SchemaPlan has = SchemaReader.read(target, plan);
        List<Problem> problems = new ArrayList<>(shapes(wanted, has));
        Map<SchemaObject.Key, SchemaObject> theirs = has.byKey();
        Set<String> schemas = new HashSet<>();
        CatalogRows.all(target, "SELECT nspname FROM pg_namespace", row -> schemas.add(row.getString(1)));
        Set<SchemaObject.Key> there = new HashSet<>();
        Set<TableName> keyed = theirs.keySet().stream()
                .filter(key -> key.kind() == ObjectKind.PRIMARY_KEY)
                .map(SchemaObject.Key::table)
                .collect(Collectors.toSet());
        boolean sameVersion = wanted.serverMajor() == targetMajor;
        for (SchemaObject object : wanted.objects()) {
            SchemaObject its = theirs.get(object.key());
            if (its == null && object.kind() == ObjectKind.PRIMARY_KEY && keyed.contains(object.table())) {
                problems.add(SchemaMaker.differs(object).problem()); // a table has one, whatever its name
            }
            if (object.kind() == ObjectKind.SCHEMA && schemas.contains(object.schema())) {
                there.add(object.key());
                continue;
            } else if (its == null || object.kind().isState()) {
                continue;
            }
            there.add(object.key());
            boolean isTold = valuesTravel(source, object) && !object.fits(its)
                    || object.kind() == ObjectKind.TABLE && told.contains(object.table());
            if (sameVersion && !isTold && !isAsWanted(object, its)) {
                // Each version prints expressions in its own way.
                problems.add(SchemaMaker.differs(object).problem());
            }
        }
        problems.addAll(SchemaObstacles.of(target, wanted, there, SchemaObstacles.needed(source, dumped), place));
        problems.addAll(SchemaFeatures.problems(target, missingOf(wanted, there), place));
        problems.addAll(RightsFit.problems(target, plan, source.rights(), place));
        problems.addAll(MissingNeeds.problems(source, missing, there, target, place));
        if (dumped) {
            problems.addAll(MissingNeeds.extensions(target, source.extensions().keySet(), place));
        }
        return new SchemaFit(wanted, problems, there);
    }

    /** What is there need not be made. */
    private static SchemaPlan missingOf(SchemaPlan wanted, Set<SchemaObject.Key> there) {
        return wanted.with(
                wanted.objects().stream()
                        .filter(object -> !there.contains(object.key()))
                        .toList(),
                List.of());
    }

    /** Without unlogged sequences where the target does not know them: one would be in the way once all rows are in. */
    static SchemaPlan possible(SchemaPlan plan, int targetMajor) {
        return withoutUnlogged(withoutMaintain(plan, targetMajor), targetMajor);
    }

    /** Without the privilege MAINTAIN where the target does not know it. */
    private static SchemaPlan withoutMaintain(SchemaPlan plan, int targetMajor) {
        if (targetMajor >= FIRST_WITH_MAINTAIN) {
            return plan;
        }
        List<NotCarried> left = new ArrayList<>(plan.notCarried());
        List<SchemaObject> objects = new ArrayList<>();
        for (SchemaObject object : plan.objects()) {
            List<String> statements = object.kind() != ObjectKind.RIGHTS
                    ? object.create()
                    : object.create().stream()
                            .filter(sql -> !sql.startsWith("GRANT MAINTAIN "))
                            .toList();
            if (statements.size() < object.create().size()) {
                String name = new TableName(object.schema(), object.name()).text();
                left.add(new NotCarried("grants", name + " MAINTAIN", "PostgreSQL has it from 17."));
            }
            objects.add(object.made(statements));
        }
        return plan.with(objects, left);
    }

    private static SchemaPlan withoutUnlogged(SchemaPlan plan, int targetMajor) {
        if (targetMajor >= FIRST_WITH_UNLOGGED_SEQUENCES) {
            return plan;
        }
        List<SchemaObject> objects = new ArrayList<>();
        List<NotCarried> left = new ArrayList<>(plan.notCarried());
        for (SchemaObject object : plan.objects()) {
            if (object.kind() == ObjectKind.PERSISTENCE && object.table() == null) {
                left.add(new NotCarried(
                        object.kind().word(),
                        new TableName(object.schema(), object.name()).text(),
                        "Before PostgreSQL 15 every sequence is logged."));
            } else {
                objects.add(object);
            }
        }
        return plan.with(objects, left);
    }

    /** An enum may have more labels, as long as those of the source sort as they do there. */
    private static boolean isAsWanted(SchemaObject ours, SchemaObject theirs) {
        if (ours.kind() != ObjectKind.ENUM) {
            return ours.isLike(theirs);
        }
        List<String> common = new ArrayList<>(theirs.shape());
        common.retainAll(ours.shape());
        return common.equals(ours.shape());
    }

    /** What is made one by one although an archive has all; the archive brings whatever it needs. */
    private static SchemaPlan besideAnArchive(SchemaPlan source) {
        return source.with(
                source.objects().stream()
                        .filter(object -> ArchiveSelection.isMadeElsewhere(object)
                                || object.kind() == ObjectKind.PERSISTENCE && object.table() != null)
                        .toList(),
                source.notCarried().stream()
                        .filter(left -> IN_NO_ARCHIVE.contains(left.kind()))
                        .toList());
    }

    /** Where the tables are there already: whether values of users' types mean the same in both databases. */
    static List<Problem> types(Connection target, Plan plan, SchemaPlan source) throws SQLException {
        return shapes(source, SchemaReader.read(target, plan));
    }

    /** By name alone, since another kind of type is another shape too. */
    private static List<Problem> shapes(SchemaPlan source, SchemaPlan target) {
        Map<TableName, SchemaObject> theirs = new HashMap<>();
        target.objects().stream()
                .filter(object -> TYPES.contains(object.kind()))
                .forEach(object -> theirs.put(new TableName(object.schema(), object.name()), object));
        List<Problem> problems = new ArrayList<>();
        for (SchemaObject object : source.objects()) {
            SchemaObject its = theirs.get(new TableName(object.schema(), object.name()));
            if (its != null && valuesTravel(source, object)) {
                type(object, its, problems);
            }
        }
        return problems;
    }

    private static boolean valuesTravel(SchemaPlan source, SchemaObject object) {
        return object.kind() == ObjectKind.TABLE
                ? source.rowTypes().contains(object.key())
                : TYPES.contains(object.kind());
    }

    private static void type(SchemaObject ours, SchemaObject theirs, List<Problem> problems) {
        if (ours.fits(theirs)) {
            return;
        }
        String where = Sql.printable(ours.schema() + '.' + ours.name());
        if (ours.kind() == ObjectKind.ENUM && theirs.kind() == ObjectKind.ENUM) {
            List<String> missing = new ArrayList<>(ours.shape());
            missing.removeAll(theirs.shape());
            problems.add(new Problem(
                    ErrorCode.TARGET_TYPE_MISSING,
                    "The target's enum type lacks labels: "
                            + missing.stream().map(Sql::printable).collect(Collectors.joining(", ")) + ".",
                    where,
                    "ALTER TYPE … ADD VALUE."));
        } else {
            problems.add(new Problem(
                    ErrorCode.TARGET_COLUMN_TYPE,
                    "The target's type is (" + Sql.printable(String.join(", ", theirs.shape())) + "), the source's is ("
                            + Sql.printable(String.join(", ", ours.shape())) + ").",
                    where,
                    "Make the target's type like the source's, attributes in the same order."));
        }
    }
}
