package dev.godwit.node.lifecycle;

import static dev.godwit.node.lifecycle.MigrationEvents.AT;
import static org.assertj.core.api.Assertions.assertThat;

import dev.godwit.node.testing.Plans;
import dev.godwit.protocol.error.ErrorCode;
import dev.godwit.protocol.error.Problem;
import dev.godwit.protocol.event.CaptureSlot;
import dev.godwit.protocol.event.MigrationEvent;
import dev.godwit.protocol.event.MigrationEvent.CaptureBegan;
import dev.godwit.protocol.event.MigrationEvent.CaptureEnded;
import dev.godwit.protocol.event.MigrationEvent.CaptureHalted;
import dev.godwit.protocol.event.MigrationEvent.CatchingUp;
import dev.godwit.protocol.event.MigrationEvent.FellBehind;
import dev.godwit.protocol.event.MigrationEvent.InStep;
import dev.godwit.protocol.event.MigrationEvent.MigrationCompleted;
import dev.godwit.protocol.event.MigrationEvent.MigrationResumed;
import dev.godwit.protocol.event.MigrationEvent.MigrationSubmitted;
import dev.godwit.protocol.event.MigrationEvent.SlotNearLimit;
import dev.godwit.protocol.event.MigrationEvent.SlotSafe;
import dev.godwit.protocol.event.MigrationEvent.TableAltered;
import dev.godwit.protocol.event.MigrationEvent.TablePaused;
import dev.godwit.protocol.event.StoredMigration.PlannedTable;
import dev.godwit.protocol.plan.Consistency;
import dev.godwit.protocol.plan.Plan;
import dev.godwit.protocol.status.Action;
import dev.godwit.protocol.status.CaptureStatus;
import dev.godwit.protocol.status.Phase;
import dev.godwit.protocol.status.TableState;
import dev.godwit.protocol.status.TableStatus;
import dev.godwit.protocol.table.TableName;
import dev.godwit.protocol.table.TableSpec;
import java.util.List;
import java.util.Map;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;

/** What follows by itself, and what may be asked, where a migration takes changes over. */
class CaptureStepsTest {
    private static final CaptureSlot SLOT = new CaptureSlot("godwit_shop", "godwit_shop", "7000", 1);

    private final MigrationLedger ledger = MigrationLedger.empty();

    @BeforeEach
    void begin() {
        Plan online = Plans.withConsistency(MigrationEvents.SUBMITTED.plan(), Consistency.ONLINE);
        given(
                new MigrationSubmitted(online, MigrationEvents.DIGEST, AT),
                MigrationEvents.PLANNED,
                MigrationEvents.CHECKED,
                new CaptureBegan(SLOT, AT),
                MigrationEvents.PREPARED,
                MigrationEvents.STARTED,
                MigrationEvents.USERS_COPIED,
                MigrationEvents.USERS_COMPLETED,
                MigrationEvents.ORDERS_COPIED,
                MigrationEvents.ORDERS_COMPLETED,
                MigrationEvents.SCHEMA_FINISHED);
    }

    private void given(MigrationEvent... events) {
        List.of(events).forEach(ledger::apply);
    }

    private static CaptureStatus capture(boolean running, long bytes, double seconds, Problem problem) {
        return new CaptureStatus(running, "n", bytes, 0, seconds, 0, null, null, "reserved", 0, -1, 0, problem);
    }

    private List<MigrationEvent> told(CaptureStatus capture) {
        boolean person = capture.problem() != null && capture.problem().code() == ErrorCode.CHANGE_DOES_NOT_FIT;
        return NextSteps.afterCapture(ledger, capture, person, AT);
    }

    @Test
    void it_catches_up_where_another_migration_would_be_complete() {
        assertThat(NextSteps.due(ledger, AT)).containsExactly(new CatchingUp(AT));
        given(new CatchingUp(AT));
        assertThat(ledger.phase()).isEqualTo(Phase.CATCHING_UP);
        assertThat(NextSteps.due(ledger, AT)).isEmpty();
    }

    @Test
    void it_is_in_step_when_little_is_left_and_behind_when_much_is() {
        given(new CatchingUp(AT));
        assertThat(told(capture(true, 100 << 20, 0, null))).isEmpty();
        assertThat(told(capture(true, 100, 6, null))).isEmpty();
        assertThat(told(capture(true, -1, 0, null))).isEmpty();
        assertThat(told(capture(true, 100, 1, null))).containsExactly(new InStep(AT));
        given(new InStep(AT));
        assertThat(told(capture(true, 100 << 20, 20, null))).isEmpty();
        assertThat(told(capture(true, 100, 31, null))).containsExactly(new FellBehind(AT));
        assertThat(told(capture(false, -1, 0, null))).containsExactly(new FellBehind(AT));
        assertThat(told(capture(true, 1L << 30, 0, null))).containsExactly(new FellBehind(AT));
        assertThat(NextSteps.afterSilence(ledger, AT)).containsExactly(new FellBehind(AT));
    }

    @Test
    void what_needs_a_person_halts_it_once_and_resuming_ends_that() {
        given(new CatchingUp(AT));
        Problem passing = new Problem(ErrorCode.TARGET_UNREACHABLE, "gone", "target", "");
        Problem serious = new Problem(ErrorCode.CHANGE_DOES_NOT_FIT, "1 row is missing", "public.users", "");
        assertThat(told(capture(false, -1, 0, passing))).isEmpty();
        assertThat(told(capture(false, -1, 0, serious))).containsExactly(new CaptureHalted(serious, AT));
        given(new CaptureHalted(serious, AT));
        assertThat(told(capture(false, -1, 0, serious))).isEmpty();
        assertThat(Requests.allowed(ledger)).contains(Action.RESUME);

        List<MigrationEvent> resumed =
                Requests.act("shop", ledger, Action.RESUME, "ann", AT).events();

        assertThat(resumed).containsExactly(new MigrationResumed("ann", AT));
        resumed.forEach(ledger::apply);
        assertThat(ledger.captureHalted()).isEmpty();
    }

    private static CaptureStatus slot(boolean running, String walStatus, long retained, long safe) {
        return new CaptureStatus(running, "n", -1, 0, 0, 0, null, null, walStatus, retained, safe, 0, null);
    }

    @Test
    void what_the_source_keeps_is_an_alarm_at_the_limit_and_ends_well_below_it() {
        long limit = ledger.plan().limits().retainedLogBytes();
        for (CaptureStatus near : List.of(
                slot(true, "extended", limit, -1),
                slot(true, "reserved", 75, 25),
                slot(false, "extended", 75, 25),
                slot(true, "unreserved", 10, 0))) {
            List<MigrationEvent> begun = told(near);
            assertThat(begun).hasSize(1).first().isInstanceOf(SlotNearLimit.class);
            begun.forEach(ledger::apply);
            assertThat(ledger.slotAlarm().orElseThrow().what()).contains("wal_status " + near.walStatus());

            assertThat(told(near)).as("again").isEmpty();
            assertThat(told(slot(true, "extended", limit * 8 / 10 + 1, -1))).isEmpty();
            assertThat(told(slot(true, "reserved", 60, 40))).isEmpty();
            assertThat(told(slot(true, "", -1, -1))).as("not known").isEmpty();
            assertThat(MigrationLedger.of(ledger.stored()).slotAlarm()).isEqualTo(ledger.slotAlarm());

            List<MigrationEvent> ended = told(slot(true, "reserved", 59, 41));
            assertThat(ended).containsExactly(new SlotSafe(AT));
            ended.forEach(ledger::apply);
            assertThat(ledger.slotAlarm()).isEmpty();
            assertThat(told(slot(true, "reserved", 74, 26))).isEmpty();
        }
    }

    @Test
    void a_slot_that_is_lost_halts_also_what_is_halted_and_is_no_alarm_any_more() {
        Problem misfit = new Problem(ErrorCode.CHANGE_DOES_NOT_FIT, "1 row is missing", "public.users", "");
        Problem lost = new Problem(ErrorCode.SOURCE_SLOT_LOST, "gone", "slot", "");
        given(new CatchingUp(AT), new CaptureHalted(misfit, AT));
        told(slot(false, "unreserved", 100, 0)).forEach(ledger::apply);
        assertThat(ledger.slotAlarm()).isPresent();

        CaptureStatus gone = new CaptureStatus(false, "n", -1, 0, 0, 0, null, null, "lost", 100, -1, 0, lost);
        List<MigrationEvent> events = NextSteps.afterCapture(ledger, gone, true, AT);

        assertThat(events).containsExactly(new CaptureHalted(lost, AT));
        events.forEach(ledger::apply);
        assertThat(ledger.slotAlarm()).isEmpty();
        assertThat(NextSteps.afterCapture(ledger, gone, true, AT)).isEmpty();
        assertThat(NextSteps.afterCapture(ledger, capture(false, -1, 0, misfit), true, AT))
                .isEmpty();
    }

    @Test
    void it_can_be_completed_in_step_alone_and_its_slot_is_dropped_then() {
        given(new CatchingUp(AT));
        assertThat(Requests.allowed(ledger)).doesNotContain(Action.COMPLETE);
        given(new InStep(AT));
        assertThat(ledger.captureEndIsDue()).isFalse();

        List<MigrationEvent> completed =
                Requests.act("shop", ledger, Action.COMPLETE, "ann", AT).events();

        assertThat(completed).hasSize(1).first().isInstanceOf(MigrationCompleted.class);
        completed.forEach(ledger::apply);
        assertThat(ledger.phase()).isEqualTo(Phase.COMPLETED);
        assertThat(ledger.captureEndIsDue()).isTrue();
        given(new CaptureEnded(AT));
        assertThat(ledger.captureEndIsDue()).isFalse();
    }

    @Test
    void columns_that_were_added_are_kept_once_and_the_table_stays_as_far_as_it_is() {
        TableSpec further = MigrationEvents.TABLE_ALTERED.table();

        List<MigrationEvent> events = NextSteps.afterAlterations(ledger, List.of(further), Map.of(), AT);

        assertThat(events).containsExactly(new TableAltered(further, AT));
        events.forEach(ledger::apply);
        assertThat(ledger.table(further.name()).orElseThrow().spec()).isEqualTo(further);
        assertThat(ledger.table(further.name()).orElseThrow().state()).isEqualTo(TableState.COMPLETED);
        assertThat(NextSteps.afterAlterations(ledger, List.of(further), Map.of(), AT))
                .isEmpty();
    }

    @Test
    void a_table_that_is_halted_pauses_once_and_its_coordinator_does_not_make_it_complete_again() {
        given(new CatchingUp(AT), new InStep(AT));
        TableName users = MigrationEvents.USERS;
        Problem altered = new Problem(ErrorCode.SOURCE_TABLE_CHANGED, "It was altered.", users.text(), "");

        List<MigrationEvent> events = NextSteps.afterAlterations(ledger, List.of(), Map.of(users, altered), AT);

        assertThat(events).containsExactly(new TablePaused(users, altered, AT));
        events.forEach(ledger::apply);
        assertThat(NextSteps.afterAlterations(ledger, List.of(), Map.of(users, altered), AT))
                .isEmpty();
        assertThat(ledger.phase()).isEqualTo(Phase.IN_STEP);
        PlannedTable paused = ledger.table(users).orElseThrow();
        TableStatus completed =
                new TableStatus(users.text(), TableState.COMPLETED, 10, 1_000, 0, 0, 10, 1_000, 2, 0, 0, true, 0, null);
        assertThat(NextSteps.afterReport(paused, completed, false, AT)).isEmpty();
    }

    @Test
    void a_slot_is_dropped_though_nobody_has_told_that_it_was_made() {
        MigrationLedger early = MigrationLedger.empty();
        MigrationSubmitted submitted = new MigrationSubmitted(ledger.plan(), MigrationEvents.DIGEST, AT);
        List.of(submitted, MigrationEvents.PLANNED, MigrationEvents.CHECKED, MigrationEvents.CANCELLED)
                .forEach(early::apply);
        assertThat(early.captureEndIsDue()).isTrue();
    }

    @Test
    void a_snapshot_of_its_state_holds_all_of_it() {
        given(new CatchingUp(AT), new InStep(AT));
        MigrationLedger recovered = MigrationLedger.of(ledger.stored());
        assertThat(recovered.capture()).contains(SLOT);
        assertThat(recovered.phase()).isEqualTo(Phase.IN_STEP);
    }
}
