package dev.godwit.node.schema;

import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.PriorityQueue;
import java.util.Set;

/**
 * Things in an order in which each comes after all that it depends on, and otherwise in the order given.
 *
 * @param ordered all but those of {@code circular}
 * @param circular those that depend on themselves by way of others, and those that depend on these
 */
public record DependencyOrder<K>(List<K> ordered, List<K> circular) {
    public DependencyOrder {
        ordered = List.copyOf(ordered);
        circular = List.copyOf(circular);
    }

    /** @param dependsOn of each thing what it depends on; what is not among the things is taken to be there */
    public static <K> DependencyOrder<K> of(List<K> things, Map<K, Set<K>> dependsOn) {
        Map<K, Integer> places = new HashMap<>();
        things.forEach(thing -> places.putIfAbsent(thing, places.size()));
        Map<K, List<K>> dependents = new HashMap<>();
        Map<K, Integer> open = new HashMap<>();
        PriorityQueue<K> ready = new PriorityQueue<>((a, b) -> Integer.compare(places.get(a), places.get(b)));
        for (K thing : places.keySet()) {
            int count = 0;
            for (K other : dependsOn.getOrDefault(thing, Set.of())) {
                if (places.containsKey(other) && !other.equals(thing)) {
                    dependents.computeIfAbsent(other, k -> new ArrayList<>()).add(thing);
                    count++;
                }
            }
            open.put(thing, count);
            if (count == 0) {
                ready.add(thing);
            }
        }
        List<K> ordered = new ArrayList<>(places.size());
        while (!ready.isEmpty()) {
            K next = ready.remove();
            ordered.add(next);
            open.remove(next);
            for (K dependent : dependents.getOrDefault(next, List.of())) {
                if (open.merge(dependent, -1, Integer::sum) == 0) {
                    ready.add(dependent);
                }
            }
        }
        List<K> circular = things.stream().filter(open::containsKey).distinct().toList();
        return new DependencyOrder<>(ordered, circular);
    }
}
