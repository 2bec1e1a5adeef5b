package dev.godwit.node.split;

import dev.godwit.node.source.KeySample;
import dev.godwit.protocol.table.ColumnSpec;
import dev.godwit.protocol.table.CutMethod;
import dev.godwit.protocol.table.ShardRange;
import dev.godwit.protocol.table.TableName;
import dev.godwit.protocol.table.TableSpec;
import java.util.ArrayList;
import java.util.Comparator;
import java.util.List;
import java.util.Random;
import java.util.TreeSet;
import java.util.function.Predicate;
import java.util.stream.IntStream;

/** A table in memory with a unique key, that can tell what PostgreSQL would: order, samples, and who is in a range. */
record ModelTable(TableSpec spec, Comparator<List<String>> order, List<List<String>> keys) {
    static ModelTable random(List<KeyKind> kinds, boolean nullable, int rows, Random random) {
        Comparator<List<String>> order = KeyKind.order(kinds);
        TreeSet<List<String>> keys = new TreeSet<>(order);
        for (int i = 0; i < rows; i++) {
            keys.add(kinds.stream().map(kind -> kind.value(random)).toList());
        }
        return new ModelTable(spec(kinds, nullable), order, List.copyOf(keys));
    }

    static TableSpec spec(List<KeyKind> kinds, boolean nullable) {
        List<ColumnSpec> columns = IntStream.range(0, kinds.size())
                .mapToObj(i -> new ColumnSpec("k" + i, kinds.get(i).type()))
                .toList();
        List<String> names = columns.stream().map(ColumnSpec::name).toList();
        return spec(columns, names, nullable, CutMethod.KEY);
    }

    static TableSpec spec(CutMethod method) {
        return spec(List.of(), List.of(), false, method);
    }

    private static TableSpec spec(
            List<ColumnSpec> columns, List<String> keyColumns, boolean nullable, CutMethod method) {
        TableName name = new TableName("public", "model");
        return new TableSpec(name, columns, keyColumns, nullable, method, true, 0, -1, 0);
    }

    /** Rows picked by chance, some of them twice, of sizes that differ by up to a factor of a thousand. */
    List<KeySample> sample(Predicate<List<String>> within, int percent, Random random) {
        List<KeySample> sample = new ArrayList<>();
        for (List<String> key : keys) {
            while (within.test(key) && random.nextInt(100) < percent) {
                sample.add(new KeySample(key, 1 + random.nextInt(random.nextInt(10) == 0 ? 100_000 : 100)));
                if (random.nextInt(4) > 0) {
                    break;
                }
            }
        }
        return sample;
    }

    boolean isWithin(ShardRange range, List<String> key) {
        return range instanceof ShardRange.Keys keys
                && (keys.from() == null || order.compare(keys.from(), key) <= 0)
                && (keys.to() == null || order.compare(key, keys.to()) < 0);
    }
}
