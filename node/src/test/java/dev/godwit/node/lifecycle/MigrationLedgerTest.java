package dev.godwit.node.lifecycle;

import static dev.godwit.node.lifecycle.MigrationEvents.CANCELLED;
import static dev.godwit.node.lifecycle.MigrationEvents.CHECKED;
import static dev.godwit.node.lifecycle.MigrationEvents.COMPLETED;
import static dev.godwit.node.lifecycle.MigrationEvents.FAILED;
import static dev.godwit.node.lifecycle.MigrationEvents.LOST;
import static dev.godwit.node.lifecycle.MigrationEvents.ORDERS;
import static dev.godwit.node.lifecycle.MigrationEvents.ORDERS_COMPLETED;
import static dev.godwit.node.lifecycle.MigrationEvents.ORDERS_COPIED;
import static dev.godwit.node.lifecycle.MigrationEvents.PAUSED;
import static dev.godwit.node.lifecycle.MigrationEvents.PLANNED;
import static dev.godwit.node.lifecycle.MigrationEvents.PREPARED;
import static dev.godwit.node.lifecycle.MigrationEvents.RESUMED;
import static dev.godwit.node.lifecycle.MigrationEvents.SCHEMA_FINISHED;
import static dev.godwit.node.lifecycle.MigrationEvents.SHARED;
import static dev.godwit.node.lifecycle.MigrationEvents.SNAPSHOT;
import static dev.godwit.node.lifecycle.MigrationEvents.STARTED;
import static dev.godwit.node.lifecycle.MigrationEvents.SUBMITTED;
import static dev.godwit.node.lifecycle.MigrationEvents.TABLE_PAUSED;
import static dev.godwit.node.lifecycle.MigrationEvents.TABLE_RESUMED;
import static dev.godwit.node.lifecycle.MigrationEvents.TAKEN;
import static dev.godwit.node.lifecycle.MigrationEvents.USERS;
import static dev.godwit.node.lifecycle.MigrationEvents.USERS_COMPLETED;
import static dev.godwit.node.lifecycle.MigrationEvents.USERS_COPIED;
import static org.assertj.core.api.Assertions.assertThat;

import dev.godwit.protocol.event.MigrationEvent;
import dev.godwit.protocol.event.StoredMigration;
import dev.godwit.protocol.status.Phase;
import dev.godwit.protocol.status.TableState;
import dev.godwit.protocol.table.TableName;
import java.util.List;
import net.jqwik.api.Arbitraries;
import net.jqwik.api.Arbitrary;
import net.jqwik.api.ForAll;
import net.jqwik.api.Property;
import net.jqwik.api.Provide;
import org.junit.jupiter.api.Test;

class MigrationLedgerTest {
    private final MigrationLedger ledger = MigrationLedger.empty();

    private void given(MigrationEvent... events) {
        List.of(events).forEach(ledger::apply);
    }

    private void givenCopying() {
        given(SUBMITTED, PLANNED, CHECKED, TAKEN, PREPARED, STARTED);
    }

    private TableState stateOf(TableName table) {
        return ledger.table(table).orElseThrow().state();
    }

    @Test
    void copying_ends_with_the_last_table_and_not_before() {
        givenCopying();

        ledger.apply(USERS_COPIED);
        assertThat(ledger.phase()).isEqualTo(Phase.COPYING);
        assertThat(ledger.allCopied()).isFalse();

        ledger.apply(ORDERS_COPIED);
        assertThat(ledger.phase()).isEqualTo(Phase.INDEXING);
        assertThat(ledger.allCopied()).isTrue();
    }

    @Test
    void a_table_that_is_copied_twice_counts_once() {
        givenCopying();

        given(USERS_COPIED, USERS_COPIED, USERS_COMPLETED, USERS_COMPLETED);

        assertThat(ledger.phase()).isEqualTo(Phase.COPYING);
        assertThat(ledger.completedTables()).isEqualTo(1);
        assertThat(ledger.allCompleted()).isFalse();
    }

    @Test
    void what_does_not_hold_in_the_target_is_told_though_limits_change_before_it_is_completed() {
        givenCopying();
        given(USERS_COPIED, ORDERS_COPIED, USERS_COMPLETED, ORDERS_COMPLETED, SCHEMA_FINISHED);

        given(SUBMITTED, COMPLETED);

        assertThat(ledger.problems()).containsExactlyElementsOf(SCHEMA_FINISHED.problems());
        assertThat(ledger.problems()).isNotEmpty();
    }

    @Test
    void all_tables_completed_is_said_when_the_last_one_is() {
        givenCopying();

        given(USERS_COPIED, ORDERS_COPIED, USERS_COMPLETED, ORDERS_COMPLETED);

        assertThat(ledger.allCompleted()).isTrue();
        assertThat(stateOf(ORDERS)).isEqualTo(TableState.COMPLETED);
    }

    @Test
    void a_pause_hides_the_phase_and_a_resume_shows_it_again() {
        givenCopying();

        ledger.apply(PAUSED);
        assertThat(ledger.phase()).isEqualTo(Phase.PAUSED);
        assertThat(ledger.phaseUnderPause()).isEqualTo(Phase.COPYING);

        ledger.apply(RESUMED);
        assertThat(ledger.phase()).isEqualTo(Phase.COPYING);
    }

    @Test
    void a_pause_does_not_hide_that_it_has_ended() {
        givenCopying();

        given(PAUSED, CANCELLED);

        assertThat(ledger.phase()).isEqualTo(Phase.CANCELLED);
        assertThat(ledger.paused()).isFalse();
    }

    @Test
    void a_paused_table_goes_on_where_it_was() {
        givenCopying();
        given(TABLE_PAUSED);
        assertThat(stateOf(USERS)).isEqualTo(TableState.PAUSED);

        ledger.apply(TABLE_RESUMED);
        assertThat(stateOf(USERS)).isEqualTo(TableState.COPYING);

        given(USERS_COPIED, TABLE_PAUSED, TABLE_RESUMED);
        assertThat(stateOf(USERS)).isEqualTo(TableState.INDEXING);
    }

    @Test
    void every_node_that_shares_the_snapshot_is_known_by_its_latest_export() {
        givenCopying();

        given(SHARED, new MigrationEvent.SnapshotShared("0009-1", "node-b", MigrationEvents.AT));

        assertThat(ledger.snapshot()).contains(SNAPSHOT);
        assertThat(ledger.exports()).containsOnlyKeys("node-a", "node-b").containsEntry("node-b", "0009-1");
    }

    @Test
    void a_plan_that_failed_in_its_check_may_begin_anew_with_another_snapshot() {
        given(SUBMITTED, PLANNED, CHECKED, TAKEN, FAILED);
        assertThat(ledger.mayBeginAnew()).isTrue();

        ledger.apply(SUBMITTED);

        assertThat(ledger.phase()).isEqualTo(Phase.DRAFTED);
        assertThat(ledger.snapshot()).isEmpty();
        assertThat(ledger.exports()).isEmpty();
        assertThat(ledger.problems()).isEmpty();
    }

    @Test
    void a_migration_that_lost_its_snapshot_may_not_begin_anew_by_itself() {
        givenCopying();

        ledger.apply(LOST);

        assertThat(ledger.phase()).isEqualTo(Phase.FAILED);
        assertThat(ledger.snapshotLost()).isTrue();
        assertThat(ledger.mayBeginAnew()).isFalse();
        assertThat(ledger.problems().get(0).fix()).contains("frozen");
    }

    @Test
    void the_first_part_of_the_list_of_tables_replaces_an_older_list() {
        given(SUBMITTED, PLANNED);

        ledger.apply(new MigrationEvent.TablesPlanned(PLANNED.tables().subList(0, 1), true, MigrationEvents.AT));
        ledger.apply(new MigrationEvent.TablesPlanned(PLANNED.tables().subList(1, 2), false, MigrationEvents.AT));

        assertThat(ledger.tables().stream().map(table -> table.spec().name())).containsExactly(USERS, ORDERS);
    }

    @Test
    void an_event_about_a_table_that_is_not_planned_changes_nothing() {
        given(SUBMITTED, CHECKED);
        StoredMigration before = ledger.stored();

        given(USERS_COPIED, USERS_COMPLETED, TABLE_PAUSED, TABLE_RESUMED);

        assertThat(ledger.stored()).isEqualTo(before);
    }

    @Property
    void a_ledger_that_was_stored_goes_on_as_the_one_that_was_not(
            @ForAll("sequences") List<MigrationEvent> before, @ForAll("sequences") List<MigrationEvent> after) {
        MigrationLedger unbroken = MigrationLedger.empty();
        before.forEach(unbroken::apply);
        MigrationLedger recovered = MigrationLedger.of(unbroken.stored());
        after.forEach(unbroken::apply);
        after.forEach(recovered::apply);

        assertThat(recovered.stored()).isEqualTo(unbroken.stored());
        assertThat(recovered.allCopied()).isEqualTo(unbroken.allCopied());
        assertThat(recovered.completedTables()).isEqualTo(unbroken.completedTables());
    }

    @Property
    void whatever_happens_the_counts_are_those_of_the_tables(@ForAll("sequences") List<MigrationEvent> events) {
        MigrationLedger ledger = MigrationLedger.empty();
        events.forEach(ledger::apply);

        long completed = ledger.tables().stream()
                .filter(table -> table.state() == TableState.COMPLETED)
                .count();
        assertThat(ledger.completedTables()).isEqualTo((int) completed);
        assertThat(ledger.allCompleted())
                .isEqualTo(!ledger.tables().isEmpty()
                        && completed == ledger.tables().size());
        assertThat(ledger.paused() && ledger.phase().ended()).isFalse();
    }

    @Provide
    Arbitrary<List<MigrationEvent>> sequences() {
        return Arbitraries.of(MigrationEvents.ALL).list().ofMaxSize(30);
    }
}
