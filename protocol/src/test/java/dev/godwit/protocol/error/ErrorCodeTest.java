package dev.godwit.protocol.error;

import static org.assertj.core.api.Assertions.assertThat;

import java.util.Map;
import java.util.Set;
import java.util.stream.Collectors;
import java.util.stream.IntStream;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.EnumSource;

class ErrorCodeTest {
    /** Documented for the command line: 0 done … 13, and 130 interrupted. An error is never 0. */
    private static final Set<Integer> EXIT_CODES = IntStream.concat(IntStream.rangeClosed(1, 13), IntStream.of(130))
            .boxed()
            .collect(Collectors.toSet());

    private static final Set<Integer> HTTP_STATUSES = Set.of(400, 403, 404, 409, 413, 422, 500, 502, 503, 504, 507);

    /** What begins with this word has to be looked for at this side. */
    private static final Map<String, Category> BY_PREFIX = Map.of(
            "PLAN_",
            Category.USER,
            "SOURCE_",
            Category.SOURCE,
            "TARGET_",
            Category.TARGET,
            "SNAPSHOT_",
            Category.SOURCE);

    @ParameterizedTest
    @EnumSource
    void has_a_documented_exit_code_and_an_error_status(ErrorCode code) {
        assertThat(EXIT_CODES).contains(code.exitCode());
        assertThat(HTTP_STATUSES).contains(code.httpStatus());
    }

    @ParameterizedTest
    @EnumSource
    void has_the_exit_code_of_its_side(ErrorCode code) {
        // 11 is a conflict, wherever it is found; 12 is not allowed; 9 says that both sides differ.
        switch (code.category()) {
            case USER -> assertThat(code.exitCode()).isIn(1, 2, 3, 11, 12);
            case SOURCE -> assertThat(code.exitCode()).isIn(6, 11);
            case TARGET -> assertThat(code.exitCode()).isIn(7, 9, 11);
            case RESOURCE -> assertThat(code.exitCode()).isIn(1, 11);
            case BUG -> assertThat(code.exitCode()).isEqualTo(1);
        }
    }

    @ParameterizedTest
    @EnumSource
    void blames_the_caller_only_for_the_callers_words_and_never_repeats_them(ErrorCode code) {
        if (code.category() == Category.USER) {
            assertThat(code.httpStatus()).isBetween(400, 499);
            assertThat(code.retry()).isEqualTo(Retry.NEVER);
        }
        if (code.retry() == Retry.UNTIL_IT_WORKS) {
            assertThat(code.category()).isNotIn(Category.USER, Category.BUG);
        }
    }

    @ParameterizedTest
    @EnumSource
    void has_the_category_that_its_name_says(ErrorCode code) {
        BY_PREFIX.forEach((prefix, category) -> {
            if (code.name().startsWith(prefix)) {
                // Source = target is the plan's fault, not the source's.
                assertThat(code.category()).isEqualTo(code == ErrorCode.SOURCE_IS_TARGET ? Category.USER : category);
            }
        });
    }
}
