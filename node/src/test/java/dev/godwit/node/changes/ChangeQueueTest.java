package dev.godwit.node.changes;

import static org.assertj.core.api.Assertions.assertThat;

import dev.godwit.node.capture.Effect;
import dev.godwit.node.capture.Position;
import dev.godwit.protocol.table.TableName;
import java.time.Duration;
import java.util.Collections;
import java.util.List;
import org.junit.jupiter.api.Test;

class ChangeQueueTest {
    private static final TableName TABLE = new TableName("public", "item");
    private static final Duration NO_TIME = Duration.ofMillis(1);

    private final ChangeQueue queue = new ChangeQueue(64 * 100);

    private static ChangeQueue.Item item(int effects, Position position) {
        return new ChangeQueue.Item(
                Collections.nCopies(effects, new Effect.CaughtUp(TABLE, "0.0")), position, position.commitLsn());
    }

    /** Takes a batch as a target does that has no other. */
    private ChangeQueue.Part take() throws InterruptedException {
        ChangeQueue.Part part = queue.take(NO_TIME).part();
        queue.committed();
        return part;
    }

    private static Position end(long lsn) {
        return new Position(lsn, Position.WHOLE);
    }

    @Test
    void what_is_there_is_one_batch_that_ends_where_its_last_part_does() throws InterruptedException {
        queue.put(item(2, new Position(10, 1)));
        queue.put(item(1, end(10)));
        queue.put(item(3, end(20)));

        ChangeQueue.Batch batch = queue.take(NO_TIME);

        assertThat(batch.effects()).hasSize(6);
        assertThat(batch.part().position()).isEqualTo(end(20));
        assertThat(batch.part().items()).isEqualTo(3);
        assertThat(queue.take(NO_TIME)).isNull();
    }

    @Test
    void a_large_batch_ends_with_a_transaction() throws InterruptedException {
        queue.put(item(1500, end(10)));
        queue.put(item(1000, new Position(20, 5)));
        queue.put(item(1000, end(20)));
        queue.put(item(1, end(30)));

        assertThat(take().position()).isEqualTo(end(20));
        assertThat(take().position()).isEqualTo(end(30));
    }

    @Test
    void a_transaction_without_an_end_in_sight_is_cut() throws InterruptedException {
        for (int i = 1; i <= 20; i++) {
            queue.put(item(1000, new Position(10, i * 1000L)));
        }

        ChangeQueue.Batch batch = queue.take(NO_TIME);

        assertThat(batch.effects().size()).isBetween(8_000, 9_000);
        assertThat(batch.part().position().changes()).isEqualTo(batch.effects().size());
    }

    @Test
    void it_has_room_again_when_enough_was_taken_out() throws InterruptedException {
        assertThat(queue.hasRoom()).isTrue();
        queue.put(item(100, end(10)));
        assertThat(queue.hasRoom()).isFalse();
        queue.take(NO_TIME);
        assertThat(queue.hasRoom()).isTrue();
    }

    @Test
    void what_is_taken_out_waits_until_it_is_applied() throws InterruptedException {
        queue.put(item(1, end(7)));
        ChangeQueue.Batch batch = queue.take(NO_TIME);
        assertThat(queue.effectsWaiting()).isEqualTo(1);
        assertThat(queue.applied()).isZero();

        queue.committed();
        assertThat(queue.effectsWaiting()).isEqualTo(1);
        queue.applied(batch.part());

        assertThat(queue.effectsWaiting()).isZero();
        assertThat(queue.applied()).isEqualTo(queue.put()).isEqualTo(1);
    }

    @Test
    void while_the_target_is_busy_only_a_large_batch_is_taken_ahead() throws InterruptedException {
        queue.put(item(1, end(10)));
        assertThat(queue.takeAhead(NO_TIME)).isNull();
        ChangeQueue.Part first = queue.take(NO_TIME).part();
        queue.put(item(1999, end(20)));
        assertThat(queue.takeAhead(NO_TIME)).isNull();
        assertThat(queue.hasAnother()).isFalse();

        queue.put(item(1, end(30)));
        assertThat(queue.hasAnother()).isTrue();
        ChangeQueue.Part second = queue.takeAhead(NO_TIME).part();
        queue.put(item(1, end(40)));
        assertThat(queue.hasAnother()).isTrue();
        queue.committed();

        // The one that was taken ahead comes first.
        assertThat(queue.isAhead()).isTrue();
        assertThat(queue.take(NO_TIME)).isNull();
        queue.beginAhead();
        assertThat(queue.hasAnother()).isFalse();
        queue.committed();
        assertThat(take().position()).isEqualTo(end(40));

        queue.applied(first);
        queue.applied(second);
        assertThat(queue.effectsWaiting()).isEqualTo(1);
    }

    @Test
    void nothing_is_taken_ahead_of_a_target_that_rests() throws InterruptedException {
        queue.put(item(2000, end(10)));
        assertThat(queue.takeAhead(NO_TIME)).isNull();
        take();
        queue.put(item(2000, end(20)));
        assertThat(queue.takeAhead(NO_TIME)).isNull();
    }

    @Test
    void nothing_comes_out_of_a_closed_one() throws InterruptedException {
        queue.put(item(1, end(7)));
        queue.close();
        assertThat(queue.take(Duration.ofMinutes(1))).isNull();
        assertThat(List.of(queue.effectsWaiting())).containsExactly(1L);
    }
}
