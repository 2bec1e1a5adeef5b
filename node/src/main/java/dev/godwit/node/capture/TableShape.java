package dev.godwit.node.capture;

import dev.godwit.protocol.table.ColumnSpec;
import dev.godwit.protocol.table.TableSpec;
import java.nio.charset.StandardCharsets;
import java.util.HashSet;
import java.util.List;
import java.util.Set;

/** What one table looks like in the stream, and that it goes on doing so. Not thread-safe. */
final class TableShape {
    private final TableSpec spec;
    private Relation first;
    private Relation last;
    private int[] keyPlaces = {};

    TableShape(TableSpec spec) {
        this.spec = spec;
    }

    /** @throws ShapeChanged if it is not what the migration knows, or not what the stream has told before */
    void check(Relation relation) {
        if (relation == last) {
            return;
        }
        if (first == null) {
            checkColumns(relation);
            first = relation;
        } else if (!relation.equals(first)) {
            throw new ShapeChanged(spec.name(), difference(relation));
        }
        last = relation;
        keyPlaces = relation.places(spec.keyColumns());
    }

    private void checkColumns(Relation relation) {
        Set<String> known = new HashSet<>();
        spec.columns().forEach(column -> known.add(column.name()));
        for (Relation.Column column : relation.columns()) {
            if (!known.remove(column.name())) {
                throw new ShapeChanged(
                        spec.name(), "has a column at the source that it had not when the migration was prepared");
            }
        }
        if (relation.identity() == Relation.Identity.NOTHING || !identityHoldsKey(relation)) {
            throw new ShapeChanged(
                    spec.name(), "has another replica identity at the source than when the migration was prepared");
        }
        if (!known.isEmpty()) {
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
     * A tuple of the relation that was checked last.
     *
     * @param values in the order of the migration's columns, NULL as null
     */
    Tuple tuple(Relation relation, List<String> values) {
        Tuple.Builder tuple = new Tuple.Builder(relation.columns().size());
        List<String> names = spec.columns().stream().map(ColumnSpec::name).toList();
        for (Relation.Column column : relation.columns()) {
            String value = values.get(names.indexOf(column.name()));
            if (value == null) {
                tuple.isNull();
            } else {
                tuple.text(value.getBytes(StandardCharsets.UTF_8));
            }
        }
        return tuple.build();
    }
}
