package dev.godwit.node.capture;

import static dev.godwit.node.capture.ModelScript.row;
import static org.assertj.core.api.Assertions.assertThat;

import dev.godwit.node.capture.ModelScript.Delete;
import dev.godwit.node.capture.ModelScript.Insert;
import dev.godwit.node.capture.ModelScript.Truncate;
import dev.godwit.node.capture.ModelScript.Update;
import dev.godwit.node.capture.ModelWorld.Kind;
import dev.godwit.node.capture.ModelWorld.Mistake;
import dev.godwit.node.capture.ModelWorld.Rules;
import dev.godwit.node.capture.ModelWorld.Step;
import java.util.ArrayList;
import java.util.HashSet;
import java.util.List;
import java.util.Map;
import java.util.Random;
import java.util.Set;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.condition.EnabledIfSystemProperty;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.EnumSource;
import org.junit.jupiter.params.provider.MethodSource;
import org.junit.jupiter.params.provider.ValueSource;

/** When all is done, the target has what the source has: in whatever order the steps of {@link ModelWorld} come. */
class JoinModelTest {
    private static final int RANDOM_RUNS = 2_000;
    private static final int MISTAKEN_RUNS = 20_000;

    private static final ModelScript TWO_ON_ONE_KEY = ModelScript.of(
            Map.of(1, row("a"), 11, row("b")),
            List.of(new Update(1, 1, "c", null)),
            List.of(new Delete(1), new Insert(12, row("d"))));

    private static final ModelScript THERE_AND_BACK = ModelScript.of(
            Map.of(1, row("a")), List.of(new Update(1, 11, "b", "big")), List.of(new Update(11, 1, "c", "big")));

    private static final ModelScript MOVES_OUT_OF_LINE = ModelScript.of(
            Map.of(1, row("a")), List.of(new Update(1, 11, "b", null)), List.of(new Update(11, 11, "c", null)));

    private static final ModelScript MADE_AGAIN = ModelScript.of(
            Map.of(1, row("a"), 11, row("b")),
            List.of(new Delete(1), new Delete(11)),
            List.of(new Insert(1, row("d"))));

    private static final ModelScript TRUNCATED = ModelScript.of(
            Map.of(1, row("a"), 11, row("b")),
            List.of(new Truncate(), new Insert(1, row("d"))),
            List.of(new Update(1, 12, "c", null)));

    static List<ModelScript> scripts() {
        return List.of(TWO_ON_ONE_KEY, MOVES_OUT_OF_LINE, TRUNCATED);
    }

    static List<ModelScript> moreScripts() {
        return List.of(TWO_ON_ONE_KEY, MOVES_OUT_OF_LINE, TRUNCATED, THERE_AND_BACK, MADE_AGAIN);
    }

    @ParameterizedTest
    @MethodSource("scripts")
    void two_transactions_join_in_every_order(ModelScript script) {
        explore(script, Rules.SOUND);
    }

    @ParameterizedTest
    @MethodSource("scripts")
    void a_transaction_joins_in_every_order_with_a_crash_everywhere(ModelScript script) {
        explore(script.onlyFirst(1), Rules.SOUND.withCrashes(1));
    }

    @Test
    void workers_fail_in_every_order() {
        explore(MOVES_OUT_OF_LINE.onlyFirst(1), Rules.SOUND.withGiveUps(1));
    }

    @Test
    void tries_that_nobody_knows_of_land_later_in_every_order() {
        explore(MOVES_OUT_OF_LINE.onlyFirst(1), Rules.SOUND.withLostSights(1));
    }

    /** Minutes: all of the above together. */
    @ParameterizedTest
    @MethodSource("moreScripts")
    @EnabledIfSystemProperty(named = "godwit.model", matches = "large")
    void two_transactions_join_in_every_order_with_a_crash_everywhere(ModelScript script) {
        explore(script, Rules.SOUND.withCrashes(1));
    }

    /** All states that can be reached, each once. */
    private static void explore(ModelScript script, Rules rules) {
        Set<Long> seen = new HashSet<>();
        List<Step> path = new ArrayList<>();
        long[] counts = new long[2];
        explore(script, rules, new ModelWorld(script, rules), path, seen, counts);
        System.out.println("explored " + seen.size() + " states by " + counts[0] + " steps, to " + counts[1] + " ends");
        assertThat(counts[1]).as("ends").isPositive();
    }

    private static void explore(
            ModelScript script, Rules rules, ModelWorld world, List<Step> path, Set<Long> seen, long[] counts) {
        ModelWorld here = world;
        List<Step> steps = here.possible();
        if (steps.stream().allMatch(step -> step.kind() == Kind.CRASH)) {
            counts[1]++;
            try {
                here.assertDone();
            } catch (AssertionError e) {
                throw new AssertionError(e.getMessage() + " after " + path, e);
            }
        }
        for (Step step : steps) {
            if (here == null) {
                here = new ModelWorld(script, world);
                path.forEach(here::take);
            }
            path.add(step);
            counts[0]++;
            try {
                here.take(step);
            } catch (AssertionError | RuntimeException e) {
                throw new AssertionError(e.getMessage() + " after " + path, e);
            }
            if (seen.add(hash(here.state()))) {
                explore(script, rules, here, path, seen, counts);
            }
            path.remove(path.size() - 1);
            here = null;
        }
    }

    private static long hash(String text) {
        long hash = 0xcbf29ce484222325L;
        for (int i = 0; i < text.length(); i++) {
            hash = (hash ^ text.charAt(i)) * 0x100000001b3L;
            hash ^= hash >>> 29;
        }
        return hash;
    }

    @Test
    void random_scripts_in_random_orders() {
        long begin = new Random().nextLong();
        for (long seed = begin; seed < begin + RANDOM_RUNS; seed++) {
            String found = run(seed, new Rules(Set.of(), 3, 3, 2, false));
            assertThat(found).as("seed " + seed).isNull();
        }
    }

    /** Each has found a fault once. */
    @ParameterizedTest
    @ValueSource(longs = {-2430893783033615864L, 1056870, 1066377})
    void goes_on_finding_what_it_found(long seed) {
        assertThat(run(seed, new Rules(Set.of(), 3, 3, 2, false))).isNull();
    }

    @ParameterizedTest
    @EnumSource(Mistake.class)
    void finds_every_mistake(Mistake mistake) {
        String found = null;
        long seed = 0;
        for (; found == null && seed < MISTAKEN_RUNS; seed++) {
            found = run(seed, new Rules(Set.of(), 2, 2, 1, false).with(mistake));
        }
        assertThat(found).as("what the model finds").isNotNull();
        System.out.println(mistake + ": " + found + " (seed " + (seed - 1) + ")");
    }

    /** What is wrong at the end, or on the way; null if nothing is. */
    private static String run(long seed, Rules rules) {
        Random random = new Random(seed);
        ModelWorld world = new ModelWorld(ModelScript.random(random), rules);
        try {
            while (true) {
                List<Step> steps = world.possible();
                List<Step> likely = steps.stream()
                        .filter(step -> step.kind() != Kind.CRASH || random.nextInt(20) == 0)
                        .toList();
                if (steps.stream().allMatch(step -> step.kind() == Kind.CRASH)) {
                    break;
                } else if (!likely.isEmpty()) {
                    world.take(likely.get(random.nextInt(likely.size())));
                }
            }
            world.assertDone();
            return null;
        } catch (AssertionError | RuntimeException e) {
            return e.getClass().getSimpleName() + ": " + e.getMessage();
        }
    }
}
