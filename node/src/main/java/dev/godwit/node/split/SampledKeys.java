package dev.godwit.node.split;

import dev.godwit.node.source.KeySample;
import dev.godwit.protocol.table.ShardRange;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import java.util.OptionalLong;

/**
 * A sample of a table's keys, prepared once and then asked window by window: a bound is found in constant time, the
 * next cut in O(log n).
 *
 * <p>Only the source can compare keys, so nothing here does: keys stand in the order in which the source gave them, and
 * a bound is found by being equal, text by text, to a sampled key. That asks for one thing: two different texts are
 * two different keys, as in one snapshot of any unique key. Where they are not ({@code 1.0} and {@code 1.00} in a
 * column that isn't unique), a range may hold no row; ranges never overlap even then.
 *
 * <p>Immutable. Holds values of rows: it never enters a log.
 */
public final class SampledKeys implements CutBasis {
    /** The longest sample that is held in memory, in keys. */
    public static final int LONGEST = 200_000;

    private static final int SHORTEST = 1_000;
    private static final int KEYS_PER_SHARD = 30;

    private final List<String> start;
    private final List<List<String>> keys;
    private final Map<List<String>, Integer> places;

    /** Bytes below each key, from the sample's start; one more entry at the end for the whole. */
    private final double[] bytesBelow;

    private SampledKeys(List<String> start, List<KeySample> inKeyOrder, long bytes) {
        if (bytes < 0) {
            throw new IllegalArgumentException("bytes are 0 or more");
        }
        if (inKeyOrder.size() > LONGEST) {
            throw new IllegalArgumentException("a sample has at most " + LONGEST + " keys");
        }
        this.start = start == null ? null : List.copyOf(start);
        keys = new ArrayList<>(inKeyOrder.size());
        places = new HashMap<>(inKeyOrder.size() * 2);
        double[] below = new double[inKeyOrder.size() + 1];
        double sum = 0;
        for (KeySample sample : inKeyOrder) {
            if (keys.isEmpty() || !keys.get(keys.size() - 1).equals(sample.key())) {
                if (places.put(sample.key(), keys.size()) != null) {
                    throw new IllegalArgumentException("equal keys of a sample stand side by side");
                }
                below[keys.size()] = sum;
                keys.add(sample.key());
            }
            sum += Math.max(1, sample.bytes());
        }
        below[keys.size()] = sum;
        bytesBelow = Arrays.copyOf(below, keys.size() + 1);
        // A stale estimate is never taken to be less than what was seen.
        double scale = sum == 0 ? 1 : Math.max(bytes, sum) / sum;
        for (int i = 0; i < bytesBelow.length; i++) {
            bytesBelow[i] *= scale;
        }
    }

    /**
     * A sample of a whole table.
     *
     * @param inKeyOrder in the source's order of keys, duplicates allowed; at most {@link #LONGEST}
     * @param tableBytes bytes on disk of the whole table, TOAST included; 0 or more
     */
    public static SampledKeys ofTable(List<KeySample> inKeyOrder, long tableBytes) {
        return new SampledKeys(null, inKeyOrder, tableBytes);
    }

    /**
     * A sample of what lies above a bound, for a coordinator that was started again: another sample of the whole table
     * may lack the bound that the last window ended with, so the source is asked for keys above it.
     *
     * @param bound where the previous window ended
     * @param inKeyOrder keys at or above the bound in the source's order; at most {@link #LONGEST}
     * @param bytesAbove bytes on disk that are estimated to lie above the bound; 0 or more
     */
    public static SampledKeys above(List<String> bound, List<KeySample> inKeyOrder, long bytesAbove) {
        return new SampledKeys(Objects.requireNonNull(bound, "bound"), inKeyOrder, bytesAbove);
    }

    /**
     * How many keys to sample so that a shard's size is right to about a fifth, within what memory allows.
     *
     * @param tableBytes bytes on disk
     * @param shardBytes the plan's
     */
    public static int wanted(long tableBytes, long shardBytes) {
        double keys = (double) tableBytes / shardBytes * KEYS_PER_SHARD;
        return (int) Math.max(SHORTEST, Math.min(LONGEST, keys));
    }

    /**
     * Whether the next window can be cut from this sample; if not, take one {@link #above} the previous window's end.
     *
     * @param previous the last range of the previous window; null before the first
     */
    public boolean covers(ShardRange previous) {
        return previous instanceof ShardRange.Keys range ? placeOf(range.to()) >= 0 : start == null;
    }

    /**
     * Bytes on disk between neighbouring keys, on average: the least that a shard can be cut to. More than a shard's
     * aimed-at bytes where the table is so large that the longest sample is thin for it.
     */
    public long bytesPerKey() {
        return Math.round(bytes() / Math.max(1, keys.size()));
    }

    /** Estimated bytes on disk of a range; empty if one of its bounds is not in the sample. */
    public OptionalLong bytesOf(ShardRange.Keys range) {
        int from = range.from() == null && start == null ? 0 : placeOf(range.from());
        int to = range.to() == null ? keys.size() : placeOf(range.to());
        return from < 0 || to < from
                ? OptionalLong.empty()
                : OptionalLong.of(Math.round(bytesBelow[to] - bytesBelow[from]));
    }

    /** Index of the first key that a range which begins at the bound may hold; -1 if the bound is not known here. */
    int placeOf(List<String> bound) {
        if (bound == null) {
            return -1;
        }
        return bound.equals(start) ? 0 : places.getOrDefault(bound, -1);
    }

    /**
     * Where a range that begins at a key should end: at the later key that brings it nearest to the size aimed at, so
     * that a row much bigger than a shard gets one of its own.
     *
     * @param begin index of the first key
     * @param aimedBytes 1 or more, on disk
     * @return index of the key to end at, above {@code begin}; {@link #size()}: the rest is one shard
     */
    int endOf(int begin, double aimedBytes) {
        double goal = bytesBelow[begin] + aimedBytes;
        if (begin + 1 >= keys.size() || bytes() <= goal + aimedBytes / 2) {
            return keys.size();
        }
        int found = Arrays.binarySearch(bytesBelow, begin + 1, bytesBelow.length, goal);
        int end = Math.min(found >= 0 ? found : -found - 1, keys.size());
        boolean lowerIsNearer = goal - bytesBelow[end - 1] <= bytesBelow[end] - goal;
        return lowerIsNearer && end - 1 > begin ? end - 1 : end;
    }

    List<String> key(int index) {
        return keys.get(index);
    }

    int size() {
        return keys.size();
    }

    double bytes() {
        return bytesBelow[keys.size()];
    }

    @Override
    public String toString() {
        return keys.size() + " sampled keys";
    }
}
