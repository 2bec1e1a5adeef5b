package dev.godwit.node.schema;

import static org.assertj.core.api.Assertions.assertThat;

import dev.godwit.protocol.error.ErrorCode;
import dev.godwit.protocol.error.Problem;
import java.util.List;
import java.util.stream.IntStream;
import org.junit.jupiter.api.Test;

class LeftOutTest {
    private static final NotCarried SEEN = new NotCarried("view", "shop.seen", "");
    private static final NotCarried HIDDEN = new NotCarried("view", "reporting.hidden", "");
    private static final NotCarried CALLED = new NotCarried("function", "shop.called(integer)", "");

    @Test
    void every_kind_that_is_left_out_is_a_problem_of_its_own_with_names() {
        List<Problem> problems = LeftOut.problems(List.of(SEEN, CALLED, HIDDEN), List.of());

        assertThat(problems).extracting(Problem::code).containsOnly(ErrorCode.SCHEMA_LEAVES_OUT);
        assertThat(problems).extracting(Problem::where).containsExactly("view", "function");
        assertThat(problems.get(0).what()).contains("shop.seen; reporting.hidden");
    }

    @Test
    void what_the_plan_accepts_is_none() {
        assertThat(LeftOut.problems(List.of(SEEN, CALLED, HIDDEN), List.of("view *", "function shop.called(integer)")))
                .isEmpty();
        assertThat(LeftOut.problems(List.of(SEEN, CALLED, HIDDEN), List.of("*")))
                .isEmpty();
        assertThat(LeftOut.problems(List.of(SEEN, HIDDEN), List.of("view shop.*")))
                .singleElement()
                .satisfies(problem ->
                        assertThat(problem.what()).contains("reporting.hidden").doesNotContain("shop.seen"));
    }

    @Test
    void the_fix_that_is_told_is_one() {
        String fix = LeftOut.problems(List.of(SEEN), List.of()).get(0).fix();
        String pattern = fix.substring(fix.indexOf('"') + 1, fix.lastIndexOf('"'));

        assertThat(LeftOut.problems(List.of(SEEN), List.of(pattern))).isEmpty();
    }

    @Test
    void owners_and_grants_need_nobodys_consent() {
        assertThat(LeftOut.problems(
                        List.of(new NotCarried("owner", "shop.t ann", ""), new NotCarried("grants", "shop.t", "")),
                        List.of()))
                .isEmpty();
    }

    @Test
    void of_many_some_are_told_and_the_rest_is_counted() {
        List<NotCarried> many = IntStream.range(0, 1_000)
                .mapToObj(i -> new NotCarried("view", "shop.v" + i, ""))
                .toList();

        String what = LeftOut.problems(many, List.of()).get(0).what();

        assertThat(what).contains("lack 1000: ", "shop.v0", "and 995 more").hasSizeLessThan(300);
    }

    @Test
    void control_characters_of_names_are_not_told() {
        assertThat(LeftOut.problems(List.of(new NotCarried("view", "a\nb", "")), List.of())
                        .get(0)
                        .what())
                .contains("a?b");
    }
}
