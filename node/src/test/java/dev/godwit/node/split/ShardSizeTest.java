package dev.godwit.node.split;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.within;

import java.util.List;
import net.jqwik.api.ForAll;
import net.jqwik.api.Property;
import net.jqwik.api.constraints.LongRange;
import net.jqwik.api.constraints.Size;
import org.junit.jupiter.api.Test;

class ShardSizeTest {
    private static final long MIB = 1L << 20;
    private static final ShardSize PLANNED = ShardSize.of(128 * MIB);

    @Test
    void the_plan_is_kept_to_before_anything_is_known() {
        assertThat(PLANNED.aimedBytes()).isEqualTo(128 * MIB);
        assertThat(PLANNED.aimedDiskBytes()).isEqualTo(128 * MIB);
    }

    @Test
    void the_plan_is_kept_to_while_shards_take_some_seconds() {
        assertThat(landed(PLANNED, 20, 120 * MIB, 5_000).aimedBytes()).isEqualTo(128 * MIB);
    }

    @Test
    void shards_shrink_to_what_half_a_minute_carries() {
        assertThat((double) landed(PLANNED, 50, 128 * MIB, 60_000).aimedBytes())
                .isCloseTo(64 * MIB, within(0.01 * 64 * MIB));
    }

    @Test
    void shards_grow_where_they_are_over_at_once_but_to_no_more_than_twice_the_plan() {
        assertThat((double) landed(PLANNED, 50, 128 * MIB, 1_500).aimedBytes())
                .isCloseTo(128 * MIB / 0.75, within(0.01 * 128 * MIB));
        assertThat(landed(PLANNED, 50, 128 * MIB, 100).aimedBytes()).isEqualTo(256 * MIB);
    }

    @Test
    void one_odd_shard_does_not_turn_the_size_over() {
        ShardSize settled = landed(PLANNED, 20, 128 * MIB, 5_000);

        assertThat(settled.onLanded(0, 2_000).aimedBytes()).isEqualTo(128 * MIB);
        assertThat(settled.onLanded(10, 20).aimedBytes()).isEqualTo(128 * MIB);
        assertThat(settled.onLanded(128 * MIB, 60_000).aimedBytes()).isEqualTo(128 * MIB);
    }

    @Test
    void rows_that_travel_larger_than_they_lie_are_cut_by_what_travels() {
        ShardSize size = PLANNED;
        for (int i = 0; i < 50; i++) {
            size = size.onLanded(128 * MIB, 5_000, 32 * MIB);
        }

        assertThat((double) size.toDisk(400)).isCloseTo(100, within(1.0));
        assertThat((double) size.toTravelled(100)).isCloseTo(400, within(4.0));
        assertThat((double) size.aimedDiskBytes()).isCloseTo(32 * MIB, within(0.01 * 32 * MIB));
    }

    @Property
    void the_size_stays_within_its_bounds(
            @ForAll @LongRange(min = 1, max = 1L << 34) long planBytes,
            @ForAll @Size(max = 30) List<@LongRange(max = 1L << 40) Long> landedBytes,
            @ForAll @Size(min = 30, max = 30) List<@LongRange(max = 10_000_000) Long> millis) {
        ShardSize size = ShardSize.of(planBytes);
        for (int i = 0; i < landedBytes.size(); i++) {
            size = size.onLanded(landedBytes.get(i), millis.get(i), millis.get(i));
        }

        assertThat(size.aimedBytes()).isBetween(Math.max(1, planBytes / 16), planBytes * 2);
        assertThat(size.aimedDiskBytes()).isPositive();
    }

    private static ShardSize landed(ShardSize size, int times, long bytes, long millis) {
        ShardSize learned = size;
        for (int i = 0; i < times; i++) {
            learned = learned.onLanded(bytes, millis);
        }
        return learned;
    }
}
