package dev.godwit.node.migration;

import static org.assertj.core.api.Assertions.assertThat;

import dev.godwit.node.lifecycle.MigrationLedger;
import dev.godwit.node.lifecycle.NextSteps;
import dev.godwit.node.shard.ShardCoordinator.Finished;
import dev.godwit.node.shard.ShardCoordinator.Progress;
import dev.godwit.node.shard.ShardCoordinator.PullWork;
import dev.godwit.node.shard.ShardWorker;
import dev.godwit.node.shard.ShardWorker.BundleGiven;
import dev.godwit.node.shard.WorkOutcome;
import dev.godwit.protocol.error.ErrorCode;
import dev.godwit.protocol.error.Problem;
import dev.godwit.protocol.event.MigrationEvent;
import dev.godwit.protocol.event.MigrationEvent.MigrationChecked;
import dev.godwit.protocol.event.MigrationEvent.MigrationPrepared;
import dev.godwit.protocol.event.MigrationEvent.TableStarted;
import dev.godwit.protocol.event.MigrationEvent.TablesCompleted;
import dev.godwit.protocol.event.MigrationEvent.TablesPlanned;
import dev.godwit.protocol.plan.SchemaMode;
import dev.godwit.protocol.table.ColumnSpec;
import dev.godwit.protocol.table.CutMethod;
import dev.godwit.protocol.table.TableName;
import dev.godwit.protocol.table.TableSpec;
import java.time.Instant;
import java.util.ArrayList;
import java.util.HashSet;
import java.util.List;
import java.util.Set;
import java.util.stream.IntStream;
import org.apache.pekko.actor.testkit.typed.javadsl.ActorTestKit;
import org.apache.pekko.actor.testkit.typed.javadsl.TestProbe;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.Test;

class BundleDeskTest {
    private static final ActorTestKit KIT = ActorTestKit.create();
    private static final Instant AT = Instant.EPOCH;

    private final TestProbe<ShardWorker.Command> worker = KIT.createTestProbe();
    private final BundleDesk desk = new BundleDesk();
    private final MigrationLedger ledger = MigrationLedger.empty();
    private final List<TableSpec> tables = IntStream.range(0, 100)
            .mapToObj(i -> new TableSpec(
                    new TableName("public", "t" + i),
                    List.of(new ColumnSpec("id", "bigint")),
                    List.of("id"),
                    false,
                    CutMethod.KEY,
                    true,
                    100,
                    5,
                    1))
            .toList();

    BundleDeskTest() {
        List.of(
                        new TablesPlanned(tables, true, AT),
                        new MigrationChecked("s", SchemaMode.TABLES, "", "d", AT),
                        new MigrationPrepared(AT))
                .forEach(ledger::apply);
        // The first table goes by itself, so that the copying begins.
        ledger.apply(new TableStarted(tables.get(0).name(), AT));
    }

    @AfterAll
    static void end() {
        KIT.shutdownTestKit();
    }

    private BundleGiven pull(String name, String node) {
        desk.pull(ledger, new PullWork(BundleDesk.NAME, name, node, worker.getRef()), true);
        ShardWorker.Command answer = worker.receiveMessage();
        return answer instanceof BundleGiven given ? given : null;
    }

    private List<MigrationEvent> ended(BundleGiven given, String node, WorkOutcome outcome) {
        List<MigrationEvent> events = desk.ended(
                ledger, new Finished(given.bundle(), given.attempt(), "w", node, outcome, worker.getRef()), AT);
        events.forEach(ledger::apply);
        return events;
    }

    private static WorkOutcome landed(BundleGiven given) {
        return new WorkOutcome.BundleLanded(
                given.tables().stream()
                        .map(table -> new WorkOutcome.LandedTable(table.name(), 1, 10))
                        .toList(),
                List.of());
    }

    private static WorkOutcome failed(ErrorCode code) {
        return new WorkOutcome.Failed(new Problem(code, "what", "where", "fix"));
    }

    @Test
    void every_waiting_small_table_is_handed_out_once() {
        BundleGiven first = pull("w", "n1");
        BundleGiven second = pull("w", "n2");

        assertThat(pull("w", "n3")).isNull();
        Set<TableName> given = new HashSet<>();
        List.of(first, second).forEach(bundle -> bundle.tables().forEach(table -> given.add(table.name())));
        assertThat(given).hasSize(99).doesNotContain(tables.get(0).name());
        assertThat(desk.holds(tables.get(1).name())).isTrue();
        assertThat(desk.holds(tables.get(0).name())).isFalse();
    }

    @Test
    void what_landed_is_kept_once_whoever_tells_it() {
        BundleGiven given = pull("w", "n1");

        assertThat(ended(given, "n1", landed(given))).singleElement().isInstanceOf(TablesCompleted.class);
        assertThat(ended(given, "n1", landed(given))).isEmpty();
        desk.forget();
        BundleGiven rest = pull("w", "n1");

        assertThat(rest.tables()).hasSize(99 - given.tables().size()).doesNotContainAnyElementsOf(given.tables());
    }

    @Test
    void a_worker_that_asks_again_is_given_the_same_and_an_outcome_of_the_try_before_does_not_count() {
        BundleGiven first = pull("w", "n1");
        BundleGiven again = pull("w", "n1");

        assertThat(again.bundle()).isEqualTo(first.bundle());
        assertThat(again.attempt()).isEqualTo(first.attempt() + 1);
        assertThat(ended(first, "n1", failed(ErrorCode.TARGET_ROW_REFUSED))).isEmpty();
        assertThat(ended(again, "n1", failed(ErrorCode.TARGET_ROW_REFUSED))).hasSize(64);
    }

    @Test
    void a_bundle_that_fails_falls_apart_and_its_tables_begin_by_themselves() {
        BundleGiven given = pull("w", "n1");

        List<MigrationEvent> events = ended(given, "n1", failed(ErrorCode.TARGET_ROW_REFUSED));

        assertThat(events)
                .containsExactlyElementsOf(given.tables().stream()
                        .<MigrationEvent>map(table -> new TableStarted(table.name(), AT))
                        .toList());
        assertThat(desk.holds(given.tables().get(0).name())).isFalse();
        assertThat(NextSteps.due(ledger, AT)).isEmpty();
    }

    @Test
    void a_database_that_can_not_be_reached_takes_no_bundle_apart() throws InterruptedException {
        BundleGiven given = pull("w", "n1");
        for (int i = 0; i < 3; i++) {
            assertThat(ended(given, "n1", failed(ErrorCode.TARGET_UNREACHABLE))).isEmpty();
            given = eventually(given.bundle());
        }
        assertThat(given.attempt()).isEqualTo(4);
    }

    /** The bundle again, once its pause is over; others that are handed out meanwhile land. */
    private BundleGiven eventually(String bundle) throws InterruptedException {
        for (int i = 0; i < 100; i++) {
            BundleGiven next = pull("w", "n1");
            if (next != null && next.bundle().equals(bundle)) {
                return next;
            } else if (next != null) {
                ended(next, "n1", landed(next));
            }
            Thread.sleep(100);
        }
        throw new AssertionError("not handed out again");
    }

    @Test
    void one_that_somebody_else_seems_to_be_landing_is_tried_some_times_and_then_falls_apart() throws Exception {
        BundleGiven given = pull("w", "n1");
        for (int i = 0; i < 4; i++) {
            assertThat(ended(given, "n1", failed(ErrorCode.TIMED_OUT))).isEmpty();
            given = eventually(given.bundle());
        }
        assertThat(ended(given, "n1", failed(ErrorCode.TIMED_OUT))).hasSize(64);
    }

    @Test
    void no_more_fall_apart_than_can_go_by_themselves() {
        BundleGiven first = pull("w", "n1");
        BundleGiven second = pull("w", "n2");
        ended(first, "n1", failed(ErrorCode.TARGET_DISK_FULL));

        assertThat(ended(second, "n2", failed(ErrorCode.TARGET_DISK_FULL))).isEmpty();
        assertThat(desk.hasWork(ledger)).isTrue();
    }

    @Test
    void tables_that_are_cut_otherwise_begin_by_themselves_beside_those_that_landed() {
        BundleGiven given = pull("w", "n1");
        List<WorkOutcome.LandedTable> landed = new ArrayList<>();
        given.tables().stream().skip(1).forEach(table -> landed.add(new WorkOutcome.LandedTable(table.name(), 1, 10)));
        TableName apart = given.tables().get(0).name();

        List<MigrationEvent> events = ended(given, "n1", new WorkOutcome.BundleLanded(landed, List.of(apart)));

        assertThat(events).hasSize(2).contains(new TableStarted(apart, AT));
    }

    @Test
    void what_a_lost_node_was_carrying_is_handed_out_again() {
        BundleGiven lost = pull("w", "n1");
        desk.heard(new Progress(lost.bundle(), lost.attempt(), "w", "n1", 1, 1));

        desk.nodeGone("n1");

        assertThat(pull("w", "n2").bundle()).isEqualTo(lost.bundle());
    }

    @Test
    void nothing_is_handed_out_while_nothing_is_to_be_carried() {
        desk.pull(ledger, new PullWork(BundleDesk.NAME, "w", "n", worker.getRef()), false);

        assertThat(worker.receiveMessage()).isInstanceOf(ShardWorker.NothingNow.class);
        assertThat(desk.hasWork(ledger)).isTrue();
    }
}
