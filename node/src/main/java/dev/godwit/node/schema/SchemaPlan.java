package dev.godwit.node.schema;

import dev.godwit.protocol.table.TableName;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.function.Function;
import java.util.stream.Collectors;

/**
 * Everything that is to be made for the tables of a plan, and what is not.
 *
 * @param serverMajor PostgreSQL's major version where it was read
 * @param objects in the order in which they are made, section by section
 * @param notCarried by kind and name
 * @param rowTypes tables whose rows are values of others' columns
 */
public record SchemaPlan(
        int serverMajor, List<SchemaObject> objects, List<NotCarried> notCarried, Set<SchemaObject.Key> rowTypes) {
    public SchemaPlan {
        objects = List.copyOf(objects);
        notCarried = List.copyOf(notCarried);
        rowTypes = Set.copyOf(rowTypes);
    }

    public List<SchemaObject> section(Section section) {
        return objects.stream().filter(object -> object.section() == section).toList();
    }

    /** The section {@link Section#AFTER}, table by table. A table without an object in it is left out. */
    public Map<TableName, List<SchemaObject>> afterRows() {
        return section(Section.AFTER).stream()
                .collect(Collectors.groupingBy(SchemaObject::table, LinkedHashMap::new, Collectors.toList()));
    }

    /** What the target must have before. */
    public Set<Need> needs() {
        return objects.stream()
                .flatMap(object -> object.needs().stream())
                .collect(Collectors.toCollection(java.util.LinkedHashSet::new));
    }

    /** Objects without which rows can't land and that need something of this. */
    public List<SchemaObject> blockedBy(Set<Need> missing) {
        return objects.stream()
                .filter(object -> object.kind().isNeededByRows())
                .filter(object -> object.needs().stream().anyMatch(missing::contains))
                .toList();
    }

    /** The plan without what needs something of this; rows can land without it. */
    public SchemaPlan without(Set<Need> missing) {
        List<SchemaObject> kept = new ArrayList<>();
        List<NotCarried> left = new ArrayList<>(notCarried);
        for (SchemaObject object : objects) {
            Set<String> lacking = object.needs().stream()
                    .filter(missing::contains)
                    .map(Need::text)
                    .collect(Collectors.toCollection(java.util.TreeSet::new));
            if (lacking.isEmpty() || object.kind().isNeededByRows()) {
                kept.add(object);
            } else {
                String name = object.identity().substring(object.kind().word().length() + 1);
                left.add(new NotCarried(
                        object.kind().word(), name, "The target lacks " + String.join(", ", lacking) + "."));
            }
        }
        return new SchemaPlan(serverMajor, kept, left, rowTypes);
    }

    /** The objects by what tells them from each other. */
    public Map<SchemaObject.Key, SchemaObject> byKey() {
        return objects.stream().collect(Collectors.toMap(SchemaObject::key, Function.identity(), (one, other) -> one));
    }

    /**
     * What is still to be made where another database is already so far. States are always among it, and schemas, since
     * one without anything in it is not read.
     *
     * @param there read from the other database by the same code
     */
    public Remaining remaining(SchemaPlan there) {
        Map<SchemaObject.Key, SchemaObject> theirs = there.byKey();
        List<SchemaObject> missing = new ArrayList<>();
        List<SchemaObject> different = new ArrayList<>();
        for (SchemaObject object : objects) {
            SchemaObject its = theirs.get(object.key());
            if (its == null || object.kind().isState() || object.kind() == ObjectKind.SCHEMA) {
                missing.add(object);
            } else if (serverMajor == there.serverMajor && object.kind() != ObjectKind.SCHEMA && !object.isLike(its)) {
                different.add(object);
            }
        }
        return new Remaining(missing, different);
    }

    /**
     * What one database has and another one lacks.
     *
     * @param missing in the plan's order
     * @param different there, and made of something else. Between two versions of PostgreSQL nothing is, since each
     *     prints expressions in its own way
     */
    public record Remaining(List<SchemaObject> missing, List<SchemaObject> different) {
        public Remaining {
            missing = List.copyOf(missing);
            different = List.copyOf(different);
        }
    }
}
