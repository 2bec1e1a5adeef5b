package dev.godwit.node.target;

import static org.assertj.core.api.Assertions.assertThat;

import dev.godwit.node.target.SessionBudget.Turn;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.concurrent.atomic.AtomicLong;
import net.jqwik.api.ForAll;
import net.jqwik.api.Property;
import net.jqwik.api.constraints.IntRange;
import net.jqwik.api.constraints.Size;
import org.junit.jupiter.api.Test;

class SessionBudgetTest {
    private final AtomicInteger begun = new AtomicInteger();

    private void build(SessionBudget budget, int count) {
        for (int i = 0; i < count; i++) {
            budget.build(begun::incrementAndGet);
        }
    }

    private static int copies(SessionBudget budget, int count) {
        int taken = 0;
        while (taken < count && budget.tryCopy()) {
            taken++;
        }
        budget.copiesWaiting(count - taken);
        return taken;
    }

    @Test
    void with_nothing_to_copy_builds_get_all_of_it() {
        SessionBudget budget = new SessionBudget(4, 6);

        build(budget, 10);

        assertThat(begun).hasValue(6);
        budget.buildEnded();
        assertThat(begun).hasValue(7);
    }

    @Test
    void while_shards_are_copied_builds_get_half_of_what_is_allowed() {
        SessionBudget budget = new SessionBudget(4, 6);
        budget.allow(4);
        assertThat(copies(budget, 8)).isEqualTo(4);

        build(budget, 10);
        assertThat(begun).as("one needs not wait for a shard's end").hasValue(1);
        budget.copyEnded();
        assertThat(begun).hasValue(1);
        budget.copyEnded();
        assertThat(begun).hasValue(2);
        budget.copyEnded();

        assertThat(begun).hasValue(2);
        assertThat(budget.tryCopy()).isTrue();
        assertThat(budget.tryCopy()).isFalse();
    }

    @Test
    void shards_get_what_builds_leave() {
        SessionBudget budget = new SessionBudget(4, 4);
        build(budget, 1);

        assertThat(copies(budget, 8)).isEqualTo(3);
    }

    @Test
    void one_shard_is_let_in_beside_builds_that_have_taken_all_that_is_allowed() {
        SessionBudget budget = new SessionBudget(4, 6);
        budget.allow(3);
        build(budget, 10);
        assertThat(begun).hasValue(3);

        assertThat(copies(budget, 4)).isEqualTo(1);
    }

    @Test
    void with_a_single_session_shards_and_builds_take_turns() {
        SessionBudget budget = new SessionBudget(1, 1);
        assertThat(copies(budget, 3)).isEqualTo(1);
        build(budget, 3);
        assertThat(begun).hasValue(0);

        budget.copyEnded();
        assertThat(begun).hasValue(1);
        assertThat(budget.tryCopy()).isFalse();
        budget.buildEnded();
        assertThat(begun).hasValue(1);
        assertThat(budget.tryCopy()).isTrue();
        budget.copyEnded();
        assertThat(begun).hasValue(2);
    }

    @Test
    void who_waits_for_a_shard_is_told_when_a_build_ends_or_more_is_allowed() {
        SessionBudget budget = new SessionBudget(4, 2);
        AtomicInteger told = new AtomicInteger();
        budget.whenRoom(told::incrementAndGet);
        build(budget, 1);
        copies(budget, 4);
        int before = told.get();

        budget.buildEnded();
        assertThat(told).hasValueGreaterThan(before);
        budget.tryCopy();
        before = told.get();
        budget.resize(4, 4);
        assertThat(told).as("more is not yet allowed").hasValue(before);
        budget.allow(4);
        assertThat(told).hasValueGreaterThan(before);
    }

    @Test
    void a_build_that_was_withdrawn_never_begins() {
        SessionBudget budget = new SessionBudget(4, 1);
        build(budget, 1);
        Turn turn = budget.build(begun::incrementAndGet);

        assertThat(budget.withdraw(turn)).isTrue();
        budget.buildEnded();

        assertThat(begun).hasValue(1);
        assertThat(budget.withdraw(turn)).isFalse();
    }

    @Test
    void the_time_of_turns_is_counted() {
        AtomicLong nanos = new AtomicLong();
        SessionBudget budget = new SessionBudget(4, 6, nanos::get);
        copies(budget, 2);
        nanos.addAndGet(100);
        build(budget, 1);
        nanos.addAndGet(10);

        assertThat(budget.use().busyNanos()).isEqualTo(230);
    }

    @Property
    void whatever_happens_the_ceilings_hold_and_somebody_has_a_turn(
            @ForAll @IntRange(min = 1, max = 8) int mostCopies,
            @ForAll @IntRange(min = 1, max = 10) int sessions,
            @ForAll @Size(max = 200) List<@IntRange(min = 0, max = 5) Integer> steps) {
        SessionBudget budget = new SessionBudget(mostCopies, sessions);
        AtomicInteger builds = new AtomicInteger();
        List<Integer> copying = new ArrayList<>();
        int wanted = 0;
        for (int step : steps) {
            switch (step) {
                case 0 -> wanted++;
                case 1 -> budget.build(builds::incrementAndGet);
                case 2 -> {
                    if (!copying.isEmpty()) {
                        copying.remove(0);
                        budget.copyEnded();
                    }
                }
                case 3 -> {
                    if (builds.get() > 0) {
                        builds.decrementAndGet();
                        budget.buildEnded();
                    }
                }
                case 4 -> budget.allow(1);
                default -> budget.allow(sessions);
            }
            while (wanted > 0 && budget.tryCopy()) {
                wanted--;
                copying.add(1);
            }
            budget.copiesWaiting(wanted);
            SessionBudget.Use use = budget.use();
            assertThat(use.copies()).isEqualTo(copying.size()).isLessThanOrEqualTo(mostCopies);
            assertThat(use.builds()).isEqualTo(builds.get());
            assertThat(use.copies() + use.builds()).isLessThanOrEqualTo(sessions);
            if (use.copiesWaiting() + use.buildsWaiting() > 0) {
                assertThat(use.copies() + use.builds()).isPositive();
            }
            if (sessions > 1) {
                assertThat(use.copiesWaiting() > 0 && use.copies() == 0 && use.builds() < sessions)
                        .isFalse();
                assertThat(use.buildsWaiting() > 0 && use.builds() == 0 && use.copies() < sessions)
                        .isFalse();
            }
        }
    }
}
