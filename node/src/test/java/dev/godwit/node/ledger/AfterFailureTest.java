package dev.godwit.node.ledger;

import static org.assertj.core.api.Assertions.assertThat;

import dev.godwit.node.ledger.AfterFailure.PauseTable;
import dev.godwit.node.ledger.AfterFailure.TryAgain;
import dev.godwit.protocol.error.ErrorCode;
import dev.godwit.protocol.error.Retry;
import java.time.Duration;
import net.jqwik.api.ForAll;
import net.jqwik.api.Property;
import net.jqwik.api.constraints.DoubleRange;
import net.jqwik.api.constraints.IntRange;
import org.junit.jupiter.api.Test;

class AfterFailureTest {
    @Test
    void a_database_that_is_away_is_tried_again_for_ever() {
        assertThat(AfterFailure.of(ErrorCode.TARGET_UNREACHABLE, 1_000_000, 1))
                .isEqualTo(new TryAgain(AfterFailure.LONGEST_PAUSE));
    }

    @Test
    void an_error_without_a_code_of_its_own_pauses_the_table_after_the_fifth_time() {
        assertThat(AfterFailure.of(ErrorCode.TARGET_FAILED, 4, 0)).isInstanceOf(TryAgain.class);
        assertThat(AfterFailure.of(ErrorCode.TARGET_FAILED, 5, 0)).isInstanceOf(PauseTable.class);
    }

    @Test
    void what_only_a_person_can_mend_pauses_the_table_at_once() {
        assertThat(AfterFailure.of(ErrorCode.TARGET_DISK_FULL, 1, 0)).isInstanceOf(PauseTable.class);
        assertThat(AfterFailure.of(ErrorCode.SOURCE_LOGIN_REFUSED, 1, 0)).isInstanceOf(PauseTable.class);
    }

    @Property
    void the_catalogue_decides_who_is_tried_again(@ForAll ErrorCode code, @ForAll @IntRange(min = 1) int failures) {
        boolean again = AfterFailure.of(code, failures, 0.5) instanceof TryAgain;

        assertThat(again)
                .isEqualTo(code.retry() == Retry.UNTIL_IT_WORKS
                        || (code.retry() == Retry.BOUNDED && failures < AfterFailure.MOST_FAILURES));
    }

    @Property
    void pauses_grow_within_their_bounds_and_are_spread(
            @ForAll @IntRange(min = 1, max = 1_000_000) int failures, @ForAll @DoubleRange(max = 1) double spread) {
        Duration pause = pause(failures, spread);

        assertThat(pause).isBetween(AfterFailure.FIRST_PAUSE.dividedBy(2), AfterFailure.LONGEST_PAUSE);
        assertThat(pause).isBetween(pause(failures, 0), pause(failures, 1));
        assertThat(pause(failures + 1, spread)).isGreaterThanOrEqualTo(pause);
        assertThat(pause(failures, 1)).isEqualTo(pause(failures, 0).multipliedBy(2));
    }

    private static Duration pause(int failures, double spread) {
        return ((TryAgain) AfterFailure.of(ErrorCode.TARGET_UNREACHABLE, failures, spread)).pause();
    }
}
