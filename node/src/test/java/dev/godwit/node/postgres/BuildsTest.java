package dev.godwit.node.postgres;

import static java.util.concurrent.TimeUnit.SECONDS;
import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.awaitility.Awaitility.await;

import dev.godwit.node.target.SessionBudget;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.Future;
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

    @Test
    void what_has_its_session_runs_beside_the_caller_where_there_is_a_turn_and_by_him_where_there_is_none()
            throws Exception {
        try (Builds builds = new Builds(new SessionBudget(0, 1))) {
            CountDownLatch end = new CountDownLatch(1);
            Future<Thread> first = builds.beside(() -> {
                awaitUninterruptibly(end);
                return Thread.currentThread();
            });

            Future<Thread> second = builds.beside(Thread::currentThread);

            assertThat(second.get(0, SECONDS)).isEqualTo(Thread.currentThread());
            end.countDown();
            assertThat(first.get(10, SECONDS)).isNotEqualTo(Thread.currentThread());
            Future<Thread> third = builds.beside(Thread::currentThread);
            assertThat(third.get(10, SECONDS)).isNotNull();
        }
    }

    private static void awaitUninterruptibly(CountDownLatch latch) {
        while (latch.getCount() > 0) {
            Thread.onSpinWait();
        }
    }
}
