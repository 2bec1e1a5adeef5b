package dev.godwit.node.schema;

import java.util.ArrayList;
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
 * @param rights owners and grants of what is carried, whether or not these are carried too
 * @param extensions all of the database, with the schema that each is in
 */
public record SchemaPlan(
        int serverMajor,
        List<SchemaObject> objects,
        List<NotCarried> notCarried,
        Set<SchemaObject.Key> rowTypes,
        Rights rights,
        Map<String, String> extensions) {
    public SchemaPlan {
        objects = List.copyOf(objects);
        notCarried = List.copyOf(notCarried);
        rowTypes = Set.copyOf(rowTypes);
        extensions = Map.copyOf(extensions);
    }

    /** The same with other objects and gaps. */
    public SchemaPlan with(List<SchemaObject> its, List<NotCarried> left) {
        return new SchemaPlan(serverMajor, its, left, rowTypes, rights, extensions);
    }

    public List<SchemaObject> section(Section section) {
        return objects.stream().filter(object -> object.section() == section).toList();
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
        return with(kept, left);
    }

    /** The objects by what tells them from each other. */
    public Map<SchemaObject.Key, SchemaObject> byKey() {
        return objects.stream().collect(Collectors.toMap(SchemaObject::key, Function.identity(), (one, other) -> one));
    }
}
