package dev.godwit.node.split;

import static org.assertj.core.api.Assertions.assertThat;

import dev.godwit.protocol.table.ShardRange;
import dev.godwit.protocol.table.Window;
import java.util.ArrayList;
import java.util.List;
import java.util.Random;
import net.jqwik.api.Arbitraries;
import net.jqwik.api.Arbitrary;
import net.jqwik.api.Combinators;
import net.jqwik.api.EdgeCasesMode;
import net.jqwik.api.ForAll;
import net.jqwik.api.Property;
import net.jqwik.api.Provide;

class CuttingCoversEveryKeyTest {
    /**
     * How a table is cut.
     *
     * @param samplePercent of the rows that a sample holds
     * @param restartPercent of the windows before which another sample is taken
     */
    record Cutting(long seed, int rows, int samplePercent, long shardBytes, int maxShards, int restartPercent) {}

    @Provide
    Arbitrary<Cutting> cuttings() {
        return Combinators.combine(
                        Arbitraries.longs(),
                        Arbitraries.integers().between(0, 120),
                        Arbitraries.integers().between(0, 100),
                        Arbitraries.longs().between(1, 2_000_000),
                        Arbitraries.integers().between(1, 20),
                        Arbitraries.integers().between(0, 100))
                .as(Cutting::new);
    }

    @Provide
    Arbitrary<List<KeyKind>> columns() {
        return Arbitraries.of(KeyKind.values()).list().ofMinSize(2).ofMaxSize(3);
    }

    @Property(tries = 300, edgeCases = EdgeCasesMode.NONE)
    void every_integer_is_in_one_range(@ForAll("cuttings") Cutting cutting) {
        coversEveryKeyOnce(List.of(KeyKind.INTEGER), false, cutting);
    }

    @Property(tries = 300, edgeCases = EdgeCasesMode.NONE)
    void every_negative_and_sparse_bigint_is_in_one_range(@ForAll("cuttings") Cutting cutting) {
        coversEveryKeyOnce(List.of(KeyKind.BIGINT), false, cutting);
    }

    @Property(tries = 300, edgeCases = EdgeCasesMode.NONE)
    void every_uuid_is_in_one_range(@ForAll("cuttings") Cutting cutting) {
        coversEveryKeyOnce(List.of(KeyKind.UUID), false, cutting);
    }

    @Property(tries = 300, edgeCases = EdgeCasesMode.NONE)
    void every_text_is_in_one_range(@ForAll("cuttings") Cutting cutting) {
        coversEveryKeyOnce(List.of(KeyKind.TEXT), false, cutting);
    }

    @Property(tries = 300, edgeCases = EdgeCasesMode.NONE)
    void every_timestamp_and_infinity_is_in_one_range(@ForAll("cuttings") Cutting cutting) {
        coversEveryKeyOnce(List.of(KeyKind.TIMESTAMPTZ), false, cutting);
    }

    @Property(tries = 300, edgeCases = EdgeCasesMode.NONE)
    void every_numeric_and_nan_is_in_one_range(@ForAll("cuttings") Cutting cutting) {
        coversEveryKeyOnce(List.of(KeyKind.NUMERIC), false, cutting);
    }

    @Property(tries = 300, edgeCases = EdgeCasesMode.NONE)
    void every_date_is_in_one_range(@ForAll("cuttings") Cutting cutting) {
        coversEveryKeyOnce(List.of(KeyKind.DATE), false, cutting);
    }

    @Property(tries = 300, edgeCases = EdgeCasesMode.NONE)
    void every_key_of_two_or_three_columns_is_in_one_range(
            @ForAll("columns") List<KeyKind> columns, @ForAll("cuttings") Cutting cutting) {
        coversEveryKeyOnce(columns, false, cutting);
    }

    @Property(tries = 300, edgeCases = EdgeCasesMode.NONE)
    void every_nullable_key_is_in_one_range(
            @ForAll("columns") List<KeyKind> columns, @ForAll("cuttings") Cutting cutting) {
        coversEveryKeyOnce(columns, true, cutting);
    }

    private static void coversEveryKeyOnce(List<KeyKind> columns, boolean nullable, Cutting cutting) {
        Random random = new Random(cutting.seed());
        ModelTable table = ModelTable.random(columns, nullable, cutting.rows(), random);

        List<ShardRange> ranges = windows(table, cutting, random);
        List<ShardRange> pieces = new ArrayList<>();
        ranges.forEach(range -> cutAgain(range, table, cutting, random, 3, pieces));

        assertCovered(table, ranges);
        assertCovered(table, pieces);
    }

    private static List<ShardRange> windows(ModelTable table, Cutting cutting, Random random) {
        List<ShardRange> ranges = new ArrayList<>();
        SampledKeys sample = SampledKeys.ofTable(
                table.sample(key -> true, cutting.samplePercent(), random), random.nextInt(1_000_000));
        Window window = null;
        while (window == null || !window.last()) {
            ShardRange previous =
                    window == null ? null : window.ranges().get(window.ranges().size() - 1);
            if (random.nextInt(100) < cutting.restartPercent()) {
                sample = anotherSample(table, previous, cutting, random);
            }
            String name = String.valueOf(ranges.size());
            window = WindowCutter.next(name, table.spec(), previous, sample, cutting.shardBytes(), cutting.maxShards());
            assertThat(window.ranges()).hasSizeLessThanOrEqualTo(cutting.maxShards());
            ranges.addAll(window.ranges());
            // Also what ends a cutting that doesn't get on.
            assertThat(ranges).hasSizeLessThanOrEqualTo(cutting.rows() + 2);
        }
        return ranges;
    }

    /** As after a restart: of the whole table if that happens to hold the bound, else of what lies above the bound. */
    private static SampledKeys anotherSample(ModelTable table, ShardRange previous, Cutting cutting, Random random) {
        SampledKeys whole = SampledKeys.ofTable(
                table.sample(key -> true, cutting.samplePercent(), random), random.nextInt(1_000_000));
        if (whole.covers(previous)) {
            return whole;
        }
        List<String> bound = ((ShardRange.Keys) previous).to();
        int lowest = random.nextInt(2); // with the bound itself, or without
        return SampledKeys.above(
                bound,
                table.sample(key -> table.order().compare(key, bound) >= lowest, cutting.samplePercent(), random),
                random.nextInt(1_000_000));
    }

    private static void cutAgain(
            ShardRange range, ModelTable table, Cutting cutting, Random random, int times, List<ShardRange> into) {
        if (times == 0 || !(range instanceof ShardRange.Keys keys) || random.nextInt(3) == 0) {
            into.add(range);
            return;
        }
        List<ShardRange> pieces = WindowCutter.pieces(
                keys,
                table.sample(key -> table.isWithin(keys, key), cutting.samplePercent(), random),
                random.nextInt(10_000_000),
                cutting.shardBytes());
        pieces.forEach(piece -> cutAgain(piece, table, cutting, random, times - 1, into));
    }

    private static void assertCovered(ModelTable table, List<ShardRange> ranges) {
        for (List<String> key : table.keys()) {
            assertThat(ranges.stream().filter(range -> table.isWithin(range, key)))
                    .hasSize(1);
        }
        assertThat(ranges.stream().filter(ShardRange.NullKeys.class::isInstance))
                .hasSize(table.spec().keyNullable() ? 1 : 0);
        List<ShardRange.Keys> keys = ranges.stream()
                .filter(ShardRange.Keys.class::isInstance)
                .map(ShardRange.Keys.class::cast)
                .toList();
        assertThat(keys.get(0).from()).isNull();
        assertThat(keys.get(keys.size() - 1).to()).isNull();
        for (int i = 1; i < keys.size(); i++) {
            ShardRange.Keys range = keys.get(i);
            assertThat(range.from()).isNotNull().isEqualTo(keys.get(i - 1).to());
            if (range.to() != null) {
                assertThat(table.order().compare(range.from(), range.to()))
                        .as("each bound is above the one before it")
                        .isNegative();
            }
        }
    }
}
