package dev.godwit.node.source;

import dev.godwit.protocol.table.ColumnSpec;
import dev.godwit.protocol.table.TableName;
import dev.godwit.protocol.table.TableSpec;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.TreeSet;

/**
 * What has become of the tables that a migration was planned for. Their columns, with names and types in order, count.
 *
 * @param changed those that are gone or have other columns, in the order of the plan
 * @param added those that the plan's patterns name and that were not there, by name
 */
public record TableChanges(List<TableName> changed, List<TableName> added) {
    public static TableChanges between(List<TableSpec> planned, List<TableSpec> now) {
        Map<TableName, List<ColumnSpec>> left = new HashMap<>();
        now.forEach(table -> left.put(table.name(), table.columns()));
        List<TableName> changed = new ArrayList<>();
        for (TableSpec table : planned) {
            if (!table.columns().equals(left.remove(table.name()))) {
                changed.add(table.name());
            }
        }
        return new TableChanges(List.copyOf(changed), List.copyOf(new TreeSet<>(left.keySet())));
    }
}
