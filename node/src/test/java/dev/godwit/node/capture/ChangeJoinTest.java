package dev.godwit.node.capture;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.godwit.protocol.table.ColumnSpec;
import dev.godwit.protocol.table.CutMethod;
import dev.godwit.protocol.table.ShardRange;
import dev.godwit.protocol.table.TableName;
import dev.godwit.protocol.table.TableSpec;
import java.nio.charset.StandardCharsets;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import org.junit.jupiter.api.Test;

class ChangeJoinTest {
    private static final TableName KEYED = new TableName("public", "keyed");
    private static final TableName KEYLESS = new TableName("public", "keyless");
    private static final Relation KEYED_RELATION = relation(1, KEYED, Relation.Identity.DEFAULT, "id", "value");
    private static final Relation KEYLESS_RELATION = relation(2, KEYLESS, Relation.Identity.FULL, "id", "value");
    private static final ShardRange BELOW = new ShardRange.Keys(null, List.of("10"));
    private static final ShardRange ABOVE = new ShardRange.Keys(List.of("10"), null);
    private static final ShardRange WHOLE = new ShardRange.Whole();

    private static final ShardRange WHOLE_OF_KEYS = new ShardRange.Keys(null, null);

    private static final String SEES_ALL = "1000:1000:";

    private final ChangeJoin join = join(Set.of());
    private long lsn = 100;
    private long xid = 500;

    private static ChangeJoin join(Set<String> ignoredOrigins) {
        List<TableSpec> tables = List.of(spec(KEYED, List.of("id")), spec(KEYLESS, List.of()));
        return new ChangeJoin(Position.START, List.of(), 50, tables, 500, ignoredOrigins);
    }

    @Test
    void announces_nothing_before_the_stream_is_where_the_target_is() {
        assertThat(join.announce(KEYED, "0.0", BELOW)).isInstanceOf(Announcement.NotYet.class);

        transaction(join);

        assertThat(join.announce(KEYED, "0.0", BELOW)).isEqualTo(new Announcement.Accepted(Set.of(500L)));
    }

    @Test
    void answers_with_what_is_not_known_to_be_visible() {
        transaction(join);
        transaction(join);

        join.visible("501:502:501");

        assertThat(join.announce(KEYED, "0.0", BELOW)).isEqualTo(new Announcement.Accepted(Set.of(501L)));
    }

    @Test
    void a_shard_is_announced_again_or_has_landed_or_overlaps() {
        transaction(join);
        join.visible(SEES_ALL);
        join.announce(KEYED, "0.0", BELOW);

        assertThat(join.announce(KEYED, "0.0", BELOW)).isInstanceOf(Announcement.Accepted.class);
        assertThat(join.announce(KEYED, "0.9", BELOW)).isInstanceOf(Announcement.Overlaps.class);
        assertThat(join.announce(KEYED, "0.0.1", new ShardRange.Keys(List.of("5"), List.of("7"))))
                .isInstanceOf(Announcement.Overlaps.class);
        join.landed(KEYED, "0.0", SEES_ALL, 1_000);
        assertThat(join.announce(KEYED, "0.0", BELOW)).isInstanceOf(Announcement.AlreadyLanded.class);
        assertThat(join.announce(KEYED, "0.9", BELOW)).isInstanceOf(Announcement.Overlaps.class);
        join.on(new StreamMessage.KeepAlive(2_000));
        assertThat(join.announce(KEYED, "0.0", BELOW)).isInstanceOf(Announcement.AlreadyLanded.class);
        assertThat(join.announce(KEYED, "0.8", new ShardRange.Keys(List.of("5"), List.of("15"))))
                .isInstanceOf(Announcement.Overlaps.class);
    }

    @Test
    void refuses_ranges_of_which_changes_cannot_be_told_to_be_in_them() {
        transaction(join);

        assertThatThrownBy(() -> join.announce(KEYED, "0.0", new ShardRange.Blocks(0, -1)))
                .isInstanceOf(IllegalArgumentException.class);
        assertThatThrownBy(() -> join.announce(KEYLESS, "0.0", BELOW)).isInstanceOf(IllegalArgumentException.class);
        assertThatThrownBy(() -> join.announce(KEYED, "0.0", new ShardRange.Keys(List.of("5"), List.of("5"))))
                .isInstanceOf(IllegalArgumentException.class);
    }

    @Test
    void a_table_that_is_abandoned_is_passed_over_and_never_announced_or_settled() {
        transaction(join);
        join.visible(SEES_ALL);
        join.announce(KEYED, "0.0", BELOW);
        transaction(join, insert("5"));

        join.abandon(KEYED);

        assertThat(join.bufferedBytes()).isZero();
        assertThat(transaction(join, insert("6"))).isEmpty();
        assertThat(join.landed(KEYED, "0.0", SEES_ALL, 1_000)).isEmpty();
        assertThat(join.announce(KEYED, "0.1", BELOW)).isInstanceOf(Announcement.Abandoned.class);
        assertThat(join.settled(KEYED)).isFalse();
        assertThat(join.follows(KEYED)).isFalse();
        assertThat(join.follows(KEYLESS)).isTrue();
    }

    @Test
    void a_message_of_an_altered_table_can_be_told_again_once_its_columns_are_followed() {
        transaction(join);
        join.visible(SEES_ALL);
        join.announce(KEYED, "0.0", BELOW);
        join.landed(KEYED, "0.0", SEES_ALL, 150);
        transaction(join, insert("5"));
        TableSpec table = join.spec(KEYED);
        Relation further = relation(1, KEYED, Relation.Identity.DEFAULT, "id", "value", "more");
        StreamMessage.Insert insert = new StreamMessage.Insert(further, tuple("6", "v", "more"));
        join.on(new StreamMessage.Begin(xid++, lsn, 0));
        Position before = join.position();

        assertThatThrownBy(() -> join.on(insert)).isInstanceOf(ShapeChanged.class);
        assertThat(join.position()).isEqualTo(before);
        join.follow(table.withAdded(List.of(new ColumnSpec("more", "text")), true));

        assertThat(join.on(insert)).containsExactly(new Effect.InsertRow(further, insert.row()));
        join.on(new StreamMessage.Commit(lsn, lsn + 100));
        lsn += 100;
        assertThatThrownBy(() -> transaction(join, insert("7")))
                .as("a column that was there and is not any more")
                .isInstanceOf(ShapeChanged.class);
    }

    @Test
    void a_shard_must_not_land_without_what_was_passed_by() {
        transaction(join);
        join.announce(KEYED, "0.0", BELOW);

        assertThatThrownBy(() -> join.landed(KEYED, "0.0", "500:501:500", 1_000))
                .isInstanceOf(IllegalStateException.class);
    }

    @Test
    void keeps_changes_for_a_shard_in_flight_and_counts_their_bytes() {
        transaction(join);
        join.visible(SEES_ALL);
        join.announce(KEYED, "0.0", BELOW);

        List<Effect> before = transaction(join, insert("5"), insert("15"));
        long buffered = join.bufferedBytes();
        List<Effect> after = join.landed(KEYED, "0.0", "501:501:", 120);

        assertThat(before).isEmpty();
        assertThat(buffered).isPositive();
        assertThat(join.bufferedBytes()).isZero();
        assertThat(after)
                .as("what the other range got is in its snapshot to come")
                .containsExactly(
                        new Effect.InsertRow(KEYED_RELATION, insert("5").row()), caughtUp(KEYED, "0.0"));
    }

    @Test
    void what_waits_for_a_shard_that_was_given_up_is_let_go() {
        transaction(join);
        join.announce(KEYED, "0.0", BELOW);
        transaction(join, insert("5"));

        join.gaveUp(KEYED, "0.0");

        assertThat(join.bufferedBytes()).isZero();
        assertThat(join.inFlight()).isEmpty();
        assertThat(join.announce(KEYED, "0.0", BELOW)).isEqualTo(new Announcement.Accepted(Set.of(500L, 501L)));
    }

    @Test
    void acknowledges_nothing_that_may_be_needed_again() {
        transaction(join);
        long passedBy = join.mayAcknowledge(Optional.empty());
        join.visible(SEES_ALL);
        join.announce(KEYED, "0.0", BELOW);
        long announced = lsn;
        transaction(join, insert("5"));
        join.visible(SEES_ALL);
        long inFlight = join.mayAcknowledge(Optional.empty());
        join.landed(KEYED, "0.0", "501:501:", 120);
        long landed = join.mayAcknowledge(Optional.empty());
        join.caughtUp(KEYED, "0.0");
        long notApplied = join.mayAcknowledge(Optional.of(new Position(lsn - 100, 0)));
        long done = join.mayAcknowledge(Optional.empty());
        join.on(new StreamMessage.KeepAlive(5_000));

        assertThat(passedBy).isEqualTo(100);
        assertThat(inFlight).isEqualTo(announced).isEqualTo(landed);
        assertThat(notApplied).isEqualTo(lsn - 100);
        assertThat(done).isEqualTo(lsn);
        assertThat(join.mayAcknowledge(Optional.empty())).isEqualTo(5_000);
    }

    @Test
    void is_settled_when_the_stream_is_beyond_the_moment_of_the_read() {
        transaction(join);
        join.visible(SEES_ALL);
        join.announce(KEYED, "0.0", WHOLE);
        boolean inFlight = join.settled(KEYED);
        join.landed(KEYED, "0.0", SEES_ALL, 1_000);
        boolean landed = join.settled(KEYED);
        join.on(new StreamMessage.KeepAlive(1_000));

        assertThat(inFlight).isFalse();
        assertThat(landed).isFalse();
        assertThat(join.settled(KEYED)).isTrue();
    }

    @Test
    void finds_rows_without_a_key_by_all_their_values() {
        landWhole(KEYLESS);
        Tuple old = tuple("1", "a");

        List<Effect> effects = transaction(
                join,
                new StreamMessage.Update(KEYLESS_RELATION, old, tuple("1", "b")),
                new StreamMessage.Delete(KEYLESS_RELATION, old));

        assertThat(effects)
                .hasSize(2)
                .satisfies(all ->
                        assertThat(((Effect.UpdateRow) all.get(0)).whole()).isTrue())
                .satisfies(all ->
                        assertThat(((Effect.DeleteRow) all.get(1)).whole()).isTrue());
    }

    @Test
    void empties_tables_together_where_they_are_whole_and_ranges_where_they_are_not() {
        landWhole(KEYLESS);
        join.announce(KEYED, "0.0", BELOW);
        join.landed(KEYED, "0.0", SEES_ALL, lsn);
        StreamMessage.Truncate both = new StreamMessage.Truncate(List.of(KEYED_RELATION, KEYLESS_RELATION), false);

        List<Effect> one = transaction(join, both);
        join.visible(SEES_ALL);
        join.announce(KEYED, "0.1", ABOVE);
        join.landed(KEYED, "0.1", SEES_ALL, lsn);
        List<Effect> all = transaction(join, both);

        assertThat(one).hasSize(2);
        assertThat(((Effect.EmptyRanges) one.get(0)).ranges()).containsExactly(BELOW);
        assertThat(one.get(1)).isEqualTo(new Effect.EmptyTables(List.of(KEYLESS)));
        assertThat(all).containsExactly(new Effect.EmptyTables(List.of(KEYED, KEYLESS)));
    }

    @Test
    void passes_over_what_was_not_made_at_the_source() {
        ChangeJoin ignoring = join(Set.of("ours"));
        transaction(ignoring);
        ignoring.visible(SEES_ALL);
        ignoring.announce(KEYED, "0.0", WHOLE);
        ignoring.landed(KEYED, "0.0", "500:500:", lsn);

        List<Effect> ours = transaction(ignoring, new StreamMessage.Origin("ours"), insert("5"));
        List<Effect> others = transaction(ignoring, new StreamMessage.Origin("theirs"), insert("6"));

        assertThat(ours).isEmpty();
        assertThat(others).hasSize(1);
    }

    @Test
    void halts_at_a_table_that_was_altered_and_goes_on_without_it() {
        landWhole(KEYED);
        transaction(join, insert("1"));
        Relation longer = relation(1, KEYED, Relation.Identity.DEFAULT, "id", "value", "more");
        StreamMessage.Insert altered = new StreamMessage.Insert(longer, tuple("2", "b", "c"));
        join.on(new StreamMessage.Begin(++xid, lsn, 0));

        assertThatThrownBy(() -> join.on(altered))
                .isInstanceOfSatisfying(
                        ShapeChanged.class,
                        changed -> assertThat(changed.table()).isEqualTo(KEYED))
                .hasMessageContaining("has a column at the source that it had not when");
        assertThat(join.position()).isEqualTo(new Position(lsn, 0));
        join.abandon(KEYED);
        assertThat(join.on(altered)).isEmpty();
        assertThat(join.position()).isEqualTo(new Position(lsn, 1));
    }

    @Test
    void tells_every_change_of_a_shape() {
        assertShapeChanged("of other types", relation(1, KEYED, List.of(column("id", 23), column("value", 1043))));
        assertShapeChanged("other names", relation(1, KEYED, Relation.Identity.DEFAULT, "id", "valeur"));
        assertShapeChanged("lost a column", relation(1, KEYED, Relation.Identity.DEFAULT, "id"));
        assertShapeChanged("replica identity", relation(1, KEYED, Relation.Identity.FULL, "id", "value"));
        assertShapeChanged("dropped and made again", relation(9, KEYED, Relation.Identity.DEFAULT, "id", "value"));
        assertShapeChanged(
                "another name",
                relation(1, new TableName("public", "renamed"), Relation.Identity.DEFAULT, "id", "value"));
        assertShapeChanged(
                "not one of the migration's",
                relation(8, new TableName("public", "unknown"), Relation.Identity.DEFAULT, "id", "value"));
    }

    private static void assertShapeChanged(String words, Relation relation) {
        ChangeJoin join = join(Set.of());
        join.on(new StreamMessage.Begin(1, 100, 0));
        join.on(insert("1"));

        assertThatThrownBy(() -> join.on(new StreamMessage.Truncate(List.of(relation), false)))
                .isInstanceOf(ShapeChanged.class)
                .hasMessageContaining(words);
    }

    @Test
    void a_table_that_was_altered_before_the_first_change_is_told_as_well() {
        join.on(new StreamMessage.Begin(1, 100, 0));
        Relation other = relation(1, KEYED, Relation.Identity.DEFAULT, "id");

        assertThatThrownBy(() -> join.on(new StreamMessage.Insert(other, tuple("1"))))
                .isInstanceOf(ShapeChanged.class)
                .hasMessageContaining("lost a column");
    }

    @Test
    void a_row_that_is_to_be_read_is_read_before_anything_else() {
        transaction(join);
        join.visible(SEES_ALL);
        join.announce(KEYED, "0.1", ABOVE);
        join.landed(KEYED, "0.1", "500:500:", lsn);
        Tuple old = new Tuple.Builder(2).text(bytes("1")).isNull().build();
        Tuple moved = new Tuple.Builder(2).text(bytes("11")).unchanged().build();
        join.on(new StreamMessage.Begin(++xid, lsn, 0));

        Effect.ReadRow asked = (Effect.ReadRow)
                join.on(new StreamMessage.Update(KEYED_RELATION, old, moved)).get(0);

        assertThat(asked.key()).containsExactly("11");
        assertThatThrownBy(() -> join.on(insert("20"))).isInstanceOf(IllegalStateException.class);
        assertThat(join.rowRead(asked, Optional.empty(), xid + ":" + (xid + 1) + ":" + xid, 900))
                .as("does not see the transaction that moved it")
                .isEmpty();
        List<Effect> read = join.rowRead(asked, Optional.of(List.of("11", "now")), SEES_ALL, 900)
                .orElseThrow();
        assertThat(((Effect.InsertRow) read.get(0)).row().text(1)).isEqualTo("now");
        assertThat(((Effect.KeyLanded) read.get(1)).shard().isOneKey()).isTrue();
        assertThat(join.on(new StreamMessage.Delete(KEYED_RELATION, tuple("11", "now"))))
                .as("was seen")
                .isEmpty();
    }

    @Test
    void of_a_row_that_was_read_twice_before_the_restart_the_later_one_counts_in_whatever_order_they_are_told() {
        JoinedShard all = new JoinedShard(KEYED, "0.0", WHOLE_OF_KEYS, "400:400:", 60, true);
        JoinedShard first = row("row.b", "450:450:", 150);
        JoinedShard second = row("row.a", "600:600:", 650);

        for (List<JoinedShard> landed : List.of(List.of(all, first, second), List.of(all, second, first))) {
            ChangeJoin restarted = new ChangeJoin(Position.START, landed, 50, List.of(spec(KEYED, List.of("id"))), 500);

            lsn = 200;
            assertThat(transaction(restarted, insert("5")))
                    .as("seen by the later one")
                    .isEmpty();
            assertThat(transaction(restarted, insert("6"))).hasSize(1);
        }
    }

    @Test
    void of_two_snapshots_at_one_place_in_the_log_the_one_that_sees_more_is_the_later() {
        Taken first = Taken.of("5:9:5,7", 100);

        assertThat(Taken.of("7:9:7", 100).isAfter(first)).isTrue();
        assertThat(Taken.of("5:10:5,7,9", 100).isAfter(first)).isTrue();
        assertThat(first.isAfter(Taken.of("7:9:7", 100))).isFalse();
        assertThat(first.isAfter(Taken.of("9:9:", 99))).isTrue();
    }

    private static JoinedShard row(String shard, String snapshot, long lsn) {
        return new JoinedShard(KEYED, shard, JoinedShard.oneKey(List.of("5")), snapshot, lsn, true);
    }

    private void landWhole(TableName table) {
        transaction(join);
        join.visible(SEES_ALL);
        join.announce(table, "0.0", WHOLE);
        join.landed(table, "0.0", SEES_ALL, lsn);
    }

    /** The first is 500, at 100. */
    private List<Effect> transaction(ChangeJoin of, StreamMessage... changes) {
        List<Effect> effects = new ArrayList<>(of.on(new StreamMessage.Begin(xid++, lsn, 0)));
        for (StreamMessage change : changes) {
            effects.addAll(of.on(change));
        }
        effects.addAll(of.on(new StreamMessage.Commit(lsn, lsn + 100)));
        lsn += 100;
        return effects;
    }

    private static Effect caughtUp(TableName table, String shard) {
        return new Effect.CaughtUp(table, shard);
    }

    private static final Map<String, StreamMessage.Insert> INSERTS = new HashMap<>();

    private static StreamMessage.Insert insert(String id) {
        return INSERTS.computeIfAbsent(id, key -> new StreamMessage.Insert(KEYED_RELATION, tuple(key, "value " + key)));
    }

    private static Tuple tuple(String... values) {
        Tuple.Builder tuple = new Tuple.Builder(values.length);
        for (String value : values) {
            tuple.text(bytes(value));
        }
        return tuple.build();
    }

    private static byte[] bytes(String text) {
        return text.getBytes(StandardCharsets.UTF_8);
    }

    private static Relation.Column column(String name, long type) {
        return new Relation.Column(name, name.equals("id"), type, -1);
    }

    private static Relation relation(long oid, TableName name, List<Relation.Column> columns) {
        return new Relation(oid, name, Relation.Identity.DEFAULT, columns);
    }

    private static Relation relation(long oid, TableName name, Relation.Identity identity, String... columns) {
        List<Relation.Column> all = new ArrayList<>();
        for (String column : columns) {
            all.add(column(column, column.equals("id") ? 23 : 25));
        }
        return new Relation(oid, name, identity, all);
    }

    private static TableSpec spec(TableName name, List<String> key) {
        return new TableSpec(
                name,
                List.of(new ColumnSpec("id", "integer"), new ColumnSpec("value", "text")),
                key,
                false,
                CutMethod.KEY,
                false,
                0,
                0,
                0);
    }
}
