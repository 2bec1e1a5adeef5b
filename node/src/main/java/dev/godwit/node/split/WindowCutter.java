package dev.godwit.node.split;

import dev.godwit.node.source.KeySample;
import dev.godwit.protocol.table.ShardRange;
import dev.godwit.protocol.table.TableSpec;
import dev.godwit.protocol.table.Window;
import java.util.ArrayList;
import java.util.List;
import java.util.Set;

/**
 * Cuts a table into shards, a window at a time, and shards that turned out too big into pieces.
 *
 * <p>Over all windows each row lies in exactly one range, whatever was sampled and however much the table has grown: a
 * window begins at the very bound that the one before ended with, the first is open below and the last open above.
 * A sample may be replaced between two windows. One thing rests on it: that its keys ascend in the order in which the
 * source compares them.
 *
 * <p>A window costs O(ranges · log of the sample) and needs nothing of the windows before it but their last range.
 */
public final class WindowCutter {
    /** The most pieces that a shard is cut into at once. */
    public static final int MOST_PIECES = 256;

    /**
     * Shards of a table's first window are this many times smaller, so that even a table of a few shards keeps all
     * workers busy, and what shards really take is known early. Only the first window pays for it: bigger shards cost
     * the databases less.
     */
    public static final int FIRST_WINDOW_FINENESS = 4;

    private static final Set<String> WHOLE_NUMBERS = Set.of("smallint", "integer", "bigint");

    private WindowCutter() {}

    /**
     * The window after a given one. Its last range ends open if the table ends with it. The shard for NULLs, where the
     * key needs one, is the first of the first window.
     *
     * @param name of the window
     * @param previous last range of the previous window; null for the first window
     * @param basis of the kind that the table's method asks for; {@link SampledKeys} must cover {@code previous}
     * @param shardBytes aimed-at bytes on disk of a shard; 1 or more
     * @param maxShards 1 or more
     * @throws IllegalArgumentException if the basis is of another kind or doesn't cover the previous range, or the table
     *     has ended already
     */
    public static Window next(
            String name, TableSpec table, ShardRange previous, CutBasis basis, long shardBytes, int maxShards) {
        if (shardBytes < 1 || maxShards < 1) {
            throw new IllegalArgumentException("shardBytes and maxShards are 1 or more");
        }
        double aimedBytes = previous == null ? (double) shardBytes / FIRST_WINDOW_FINENESS : shardBytes;
        return switch (table.method()) {
            case KEY -> keys(name, table, previous, expect(SampledKeys.class, basis), aimedBytes, maxShards);
            case BLOCK -> blocks(name, previous, expect(CutBasis.BlockCount.class, basis), aimedBytes, maxShards);
            case WHOLE -> whole(name, previous, expect(CutBasis.None.class, basis));
        };
    }

    /**
     * Cuts a shard's range again.
     *
     * @param within keys within the range, in the source's order
     * @param bytesSeen bytes that the shard had brought when it was given up; 0 or more
     * @param shardBytes the size that pieces are to have, measured as {@code bytesSeen} is; 1 or more
     * @return the pieces in order, 2 to {@link #MOST_PIECES}; or only the range itself: it can't be cut
     */
    public static List<ShardRange> pieces(
            ShardRange.Keys tooBig, List<KeySample> within, long bytesSeen, long shardBytes) {
        SampledKeys sample = SampledKeys.ofTable(within, 0);
        double aimedBytes = sample.bytes() / piecesWanted(bytesSeen, shardBytes);
        List<ShardRange> pieces = new ArrayList<>();
        List<String> from = tooBig.from();
        int end = 0;
        while (end < sample.size() && pieces.size() < MOST_PIECES - 1) {
            end = sample.endOf(end, aimedBytes);
            if (end < sample.size()) {
                pieces.add(new ShardRange.Keys(from, sample.key(end)));
                from = sample.key(end);
            }
        }
        pieces.add(new ShardRange.Keys(from, tooBig.to()));
        return List.copyOf(pieces);
    }

    /**
     * Cuts a shard's range again.
     *
     * @param blocks blocks that the table has now, for a range that is open above; 0 or more
     * @param bytesSeen bytes that the shard had brought when it was given up; 0 or more
     * @param shardBytes the size that pieces are to have, measured as {@code bytesSeen} is; 1 or more
     * @return the pieces in order, 2 to {@link #MOST_PIECES}; or only the range itself: it can't be cut
     */
    public static List<ShardRange> pieces(ShardRange.Blocks tooBig, long blocks, long bytesSeen, long shardBytes) {
        long end = tooBig.to() < 0 ? blocks : tooBig.to();
        long count = Math.min(piecesWanted(bytesSeen, shardBytes), end - tooBig.from());
        List<ShardRange> pieces = new ArrayList<>();
        long from = tooBig.from();
        for (long left = count; left > 1; left--) {
            long to = from + (end - from) / left;
            pieces.add(new ShardRange.Blocks(from, to));
            from = to;
        }
        pieces.add(new ShardRange.Blocks(from, tooBig.to()));
        return List.copyOf(pieces);
    }

    /** What wasn't seen of a shard is taken to be as much as what was: twice the pieces that the seen part makes. */
    private static int piecesWanted(long bytesSeen, long shardBytes) {
        double wanted = Math.ceil(2.0 * bytesSeen / shardBytes);
        return (int) Math.max(2, Math.min(MOST_PIECES, wanted));
    }

    private static Window keys(
            String name, TableSpec table, ShardRange previous, SampledKeys sample, double aimedBytes, int maxShards) {
        List<String> from = previous == null ? null : lastKey(previous);
        if (!sample.covers(previous)) {
            throw new IllegalArgumentException("the sample of " + table.name() + " lacks the previous window's end");
        }
        List<ShardRange> ranges = new ArrayList<>();
        if (previous == null && table.keyNullable()) {
            ranges.add(new ShardRange.NullKeys());
        }
        int end = from == null ? 0 : sample.placeOf(from);
        boolean last = false;
        while (!last && ranges.size() < maxShards) {
            end = sample.endOf(end, aimedBytes);
            last = end == sample.size();
            List<String> to = last ? null : sample.key(end);
            ranges.add(new ShardRange.Keys(from, to));
            from = to;
        }
        expectAscending(table, ranges);
        return new Window(name, ranges, last);
    }

    /**
     * A sample in another order than the source compares keys in would give ranges that overlap, and rows would be
     * copied twice. Only the source can tell for all types; for whole numbers, the commonest keys, it shows here.
     */
    private static void expectAscending(TableSpec table, List<ShardRange> ranges) {
        if (table.keyColumns().isEmpty()
                || !WHOLE_NUMBERS.contains(table.typeOf(table.keyColumns().get(0)))) {
            return;
        }
        for (ShardRange range : ranges) {
            if (range instanceof ShardRange.Keys keys
                    && keys.from() != null
                    && keys.to() != null
                    && Long.parseLong(keys.from().get(0))
                            > Long.parseLong(keys.to().get(0))) {
                throw new IllegalArgumentException("the sample of " + table.name() + " is not in its key's order");
            }
        }
    }

    /** Where the previous range ended; null for the shard of NULLs, after which the keys begin. */
    private static List<String> lastKey(ShardRange previous) {
        if (previous instanceof ShardRange.NullKeys) {
            return null;
        }
        List<String> to = expect(ShardRange.Keys.class, previous).to();
        if (to == null) {
            throw new IllegalArgumentException("the previous window was the last");
        }
        return to;
    }

    private static Window blocks(
            String name, ShardRange previous, CutBasis.BlockCount basis, double aimedBytes, int maxShards) {
        long from =
                previous == null ? 0 : expect(ShardRange.Blocks.class, previous).to();
        if (from < 0) {
            throw new IllegalArgumentException("the previous window was the last");
        }
        double blocksPerByte = (double) basis.blocks() / Math.max(1, basis.tableBytes());
        long step = Math.max(1, Math.min(basis.blocks(), Math.round(aimedBytes * blocksPerByte)));
        List<ShardRange> ranges = new ArrayList<>();
        boolean last = false;
        while (!last && ranges.size() < maxShards) {
            last = basis.blocks() - from <= step + step / 2;
            long to = last ? -1 : from + step;
            ranges.add(new ShardRange.Blocks(from, to));
            from = to;
        }
        return new Window(name, ranges, last);
    }

    private static Window whole(String name, ShardRange previous, CutBasis.None basis) {
        if (previous != null) {
            throw new IllegalArgumentException("the previous window was the last");
        }
        return new Window(name, List.of(new ShardRange.Whole()), true);
    }

    private static <T> T expect(Class<T> kind, Object given) {
        if (!kind.isInstance(given)) {
            // Ranges and samples hold values of rows: only their kinds are named.
            throw new IllegalArgumentException("expected " + kind.getSimpleName() + ", was given "
                    + (given == null ? "null" : given.getClass().getSimpleName()));
        }
        return kind.cast(given);
    }
}
