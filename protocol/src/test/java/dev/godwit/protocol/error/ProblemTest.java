package dev.godwit.protocol.error;

import static org.assertj.core.api.Assertions.assertThat;

import org.junit.jupiter.api.Test;

class ProblemTest {
    @Test
    void is_one_line_with_code_place_finding_and_fix() {
        assertThat(new Problem(ErrorCode.PLAN_MISSING_KEY, "Key user is missing.", "shop.yaml:6:5", "Add it.").line())
                .isEqualTo("PLAN_MISSING_KEY at shop.yaml:6:5: Key user is missing. Fix: Add it.");
        assertThat(new Problem(ErrorCode.INTERNAL, "It broke.", null, null).line())
                .isEqualTo("INTERNAL: It broke.");
    }
}
