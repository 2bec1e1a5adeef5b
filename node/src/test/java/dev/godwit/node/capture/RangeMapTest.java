package dev.godwit.node.capture;

import static org.assertj.core.api.Assertions.assertThat;

import dev.godwit.protocol.table.ShardRange;
import java.util.ArrayList;
import java.util.Collections;
import java.util.List;
import java.util.Random;
import org.junit.jupiter.api.Test;

class RangeMapTest {
    private static final KeyOrder ORDER = KeyOrder.of(ModelTarget.SPEC);
    private static final Stand LANDED = new Stand.Landed(Taken.of("1:1:", 0));

    private final RangeMap ranges = new RangeMap();

    @Test
    void finds_a_key_in_the_range_that_holds_it() {
        Held below = put(null, 10);
        Held above = put(20, null);

        assertThat(ranges.at(key(9))).isSameAs(below);
        assertThat(ranges.at(key(10))).isNull();
        assertThat(ranges.at(key(19))).isNull();
        assertThat(ranges.at(key(20))).isSameAs(above);
    }

    @Test
    void sees_what_overlaps() {
        Held below = put(null, 10);
        Held middle = put(20, 30);
        Held above = put(30, null);

        assertThat(ranges.overlapping(held(10, 20))).isEmpty();
        assertThat(ranges.overlapping(held(9, 20))).containsExactly(below);
        assertThat(ranges.overlapping(held(10, 21))).containsExactly(middle);
        assertThat(ranges.overlapping(held(25, 26))).containsExactly(middle);
        assertThat(ranges.overlapping(held(29, 31))).containsExactly(middle, above);
        assertThat(ranges.overlapping(held(null, null))).containsExactly(below, middle, above);
        assertThat(ranges.overlapping(new Held("w", new ShardRange.Whole(), null, null, LANDED)))
                .containsExactly(below, middle, above);
        assertThat(ranges.overlapping(new Held("n", new ShardRange.NullKeys(), null, null, LANDED)))
                .isEmpty();
    }

    @Test
    void settled_neighbours_become_one() {
        Held first = put(null, 10);
        Held second = put(10, 20);
        Held third = put(20, null);

        ranges.settle(first);
        ranges.settle(third);
        assertThat(ranges.all()).hasSize(3);
        ranges.settle(second);

        assertThat(ranges.all()).hasSize(1);
        assertThat(ranges.all().get(0).range()).isEqualTo(new ShardRange.Keys(null, null));
    }

    @Test
    void holds_as_many_as_there_is_work_in_flight() {
        int shards = 10_000;
        int inFlight = 50;
        Random random = new Random(1);
        List<Held> landed = new ArrayList<>();
        int most = 0;
        for (int i = 0; i < shards; i++) {
            landed.add(put(i == 0 ? null : i, i == shards - 1 ? null : i + 1));
            if (landed.size() == inFlight) {
                ranges.settle(landed.remove(random.nextInt(inFlight)));
            }
            most = Math.max(most, ranges.all().size());
        }
        Collections.shuffle(landed, random);
        landed.forEach(ranges::settle);

        assertThat(most).isLessThanOrEqualTo(2 * inFlight);
        assertThat(ranges.all()).hasSize(1);
    }

    @Test
    void knows_whether_ranges_are_all_of_the_table() {
        Held below = put(null, 10);
        Held above = put(10, null);
        Held nulls = new Held("n", new ShardRange.NullKeys(), null, null, LANDED);

        assertThat(ranges.isAll(List.of(below, above), false)).isTrue();
        assertThat(ranges.isAll(List.of(below), false)).isFalse();
        assertThat(ranges.isAll(List.of(above), false)).isFalse();
        assertThat(ranges.isAll(List.of(below, above), true)).isFalse();
        ranges.put(nulls);
        assertThat(ranges.isAll(ranges.all(), true)).isTrue();
    }

    private Held put(Integer from, Integer to) {
        Held held = held(from, to);
        ranges.put(held);
        return held;
    }

    private static Held held(Integer from, Integer to) {
        ShardRange range = new ShardRange.Keys(texts(from), texts(to));
        return new Held("s", range, from == null ? null : key(from), to == null ? null : key(to), LANDED);
    }

    private static List<String> texts(Integer key) {
        return key == null ? null : List.of("" + key);
    }

    private static Key key(int key) {
        return ORDER.key(List.of("" + key));
    }
}
