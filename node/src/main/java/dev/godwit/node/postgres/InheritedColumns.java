package dev.godwit.node.postgres;

import dev.godwit.node.postgres.SchemaColumns.Column;
import java.util.LinkedHashSet;
import java.util.List;
import java.util.Set;

/**
 * The columns of a table beside those of its parents: whether {@code CREATE TABLE … INHERITS} makes them as they are, and
 * which of them it has to name then.
 *
 * @param columns of the table, in their order
 * @param parents the columns of each parent, in the order in which it inherits
 */
record InheritedColumns(List<Column> columns, List<List<Column>> parents) {
    /** Whether {@code INHERITS} brings the columns in their order, and bears what the parents say of them. */
    boolean comeByInheriting() {
        return names(columns).equals(inheritedOrder()) && !conflict();
    }

    /** Those that are named beside {@code INHERITS}. */
    List<Column> named() {
        return columns.stream()
                .filter(column -> column.local() || generatedAnew(column))
                .toList();
    }

    /** A generated column that is not local has its parent's expression, but where it was given another one. */
    private boolean generatedAnew(Column column) {
        return column.isGenerated()
                && theirs(column).stream()
                        .noneMatch(theirs -> column.expression().equals(theirs.expression()));
    }

    /** The order that {@code INHERITS} makes: the parents' columns, then those of its own. */
    private List<String> inheritedOrder() {
        Set<String> order = new LinkedHashSet<>();
        parents.forEach(parent -> order.addAll(names(parent)));
        columns.stream().filter(Column::local).forEach(column -> order.add(column.name()));
        return List.copyOf(order);
    }

    /** Parents that were changed since may be merged no more by {@code INHERITS}. */
    private boolean conflict() {
        return columns.stream().anyMatch(column -> {
            List<Column> theirs = theirs(column);
            boolean settled = column.local() && column.expression() != null && !column.separate();
            return theirs.stream().map(Column::storage).distinct().count() > 1
                    || theirs.stream().map(Column::compression).distinct().count() > 1
                    || !settled
                            && theirs.stream()
                                            .map(Column::expression)
                                            .distinct()
                                            .count()
                                    > 1;
        });
    }

    /** The parents' columns of the same name. */
    private List<Column> theirs(Column column) {
        return parents.stream()
                .flatMap(List::stream)
                .filter(other -> other.name().equals(column.name()))
                .toList();
    }

    private static List<String> names(List<Column> columns) {
        return columns.stream().map(Column::name).toList();
    }
}
