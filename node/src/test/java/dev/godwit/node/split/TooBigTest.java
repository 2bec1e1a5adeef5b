package dev.godwit.node.split;

import static org.assertj.core.api.Assertions.assertThat;

import org.junit.jupiter.api.Test;

class TooBigTest {
    private static final long AIMED = 1_000_000;

    @Test
    void a_shard_of_more_than_four_times_its_aim_is_given_up() {
        assertThat(TooBig.shouldRetire(4 * AIMED, AIMED, 1_000)).isFalse();
        assertThat(TooBig.shouldRetire(4 * AIMED + 4, AIMED, 1_000)).isTrue();
    }

    @Test
    void a_shard_that_takes_long_is_given_up_at_twice_its_aim() {
        assertThat(TooBig.shouldRetire(3 * AIMED, AIMED, TooBig.SLOW_MILLIS)).isFalse();
        assertThat(TooBig.shouldRetire(3 * AIMED, AIMED, TooBig.SLOW_MILLIS + 1))
                .isTrue();
    }

    @Test
    void a_slow_shard_of_the_right_size_is_never_given_up() {
        assertThat(TooBig.shouldRetire(AIMED, AIMED, Long.MAX_VALUE)).isFalse();
    }
}
