package dev.godwit.ops.view;

import static org.assertj.core.api.Assertions.assertThat;

import dev.godwit.protocol.error.ErrorCode;
import dev.godwit.protocol.error.Problem;
import dev.godwit.protocol.status.Health;
import dev.godwit.protocol.status.Phase;
import java.util.List;
import org.junit.jupiter.api.Test;

class OutcomeTest {
    private static final List<Problem> LOST = List.of(new Problem(ErrorCode.SNAPSHOT_LOST, "", "", ""));

    @Test
    void goes_on_while_it_copies_and_while_a_person_paused_it() {
        assertThat(Outcome.of(Statuses.copying(1))).isEmpty();
        assertThat(Outcome.of(Statuses.status(Phase.PAUSED, Health.IDLE, "", 1, List.of())))
                .isEmpty();
    }

    @Test
    void is_zero_for_completed_and_the_first_problems_code_otherwise() {
        assertThat(Outcome.of(Statuses.completed())).hasValue(0);
        assertThat(Outcome.of(Statuses.status(Phase.PAUSED, Health.DEGRADED, "", 1, LOST)))
                .hasValue(6);
        assertThat(Outcome.of(Statuses.status(Phase.FAILED, Health.IDLE, "", 1, LOST)))
                .hasValue(6);
        assertThat(Outcome.of(Statuses.status(Phase.CANCELLED, Health.IDLE, "", 1, List.of())))
                .hasValue(1);
    }
}
