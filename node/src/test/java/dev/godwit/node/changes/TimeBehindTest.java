package dev.godwit.node.changes;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.within;

import org.assertj.core.data.Offset;
import org.junit.jupiter.api.Test;

class TimeBehindTest {
    private static final long SECOND = 1_000_000;
    private static final Offset<Double> EXACT = within(1e-6);

    private final TimeBehind behind = new TimeBehind();

    @Test
    void is_not_known_before_the_target_has_come_to_any_mark() {
        assertThat(behind.seconds()).isEqualTo(-1);
        behind.looked(10 * SECOND, 100);
        behind.reached(-1);
        assertThat(behind.seconds()).isEqualTo(-1);
        behind.reached(99);
        assertThat(behind.seconds()).isEqualTo(-1);
    }

    @Test
    void is_nothing_where_the_target_has_all_that_was_there_at_the_last_look() {
        behind.looked(10 * SECOND, 100);
        behind.reached(100);
        assertThat(behind.seconds()).isZero();
        behind.looked(500 * SECOND, 100);
        behind.reached(100);
        assertThat(behind.seconds()).as("it rests").isZero();
    }

    @Test
    void grows_where_the_source_writes_what_the_stream_has_not_come_to() {
        behind.looked(10 * SECOND, 100);
        behind.reached(100);
        for (int second = 11; second <= 70; second++) {
            behind.looked(second * SECOND, 1000L * second);
            behind.reached(100);
        }
        assertThat(behind.seconds()).isEqualTo(60, EXACT);

        behind.reached(1000 * 40);

        assertThat(behind.seconds()).isEqualTo(30, EXACT);
    }

    @Test
    void is_told_by_commits_more_exactly_than_by_looks() {
        behind.looked(10 * SECOND, 100);
        behind.reached(100);
        behind.committed(10 * SECOND + 800_000, 150);
        behind.committed(10 * SECOND + 900_000, 180);
        behind.looked(11 * SECOND, 200);

        behind.reached(160);

        assertThat(behind.seconds()).isEqualTo(0.2, EXACT);
        behind.reached(180);
        assertThat(behind.seconds()).isEqualTo(0.1, EXACT);
    }

    @Test
    void never_says_less_than_is_true_though_few_marks_are_kept() {
        behind.looked(0, 1);
        behind.reached(1);
        for (int second = 1; second <= 20_000; second++) {
            behind.committed(second * SECOND, second * 10L);
            behind.looked(second * SECOND, second * 10L);
        }
        for (int reached = 0; reached < 20_000; reached += 777) {
            behind.reached(reached * 10L);
            assertThat(behind.seconds()).isBetween(20_000.0 - reached, 1.02 * (20_000.0 - reached));
        }
    }
}
