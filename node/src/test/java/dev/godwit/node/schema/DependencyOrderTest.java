package dev.godwit.node.schema;

import static org.assertj.core.api.Assertions.assertThat;

import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.stream.IntStream;
import org.junit.jupiter.api.Test;

class DependencyOrderTest {
    @Test
    void each_comes_after_what_it_depends_on_and_else_as_given() {
        DependencyOrder<String> order = DependencyOrder.of(
                List.of("c", "a", "d", "b"), Map.of("c", Set.of("d", "elsewhere"), "a", Set.of("a"), "d", Set.of("b")));

        assertThat(order.ordered()).containsExactly("a", "b", "d", "c");
        assertThat(order.circular()).isEmpty();
    }

    @Test
    void a_circle_and_what_hangs_on_it_is_told() {
        DependencyOrder<String> order = DependencyOrder.of(
                List.of("a", "b", "c", "free"), Map.of("a", Set.of("b"), "b", Set.of("a"), "c", Set.of("a")));

        assertThat(order.ordered()).containsExactly("free");
        assertThat(order.circular()).containsExactly("a", "b", "c");
    }

    @Test
    void a_long_chain_is_no_matter() {
        Map<Integer, Set<Integer>> chain = new HashMap<>();
        IntStream.range(0, 100_000).forEach(i -> chain.put(i, Set.of(i + 1)));
        List<Integer> things = IntStream.rangeClosed(0, 100_000).boxed().toList();

        assertThat(DependencyOrder.of(things, chain).ordered())
                .startsWith(100_000)
                .endsWith(0);
    }
}
