package dev.godwit.node.schema;

import dev.godwit.protocol.table.TableName;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.HashSet;
import java.util.List;
import java.util.Map;

/**
 * Lets the keys by which changes find their rows be made before the rows: changes come while the rows still do. All else
 * stays where it is, since rows of different moments may meet in the values of another unique key.
 */
public final class KeysFirst {
    private KeysFirst() {}

    /** @param keys the key's columns of each table that has one; in whatever order */
    public static SchemaPlan of(SchemaPlan plan, Map<TableName, List<String>> keys) {
        Map<TableName, String> names = names(plan, keys);
        List<SchemaObject> before = new ArrayList<>();
        List<SchemaObject> moved = new ArrayList<>();
        List<SchemaObject> rest = new ArrayList<>();
        for (SchemaObject object : plan.objects()) {
            if (object.section() == Section.BEFORE) {
                before.add(object);
            } else if (object.kind().isKey() && object.name().equals(names.get(object.table()))) {
                moved.add(object.in(Section.BEFORE));
            } else {
                rest.add(object);
            }
        }
        before.addAll(moved);
        before.addAll(rest);
        return plan.with(before, plan.notCarried());
    }

    /** Tables of which the plan does not make the key. */
    public static List<TableName> without(SchemaPlan plan, Map<TableName, List<String>> keys) {
        Map<TableName, String> names = names(plan, keys);
        return keys.keySet().stream()
                .filter(table -> !names.containsKey(table))
                .sorted()
                .toList();
    }

    /** Of the indexes, each of which has its constraint's name: the first of a table that is of these columns. */
    private static Map<TableName, String> names(SchemaPlan plan, Map<TableName, List<String>> keys) {
        Map<TableName, String> names = new HashMap<>();
        for (SchemaObject object : plan.objects()) {
            List<String> key = object.table() == null ? null : keys.get(object.table());
            if (key != null
                    && object.kind().isKey()
                    && object.shape().size() == key.size()
                    && new HashSet<>(object.shape()).containsAll(key)) {
                names.putIfAbsent(object.table(), object.name());
            }
        }
        return names;
    }
}
