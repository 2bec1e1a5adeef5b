package dev.godwit.node.capture;

import dev.godwit.protocol.table.ColumnSpec;
import dev.godwit.protocol.table.TableSpec;
import java.nio.charset.StandardCharsets;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.stream.Collectors;

/**
 * What one table looks like in the stream, and that it goes on doing so: but for columns that were added at the source and
 * are followed, of which the stream does not know before it comes to that place. Not thread-safe.
 */
final class TableShape {
    private TableSpec spec;
    private Relation first;
    private Relation last;
    private int[] keyPlaces = {};
    private Map<String, Integer> places = new HashMap<>();

    TableShape(TableSpec spec) {
        follow(spec);
    }

    TableSpec spec() {
        return spec;
    }

    /** From now on it may have these columns. */
    void follow(TableSpec now) {
        spec = now;
        places = new HashMap<>();
        for (ColumnSpec column : spec.columns()) {
            places.put(column.name(), places.size());
        }
    }

    /** @throws ShapeChanged if it is not what the migration knows, or not what the stream has told before */
    void check(Relation relation) {
        if (relation == last) {
            return;
        }
        if (first == null || extendsFirst(relation)) {
            checkColumns(relation);
            first = relation;
        } else if (!relation.equals(first)) {
            throw new ShapeChanged(spec.name(), difference(relation));
        }
        last = relation;
        keyPlaces = relation.places(spec.keyColumns());
    }

    /** Whether it is what it was, with further columns at the end. */
    private boolean extendsFirst(Relation relation) {
        int before = first.columns().size();
        return relation.oid() == first.oid()
                && relation.identity() == first.identity()
                && relation.columns().size() > before
                && withoutIdentity(relation.columns().subList(0, before)).equals(withoutIdentity(first.columns()));
    }

    /** With an identity of whole rows a further column is part of it; of the others only the key's count. */
    private List<Relation.Column> withoutIdentity(List<Relation.Column> columns) {
        return columns.stream()
                .map(column -> spec.keyColumns().contains(column.name())
                        ? column
                        : new Relation.Column(column.name(), false, column.type(), column.modifier()))
                .toList();
    }

    private void checkColumns(Relation relation) {
        Map<String, Integer> known = new HashMap<>(places);
        for (Relation.Column column : relation.columns()) {
            if (known.remove(column.name()) == null) {
                throw new ShapeChanged(
                        spec.name(), "has a column at the source that it had not when the migration was prepared");
            }
        }
        if (relation.identity() == Relation.Identity.NOTHING || !identityHoldsKey(relation)) {
            throw new ShapeChanged(
                    spec.name(), "has another replica identity at the source than when the migration was prepared");
        }
        Set<String> added = spec.added().stream().map(ColumnSpec::name).collect(Collectors.toSet());
        if (!added.containsAll(known.keySet())) {
            throw new ShapeChanged(
                    spec.name(),
                    "has lost a column at the source that it had when the migration was prepared, or has given it"
                            + " another name");
        }
    }

    private boolean identityHoldsKey(Relation relation) {
        return relation.columns().stream()
                .filter(column -> spec.keyColumns().contains(column.name()))
                .allMatch(Relation.Column::inIdentity);
    }

    private String difference(Relation relation) {
        if (relation.oid() != first.oid()) {
            return "is another one at the source than before: it was dropped and made again";
        } else if (relation.identity() != first.identity()) {
            return "has another replica identity at the source than before";
        }
        List<String> names = names(relation);
        if (names.size() > first.columns().size()) {
            return "has a column at the source that it had not before";
        } else if (names.size() < first.columns().size()) {
            return "has lost a column at the source";
        } else if (!names.equals(names(first))) {
            return "has columns of other names at the source than before";
        }
        return "has columns of other types at the source than before, or another key";
    }

    private static List<String> names(Relation relation) {
        return relation.columns().stream().map(Relation.Column::name).toList();
    }

    /** Places of the key's columns in the tuples of the relation that was checked last. */
    int[] keyPlaces() {
        return keyPlaces;
    }

    /**
     * A relation with all of the migration's columns: a row that is read has values for those too that the stream does not
     * tell of yet.
     */
    Relation whole(Relation relation) {
        List<String> has = names(relation);
        List<Relation.Column> columns = new ArrayList<>(relation.columns());
        for (ColumnSpec column : spec.added()) {
            if (!has.contains(column.name())) {
                columns.add(new Relation.Column(column.name(), relation.identity() == Relation.Identity.FULL, 0, -1));
            }
        }
        return columns.size() == has.size()
                ? relation
                : new Relation(relation.oid(), relation.name(), relation.identity(), columns);
    }

    /**
     * A tuple of a relation.
     *
     * @param values in the order of the migration's columns, NULL as null
     */
    Tuple tuple(Relation relation, List<String> values) {
        Tuple.Builder tuple = new Tuple.Builder(relation.columns().size());
        for (Relation.Column column : relation.columns()) {
            String value = values.get(places.get(column.name()));
            if (value == null) {
                tuple.isNull();
            } else {
                tuple.text(value.getBytes(StandardCharsets.UTF_8));
            }
        }
        return tuple.build();
    }
}
