package dev.godwit.node.lifecycle;

import static dev.godwit.node.lifecycle.MigrationEvents.AT;
import static dev.godwit.node.lifecycle.MigrationEvents.CHECKED;
import static dev.godwit.node.lifecycle.MigrationEvents.COMPLETED;
import static dev.godwit.node.lifecycle.MigrationEvents.FAILED;
import static dev.godwit.node.lifecycle.MigrationEvents.ORDERS;
import static dev.godwit.node.lifecycle.MigrationEvents.ORDERS_COMPLETED;
import static dev.godwit.node.lifecycle.MigrationEvents.ORDERS_COPIED;
import static dev.godwit.node.lifecycle.MigrationEvents.PAUSED;
import static dev.godwit.node.lifecycle.MigrationEvents.PLANNED;
import static dev.godwit.node.lifecycle.MigrationEvents.PREPARED;
import static dev.godwit.node.lifecycle.MigrationEvents.SCHEMA_FINISHED;
import static dev.godwit.node.lifecycle.MigrationEvents.STARTED;
import static dev.godwit.node.lifecycle.MigrationEvents.SUBMITTED;
import static dev.godwit.node.lifecycle.MigrationEvents.TABLE_PAUSED;
import static dev.godwit.node.lifecycle.MigrationEvents.TAKEN;
import static dev.godwit.node.lifecycle.MigrationEvents.USERS;
import static dev.godwit.node.lifecycle.MigrationEvents.USERS_COMPLETED;
import static dev.godwit.node.lifecycle.MigrationEvents.USERS_COPIED;
import static org.assertj.core.api.Assertions.assertThat;

import dev.godwit.protocol.error.Problem;
import dev.godwit.protocol.event.MigrationEvent;
import dev.godwit.protocol.event.MigrationEvent.TableCopied;
import dev.godwit.protocol.event.MigrationEvent.TableStarted;
import dev.godwit.protocol.event.MigrationEvent.TablesPlanned;
import dev.godwit.protocol.status.TableState;
import dev.godwit.protocol.status.TableStatus;
import dev.godwit.protocol.table.TableName;
import dev.godwit.protocol.table.TableSpec;
import java.util.List;
import java.util.stream.IntStream;
import org.junit.jupiter.api.Test;

class NextStepsTest {
    private final MigrationLedger ledger = MigrationLedger.empty();

    private void given(MigrationEvent... events) {
        List.of(events).forEach(ledger::apply);
    }

    private void givenCopying() {
        given(SUBMITTED, PLANNED, CHECKED, TAKEN, PREPARED, STARTED);
    }

    private static List<TableSpec> tables(int count) {
        TableSpec like = PLANNED.tables().get(0);
        return IntStream.range(0, count)
                .mapToObj(i -> new TableSpec(
                        new TableName("public", "t" + i),
                        like.columns(),
                        like.keyColumns(),
                        like.keyNullable(),
                        like.method(),
                        like.binary(),
                        2 * like.estimatedBytes(),
                        like.estimatedRows(),
                        like.fileNode()))
                .toList();
    }

    /** What the coordinator of {@code users} tells: ten rows of two shards, as {@code USERS_COPIED} has them. */
    private List<MigrationEvent> usersReport(TableState state, boolean justResumed) {
        Problem problem = state == TableState.PAUSED ? TABLE_PAUSED.problem() : null;
        TableStatus status =
                new TableStatus(USERS.text(), state, 10, 1_000, 0, 0, 100, 1 << 20, 2, 0, 0, true, 0, problem);
        return NextSteps.afterReport(ledger.table(USERS).orElseThrow(), status, justResumed, AT);
    }

    @Test
    void a_check_that_finds_problems_fails_the_migration() {
        assertThat(NextSteps.afterCheck(FAILED.problems(), List.of(), CHECKED)).containsExactly(FAILED);
    }

    @Test
    void a_check_plans_the_tables() {
        assertThat(NextSteps.afterCheck(List.of(), PLANNED.tables(), CHECKED)).containsExactly(PLANNED, CHECKED);
    }

    @Test
    void many_tables_are_planned_by_several_events_of_which_one_is_the_first() {
        List<TableSpec> many = tables(NextSteps.TABLES_PER_EVENT + 1);

        assertThat(NextSteps.afterCheck(List.of(), many, CHECKED))
                .containsExactly(
                        new TablesPlanned(many.subList(0, NextSteps.TABLES_PER_EVENT), true, AT),
                        new TablesPlanned(many.subList(NextSteps.TABLES_PER_EVENT, many.size()), false, AT),
                        CHECKED);
    }

    @Test
    void a_table_is_copied_once_its_claims_are_confirmed() {
        givenCopying();

        assertThat(usersReport(TableState.CONFIRMING, false)).isEmpty();
        assertThat(usersReport(TableState.INDEXING, false)).containsExactly(USERS_COPIED);
    }

    @Test
    void a_table_may_be_copied_and_completed_by_one_report() {
        givenCopying();

        assertThat(usersReport(TableState.COMPLETED, false)).containsExactly(USERS_COPIED, USERS_COMPLETED);
    }

    @Test
    void what_is_told_again_is_no_news() {
        givenCopying();
        given(USERS_COPIED, USERS_COMPLETED);

        assertThat(usersReport(TableState.COMPLETED, false)).isEmpty();
    }

    @Test
    void a_table_pauses_with_its_problem() {
        givenCopying();

        assertThat(usersReport(TableState.PAUSED, false)).containsExactly(TABLE_PAUSED);
    }

    @Test
    void a_pause_is_not_believed_right_after_the_table_was_resumed() {
        givenCopying();

        assertThat(usersReport(TableState.PAUSED, true)).isEmpty();
    }

    @Test
    void tables_begin_once_the_target_is_prepared() {
        given(SUBMITTED, PLANNED, CHECKED, TAKEN);
        assertThat(NextSteps.due(ledger, AT)).isEmpty();

        given(PREPARED);
        assertThat(NextSteps.due(ledger, AT)).containsExactly(STARTED, new TableStarted(ORDERS, AT));
    }

    @Test
    void no_table_begins_while_the_migration_is_paused() {
        given(SUBMITTED, PLANNED, CHECKED, TAKEN, PREPARED, PAUSED);

        assertThat(NextSteps.due(ledger, AT)).isEmpty();
    }

    @Test
    void no_more_tables_begin_than_are_under_way_at_once() {
        given(SUBMITTED, new TablesPlanned(tables(100), true, AT), CHECKED, TAKEN, PREPARED);
        given(new TableStarted(new TableName("public", "t0"), AT));

        assertThat(NextSteps.due(ledger, AT)).hasSize(NextSteps.TABLES_AT_ONCE - 1);
    }

    @Test
    void tables_whose_indexes_are_built_keep_others_from_beginning_only_where_they_are_many() {
        given(SUBMITTED, new TablesPlanned(tables(100), true, AT), CHECKED, TAKEN, PREPARED);
        for (int i = 0; i < NextSteps.TABLES_UNDER_WAY - 1; i++) {
            TableName table = new TableName("public", "t" + i);
            given(new TableStarted(table, AT), new TableCopied(table, 1, 1, 1, AT));
            int left = NextSteps.TABLES_UNDER_WAY - 1 - i;
            assertThat(NextSteps.due(ledger, AT)).hasSize(Math.min(NextSteps.TABLES_AT_ONCE, left));
        }
    }

    @Test
    void a_migration_is_completed_once_what_comes_after_its_last_table_is_made() {
        givenCopying();
        given(USERS_COPIED, ORDERS_COPIED, USERS_COMPLETED);
        assertThat(ledger.schemaEndIsDue()).isFalse();

        given(ORDERS_COMPLETED);
        assertThat(ledger.schemaEndIsDue()).isTrue();
        assertThat(NextSteps.due(ledger, AT)).isEmpty();

        given(SCHEMA_FINISHED);
        assertThat(ledger.schemaEndIsDue()).isFalse();
        assertThat(NextSteps.due(ledger, AT)).containsExactly(COMPLETED);
    }
}
