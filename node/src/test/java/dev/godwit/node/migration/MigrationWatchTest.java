package dev.godwit.node.migration;

import static org.assertj.core.api.Assertions.assertThat;

import java.time.Clock;
import java.time.Duration;
import org.junit.jupiter.api.Test;

class MigrationWatchTest {
    private static final Duration SILENCE = Duration.ofMillis(500);

    @Test
    void a_search_puts_off_the_next_one_and_does_not_make_a_silent_holder_known() {
        MigrationWatch watch = new MigrationWatch(Clock.systemUTC(), table -> false, new CaptureWatch());
        watch.holderHeard();
        while (!watch.searchIsDue(SILENCE)) {
            Thread.onSpinWait();
        }

        watch.searched();

        assertThat(watch.holderSilent(SILENCE)).isTrue();
        assertThat(watch.searchIsDue(SILENCE)).isFalse();
    }
}
