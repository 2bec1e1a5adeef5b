package dev.godwit.node.changes;

import static org.assertj.core.api.Assertions.assertThat;

import dev.godwit.node.capture.Effect;
import dev.godwit.node.capture.Position;
import dev.godwit.node.capture.Relation;
import dev.godwit.node.capture.StreamMessage;
import dev.godwit.node.capture.Tuple;
import dev.godwit.protocol.status.ChangeCounts;
import dev.godwit.protocol.status.CountedChanges;
import dev.godwit.protocol.table.TableName;
import java.time.Instant;
import java.util.ArrayList;
import java.util.List;
import org.junit.jupiter.api.Test;

class ChangeTallyTest {
    private static final Relation ITEM = relation("item");
    private static final Relation OTHER = relation("other");
    private static final Tuple ROW = new Tuple.Builder(1).text("1".getBytes()).build();

    private final ChangeTally tally = new ChangeTally(Instant.EPOCH);
    private final ChangeTally.OfRun run = tally.begin(new Position(5, Position.WHOLE));

    private static Relation relation(String name) {
        return new Relation(
                1,
                new TableName("public", name),
                Relation.Identity.DEFAULT,
                List.of(new Relation.Column("id", true, 23, -1)));
    }

    @Test
    void counts_what_is_captured_and_what_is_applied_of_each_table() {
        run.captured(new StreamMessage.Insert(ITEM, ROW), new Position(10, 1));
        run.captured(new StreamMessage.Update(ITEM, null, ROW), new Position(10, 2));
        run.captured(new StreamMessage.Delete(OTHER, ROW), new Position(10, 3));
        run.captured(new StreamMessage.Truncate(List.of(ITEM, OTHER), false), new Position(20, 1));
        run.queued(List.of(
                new Effect.InsertRow(ITEM, ROW),
                new Effect.UpdateRow(ITEM, ROW, false, ROW),
                new Effect.EmptyTables(List.of(ITEM.name(), OTHER.name())),
                new Effect.CaughtUp(ITEM.name(), "0.0")));
        run.applied(1, 1);

        assertThat(tally.next(10))
                .containsExactlyInAnyOrder(
                        new ChangeTally.OfTable(
                                ITEM.name(),
                                new CountedChanges(new ChangeCounts(1, 1, 0, 1), new ChangeCounts(1, 1, 0, 1))),
                        new ChangeTally.OfTable(
                                OTHER.name(),
                                new CountedChanges(new ChangeCounts(0, 0, 1, 1), new ChangeCounts(0, 0, 0, 1))));
        assertThat(tally.total())
                .isEqualTo(new CountedChanges(new ChangeCounts(1, 1, 1, 2), new ChangeCounts(1, 1, 0, 2)));
    }

    @Test
    void what_waits_counts_as_applied_when_it_is_durable_and_never_if_its_run_ends_before() {
        run.queued(List.of(new Effect.InsertRow(ITEM, ROW)));
        run.applied(2, 0);
        run.queued(List.of(new Effect.InsertRow(ITEM, ROW), new Effect.DeleteRow(ITEM, ROW, false)));
        run.applied(3, 1);
        assertThat(tally.total()).isEqualTo(CountedChanges.NONE);
        run.applied(4, 2);
        assertThat(tally.total().applied()).isEqualTo(new ChangeCounts(1, 0, 0, 0));

        tally.begin(new Position(7, 1)).applied(9, 9);

        assertThat(tally.total().applied()).isEqualTo(new ChangeCounts(1, 0, 0, 0));
        run.applied(4, 3);
        assertThat(tally.total().applied()).isEqualTo(new ChangeCounts(2, 0, 1, 0));
    }

    @Test
    void what_the_stream_sends_again_to_another_run_counts_once() {
        run.captured(new StreamMessage.Insert(ITEM, ROW), new Position(5, Position.WHOLE)); // in the target already
        run.captured(new StreamMessage.Insert(ITEM, ROW), new Position(10, 1));
        run.captured(new StreamMessage.Insert(ITEM, ROW), new Position(10, 2));
        run.applied(2, 1);
        run.captured(new StreamMessage.Insert(ITEM, ROW), new Position(10, 3));

        ChangeTally.OfRun later = tally.begin(new Position(10, 1));
        run.applied(3, 1); // it has not heard of its end
        later.captured(new StreamMessage.Insert(ITEM, ROW), new Position(10, 2));
        later.captured(new StreamMessage.Insert(ITEM, ROW), new Position(10, 3));
        later.captured(new StreamMessage.Insert(ITEM, ROW), new Position(10, 4));
        later.applied(2, 0);

        assertThat(tally.total().captured()).isEqualTo(new ChangeCounts(4, 0, 0, 0));
    }

    @Test
    void tells_every_table_in_turn_however_many_there_are() {
        for (int i = 0; i < 5; i++) {
            run.captured(new StreamMessage.Insert(relation("t" + i), ROW), new Position(10, i + 1));
        }
        run.applied(5, 0);
        List<String> told = new ArrayList<>();
        for (int i = 0; i < 3; i++) {
            tally.next(2).forEach(one -> told.add(one.table().name()));
        }
        assertThat(told.subList(0, 5)).containsExactlyInAnyOrder("t0", "t1", "t2", "t3", "t4");
        assertThat(told.get(5)).isEqualTo(told.get(0));
        assertThat(tally.next(9)).hasSize(5);
    }
}
