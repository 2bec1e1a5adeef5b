package dev.godwit.node.split;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatIllegalArgumentException;

import dev.godwit.node.source.KeySample;
import dev.godwit.protocol.table.CutMethod;
import dev.godwit.protocol.table.ShardRange;
import dev.godwit.protocol.table.TableSpec;
import dev.godwit.protocol.table.Window;
import java.util.ArrayList;
import java.util.List;
import java.util.Random;
import java.util.function.IntToLongFunction;
import java.util.stream.IntStream;
import org.junit.jupiter.api.Test;

class WindowCutterTest {
    private static final long MIB = 1L << 20;
    private static final TableSpec BY_KEY = ModelTable.spec(List.of(KeyKind.INTEGER), false);
    private static final TableSpec BY_NULLABLE_KEY = ModelTable.spec(List.of(KeyKind.INTEGER), true);
    private static final TableSpec BY_BLOCK = ModelTable.spec(CutMethod.BLOCK);
    private static final TableSpec WHOLE = ModelTable.spec(CutMethod.WHOLE);

    @Test
    void an_empty_sample_gives_one_range_of_all_keys() {
        Window window = WindowCutter.next("0", BY_KEY, null, SampledKeys.ofTable(List.of(), 10 * MIB), MIB, 8);

        assertThat(window).isEqualTo(new Window("0", List.of(new ShardRange.Keys(null, null)), true));
    }

    @Test
    void rows_of_one_key_give_one_range() {
        List<KeySample> sample = List.of(row(7, MIB), row(7, MIB), row(7, MIB));

        Window window = WindowCutter.next("0", BY_KEY, null, SampledKeys.ofTable(sample, 3 * MIB), MIB, 8);

        assertThat(window.ranges()).containsExactly(new ShardRange.Keys(null, null));
    }

    @Test
    void a_nullable_key_gets_a_shard_for_nulls_in_the_first_window_only() {
        SampledKeys sample = SampledKeys.ofTable(rows(100, i -> MIB), 100 * MIB);

        List<ShardRange> ranges = cutAll(BY_NULLABLE_KEY, sample, MIB, 3);

        assertThat(ranges.get(0)).isEqualTo(new ShardRange.NullKeys());
        assertThat(ranges).containsOnlyOnce(new ShardRange.NullKeys());
    }

    @Test
    void a_shard_for_nulls_that_fills_its_window_is_followed_by_the_lowest_keys() {
        SampledKeys sample = SampledKeys.ofTable(rows(100, i -> MIB), 100 * MIB);

        Window first = WindowCutter.next("0", BY_NULLABLE_KEY, null, sample, MIB, 1);
        Window second = WindowCutter.next("1", BY_NULLABLE_KEY, first.ranges().get(0), sample, MIB, 1);

        assertThat(first.ranges()).containsExactly(new ShardRange.NullKeys());
        assertThat(second.ranges()).containsExactly(new ShardRange.Keys(null, List.of("1")));
    }

    @Test
    void shards_of_uniform_rows_are_near_the_size_aimed_at() {
        int rows = 100_000;
        long rowBytes = 10_000;
        long aimed = 5 * MIB;
        Random random = new Random(1);
        List<KeySample> sample = rows(rows, i -> rowBytes).stream()
                .filter(row -> random.nextInt(rows) < SampledKeys.wanted(rows * rowBytes, aimed))
                .toList();

        List<ShardRange> ranges = cutAll(BY_KEY, SampledKeys.ofTable(sample, rows * rowBytes), aimed, 16);

        // The first window is finer, and the last range takes what is left.
        List<Long> sizes = ranges.subList(16, ranges.size() - 1).stream()
                .map(range ->
                        rowBytes * (number(((ShardRange.Keys) range).to()) - number(((ShardRange.Keys) range).from())))
                .toList();
        assertThat(sizes)
                .hasSizeBetween(150, 250)
                .allSatisfy(size -> assertThat(size).isBetween(aimed / 4, aimed * TooBig.TOLERANCE / 2));
        assertThat(sizes.stream().mapToLong(Long::longValue).average().orElseThrow())
                .isBetween(0.9 * aimed, 1.1 * aimed);
    }

    @Test
    void rows_bigger_than_a_shard_get_shards_of_their_own() {
        IntToLongFunction ninetyPercentInOneOfHundred = i -> i % 100 == 50 ? 891 * 1_000 : 1_000;
        SampledKeys sample = SampledKeys.ofTable(rows(10_000, ninetyPercentInOneOfHundred), 0);

        List<ShardRange> ranges = cutAll(BY_KEY, sample, 200 * 1_000, 1_000);

        assertThat(IntStream.range(0, 100).mapToObj(i -> keys(100 * i + 50, 100 * i + 51)))
                .allSatisfy(heavy -> assertThat(ranges).contains(heavy));
    }

    @Test
    void a_dense_part_of_the_table_gets_as_many_shards_as_it_has_bytes() {
        IntToLongFunction ninetyPercentInTheFirstOfHundred = i -> i < 100 ? 891 * 1_000 : 1_000;
        SampledKeys sample = SampledKeys.ofTable(rows(10_000, ninetyPercentInTheFirstOfHundred), 0);

        List<ShardRange> ranges = cutAll(BY_KEY, sample, 2_000 * 1_000, 10);

        long dense = ranges.stream()
                .filter(range ->
                        ((ShardRange.Keys) range).to() != null && number(((ShardRange.Keys) range).to()) <= 100)
                .count();
        assertThat((double) dense / ranges.size()).isBetween(0.8, 0.95);
    }

    @Test
    void shards_of_the_first_window_are_smaller() {
        SampledKeys sample = SampledKeys.ofTable(rows(10_000, i -> 1_000), 10_000 * 1_000);

        Window first = WindowCutter.next("0", BY_KEY, null, sample, 400_000, 4);
        Window second = WindowCutter.next("1", BY_KEY, first.ranges().get(3), sample, 400_000, 4);

        assertThat(first.ranges().get(1)).isEqualTo(keys(100, 200));
        assertThat(second.ranges().get(1)).isEqualTo(keys(800, 1_200));
    }

    @Test
    void the_rest_of_a_table_is_not_left_as_a_tiny_shard() {
        SampledKeys sample = SampledKeys.ofTable(rows(410, i -> 1_000), 410_000);

        Window window = WindowCutter.next("0", BY_KEY, null, sample, 400_000, 8);

        assertThat(window.ranges()).containsExactly(keys(null, 100), keys(100, 200), keys(200, 300), keys(300, null));
    }

    @Test
    void a_thin_sample_is_cut_at_what_there_is() {
        SampledKeys sample = SampledKeys.ofTable(rows(4, i -> 1), 400 * MIB);

        List<ShardRange> ranges = cutAll(BY_KEY, sample, MIB, 8);

        assertThat(ranges).containsExactly(keys(null, 1), keys(1, 2), keys(2, 3), keys(3, null));
        assertThat(sample.bytesPerKey()).isEqualTo(100 * MIB);
    }

    @Test
    void a_sample_from_above_the_bound_goes_on_where_the_last_window_ended() {
        Window first = WindowCutter.next("0", BY_KEY, null, SampledKeys.ofTable(rows(100, i -> 1), 0), 40, 2);
        ShardRange previous = first.ranges().get(1);
        List<KeySample> odd =
                IntStream.range(11, 50).mapToObj(i -> row(2 * i + 1, 2)).toList();

        assertThat(SampledKeys.ofTable(odd, 80).covers(previous)).isFalse();
        SampledKeys above = SampledKeys.above(List.of("20"), odd, 78);
        assertThat(above.covers(previous)).isTrue();
        assertThat(WindowCutter.next("1", BY_KEY, previous, above, 40, 2))
                .isEqualTo(new Window("1", List.of(keys(20, 63), keys(63, null)), true));
    }

    @Test
    void a_sample_that_lacks_the_bound_is_refused_without_naming_a_key() {
        SampledKeys sample = SampledKeys.ofTable(rows(10, i -> 1), 10);

        assertThatIllegalArgumentException()
                .isThrownBy(() -> WindowCutter.next("1", BY_KEY, keys(0, 4711), sample, 4, 2))
                .withMessageContaining("lacks")
                .withMessageNotContaining("4711");
        assertThatIllegalArgumentException()
                .isThrownBy(() ->
                        WindowCutter.next("1", BY_KEY, null, SampledKeys.above(List.of("1"), List.of(), 0), 4, 2));
    }

    @Test
    void a_sample_out_of_order_is_refused() {
        assertThatIllegalArgumentException()
                .isThrownBy(() -> SampledKeys.ofTable(List.of(row(1, 1), row(2, 1), row(1, 1)), 3));
    }

    @Test
    void a_sample_of_whole_numbers_in_the_order_of_their_texts_is_refused() {
        List<KeySample> asTexts = List.of(row(0, 1), row(100, 1), row(1_000, 1), row(99, 1), row(990, 1));

        assertThatIllegalArgumentException()
                .isThrownBy(() -> WindowCutter.next("0", BY_KEY, null, SampledKeys.ofTable(asTexts, 5), 1, 8))
                .withMessageContaining("order");
    }

    @Test
    void a_table_that_has_ended_has_no_further_window() {
        SampledKeys sample = SampledKeys.ofTable(rows(10, i -> 1), 10);
        CutBasis blocks = new CutBasis.BlockCount(10, 10);

        assertThatIllegalArgumentException()
                .isThrownBy(() -> WindowCutter.next("1", BY_KEY, keys(0, null), sample, 4, 2));
        assertThatIllegalArgumentException()
                .isThrownBy(() -> WindowCutter.next("1", BY_BLOCK, new ShardRange.Blocks(0, -1), blocks, 4, 2));
        assertThatIllegalArgumentException()
                .isThrownBy(() -> WindowCutter.next("1", WHOLE, new ShardRange.Whole(), new CutBasis.None(), 4, 2));
    }

    @Test
    void a_basis_of_another_method_is_refused() {
        assertThatIllegalArgumentException()
                .isThrownBy(() -> WindowCutter.next("0", BY_KEY, null, new CutBasis.BlockCount(1, 1), 4, 2));
        assertThatIllegalArgumentException()
                .isThrownBy(() -> WindowCutter.next("0", BY_BLOCK, null, new CutBasis.None(), 4, 2));
    }

    @Test
    void a_whole_table_is_one_shard() {
        assertThat(WindowCutter.next("0", WHOLE, null, new CutBasis.None(), MIB, 8))
                .isEqualTo(new Window("0", List.of(new ShardRange.Whole()), true));
    }

    @Test
    void blocks_count_with_the_toast_that_belongs_to_them() {
        CutBasis basis = new CutBasis.BlockCount(1_000, 1_000 * MIB);

        Window window = WindowCutter.next("0", BY_BLOCK, null, basis, 40 * MIB, 3);

        assertThat(window.ranges())
                .containsExactly(
                        new ShardRange.Blocks(0, 10), new ShardRange.Blocks(10, 20), new ShardRange.Blocks(20, 30));
        assertThat(window.last()).isFalse();
    }

    @Test
    void an_empty_table_is_one_range_of_blocks() {
        assertThat(WindowCutter.next("0", BY_BLOCK, null, new CutBasis.BlockCount(0, 0), MIB, 8))
                .isEqualTo(new Window("0", List.of(new ShardRange.Blocks(0, -1)), true));
    }

    @Test
    void a_range_of_keys_is_cut_into_pieces_of_the_size_wanted() {
        List<ShardRange> pieces = WindowCutter.pieces(keys(0, 1_000), rows(1_000, i -> 1), 50, 10);

        assertThat(pieces).hasSize(10).startsWith(keys(0, 100)).endsWith(keys(900, 1_000));
    }

    @Test
    void a_range_of_two_keys_is_cut_however_uneven_they_are() {
        assertThat(WindowCutter.pieces(keys(0, 2), List.of(row(0, 1), row(1, 1_000)), 5_000, 1))
                .containsExactly(keys(0, 1), keys(1, 2));
        assertThat(WindowCutter.pieces(keys(0, 2), List.of(row(0, 1_000), row(1, 1)), 0, 1))
                .containsExactly(keys(0, 1), keys(1, 2));
    }

    @Test
    void a_range_is_cut_into_no_more_than_the_most_pieces() {
        List<ShardRange> pieces =
                WindowCutter.pieces(keys(null, null), rows(10_000, i -> 1 + i % 7), Long.MAX_VALUE, 1);

        assertThat(pieces).hasSizeBetween(WindowCutter.MOST_PIECES - 8, WindowCutter.MOST_PIECES);
        assertThat(((ShardRange.Keys) pieces.get(pieces.size() - 1)).to()).isNull();
        assertThat(WindowCutter.pieces(new ShardRange.Blocks(7, 100_007), 0, Long.MAX_VALUE, 1))
                .hasSize(WindowCutter.MOST_PIECES);
    }

    @Test
    void one_key_or_one_block_is_left_whole() {
        assertThat(WindowCutter.pieces(keys(0, 9), List.of(row(3, 1), row(3, 1)), 5_000, 1))
                .containsExactly(keys(0, 9));
        assertThat(WindowCutter.pieces(keys(0, 9), List.of(), 5_000, 1)).containsExactly(keys(0, 9));
        assertThat(WindowCutter.pieces(new ShardRange.Blocks(4, 5), 9, 5_000, 1))
                .containsExactly(new ShardRange.Blocks(4, 5));
        assertThat(WindowCutter.pieces(new ShardRange.Blocks(4, -1), 3, 5_000, 1))
                .containsExactly(new ShardRange.Blocks(4, -1));
    }

    @Test
    void an_open_range_of_blocks_is_cut_up_to_the_blocks_that_there_are_and_stays_open() {
        assertThat(WindowCutter.pieces(new ShardRange.Blocks(4, -1), 7, 5_000, 1))
                .containsExactly(
                        new ShardRange.Blocks(4, 5), new ShardRange.Blocks(5, 6), new ShardRange.Blocks(6, -1));
    }

    @Test
    void bytes_of_a_range_are_known_where_its_bounds_are_sampled() {
        SampledKeys sample = SampledKeys.ofTable(rows(100, i -> 1), 1_000);

        assertThat(sample.bytesOf(keys(null, 10))).hasValue(100);
        assertThat(sample.bytesOf(keys(10, 30))).hasValue(200);
        assertThat(sample.bytesOf(keys(30, null))).hasValue(700);
        assertThat(sample.bytesOf(keys(30, 4711))).isEmpty();
    }

    private static List<ShardRange> cutAll(TableSpec table, SampledKeys sample, long shardBytes, int maxShards) {
        List<ShardRange> ranges = new ArrayList<>();
        Window window;
        do {
            ShardRange previous = ranges.isEmpty() ? null : ranges.get(ranges.size() - 1);
            window = WindowCutter.next("0", table, previous, sample, shardBytes, maxShards);
            ranges.addAll(window.ranges());
            assertThat(ranges).as("the cutting gets on").hasSizeLessThanOrEqualTo(sample.size() + 2);
        } while (!window.last());
        return ranges;
    }

    private static List<KeySample> rows(int count, IntToLongFunction bytes) {
        return IntStream.range(0, count)
                .mapToObj(i -> row(i, bytes.applyAsLong(i)))
                .toList();
    }

    private static KeySample row(int key, long bytes) {
        return new KeySample(List.of(String.valueOf(key)), bytes);
    }

    private static ShardRange.Keys keys(Integer from, Integer to) {
        return new ShardRange.Keys(
                from == null ? null : List.of(from.toString()), to == null ? null : List.of(to.toString()));
    }

    private static int number(List<String> key) {
        return Integer.parseInt(key.get(0));
    }
}
