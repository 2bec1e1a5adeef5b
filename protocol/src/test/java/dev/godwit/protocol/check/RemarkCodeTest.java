package dev.godwit.protocol.check;

import static org.assertj.core.api.Assertions.assertThat;

import dev.godwit.protocol.error.ErrorCode;
import java.util.Arrays;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.EnumSource;

class RemarkCodeTest {
    @ParameterizedTest
    @EnumSource
    void is_no_code_of_an_error(RemarkCode code) {
        assertThat(Arrays.stream(ErrorCode.values()).map(Enum::name)).doesNotContain(code.name());
    }
}
