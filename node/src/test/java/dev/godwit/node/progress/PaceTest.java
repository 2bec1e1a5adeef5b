package dev.godwit.node.progress;

import static org.assertj.core.api.Assertions.assertThat;

import java.util.List;
import net.jqwik.api.ForAll;
import net.jqwik.api.Property;
import net.jqwik.api.constraints.IntRange;
import net.jqwik.api.constraints.Size;
import org.junit.jupiter.api.Test;

class PaceTest {
    private static final long[] NO_GROUND = {-1, -1};

    private final Pace pace = new Pace();

    private void steadily(int seconds, long rowsPerSecond, long bytesPerSecond) {
        for (int second = 0; second <= seconds; second++) {
            pace.at(second * 1_000L, second * rowsPerSecond, second * bytesPerSecond);
        }
    }

    @Test
    void before_anything_was_seen_there_is_no_pace_and_no_estimate() {
        assertThat(pace.rowsPerSecond()).isZero();
        assertThat(pace.bytesPerSecond()).isZero();
        assertThat(pace.etaSeconds(100)).isEqualTo(NO_GROUND);
    }

    @Test
    void a_few_seconds_are_no_ground_for_an_estimate() {
        steadily(4, 10, 1_000);

        assertThat(pace.rowsPerSecond()).isEqualTo(10);
        assertThat(pace.etaSeconds(100)).isEqualTo(NO_GROUND);
    }

    @Test
    void a_steady_pace_gives_a_narrow_estimate_around_the_truth() {
        steadily(60, 10, 1_000);

        assertThat(pace.bytesPerSecond()).isEqualTo(1_000);
        assertThat(pace.etaSeconds(100_000)).containsExactly(90, 111);
    }

    @Test
    void an_uneven_pace_gives_a_wide_estimate() {
        for (int second = 0; second <= 60; second++) {
            long fast = Math.min(second, 30) * 2_000L;
            long slow = Math.max(0, second - 30) * 500L;
            pace.at(second * 1_000L, 0, fast + slow);
        }

        long[] eta = pace.etaSeconds(100_000);

        assertThat(eta[0]).isLessThanOrEqualTo(50);
        assertThat(eta[1]).isGreaterThanOrEqualTo(200);
    }

    @Test
    void the_rate_is_that_of_the_last_ten_seconds() {
        steadily(30, 10, 1_000);
        for (int second = 31; second <= 41; second++) {
            pace.at(second * 1_000L, 300, 30_000);
        }

        assertThat(pace.rowsPerSecond()).isZero();
    }

    @Test
    void rows_that_are_taken_back_are_no_negative_pace() {
        pace.at(0, 1_000, 1_000);
        pace.at(1_000, 500, 500);

        assertThat(pace.rowsPerSecond()).isZero();
        assertThat(pace.bytesPerSecond()).isZero();
    }

    @Test
    void a_stand_still_gives_no_estimate() {
        steadily(10, 0, 0);

        assertThat(pace.etaSeconds(1)).isEqualTo(NO_GROUND);
    }

    @Test
    void after_a_pause_nothing_is_remembered() {
        steadily(60, 10, 1_000);

        pace.clear();

        assertThat(pace.rowsPerSecond()).isZero();
        assertThat(pace.etaSeconds(1)).isEqualTo(NO_GROUND);
    }

    @Property
    void an_estimate_is_a_range_or_nothing(
            @ForAll @Size(min = 1, max = 200) List<@IntRange(min = 0, max = 1_000_000) Integer> increments,
            @ForAll @IntRange(min = 0) int bytesLeft) {
        Pace pace = new Pace();
        long sum = 0;
        long millis = 0;
        for (int increment : increments) {
            pace.at(millis += 1_000, sum += increment, sum);
        }

        long[] eta = pace.etaSeconds(bytesLeft);

        assertThat(eta).satisfiesAnyOf(none -> assertThat(none).isEqualTo(NO_GROUND), range -> {
            assertThat(range[0]).isNotNegative();
            assertThat(range[1]).isGreaterThanOrEqualTo(range[0]);
        });
    }
}
