package dev.godwit.node.changes;

import static org.assertj.core.api.Assertions.assertThat;
import static org.awaitility.Awaitility.await;

import dev.godwit.node.capture.Effect;
import dev.godwit.node.capture.Position;
import dev.godwit.node.target.ChangeTarget.Applier;
import dev.godwit.node.target.ChangeTarget.Counts;
import dev.godwit.node.target.ChangeTarget.Durability;
import dev.godwit.node.target.ChangeTarget.Prepared;
import dev.godwit.protocol.table.TableName;
import java.util.Collections;
import java.util.List;
import java.util.concurrent.CopyOnWriteArrayList;
import java.util.concurrent.Semaphore;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;

class ApplyLoopTest {
    private static final TableName TABLE = new TableName("public", "item");

    private final ChangeQueue queue = new ChangeQueue(1 << 20);
    private final Slow target = new Slow();
    private final List<Position> applied = new CopyOnWriteArrayList<>();
    private final List<Throwable> failures = new CopyOnWriteArrayList<>();
    private final ApplyLoop loop = new ApplyLoop(target, queue, part -> applied.add(part.position()), failures::add);

    /** An applier whose transactions end when they are let. */
    private static final class Slow implements Applier {
        private final List<Integer> prepared = new CopyOnWriteArrayList<>();
        private final List<Durability> begun = new CopyOnWriteArrayList<>();
        private final Semaphore mayEnd = new Semaphore(0);
        private volatile boolean fails;
        private volatile boolean closed;

        private record Effects(int count) implements Prepared {}

        @Override
        public Prepared prepare(List<Effect> effects) {
            prepared.add(effects.size());
            return new Effects(effects.size());
        }

        @Override
        public Counts apply(Prepared effects, Position upTo, Durability durability) {
            begun.add(durability);
            mayEnd.acquireUninterruptibly();
            if (fails) {
                throw new IllegalStateException("it was to fail");
            }
            return new Counts(((Effects) effects).count(), 0, 0);
        }

        @Override
        public void cancel() {
            mayEnd.release();
        }

        @Override
        public void close() {
            closed = true;
        }
    }

    private static Position end(long lsn) {
        return new Position(lsn, Position.WHOLE);
    }

    private void put(int effects, long lsn) {
        queue.put(new ChangeQueue.Item(Collections.nCopies(effects, new Effect.CaughtUp(TABLE, "0.0")), end(lsn), lsn));
    }

    @AfterEach
    void stop() {
        loop.stop();
        await().until(() -> target.closed);
    }

    @Test
    void the_next_batch_is_made_ready_while_the_target_has_one_and_becomes_durable_for_both() {
        loop.start();
        put(1, 10);
        await().until(() -> target.begun.size() == 1);
        put(2_000, 20);
        put(2_000, 30);
        put(1, 40);
        await().until(() -> target.prepared.size() == 2);

        // Nothing was there behind the first when it began.
        assertThat(target.begun).containsExactly(Durability.NOW);
        target.mayEnd.release();
        await().until(() -> target.begun.size() == 2);
        await().until(() -> applied.equals(List.of(end(10))));
        target.mayEnd.release();
        await().until(() -> target.begun.size() == 3);

        assertThat(target.begun).containsExactly(Durability.NOW, Durability.WITH_LATER, Durability.NOW);
        assertThat(applied).containsExactly(end(10));
        target.mayEnd.release();
        await().until(() -> target.begun.size() == 4);
        assertThat(applied).containsExactly(end(10), end(20), end(30));
        assertThat(queue.applied()).isEqualTo(3);
        assertThat(target.prepared).containsExactly(1, 2_000, 2_000, 1);
        assertThat(failures).isEmpty();
    }

    @Test
    void what_was_not_durable_before_a_failure_is_not_told_to_be_applied() {
        put(2_000, 10);
        put(2_000, 20);
        loop.start();
        await().until(() -> target.begun.size() == 1);
        assertThat(target.begun).containsExactly(Durability.WITH_LATER);
        target.mayEnd.release();
        await().until(() -> target.begun.size() == 2);

        target.fails = true;
        target.mayEnd.release();
        await().until(() -> failures.size() == 1);

        assertThat(applied).isEmpty();
        assertThat(queue.effectsWaiting()).isEqualTo(4_000);
    }
}
