package dev.godwit.node.online;

import static org.assertj.core.api.Assertions.assertThat;

import java.util.EnumSet;
import java.util.List;
import java.util.Set;
import java.util.regex.Pattern;
import java.util.stream.Collectors;
import java.util.stream.Stream;
import org.junit.jupiter.api.Test;

class WriterScriptTest {
    /** Enough for what is rare. */
    private static final List<Transaction> LONG = script(7, 1, 20_000);

    private static List<Transaction> script(long seed, int writer, int transactions) {
        WriterScript script = new WriterScript(seed, writer, LoadTables.of(1000), 5);
        return Stream.generate(script::next).limit(transactions).toList();
    }

    @Test
    void does_the_same_for_the_same_seed_and_writer_and_something_else_for_others() {
        assertThat(script(7, 1, 300))
                .isEqualTo(script(7, 1, 300))
                .isNotEqualTo(script(7, 2, 300))
                .isNotEqualTo(script(8, 1, 300));
    }

    @Test
    void does_everything_that_makes_changes_hard_to_follow() {
        Set<Kind> kinds = LONG.stream()
                .flatMap(transaction -> transaction.steps().stream())
                .map(Step::kind)
                .collect(Collectors.toSet());
        assertThat(kinds).containsExactlyInAnyOrderElementsOf(EnumSet.allOf(Kind.class));
        assertThat(LONG).anyMatch(Transaction::aborted);
        assertThat(LONG).anyMatch(transaction -> transaction.steps().stream().anyMatch(Step::undone));
        assertThat(LONG)
                .as("a truncate of another table than the tiny one")
                .anyMatch(transaction -> transaction.steps().stream()
                        .anyMatch(step ->
                                step.kind() == Kind.TRUNCATE && !step.sql().equals("TRUNCATE tiny")));
    }

    @Test
    void leaves_no_place_of_a_template_open() {
        Pattern open = Pattern.compile("\\{[a-z]+}");
        assertThat(LONG.stream().flatMap(transaction -> transaction.steps().stream()))
                .noneMatch(step -> open.matcher(step.sql().replace("'{}'", "")).find());
    }
}
