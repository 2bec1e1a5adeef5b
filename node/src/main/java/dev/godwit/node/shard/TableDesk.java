package dev.godwit.node.shard;

import dev.godwit.node.access.Databases;
import dev.godwit.node.source.KeySample;
import dev.godwit.node.source.SourceDatabase;
import dev.godwit.node.split.CutBasis;
import dev.godwit.node.split.SampledKeys;
import dev.godwit.node.split.ShardSize;
import dev.godwit.node.split.WindowCutter;
import dev.godwit.node.target.TargetDatabase;
import dev.godwit.node.target.TargetDatabase.Claim;
import dev.godwit.node.target.TargetDatabase.Confirmation;
import dev.godwit.node.target.TargetDatabase.Retirement;
import dev.godwit.protocol.error.ErrorCode;
import dev.godwit.protocol.error.GodwitException;
import dev.godwit.protocol.plan.Plan;
import dev.godwit.protocol.table.CutMethod;
import dev.godwit.protocol.table.Shard;
import dev.godwit.protocol.table.ShardRange;
import dev.godwit.protocol.table.TableSpec;
import dev.godwit.protocol.table.Window;
import java.util.Collection;
import java.util.HashMap;
import java.util.HashSet;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.OptionalLong;
import java.util.Set;
import java.util.stream.Collectors;

/**
 * What a coordinator asks the two databases about its table. Every call blocks; one call at a time, but for
 * {@link #retire}, which may run beside others.
 */
final class TableDesk {
    /** Keys that are sampled within a shard that is cut again. */
    private static final int KEYS_OF_A_RECUT = 2_000;

    private volatile Plan plan;
    private final TableSpec table;
    private final Databases databases;
    private volatile CutBasis basis;

    TableDesk(Plan plan, TableSpec table, Databases databases) {
        this.plan = plan;
        this.table = table;
        this.databases = databases;
    }

    /** What may change of a plan has changed. */
    void plan(Plan now) {
        plan = now;
    }

    private SourceDatabase source() {
        return databases.source(plan);
    }

    private TargetDatabase target() {
        return databases.target(plan);
    }

    /**
     * What the target knows of shards that the journal holds for open.
     *
     * @param ranges range of each open shard
     * @param claims claims of those that somebody has landed or retired
     * @param pieces what each of those that are retired was cut into
     */
    record Recollection(Map<String, ShardRange> ranges, Map<String, Claim> claims, Map<String, Window> pieces) {}

    /** Reads from the target what a coordinator that was started again must know. */
    Recollection recollect(Collection<String> open) {
        Map<String, ShardRange> ranges = ranges(open);
        Map<String, Claim> claims = open.isEmpty() ? Map.of() : target().claims(plan.name(), table.name(), open);
        Map<String, Window> pieces = new HashMap<>();
        claims.values().stream()
                .filter(Claim::retired)
                .forEach(claim -> pieces.put(claim.shard(), need(claim.shard())));
        return new Recollection(ranges, claims, pieces);
    }

    /** The ranges of these shards, read from the windows that they were cut in. */
    private Map<String, ShardRange> ranges(Collection<String> shards) {
        Set<String> names = shards.stream().map(TableDesk::windowOf).collect(Collectors.toCollection(HashSet::new));
        Map<String, ShardRange> ranges = new HashMap<>();
        names.forEach(name -> need(name).shards().forEach(shard -> ranges.put(shard.id(), shard.range())));
        ranges.keySet().retainAll(new HashSet<>(shards));
        if (ranges.size() < new HashSet<>(shards).size()) {
            throw new GodwitException(
                    ErrorCode.INTERNAL,
                    "a window in the target has fewer shards than the journal says: its schema godwit was changed",
                    plan.name() + ", table " + table.name(),
                    "start the migration over under a new name");
        }
        return ranges;
    }

    private static ShardRange lastOf(Window window) {
        return window.ranges().get(window.ranges().size() - 1);
    }

    private static String windowOf(String shard) {
        return shard.substring(0, shard.lastIndexOf('.'));
    }

    private Window need(String name) {
        return target().window(plan.name(), table.name(), name)
                .orElseThrow(() -> new GodwitException(
                        ErrorCode.INTERNAL,
                        "window " + name + " is in the journal and not in the target: the target was restored to an"
                                + " earlier point, or its schema godwit was changed",
                        plan.name() + ", table " + table.name(),
                        "start the migration over under a new name"));
    }

    /**
     * Cuts the next window and keeps it in the target. It begins where the target says that the one before ended:
     * an answer that came late or twice to the coordinator can't make two windows hold the same rows.
     *
     * @param number of the window, 0 and up
     * @param doneBytes bytes that have travelled so far
     * @return the window that the target keeps: ours, or that of somebody who was first
     */
    Window cut(int number, ShardSize size, long doneBytes, int maxShards) {
        ShardRange previous = number == 0 ? null : lastOf(need(Integer.toString(number - 1)));
        CutMethod method = previous == null ? table.method() : methodOf(previous);
        basis = switch (method) {
            case KEY -> keys(previous, size, doneBytes);
            case BLOCK -> new CutBasis.BlockCount(source().blocks(table.name()), table.estimatedBytes());
            case WHOLE -> new CutBasis.None();
        };
        Window proposed = WindowCutter.next(
                Integer.toString(number), table.cutBy(method), previous, basis, size.aimedDiskBytes(), maxShards);
        return target().keep(plan.name(), table, proposed);
    }

    /** Windows that are there go on as they began, whatever size of shards the table was planned with this time. */
    private static CutMethod methodOf(ShardRange previous) {
        if (previous instanceof ShardRange.Blocks) {
            return CutMethod.BLOCK;
        }
        return previous instanceof ShardRange.Whole ? CutMethod.WHOLE : CutMethod.KEY;
    }

    private SampledKeys keys(ShardRange previous, ShardSize size, long doneBytes) {
        int wanted = SampledKeys.wanted(table.estimatedBytes(), size.aimedDiskBytes());
        SampledKeys sample = basis instanceof SampledKeys keys ? keys : null;
        if (sample == null && previous == null) {
            sample = SampledKeys.ofTable(source().sample(table, wanted), table.estimatedBytes());
        } else if (sample == null || !sample.covers(previous)) {
            if (previous instanceof ShardRange.Keys keys) {
                List<KeySample> above = source().sample(table, new ShardRange.Keys(keys.to(), null), wanted);
                long left = Math.max(0, table.estimatedBytes() - size.toDisk(doneBytes));
                sample = SampledKeys.above(keys.to(), above, left);
            } else {
                sample = SampledKeys.ofTable(source().sample(table, wanted), table.estimatedBytes());
            }
        }
        return sample;
    }

    /** Bytes on disk that a range was estimated to have when it was cut, if that is known; may be asked at any time. */
    OptionalLong diskBytes(ShardRange range) {
        CutBasis now = basis;
        if (now instanceof SampledKeys sample && range instanceof ShardRange.Keys keys) {
            return sample.bytesOf(keys);
        } else if (now instanceof CutBasis.BlockCount count && range instanceof ShardRange.Blocks blocks) {
            long end = blocks.to() < 0 ? Math.max(blocks.from(), count.blocks()) : blocks.to();
            return OptionalLong.of(
                    Math.round((double) (end - blocks.from()) / Math.max(1, count.blocks()) * count.tableBytes()));
        }
        return OptionalLong.empty();
    }

    /** The least bytes on disk that a shard can be cut to: more than is aimed at where the sample is thin. */
    long leastDiskBytes() {
        return basis instanceof SampledKeys sample ? sample.bytesPerKey() : 0;
    }

    /**
     * Cuts a shard again and writes its claim as retired; or, where it can't be cut, does nothing.
     *
     * @return what the target says; empty if the shard can't be cut
     */
    Optional<Retirement> retire(Shard shard, long bytesSeen, ShardSize size) {
        List<ShardRange> pieces = List.of(shard.range());
        if (shard.range() instanceof ShardRange.Keys keys) {
            pieces = WindowCutter.pieces(
                    keys, source().sample(table, keys, KEYS_OF_A_RECUT), bytesSeen, size.aimedBytes());
        } else if (shard.range() instanceof ShardRange.Blocks blocks) {
            pieces = WindowCutter.pieces(blocks, source().blocks(table.name()), bytesSeen, size.aimedBytes());
        }
        return pieces.size() < 2
                ? Optional.empty()
                : Optional.of(target().retire(plan.name(), table.name(), shard, pieces));
    }

    /** The pieces of a shard that somebody retired. */
    Retirement retired(String shard) {
        return new Retirement.Retired(need(shard));
    }

    Confirmation confirm() {
        return target().confirm(plan.name(), table.name());
    }

    void finish() {
        target().finish(plan, table);
    }
}
