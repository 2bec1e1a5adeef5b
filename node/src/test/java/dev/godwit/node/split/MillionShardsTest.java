package dev.godwit.node.split;

import static org.assertj.core.api.Assertions.assertThat;

import com.sun.management.ThreadMXBean;
import dev.godwit.node.source.KeySample;
import dev.godwit.protocol.table.CutMethod;
import dev.godwit.protocol.table.ShardRange;
import dev.godwit.protocol.table.TableSpec;
import dev.godwit.protocol.table.Window;
import java.lang.management.ManagementFactory;
import java.util.List;
import java.util.stream.IntStream;
import org.junit.jupiter.api.Test;

class MillionShardsTest {
    private static final long SHARD_BYTES = 128L << 20;
    private static final int MAX_SHARDS = 64;

    @Test
    void a_table_of_a_million_shards_is_cut_a_window_at_a_time_with_few_bytes_for_each() {
        long blocks = 1_000_000 * (SHARD_BYTES / 8192);
        CutBasis basis = new CutBasis.BlockCount(blocks, 1_000_000 * SHARD_BYTES);

        Cost cost = cutAll(ModelTable.spec(CutMethod.BLOCK), basis);

        assertThat(cost.shards()).isBetween(1_000_000L, 1_000_100L);
        assertThat(cost.allocatedBytes() / cost.shards())
                .as("bytes for a shard")
                .isLessThan(256);
        assertThat(cost.mostBytesOfAWindow()).as("bytes for a window").isLessThan(256L * 1_024);
    }

    @Test
    void windows_cut_by_key_cost_no_more_the_longer_the_sample_is() {
        List<KeySample> longest = IntStream.range(0, SampledKeys.LONGEST)
                .mapToObj(i -> new KeySample(List.of(String.valueOf(i)), 1))
                .toList();
        CutBasis basis = SampledKeys.ofTable(longest, SampledKeys.LONGEST * SHARD_BYTES);

        Cost cost = cutAll(ModelTable.spec(List.of(KeyKind.INTEGER), false), basis);

        assertThat(cost.shards()).isEqualTo(SampledKeys.LONGEST);
        assertThat(cost.allocatedBytes() / cost.shards())
                .as("bytes for a shard")
                .isLessThan(256);
        assertThat(cost.mostBytesOfAWindow()).as("bytes for a window").isLessThan(256L * 1_024);
    }

    private record Cost(long shards, long allocatedBytes, long mostBytesOfAWindow) {}

    /** Holds one window at a time, as a coordinator does. */
    private static Cost cutAll(TableSpec table, CutBasis basis) {
        ThreadMXBean threads = (ThreadMXBean) ManagementFactory.getThreadMXBean();
        WindowCutter.next("0", table, null, basis, SHARD_BYTES, MAX_SHARDS); // loads classes
        long shards = 0;
        long most = 0;
        long start = threads.getCurrentThreadAllocatedBytes();
        long before = start;
        Window window = null;
        while (window == null || !window.last()) {
            ShardRange previous =
                    window == null ? null : window.ranges().get(window.ranges().size() - 1);
            window = WindowCutter.next("0", table, previous, basis, SHARD_BYTES, MAX_SHARDS);
            shards += window.ranges().size();
            assertThat(shards).as("the cutting gets on").isLessThan(1_100_000);
            long after = threads.getCurrentThreadAllocatedBytes();
            most = Math.max(most, after - before);
            before = after;
        }
        return new Cost(shards, before - start, most);
    }
}
