package dev.godwit.node.split;

import static org.assertj.core.api.Assertions.assertThat;

import dev.godwit.protocol.table.CutMethod;
import dev.godwit.protocol.table.ShardRange;
import dev.godwit.protocol.table.TableSpec;
import dev.godwit.protocol.table.Window;
import java.util.ArrayList;
import java.util.List;
import java.util.Random;
import net.jqwik.api.EdgeCasesMode;
import net.jqwik.api.ForAll;
import net.jqwik.api.Property;
import net.jqwik.api.constraints.IntRange;
import net.jqwik.api.constraints.LongRange;

class CuttingCoversEveryBlockTest {
    private static final TableSpec TABLE = ModelTable.spec(CutMethod.BLOCK);

    @Property(tries = 500, edgeCases = EdgeCasesMode.NONE)
    void every_block_is_in_one_range_though_the_table_grows_and_shrinks(
            @ForAll long seed,
            @ForAll @LongRange(max = 1_000) long blocksAtFirst,
            @ForAll @IntRange(min = 1, max = 50) int maxShards,
            @ForAll @LongRange(min = 1, max = 50_000_000) long shardBytes) {
        Random random = new Random(seed);
        long blocks = blocksAtFirst;
        List<ShardRange> ranges = new ArrayList<>();
        Window window = null;
        while (window == null || !window.last()) {
            ShardRange previous =
                    window == null ? null : window.ranges().get(window.ranges().size() - 1);
            CutBasis basis = new CutBasis.BlockCount(blocks, blocks * random.nextInt(20_000));
            window = WindowCutter.next("0", TABLE, previous, basis, shardBytes, maxShards);
            assertThat(window.ranges()).hasSizeLessThanOrEqualTo(maxShards);
            ranges.addAll(window.ranges());
            blocks = Math.max(0, blocks + random.nextInt(21) - 10);
        }
        List<ShardRange> pieces = new ArrayList<>();
        for (ShardRange range : ranges) {
            cutAgain((ShardRange.Blocks) range, blocks, random, 3, pieces);
        }

        assertCovered(ranges);
        assertCovered(pieces);
    }

    private static void cutAgain(
            ShardRange.Blocks range, long blocks, Random random, int times, List<ShardRange> into) {
        if (times == 0 || random.nextBoolean()) {
            into.add(range);
            return;
        }
        for (ShardRange piece : WindowCutter.pieces(range, blocks, random.nextInt(5_000_000), 1_000_000)) {
            cutAgain((ShardRange.Blocks) piece, blocks, random, times - 1, into);
        }
    }

    private static void assertCovered(List<ShardRange> ranges) {
        long next = 0;
        for (ShardRange range : ranges) {
            ShardRange.Blocks blocks = (ShardRange.Blocks) range;
            assertThat(blocks.from()).isEqualTo(next);
            assertThat(blocks.to() == -1 || blocks.to() > blocks.from())
                    .as("a range has at least one block")
                    .isTrue();
            next = blocks.to();
        }
        assertThat(next).as("the last range is open above").isEqualTo(-1);
    }
}
