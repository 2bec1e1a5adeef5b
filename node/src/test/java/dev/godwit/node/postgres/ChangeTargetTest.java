package dev.godwit.node.postgres;

import static dev.godwit.node.postgres.TargetServer.entry;
import static dev.godwit.node.postgres.TargetServer.plan;
import static dev.godwit.node.postgres.TargetServer.shard;
import static java.nio.charset.StandardCharsets.UTF_8;
import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.godwit.node.capture.Effect;
import dev.godwit.node.capture.Effect.CaughtUp;
import dev.godwit.node.capture.Effect.KeyLanded;
import dev.godwit.node.capture.JoinedShard;
import dev.godwit.node.capture.Position;
import dev.godwit.node.capture.Relation;
import dev.godwit.node.capture.Tuple;
import dev.godwit.node.postgres.TargetServer.Database;
import dev.godwit.node.target.ChangeTarget;
import dev.godwit.node.target.ChangeTarget.Applier;
import dev.godwit.node.target.ChangeTarget.Counts;
import dev.godwit.node.target.ChangeTarget.Takeover;
import dev.godwit.node.target.LandingSession;
import dev.godwit.node.target.LandingSession.Commit;
import dev.godwit.node.target.TargetDatabase.Join;
import dev.godwit.node.target.TargetDatabase.Landing;
import dev.godwit.node.target.TargetDatabase.ShardOrder;
import dev.godwit.node.testing.TcpProxy;
import dev.godwit.protocol.error.ErrorCode;
import dev.godwit.protocol.error.GodwitException;
import dev.godwit.protocol.plan.Plan;
import dev.godwit.protocol.plan.SchemaMode;
import dev.godwit.protocol.table.ColumnSpec;
import dev.godwit.protocol.table.ShardRange;
import dev.godwit.protocol.table.TableName;
import dev.godwit.protocol.table.TableSpec;
import java.sql.Connection;
import java.sql.Statement;
import java.time.Duration;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.TimeUnit;
import java.util.function.BiConsumer;
import org.awaitility.Awaitility;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;

/** Takeovers, epochs and positions on a real server, with what breaks on the way. */
class ChangeTargetTest {
    private static final Position HERE = new Position(0xfedcba9876543210L, 3);

    private final Database database = TargetServer.database();
    private final Plan plan = plan("shop", SchemaMode.EXISTING, database);
    private PostgresTarget target;
    private ChangeTarget changes;
    private Changes item;

    @BeforeEach
    void start() {
        target = new PostgresTarget(database.address(), "godwit test", 8, Duration.ofSeconds(4));
        target.enter(entry("shop"));
        database.run("CREATE TABLE item (id bigint PRIMARY KEY, name text)");
        item = Changes.of(database, "public", "item", "id");
        changes = target.follow(plan);
    }

    @AfterEach
    void stop() {
        target.close();
    }

    private LandingSession open(String shard, long epoch) {
        ShardOrder order = new ShardOrder(
                "shop", item.table(), shard(shard), "a", "n1", "7:9:8", Optional.of(new Join(epoch, 0x16B374D848L)));
        return ((Landing.Open) target.land(order)).session();
    }

    private static void write(LandingSession session, String rows) {
        byte[] bytes = rows.getBytes(UTF_8);
        session.write(bytes, 0, bytes.length);
    }

    private void land(String shard, long epoch) {
        try (LandingSession session = open(shard, epoch)) {
            write(session, shard.substring(2) + "\tx\n");
            assertThat(session.commit(1, 4, "d")).isEqualTo(Commit.COMMITTED);
        }
    }

    private JoinedShard joined(String shard, boolean caughtUp) {
        return new JoinedShard(item.table().name(), shard, shard(shard).range(), "7:9:8", 0x16B374D848L, caughtUp);
    }

    private long items() {
        return database.number("SELECT count(*) FROM item");
    }

    private static void assertCode(ErrorCode code, org.assertj.core.api.ThrowableAssert.ThrowingCallable call) {
        assertThatThrownBy(call)
                .isInstanceOfSatisfying(
                        GodwitException.class, e -> assertThat(e.code()).isEqualTo(code));
    }

    private Applier applier(long epoch) {
        return changes.applier(epoch, List.of(item.table()));
    }

    @Test
    void each_takeover_has_the_next_epoch_and_finds_what_has_landed_and_what_is_applied() {
        assertThat(changes.takeOver()).isEqualTo(new Takeover(1, Position.START, 0, List.of(), Map.of()));
        land("0.1", 1);
        land("0.2", 1);
        try (LandingSession open = open("0.3", 1);
                Applier applier = applier(1)) {
            write(open, "3\tx\n");
            JoinedShard row = new JoinedShard(
                    item.table().name(),
                    "r.1",
                    new ShardRange.Keys(List.of("ü\"\n"), List.of("z")),
                    "3:3:",
                    Long.MIN_VALUE,
                    true);
            assertThat(applier.apply(
                            List.of(
                                    item.insert("9", "nine"),
                                    new KeyLanded(row),
                                    new CaughtUp(item.table().name(), "0.2"),
                                    new CaughtUp(item.table().name(), "0.2")),
                            HERE))
                    .isEqualTo(new Counts(1, 0, 0));

            Takeover second = changes.takeOver();

            assertThat(second.epoch()).isEqualTo(2);
            assertThat(second.applied()).isEqualTo(HERE);
            assertThat(second.landed()).containsExactlyInAnyOrder(joined("0.1", false), joined("0.2", true), row);
            assertThat(changes.landed(item.table().name(), List.of("0.1", "0.3", "0.9")))
                    .containsExactly(joined("0.1", false));
        }
        assertThat(items()).isEqualTo(3);
    }

    @Test
    void a_migration_does_not_see_anothers_shards_and_positions() {
        changes.takeOver();
        land("0.1", 1);
        try (Applier applier = applier(1)) {
            applier.apply(List.of(), HERE);
        }

        assertThat(target.follow(plan("other", SchemaMode.EXISTING, database)).takeOver())
                .isEqualTo(new Takeover(1, Position.START, 0, List.of(), Map.of()));
    }

    @Test
    void a_position_never_goes_back() {
        changes.takeOver();
        try (Applier applier = applier(1)) {
            applier.apply(List.of(), HERE);
            applier.apply(List.of(item.insert("1", "one")), new Position(5, Position.WHOLE));
        }
        assertThat(changes.takeOver().applied()).isEqualTo(HERE);
    }

    @Test
    void a_shard_of_an_earlier_epoch_does_not_land() {
        changes.takeOver();
        try (LandingSession session = open("0.1", 1)) {
            write(session, "1\tx\n");
            changes.takeOver();

            assertCode(ErrorCode.CAPTURE_TAKEN_OVER, () -> session.commit(1, 4, "d"));
        }
        assertThat(items()).isZero();
        land("0.1", 2);
        assertThat(changes.takeOver().landed()).containsExactly(joined("0.1", false));
    }

    @Test
    void a_shard_whose_claim_somebody_has_deleted_has_not_landed() {
        changes.takeOver();
        land("0.1", 1);
        database.run("DELETE FROM godwit.claim", "DELETE FROM item");

        assertThat(changes.takeOver().landed()).isEmpty();
        land("0.1", 2);
        assertThat(changes.takeOver().landed()).containsExactly(joined("0.1", false));
    }

    @Test
    void changes_of_an_earlier_epoch_are_not_applied() {
        changes.takeOver();
        try (Applier first = applier(1)) {
            first.apply(List.of(item.insert("1", "one")), new Position(1, 1));
            changes.takeOver();

            assertCode(
                    ErrorCode.CAPTURE_TAKEN_OVER,
                    () -> first.apply(List.of(item.insert("2", "two")), new Position(2, 1)));
        }
        assertThat(items()).isEqualTo(1);
        assertThat(changes.takeOver().applied()).isEqualTo(new Position(1, 1));
    }

    @Test
    void a_takeover_ends_who_is_in_the_middle_of_applying() throws Exception {
        changes.takeOver();
        database.run("INSERT INTO item VALUES (1, 'one')");
        try (Connection blocker = database.plain();
                Statement statement = blocker.createStatement();
                Applier first = applier(1)) {
            blocker.setAutoCommit(false);
            statement.execute("UPDATE item SET name = 'theirs' WHERE id = 1");
            CompletableFuture<Void> applying = CompletableFuture.runAsync(
                    () -> first.apply(List.of(item.insert("2", "two"), item.update("1", "ours")), HERE));
            Awaitility.await()
                    .until(() -> database.number("SELECT count(*) FROM pg_stat_activity WHERE wait_event_type = 'Lock'"
                                    + " AND datname = current_database()")
                            == 1);

            assertThat(changes.takeOver().applied()).isEqualTo(Position.START);

            assertThatThrownBy(() -> applying.get(10, TimeUnit.SECONDS))
                    .cause()
                    .isInstanceOfSatisfying(
                            GodwitException.class, e -> assertThat(e.code()).isEqualTo(ErrorCode.TARGET_UNREACHABLE));
            blocker.rollback();
        }
        assertThat(items()).isEqualTo(1);
        try (Applier second = applier(2)) {
            second.apply(List.of(item.insert("2", "two"), item.update("1", "ours")), HERE);
        }
        assertThat(database.text("SELECT string_agg(name, ',' ORDER BY id) FROM item"))
                .isEqualTo("ours,two");
    }

    @Test
    void a_landing_that_was_stopped_before_its_commit_does_not_hold_a_takeover_for_long() throws Exception {
        changes.takeOver();
        try (Connection stopped = database.plain();
                Statement statement = stopped.createStatement()) {
            stopped.setAutoCommit(false);
            statement.execute("SET application_name = 'godwit/a/b/stopped'");
            CaptureTables.requireEpoch(stopped, "shop", 1, "", "test");
            long began = System.nanoTime();

            assertThat(changes.takeOver().epoch()).isEqualTo(2);

            assertThat(Duration.ofNanos(System.nanoTime() - began)).isLessThan(Duration.ofSeconds(15));
            assertThatThrownBy(() -> statement.execute("SELECT 1")).isInstanceOf(java.sql.SQLException.class);
        }
    }

    @Test
    void columns_that_the_source_has_added_are_there_for_what_comes_after_it_in_the_same_batch() {
        long epoch = changes.takeOver().epoch();
        TableSpec wider = item.table().withAdded(List.of(new ColumnSpec("note", "character varying(20)")), true);
        Relation further = new Relation(
                1,
                wider.name(),
                Relation.Identity.DEFAULT,
                List.of(
                        new Relation.Column("id", true, 23, -1),
                        new Relation.Column(item.relation().columns().get(1).name(), false, 25, -1),
                        new Relation.Column("note", false, 1043, 24)));
        Tuple row = new Tuple.Builder(3)
                .text("2".getBytes(UTF_8))
                .text("two".getBytes(UTF_8))
                .text("noted".getBytes(UTF_8))
                .build();

        assertThat(changes.canFollow(wider)).isTrue();
        try (Applier applier = applier(epoch)) {
            applier.apply(
                    List.of(
                            item.insert("1", "one"),
                            new Effect.ColumnsAdded(wider),
                            new Effect.InsertRow(further, row),
                            new Effect.ColumnsAdded(wider)),
                    HERE);
        }

        assertThat(items()).isEqualTo(2);
        assertThat(database.number("SELECT count(*) FROM item WHERE note = 'noted'"))
                .isEqualTo(1);
        assertThat(changes.canFollow(wider)).isTrue();
    }

    @Test
    void columns_that_the_target_cannot_have_are_not_followed() {
        TableSpec table = item.table();
        assertThat(changes.canFollow(table.withAdded(List.of(new ColumnSpec("note", "public.unknown")), true)))
                .isFalse();
        database.run("ALTER TABLE item ADD COLUMN note integer");
        assertThat(changes.canFollow(table.withAdded(List.of(new ColumnSpec("note", "text")), true)))
                .isFalse();
        assertThat(changes.canFollow(table.withAdded(List.of(new ColumnSpec("note", "integer")), true)))
                .isTrue();
        database.run("ALTER TABLE item ADD COLUMN filled integer DEFAULT 1");
        assertThat(changes.canFollow(table.withAdded(List.of(new ColumnSpec("filled", "integer")), true)))
                .isFalse();
        database.run("CREATE TABLE child () INHERITS (item)");
        assertThat(changes.canFollow(table.withAdded(List.of(new ColumnSpec("other", "integer")), true)))
                .isFalse();
    }

    @Test
    void a_table_that_is_halted_stays_so_for_whoever_takes_over() {
        long epoch = changes.takeOver().epoch();
        TableName table = item.table().name();
        try (Applier applier = applier(epoch)) {
            applier.apply(List.of(new Effect.TableHalted(table, "It was altered."), item.insert("1", "one")), HERE);
            applier.apply(List.of(new Effect.TableHalted(table, "Again.")), HERE);
        }

        assertThat(changes.takeOver().halted()).isEqualTo(Map.of(table, "It was altered."));
        assertThat(items()).isEqualTo(1);
    }

    @Test
    void changes_whose_commit_does_not_arrive_are_applied_by_the_next() {
        throughProxy((proxy, applier) -> {
            proxy.cutBeforeNext("godwit.applied");
            assertCode(ErrorCode.TARGET_UNREACHABLE, () -> applier.apply(List.of(item.insert("1", "one")), HERE));
            assertThatThrownBy(() -> applier.apply(List.of(), HERE)).isInstanceOf(IllegalStateException.class);
        });

        assertThat(changes.takeOver().applied()).isEqualTo(Position.START);
        assertThat(items()).isZero();
    }

    @Test
    void changes_whose_answer_is_lost_are_found_by_their_position() {
        throughProxy((proxy, applier) -> {
            proxy.cutAfterAnswerToNext("godwit.applied");
            assertCode(ErrorCode.TARGET_UNREACHABLE, () -> applier.apply(List.of(item.insert("1", "one")), HERE));
        });

        assertThat(changes.takeOver().applied()).isEqualTo(HERE);
        assertThat(items()).isEqualTo(1);
    }

    /** An applier of the first epoch, by a proxy. */
    private void throughProxy(BiConsumer<TcpProxy, Applier> work) {
        try (TcpProxy proxy = new TcpProxy(TargetServer.HOST, TargetServer.port());
                PostgresTarget far = new PostgresTarget(
                        database.through(proxy.port(), "postgres"), "godwit test", 4, Duration.ofSeconds(4))) {
            ChangeTarget follow = far.follow(plan);
            follow.takeOver();
            try (Applier applier = follow.applier(1, List.of(item.table()))) {
                work.accept(proxy, applier);
            }
        }
    }

    @Test
    void a_target_that_an_older_version_has_prepared_gets_the_tables_of_changes() {
        database.run("DROP TABLE godwit.capture, godwit.applied, godwit.joined, godwit.halted");
        assertThat(target.entry("shop")).contains(entry("shop"));

        target.enter(entry("shop"));

        assertThat(changes.takeOver().epoch()).isEqualTo(1);
    }

    @Test
    void a_caught_up_shard_that_is_not_there_is_told() {
        changes.takeOver();
        try (Applier applier = applier(1)) {
            assertCode(
                    ErrorCode.TARGET_FAILED,
                    () -> applier.apply(List.of(new CaughtUp(item.table().name(), "0.7")), HERE));
        }
        assertThat(changes.takeOver().applied()).isEqualTo(Position.START);
    }

    @Test
    void cancelling_ends_a_blocked_apply() throws Exception {
        changes.takeOver();
        database.run("INSERT INTO item VALUES (1, 'one')");
        try (Connection blocker = database.plain();
                Statement statement = blocker.createStatement();
                Applier applier = applier(1)) {
            blocker.setAutoCommit(false);
            statement.execute("UPDATE item SET name = 'theirs' WHERE id = 1");
            CompletableFuture<Counts> applying =
                    CompletableFuture.supplyAsync(() -> applier.apply(List.of(item.update("1", "ours")), HERE));
            Awaitility.await()
                    .until(() -> database.number("SELECT count(*) FROM pg_stat_activity WHERE wait_event_type = 'Lock'"
                                    + " AND datname = current_database()")
                            == 1);
            applier.cancel();
            assertThatThrownBy(() -> applying.get(10, TimeUnit.SECONDS)).hasCauseInstanceOf(GodwitException.class);
            blocker.rollback();
        }
    }
}
