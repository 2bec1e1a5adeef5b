package dev.godwit.node.ledger;

import static org.assertj.core.api.Assertions.assertThat;

import dev.godwit.node.house.Documents;
import dev.godwit.protocol.error.ErrorCode;
import dev.godwit.protocol.error.Problem;
import dev.godwit.protocol.event.StoredTable;
import dev.godwit.protocol.event.TableEvent;
import dev.godwit.protocol.event.TableEvent.ClaimsConfirmed;
import dev.godwit.protocol.event.TableEvent.KeysBuilt;
import dev.godwit.protocol.event.TableEvent.ShardFailed;
import dev.godwit.protocol.event.TableEvent.ShardLanded;
import dev.godwit.protocol.event.TableEvent.ShardRetired;
import dev.godwit.protocol.event.TableEvent.ShardStarted;
import dev.godwit.protocol.event.TableEvent.ShardsReleased;
import dev.godwit.protocol.event.TableEvent.ShardsReopened;
import dev.godwit.protocol.event.TableEvent.TableContinued;
import dev.godwit.protocol.event.TableEvent.TableHalted;
import dev.godwit.protocol.event.TableEvent.TableOpened;
import dev.godwit.protocol.event.TableEvent.WindowCut;
import dev.godwit.protocol.table.ColumnSpec;
import dev.godwit.protocol.table.CutMethod;
import dev.godwit.protocol.table.TableName;
import dev.godwit.protocol.table.TableSpec;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import org.junit.jupiter.api.Test;

/** Every event in every state of a shard: where it leads, and that its repetition changes nothing. */
class ShardTransitionsTest {
    private static final String SHARD = "0.0";
    private static final Problem PROBLEM =
            new Problem(ErrorCode.TARGET_FAILED, "The target answered with SQLSTATE 57014.", "public.users", "");

    static final TableOpened OPENED = new TableOpened(
            "shop",
            new TableSpec(
                    new TableName("public", "users"),
                    List.of(new ColumnSpec("id", "bigint")),
                    List.of("id"),
                    false,
                    CutMethod.KEY,
                    true,
                    1 << 20,
                    100,
                    4711));

    private static final WindowCut CUT = new WindowCut("0", 1, true);
    private static final ShardStarted STARTED = new ShardStarted(SHARD, "worker-0", "node-a", 1);
    private static final ShardLanded LANDED = new ShardLanded(SHARD, 10, 1_000, 50, "node-a");
    private static final ShardRetired RETIRED = new ShardRetired(SHARD, 2);

    /** Of each kind one. */
    private static final List<TableEvent> EVENTS = List.of(
            OPENED,
            CUT,
            STARTED,
            LANDED,
            new ShardFailed(SHARD, PROBLEM, 1),
            new ShardsReleased(List.of(SHARD), "node-a"),
            RETIRED,
            new ShardsReopened(List.of(SHARD), 10, 1_000),
            new TableHalted(PROBLEM),
            new TableContinued("ann"),
            new ClaimsConfirmed(10, 1_000, 1),
            new KeysBuilt());

    private enum State {
        NOT_CUT(List.of(OPENED)),
        WAITING(List.of(OPENED, CUT)),
        RUNNING(List.of(OPENED, CUT, STARTED)),
        LANDED(List.of(OPENED, CUT, STARTED, ShardTransitionsTest.LANDED)),
        RETIRED(List.of(OPENED, CUT, STARTED, ShardTransitionsTest.RETIRED));

        private final List<TableEvent> way;

        State(List<TableEvent> way) {
            this.way = way;
        }

        TableLedger ledger() {
            TableLedger ledger = TableLedger.empty();
            way.forEach(ledger::apply);
            return ledger;
        }

        String word() {
            return name().toLowerCase(java.util.Locale.ROOT).replace("not_cut", "uncut");
        }
    }

    private static State stateOf(TableLedger ledger) {
        if (ledger.windows() == 0) {
            return State.NOT_CUT;
        }
        if (ledger.open(SHARD).isPresent()) {
            return ledger.open(SHARD).get().node() == null ? State.WAITING : State.RUNNING;
        }
        return ledger.shardsDone() > 0 ? State.LANDED : State.RETIRED;
    }

    @Test
    void the_samples_hold_every_kind_of_event() {
        assertThat(EVENTS.stream().map(Object::getClass))
                .containsExactlyInAnyOrder(TableEvent.class.getPermittedSubclasses());
    }

    @Test
    void a_repeated_event_changes_nothing_in_any_state() {
        for (State state : State.values()) {
            for (TableEvent event : EVENTS) {
                TableLedger ledger = state.ledger().apply(event);
                StoredTable once = ledger.stored();

                ledger.apply(event);

                assertThat(ledger.stored())
                        .as("%s again, first in %s", event, state)
                        .isEqualTo(once);
            }
        }
    }

    @Test
    void a_ledger_is_the_same_after_it_was_stored_in_any_state() {
        for (State state : State.values()) {
            for (TableEvent event : EVENTS) {
                StoredTable stored = state.ledger().apply(event).stored();

                assertThat(TableLedger.of(stored).stored()).isEqualTo(stored);
            }
        }
    }

    @Test
    void landed_and_retired_shards_are_no_longer_touched_by_what_their_workers_say() {
        List<TableEvent> late = List.of(STARTED, LANDED, RETIRED, new ShardFailed(SHARD, PROBLEM, 1));
        for (State state : List.of(State.LANDED, State.RETIRED)) {
            StoredTable before = state.ledger().stored();
            late.forEach(event -> assertThat(state.ledger().apply(event).stored())
                    .as("%s in %s", event, state)
                    .isEqualTo(before));
        }
    }

    @Test
    void the_diagram_in_the_documents_shows_what_the_ledger_does() {
        Documents.assertHolds("docs/concepts.md", "shards", diagram());
    }

    /** Drawn from the ledger itself: each event is tried in each state. */
    private static String diagram() {
        Map<List<State>, List<String>> arrows = new LinkedHashMap<>();
        for (State from : State.values()) {
            for (TableEvent event : EVENTS) {
                State to = stateOf(from.ledger().apply(event));
                if (to != from) {
                    arrows.computeIfAbsent(List.of(from, to), ends -> new ArrayList<>())
                            .add(event.getClass().getSimpleName());
                }
            }
        }
        List<String> lines = new ArrayList<>(List.of("```mermaid", "stateDiagram-v2"));
        lines.add("    [*] --> " + State.NOT_CUT.word());
        arrows.forEach((ends, events) -> lines.add(
                "    " + ends.get(0).word() + " --> " + ends.get(1).word() + ": " + String.join(", ", events)));
        Arrays.stream(State.values())
                .filter(state -> state == State.LANDED || state == State.RETIRED)
                .forEach(state -> lines.add("    " + state.word() + " --> [*]"));
        lines.add("```");
        return String.join("\n", lines);
    }
}
