package dev.godwit.node.lifecycle;

import static dev.godwit.node.lifecycle.MigrationEvents.CANCELLED;
import static dev.godwit.node.lifecycle.MigrationEvents.CATCHING_UP;
import static dev.godwit.node.lifecycle.MigrationEvents.CHECKED;
import static dev.godwit.node.lifecycle.MigrationEvents.COMPLETED;
import static dev.godwit.node.lifecycle.MigrationEvents.FAILED;
import static dev.godwit.node.lifecycle.MigrationEvents.FELL_BEHIND;
import static dev.godwit.node.lifecycle.MigrationEvents.IN_STEP;
import static dev.godwit.node.lifecycle.MigrationEvents.LOST;
import static dev.godwit.node.lifecycle.MigrationEvents.ORDERS_CARRIED;
import static dev.godwit.node.lifecycle.MigrationEvents.ORDERS_COMPLETED;
import static dev.godwit.node.lifecycle.MigrationEvents.ORDERS_COPIED;
import static dev.godwit.node.lifecycle.MigrationEvents.PLANNED;
import static dev.godwit.node.lifecycle.MigrationEvents.PREPARED;
import static dev.godwit.node.lifecycle.MigrationEvents.STARTED;
import static dev.godwit.node.lifecycle.MigrationEvents.SUBMITTED;
import static dev.godwit.node.lifecycle.MigrationEvents.TAKEN;
import static dev.godwit.node.lifecycle.MigrationEvents.USERS_COMPLETED;
import static dev.godwit.node.lifecycle.MigrationEvents.USERS_COPIED;
import static org.assertj.core.api.Assertions.assertThat;

import dev.godwit.node.house.Documents;
import dev.godwit.protocol.event.MigrationEvent;
import dev.godwit.protocol.event.MigrationEvent.TableCopied;
import dev.godwit.protocol.event.MigrationEvent.TablesCompleted;
import dev.godwit.protocol.status.Phase;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.EnumMap;
import java.util.EnumSet;
import java.util.LinkedHashSet;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.stream.Collectors;
import org.junit.jupiter.api.Test;

class TransitionTest {
    private static final List<MigrationEvent> TO_CHECKED = List.of(SUBMITTED, PLANNED, CHECKED, TAKEN);
    private static final List<MigrationEvent> TO_PREPARED = then(TO_CHECKED, PREPARED);
    private static final List<MigrationEvent> TO_COPYING = then(TO_PREPARED, STARTED);
    private static final List<MigrationEvent> TO_INDEXING = then(TO_COPYING, USERS_COPIED, ORDERS_COPIED);

    private static final List<MigrationEvent> TO_CATCHING_UP =
            then(TO_INDEXING, USERS_COMPLETED, ORDERS_COMPLETED, CATCHING_UP);
    private static final List<MigrationEvent> TO_IN_STEP = then(TO_CATCHING_UP, IN_STEP);

    /** Together they take every row of the table. */
    private static final Map<String, List<MigrationEvent>> SCENARIOS = Map.ofEntries(
            Map.entry("a plan runs to its end", then(TO_INDEXING, USERS_COMPLETED, ORDERS_COMPLETED, COMPLETED)),
            Map.entry("small tables end the copy", then(TO_COPYING, USERS_COPIED, ORDERS_CARRIED)),
            Map.entry("a plan fails in its check and is handed in again", List.of(SUBMITTED, FAILED, SUBMITTED)),
            Map.entry("the entry in the target is refused", then(TO_CHECKED, FAILED)),
            Map.entry("the snapshot is lost before the entry", then(TO_CHECKED, LOST)),
            Map.entry("the snapshot is lost before a table began", then(TO_PREPARED, LOST)),
            Map.entry("the snapshot is lost in the copy", then(TO_COPYING, LOST)),
            Map.entry("a person cancels a draft", List.of(SUBMITTED, CANCELLED)),
            Map.entry("a person cancels after the check", then(TO_CHECKED, CANCELLED)),
            Map.entry("a person cancels before a table began", then(TO_PREPARED, CANCELLED)),
            Map.entry("a person cancels the copy", then(TO_COPYING, CANCELLED)),
            Map.entry("changes follow, fall behind, and are ended", then(TO_IN_STEP, FELL_BEHIND, IN_STEP, COMPLETED)),
            Map.entry("a person cancels while changes catch up", then(TO_CATCHING_UP, CANCELLED)),
            Map.entry("a person cancels what is in step", then(TO_IN_STEP, CANCELLED)),
            Map.entry("a person cancels the building of keys", then(TO_INDEXING, CANCELLED)));

    @Test
    void every_row_is_taken_by_some_scenario() {
        Set<Transition> taken = new LinkedHashSet<>();
        SCENARIOS.values().forEach(events -> taken.addAll(taken(events)));

        assertThat(taken).containsExactlyInAnyOrderElementsOf(Transition.ALL);
    }

    @Test
    void a_phase_and_an_event_have_at_most_one_row() {
        assertThat(Transition.ALL.stream().map(row -> List.of(row.from(), row.on())))
                .doesNotHaveDuplicates();
    }

    @Test
    void only_what_leads_to_an_end_ends_a_migration() {
        assertThat(MigrationEvents.ALL)
                .filteredOn(Transition::ends)
                .containsExactlyInAnyOrder(COMPLETED, CANCELLED, FAILED, LOST);
    }

    @Test
    void in_every_phase_every_event_leads_to_where_the_table_says() {
        Map<Phase, List<MigrationEvent>> ways = ways();
        assertThat(ways.keySet()).isEqualTo(EnumSet.complementOf(EnumSet.of(Phase.PAUSED)));

        ways.forEach((phase, way) -> MigrationEvents.ALL.forEach(event -> {
            MigrationLedger ledger = ledgerAfter(way);
            Phase expected = Transition.next(phase, event).orElse(phase);
            boolean tablesAreLeft =
                    phase == Phase.COPYING && (event instanceof TableCopied || event instanceof TablesCompleted);

            ledger.apply(event);

            assertThat(ledger.phaseUnderPause())
                    .as("%s in %s", event.getClass().getSimpleName(), phase)
                    .isEqualTo(tablesAreLeft ? phase : expected);
        }));
    }

    @Test
    void the_samples_hold_every_kind_of_event() {
        assertThat(MigrationEvents.ALL.stream().map(Object::getClass))
                .containsExactlyInAnyOrder(MigrationEvent.class.getPermittedSubclasses());
    }

    @Test
    void what_has_ended_stays_as_it_is_but_for_a_failed_plan_that_is_handed_in_again() {
        assertThat(Transition.ALL.stream().filter(row -> row.from().ended()))
                .containsExactly(new Transition(Phase.FAILED, MigrationEvent.MigrationSubmitted.class, Phase.DRAFTED));
    }

    @Test
    void the_diagram_in_the_documents_shows_the_table() {
        Documents.assertHolds("docs/concepts.md", "phases", diagram());
    }

    private static String diagram() {
        List<String> lines = new ArrayList<>(List.of("```mermaid", "stateDiagram-v2"));
        lines.add("    [*] --> drafted");
        Map<List<Phase>, String> arrows = Transition.ALL.stream()
                .filter(row -> row.from() != row.to())
                .collect(Collectors.groupingBy(
                        row -> List.of(row.from(), row.to()),
                        java.util.LinkedHashMap::new,
                        Collectors.mapping(row -> row.on().getSimpleName(), Collectors.joining(", "))));
        arrows.forEach((ends, events) ->
                lines.add("    " + ends.get(0).word() + " --> " + ends.get(1).word() + ": " + events));
        Arrays.stream(Phase.values())
                .filter(Phase::ended)
                .forEach(phase -> lines.add("    " + phase.word() + " --> [*]"));
        lines.add("```");
        return String.join("\n", lines);
    }

    private static List<Transition> taken(List<MigrationEvent> events) {
        List<Transition> taken = new ArrayList<>();
        MigrationLedger ledger = MigrationLedger.empty();
        for (MigrationEvent event : events) {
            Phase from = ledger.phaseUnderPause();
            Phase to = ledger.apply(event).phaseUnderPause();
            Transition.ALL.stream()
                    .filter(row -> row.equals(new Transition(from, event.getClass(), to)))
                    .forEach(taken::add);
        }
        return taken;
    }

    /** A way to each phase. */
    private static Map<Phase, List<MigrationEvent>> ways() {
        Map<Phase, List<MigrationEvent>> ways = new EnumMap<>(Phase.class);
        SCENARIOS.values().forEach(events -> {
            MigrationLedger ledger = MigrationLedger.empty();
            for (int i = 0; i < events.size(); i++) {
                Phase phase = ledger.apply(events.get(i)).phaseUnderPause();
                ways.putIfAbsent(phase, List.copyOf(events.subList(0, i + 1)));
            }
        });
        return ways;
    }

    private static MigrationLedger ledgerAfter(List<MigrationEvent> events) {
        MigrationLedger ledger = MigrationLedger.empty();
        events.forEach(ledger::apply);
        return ledger;
    }

    private static List<MigrationEvent> then(List<MigrationEvent> first, MigrationEvent... more) {
        List<MigrationEvent> all = new ArrayList<>(first);
        all.addAll(List.of(more));
        return List.copyOf(all);
    }
}
