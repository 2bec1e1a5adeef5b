package dev.godwit.node.capture;

import dev.godwit.protocol.table.ShardRange;
import java.util.ArrayList;
import java.util.Comparator;
import java.util.List;
import java.util.TreeMap;

/**
 * The ranges of one table that were announced or have landed; what is not among them has not been started. Settled
 * neighbours are one, so that it holds about as many as there is work in flight. Not thread-safe.
 */
final class RangeMap {
    /** By their lower bounds; null: open below. They never overlap. */
    private final TreeMap<Key, Held> keys = new TreeMap<>(Comparator.nullsFirst(Comparator.<Key>naturalOrder()));

    private Held whole;
    private Held nullKeys;

    /** The range that holds this key; null if there is none. */
    Held at(Key key) {
        var below = keys.floorEntry(key);
        Held held = below == null ? null : below.getValue();
        return held != null && held.holds(key) ? held : null;
    }

    /** The range that holds every key, as in the end one does; null if there is none. */
    Held every() {
        Held only = keys.size() == 1 ? keys.get(null) : null;
        return only != null && only.to() == null ? only : null;
    }

    /** The range of the whole table; null if it is not held as one. */
    Held whole() {
        return whole;
    }

    /** The range of rows with a NULL in the key; null if it is not held. */
    Held nullKeys() {
        return nullKeys;
    }

    /** Ranges here that have rows in common with that one, or could have. */
    List<Held> overlapping(Held other) {
        List<Held> overlapping = new ArrayList<>();
        if (other.range() instanceof ShardRange.Whole) {
            return all();
        }
        if (whole != null) {
            overlapping.add(whole);
        }
        if (other.range() instanceof ShardRange.NullKeys) {
            if (nullKeys != null) {
                overlapping.add(nullKeys);
            }
            return overlapping;
        }
        var first = keys.floorEntry(other.from());
        for (Held held : keys.tailMap(first == null ? other.from() : first.getKey(), true)
                .values()) {
            if (other.to() != null && held.from() != null && held.from().compareTo(other.to()) >= 0) {
                break;
            }
            if (other.from() == null || held.to() == null || held.to().compareTo(other.from()) > 0) {
                overlapping.add(held);
            }
        }
        return overlapping;
    }

    /** @param held overlaps none that is here */
    void put(Held held) {
        if (held.range() instanceof ShardRange.Whole) {
            whole = held;
        } else if (held.range() instanceof ShardRange.NullKeys) {
            nullKeys = held;
        } else {
            keys.put(held.from(), held);
        }
    }

    void remove(Held held) {
        if (held == whole) {
            whole = null;
        } else if (held == nullKeys) {
            nullKeys = null;
        } else {
            keys.remove(held.from(), held);
        }
    }

    /** All that its snapshot has seen is behind us: it becomes one with its settled neighbours. */
    void settle(Held held) {
        held.stand(new Stand.Settled());
        if (!(held.range() instanceof ShardRange.Keys)) {
            return;
        }
        Held merged = held;
        var below = keys.lowerEntry(held.from());
        if (below != null
                && below.getValue().isSettled()
                && held.from().equals(below.getValue().to())) {
            merged = merged(below.getValue(), merged);
        }
        Held above = held.to() == null ? null : keys.get(held.to());
        if (above != null && above.isSettled()) {
            merged = merged(merged, above);
        }
        keys.put(merged.from(), merged);
    }

    private Held merged(Held lower, Held upper) {
        remove(lower);
        remove(upper);
        ShardRange range = new ShardRange.Keys(texts(lower.from()), texts(upper.to()));
        return new Held(null, range, lower.from(), upper.to(), lower.stand());
    }

    private static List<String> texts(Key bound) {
        return bound == null ? null : bound.texts();
    }

    /** Every range, in the order of keys. */
    List<Held> all() {
        List<Held> all = new ArrayList<>(keys.values());
        if (whole != null) {
            all.add(whole);
        }
        if (nullKeys != null) {
            all.add(nullKeys);
        }
        return all;
    }

    /**
     * Whether these are all rows of the table.
     *
     * @param some of the ranges here, in their order
     */
    boolean isAll(List<Held> some, boolean keyNullable) {
        if (whole != null) {
            return some.contains(whole);
        }
        if (keyNullable && (nullKeys == null || !some.contains(nullKeys))) {
            return false;
        }
        Held last = null;
        for (Held held : some) {
            if (!(held.range() instanceof ShardRange.Keys)) {
                continue;
            }
            boolean follows = last == null ? held.from() == null : held.from().equals(last.to());
            if (!follows) {
                return false;
            }
            last = held;
        }
        return last != null && last.to() == null;
    }
}
