package dev.godwit.node.postgres;

import static java.util.concurrent.TimeUnit.SECONDS;
import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.awaitility.Awaitility.await;

import dev.godwit.node.target.SessionBudget;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.ExecutionException;
import org.junit.jupiter.api.Test;

class BuildsTest {
    private static final int AT_ONCE = 2;

    @Test
    void who_waits_for_a_turn_is_told_when_the_target_is_closed() throws Exception {
        Builds builds = new Builds(new SessionBudget(0, AT_ONCE));
        CountDownLatch under = new CountDownLatch(AT_ONCE);
        CountDownLatch end = new CountDownLatch(1);
        for (int i = 0; i < AT_ONCE; i++) {
            CompletableFuture.runAsync(() -> builds.one(() -> {
                under.countDown();
                while (end.getCount() > 0) {
                    Thread.onSpinWait(); // as JDBC does, it does not mind an interrupt
                }
                return null;
            }));
        }
        assertThat(under.await(10, SECONDS)).isTrue();
        CompletableFuture<Object> waiting = new CompletableFuture<>();
        Thread waits = new Thread(() -> {
            try {
                waiting.complete(builds.one(() -> null));
            } catch (RuntimeException e) {
                waiting.completeExceptionally(e);
            }
        });
        waits.start();
        await().until(() -> waits.getState() == Thread.State.WAITING);

        builds.close();
        end.countDown();

        assertThatThrownBy(() -> waiting.get(10, SECONDS)).isInstanceOf(ExecutionException.class);
    }
}
