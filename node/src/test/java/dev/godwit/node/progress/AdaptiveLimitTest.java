package dev.godwit.node.progress;

import static org.assertj.core.api.Assertions.assertThat;

import dev.godwit.node.progress.AdaptiveLimit.Reading;
import java.util.ArrayList;
import java.util.List;
import java.util.Random;
import java.util.function.IntToDoubleFunction;
import net.jqwik.api.ForAll;
import net.jqwik.api.Property;
import net.jqwik.api.constraints.DoubleRange;
import net.jqwik.api.constraints.IntRange;
import net.jqwik.api.constraints.Size;
import org.junit.jupiter.api.Test;

/** The limit against simulated databases: what they bring in a second by how many shards are in flight. */
class AdaptiveLimitTest {
    private static final double TICK = 0.5;
    private static final double MB = 1e6;

    /** A plant and what was done to it. */
    private static final class Run {
        private final AdaptiveLimit limit;
        private final List<Integer> levels = new ArrayList<>();
        private final Random random = new Random(7);
        private IntToDoubleFunction rate;
        private double noise;
        private double commit = 0.05;
        private double readShare = 0.2;
        private int builds;
        private int shards = Integer.MAX_VALUE;
        private double copied;

        Run(int ceiling, IntToDoubleFunction bytesPerSecond) {
            limit = new AdaptiveLimit(ceiling);
            rate = bytesPerSecond;
        }

        Run seconds(double time) {
            for (double at = 0; at < time; at += TICK) {
                int inFlight = Math.min(shards, Math.max(1, limit.level() - builds));
                double bytes = rate.applyAsDouble(inFlight) * TICK * (1 + noise * (2 * random.nextDouble() - 1));
                copied += bytes;
                levels.add(limit.level());
                limit.measured(new Reading(
                        TICK, bytes, inFlight + builds, inFlight, builds, 1, commit, readShare * inFlight * TICK));
            }
            return this;
        }

        int level() {
            return limit.level();
        }

        /** How often the level was another than the one before, in the last readings. */
        long changes(int last) {
            List<Integer> some = levels.subList(levels.size() - last, levels.size());
            long changes = 0;
            for (int i = 1; i < some.size(); i++) {
                changes += some.get(i).equals(some.get(i - 1)) ? 0 : 1;
            }
            return changes;
        }
    }

    /** Each session brings as much as the ones before it, up to so many. */
    private static IntToDoubleFunction knee(int sessions) {
        return inFlight -> 50 * MB * Math.min(inFlight, sessions);
    }

    @Test
    void it_begins_low_and_is_at_the_ceiling_within_two_seconds_where_that_pays() {
        Run run = new Run(4, knee(100));

        assertThat(run.level()).isEqualTo(2);
        assertThat(new Run(64, knee(100)).level()).isEqualTo(8);
        assertThat(run.seconds(2).level()).isEqualTo(4);
        assertThat(run.seconds(60).levels.subList(5, 100)).containsOnly(4);
    }

    @Test
    void a_copy_of_twenty_seconds_loses_a_few_percent_at_its_beginning() {
        assertThat(new Run(4, knee(100)).seconds(20).copied).isGreaterThan(0.95 * 20 * 4 * 50 * MB);
        assertThat(new Run(16, knee(100)).seconds(20).copied).isGreaterThan(0.95 * 20 * 16 * 50 * MB);
    }

    @Test
    void where_few_bring_all_it_comes_down_to_few_and_stays() {
        Run run = new Run(16, knee(3)).seconds(300);

        assertThat(run.level()).isBetween(3, 4);
        assertThat(run.copied).isGreaterThan(0.97 * 300 * 3 * 50 * MB);
        assertThat(run.changes(200)).as("in 100 s").isLessThanOrEqualTo(6);
    }

    @Test
    void where_more_in_flight_bring_less_it_goes_back() {
        IntToDoubleFunction thrashes = inFlight -> 50 * MB * (inFlight <= 4 ? inFlight : 16.0 / inFlight);
        Run run = new Run(16, thrashes).seconds(120);

        assertThat(run.level()).isBetween(3, 5);
    }

    @Test
    void noise_neither_swings_it_nor_costs_much() {
        Run saturated = new Run(8, knee(4));
        saturated.noise = 0.15;
        saturated.seconds(600);
        Run scaling = new Run(4, knee(100));
        scaling.noise = 0.15;
        scaling.seconds(600);

        assertThat(saturated.copied).isGreaterThan(0.94 * 600 * 4 * 50 * MB);
        assertThat(saturated.changes(600)).as("in 300 s").isLessThanOrEqualTo(30);
        assertThat(scaling.copied).isGreaterThan(0.98 * 600 * 4 * 50 * MB);
    }

    @Test
    void it_finds_more_after_the_target_has_got_faster() {
        Run run = new Run(8, knee(2)).seconds(120);
        assertThat(run.level()).isLessThanOrEqualTo(3);

        run.rate = knee(100);
        run.seconds(240);

        assertThat(run.level()).isEqualTo(8);
    }

    @Test
    void a_sudden_drop_is_learnt_and_left_behind() {
        Run run = new Run(8, knee(100)).seconds(30);

        run.rate = inFlight -> 5 * MB * inFlight;
        run.seconds(60);
        assertThat(run.level()).as("each session still brings its part").isEqualTo(8);

        run.rate = knee(100);
        double before = run.copied;
        run.seconds(30);
        assertThat(run.copied - before).isGreaterThan(0.95 * 30 * 8 * 50 * MB);
    }

    @Test
    void it_makes_way_when_commits_take_much_longer_and_comes_back_when_they_do_not() {
        Run run = new Run(8, knee(100)).seconds(30);

        run.commit = 2;
        run.seconds(4);
        assertThat(run.level()).isEqualTo(6);

        run.commit = 0.05;
        run.seconds(60);
        assertThat(run.level()).isEqualTo(8);
    }

    @Test
    void it_makes_way_when_the_source_answers_much_slower() {
        Run run = new Run(8, knee(100)).seconds(30);

        run.readShare = 0.9;
        run.rate = inFlight -> 30 * MB * inFlight;
        run.seconds(4);

        assertThat(run.level()).isEqualTo(6);
    }

    @Test
    void too_little_work_says_nothing() {
        Run run = new Run(8, knee(100)).seconds(30);

        run.shards = 1;
        run.seconds(60);

        assertThat(run.level()).isEqualTo(8);
    }

    @Test
    void builds_alone_may_use_the_ceiling() {
        Run run = new Run(6, knee(1)).seconds(60);
        assertThat(run.level()).isLessThanOrEqualTo(2);

        run.shards = 0;
        run.builds = 2;
        run.seconds(1);

        assertThat(run.level()).isEqualTo(6);
    }

    @Test
    void builds_that_begin_beside_few_shards_do_not_get_the_ceiling() {
        Run run = new Run(6, knee(1)).seconds(60);
        int few = run.level();

        run.builds = 1;
        run.seconds(1);

        assertThat(run.level()).isEqualTo(few);
    }

    @Test
    void builds_beside_shards_are_no_reason_to_go_down() {
        Run run = new Run(4, knee(100)).seconds(30);

        run.builds = 1;
        run.limit.ceiling(5);
        run.seconds(30);

        assertThat(run.levels.subList(70, 110)).containsOnly(5);
    }

    @Test
    void it_scales_only_where_the_ceiling_brought_more() {
        assertThat(new Run(4, knee(100)).seconds(20).limit.scales()).isTrue();
        assertThat(new Run(4, knee(2)).seconds(20).limit.scales()).isFalse();
        assertThat(new Run(2, knee(100)).seconds(20).limit.scales())
                .as("fewer than two were never seen")
                .isFalse();
    }

    @Test
    void the_level_follows_a_ceiling_that_it_had_reached() {
        Run run = new Run(4, knee(100)).seconds(20);

        run.limit.ceiling(2);
        assertThat(run.level()).isEqualTo(2);
        run.limit.ceiling(8);
        assertThat(run.level()).isEqualTo(8);
    }

    @Property
    void whatever_is_measured_it_stays_between_one_and_the_ceiling(
            @ForAll @IntRange(min = 1, max = 64) int ceiling,
            @ForAll @Size(max = 200) List<@DoubleRange(min = 0, max = 1e9) Double> bytes,
            @ForAll @IntRange(min = 0, max = 64) int inFlight,
            @ForAll @IntRange(min = 0, max = 64) int shards,
            @ForAll @IntRange(min = 0, max = 8) int builds) {
        AdaptiveLimit limit = new AdaptiveLimit(ceiling);
        for (double now : bytes) {
            limit.measured(
                    new Reading(TICK, now, inFlight, shards, Math.min(builds, inFlight), 1, now / 1e8, now / 1e7));
            assertThat(limit.level()).isBetween(1, ceiling);
        }
    }
}
