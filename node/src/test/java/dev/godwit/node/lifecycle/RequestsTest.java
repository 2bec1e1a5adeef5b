package dev.godwit.node.lifecycle;

import static dev.godwit.node.lifecycle.MigrationEvents.AT;
import static dev.godwit.node.lifecycle.MigrationEvents.CANCELLED;
import static dev.godwit.node.lifecycle.MigrationEvents.CHECKED;
import static dev.godwit.node.lifecycle.MigrationEvents.DIGEST;
import static dev.godwit.node.lifecycle.MigrationEvents.FAILED;
import static dev.godwit.node.lifecycle.MigrationEvents.LOST;
import static dev.godwit.node.lifecycle.MigrationEvents.ORDERS_COMPLETED;
import static dev.godwit.node.lifecycle.MigrationEvents.ORDERS_COPIED;
import static dev.godwit.node.lifecycle.MigrationEvents.PAUSED;
import static dev.godwit.node.lifecycle.MigrationEvents.PLANNED;
import static dev.godwit.node.lifecycle.MigrationEvents.PREPARED;
import static dev.godwit.node.lifecycle.MigrationEvents.RESUMED;
import static dev.godwit.node.lifecycle.MigrationEvents.SCHEMA_HALTED;
import static dev.godwit.node.lifecycle.MigrationEvents.STARTED;
import static dev.godwit.node.lifecycle.MigrationEvents.SUBMITTED;
import static dev.godwit.node.lifecycle.MigrationEvents.TABLE_PAUSED;
import static dev.godwit.node.lifecycle.MigrationEvents.TABLE_RESUMED;
import static dev.godwit.node.lifecycle.MigrationEvents.TAKEN;
import static dev.godwit.node.lifecycle.MigrationEvents.USERS_COMPLETED;
import static dev.godwit.node.lifecycle.MigrationEvents.USERS_COPIED;
import static org.assertj.core.api.Assertions.assertThat;

import dev.godwit.node.testing.Plans;
import dev.godwit.protocol.error.ErrorCode;
import dev.godwit.protocol.error.Problem;
import dev.godwit.protocol.event.MigrationEvent;
import dev.godwit.protocol.event.MigrationEvent.MigrationSubmitted;
import dev.godwit.protocol.plan.Endpoint;
import dev.godwit.protocol.plan.Limits;
import dev.godwit.protocol.plan.Plan;
import dev.godwit.protocol.plan.PostgresAddress;
import dev.godwit.protocol.plan.SecretRef;
import dev.godwit.protocol.status.Action;
import java.util.List;
import java.util.Optional;
import org.junit.jupiter.api.Test;

class RequestsTest {
    private static final String OTHER_DIGEST = "cd".repeat(32);

    private final MigrationLedger ledger = MigrationLedger.empty();

    private void given(MigrationEvent... events) {
        List.of(events).forEach(ledger::apply);
    }

    private void givenCopying() {
        given(SUBMITTED, PLANNED, CHECKED, TAKEN, PREPARED, STARTED);
    }

    private Requests.Answer submit(Plan plan, String digest) {
        return Requests.submit("shop", ledger, plan, digest, AT);
    }

    private Requests.Answer act(Action action) {
        return Requests.act("shop", ledger, action, "ann", AT);
    }

    private static Plan withMoreWorkers(Plan plan) {
        Limits before = plan.limits();
        Limits limits = new Limits(
                before.workersPerNode() + 1,
                before.shardBytes(),
                before.memoryPerNode(),
                before.sourceConnections(),
                before.targetConnections());
        return Plans.withLimits(plan, limits);
    }

    @Test
    void a_plan_begins_a_migration() {
        assertThat(submit(SUBMITTED.plan(), DIGEST).events()).containsExactly(SUBMITTED);
    }

    @Test
    void the_same_plan_again_changes_nothing() {
        givenCopying();

        Requests.Answer answer = submit(SUBMITTED.plan(), DIGEST);

        assertThat(answer).isEqualTo(new Requests.Answer(List.of(), Optional.empty()));
    }

    @Test
    void another_reference_to_a_password_is_taken_in() {
        givenCopying();
        Plan before = SUBMITTED.plan();
        PostgresAddress address = before.source().postgres();
        Plan plan = Plans.withSource(
                before,
                new Endpoint(new PostgresAddress(
                        address.host(),
                        address.port(),
                        address.database(),
                        address.user(),
                        new SecretRef("ROTATED", null),
                        address.sslmode(),
                        address.properties())));

        assertThat(submit(plan, DIGEST).events()).containsExactly(new MigrationSubmitted(plan, DIGEST, AT));
    }

    @Test
    void another_plan_is_refused() {
        givenCopying();

        Requests.Answer answer = submit(SUBMITTED.plan(), OTHER_DIGEST);

        assertThat(answer.events()).isEmpty();
        assertThat(answer.refusal()).map(Problem::code).hasValue(ErrorCode.PLAN_CONFLICT);
    }

    @Test
    void another_plan_takes_the_place_of_one_that_failed_before_anything_was_copied() {
        given(SUBMITTED, FAILED);

        assertThat(submit(SUBMITTED.plan(), OTHER_DIGEST).events())
                .containsExactly(new MigrationSubmitted(SUBMITTED.plan(), OTHER_DIGEST, AT));
    }

    @Test
    void a_lost_snapshot_does_not_begin_anew() {
        givenCopying();
        given(LOST);

        assertThat(submit(SUBMITTED.plan(), DIGEST).events()).isEmpty();
    }

    @Test
    void changed_limits_are_taken_in_while_it_runs() {
        givenCopying();
        Plan faster = withMoreWorkers(SUBMITTED.plan());

        assertThat(submit(faster, DIGEST).events()).containsExactly(new MigrationSubmitted(faster, DIGEST, AT));
    }

    @Test
    void changed_limits_mean_nothing_to_a_migration_that_has_ended() {
        givenCopying();
        given(CANCELLED);

        assertThat(submit(withMoreWorkers(SUBMITTED.plan()), DIGEST).events()).isEmpty();
    }

    @Test
    void nothing_can_be_done_to_a_migration_that_is_not_there() {
        assertThat(act(Action.PAUSE).refusal()).hasValue(Requests.notFound("shop"));
        assertThat(Requests.allowed(ledger)).isEmpty();
    }

    @Test
    void a_migration_that_runs_is_paused_or_cancelled() {
        givenCopying();

        assertThat(Requests.allowed(ledger)).containsExactly(Action.PAUSE, Action.CANCEL);
        assertThat(act(Action.PAUSE).events()).containsExactly(PAUSED);
        assertThat(act(Action.CANCEL).events()).containsExactly(CANCELLED);
    }

    @Test
    void what_is_not_allowed_is_refused_with_what_is() {
        givenCopying();

        Problem refusal = act(Action.RESUME).refusal().orElseThrow();

        assertThat(refusal.code()).isEqualTo(ErrorCode.ACTION_NOT_ALLOWED_NOW);
        assertThat(refusal.what()).isEqualTo("a migration that is copying can't be told to resume");
        assertThat(refusal.fix()).isEqualTo("allowed now: pause, cancel");
    }

    @Test
    void resuming_resumes_the_migration_and_its_paused_tables() {
        givenCopying();
        given(TABLE_PAUSED, PAUSED);

        assertThat(Requests.allowed(ledger)).containsExactly(Action.RESUME, Action.CANCEL);
        assertThat(act(Action.RESUME).events()).containsExactly(RESUMED, TABLE_RESUMED);
    }

    @Test
    void a_paused_table_is_resumed_while_the_others_run() {
        givenCopying();
        given(TABLE_PAUSED);

        assertThat(Requests.allowed(ledger)).containsExactly(Action.PAUSE, Action.RESUME, Action.CANCEL);
        assertThat(act(Action.RESUME).events()).containsExactly(TABLE_RESUMED);
    }

    @Test
    void nothing_can_be_done_to_a_migration_that_has_ended() {
        givenCopying();
        given(CANCELLED);

        assertThat(Requests.allowed(ledger)).isEmpty();
        assertThat(act(Action.CANCEL).refusal()).map(Problem::code).hasValue(ErrorCode.ACTION_NOT_ALLOWED_NOW);
    }

    @Test
    void the_end_of_the_schema_that_waits_for_a_person_is_resumed() {
        givenCopying();
        given(USERS_COPIED, ORDERS_COPIED, USERS_COMPLETED, ORDERS_COMPLETED, SCHEMA_HALTED);
        assertThat(ledger.schemaEndIsDue()).isFalse();
        assertThat(Requests.allowed(ledger)).containsExactly(Action.PAUSE, Action.RESUME, Action.CANCEL);

        Requests.Answer answer = act(Action.RESUME);
        assertThat(answer.events()).containsExactly(RESUMED);
        answer.events().forEach(ledger::apply);
        assertThat(ledger.schemaEndIsDue()).isTrue();
    }
}
