package dev.godwit.node.sink;

import static org.assertj.core.api.Assertions.assertThat;

import java.time.Duration;
import net.jqwik.api.ForAll;
import net.jqwik.api.Property;
import net.jqwik.api.constraints.DoubleRange;
import net.jqwik.api.constraints.IntRange;
import org.junit.jupiter.api.Test;

class BreakerTest {
    private static final long NOW = 1_000;

    private static Breaker afterFailures(int failures, double spread) {
        Breaker breaker = Breaker.closed();
        for (int i = 0; i < failures; i++) {
            breaker = breaker.onFailure(NOW, spread);
        }
        return breaker;
    }

    @Test
    void it_is_closed_before_the_first_failure() {
        assertThat(Breaker.closed().isClosed()).isTrue();
        assertThat(Breaker.closed().mayProbe(NOW)).isTrue();
    }

    @Test
    void after_a_failure_nothing_goes_until_the_pause_is_over() {
        Breaker open = afterFailures(1, 1);
        long over = NOW + Breaker.FIRST_PAUSE.toNanos();

        assertThat(open.isClosed()).isFalse();
        assertThat(open.mayProbe(over - 1)).isFalse();
        assertThat(open.untilProbe(NOW)).isEqualTo(Breaker.FIRST_PAUSE);
        assertThat(open.mayProbe(over)).isTrue();
        assertThat(open.untilProbe(over + 1)).isZero();
    }

    @Test
    void it_bears_a_clock_that_overflows() {
        Breaker open = Breaker.closed().onFailure(Long.MAX_VALUE, 1);

        assertThat(open.mayProbe(Long.MAX_VALUE)).isFalse();
        assertThat(open.mayProbe(Long.MAX_VALUE + Breaker.FIRST_PAUSE.toNanos()))
                .isTrue();
    }

    @Property
    void the_pause_grows_with_each_failure_up_to_its_ceiling(
            @ForAll @IntRange(min = 1, max = 100) int failures, @ForAll @DoubleRange(max = 1) double spread) {
        Duration pause = afterFailures(failures, spread).untilProbe(NOW);

        assertThat(pause).isBetween(Breaker.FIRST_PAUSE.dividedBy(2), Breaker.LONGEST_PAUSE);
        assertThat(afterFailures(failures + 1, spread).untilProbe(NOW)).isGreaterThanOrEqualTo(pause);
    }

    @Test
    void after_many_failures_the_pause_is_the_longest() {
        assertThat(afterFailures(100, 1).untilProbe(NOW)).isEqualTo(Breaker.LONGEST_PAUSE);
    }
}
