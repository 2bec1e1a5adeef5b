package dev.godwit.node.capture;

import static dev.godwit.node.capture.ModelScript.row;
import static org.assertj.core.api.Assertions.assertThat;

import dev.godwit.node.capture.ModelScript.Insert;
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
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.EnumSource;

/** When all is done, the target has what the source has: in whatever order the steps of {@link ModelWorld} come. */
class JoinModelTest {
    private static final int RANDOM_RUNS = 4_000;
    private static final int MISTAKEN_RUNS = 20_000;

    @Test
    void an_update_and_an_insert_in_every_order() {
        explore(
                ModelScript.of(
                        Map.of(1, row("a")), List.of(new Update(1, 1, "b", null)), List.of(new Insert(11, row("c")))),
                Rules.SOUND.withCrashes(1));
    }

    /** All states that can be reached, each once. */
    private static void explore(ModelScript script, Rules rules) {
        Set<Long> seen = new HashSet<>();
        List<Step> path = new ArrayList<>();
        long[] counts = new long[2];
        explore(script, rules, new ModelWorld(script, rules), path, seen, counts);
        System.out.println(counts[0] + " steps, " + seen.size() + " states, " + counts[1] + " ends");
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
                here = new ModelWorld(script, rules);
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
