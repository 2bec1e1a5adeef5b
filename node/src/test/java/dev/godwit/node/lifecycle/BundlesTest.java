package dev.godwit.node.lifecycle;

import static dev.godwit.node.lifecycle.MigrationEvents.AT;
import static dev.godwit.node.lifecycle.MigrationEvents.CHECKED;
import static dev.godwit.node.lifecycle.MigrationEvents.PLANNED;
import static dev.godwit.node.lifecycle.MigrationEvents.PREPARED;
import static dev.godwit.node.lifecycle.MigrationEvents.SUBMITTED;
import static dev.godwit.node.lifecycle.MigrationEvents.TAKEN;
import static org.assertj.core.api.Assertions.assertThat;

import dev.godwit.protocol.event.MigrationEvent.CopiedTable;
import dev.godwit.protocol.event.MigrationEvent.TableStarted;
import dev.godwit.protocol.event.MigrationEvent.TablesCompleted;
import dev.godwit.protocol.event.MigrationEvent.TablesPlanned;
import dev.godwit.protocol.status.Phase;
import dev.godwit.protocol.status.TableState;
import dev.godwit.protocol.table.ColumnSpec;
import dev.godwit.protocol.table.TableName;
import dev.godwit.protocol.table.TableSpec;
import java.util.ArrayDeque;
import java.util.ArrayList;
import java.util.Collections;
import java.util.Deque;
import java.util.List;
import java.util.stream.IntStream;
import org.junit.jupiter.api.Test;

class BundlesTest {
    private static TableSpec table(int number, long bytes, int columns) {
        TableSpec like = PLANNED.tables().get(0);
        return new TableSpec(
                new TableName("public", "t" + number),
                Collections.nCopies(columns, new ColumnSpec("c", "bigint")),
                List.of(),
                false,
                like.method(),
                like.binary(),
                bytes,
                like.estimatedRows(),
                like.fileNode());
    }

    private static List<TableSpec> tables(int count, long bytes) {
        return IntStream.range(0, count).mapToObj(i -> table(i, bytes, 3)).toList();
    }

    private static MigrationLedger prepared(List<TableSpec> tables) {
        MigrationLedger ledger = MigrationLedger.empty();
        List.of(SUBMITTED, new TablesPlanned(tables, true, AT), CHECKED, TAKEN, PREPARED)
                .forEach(ledger::apply);
        return ledger;
    }

    private static TablesCompleted completed(List<TableSpec> tables) {
        return new TablesCompleted(
                tables.stream()
                        .map(table -> new CopiedTable(table.name(), 3, 30))
                        .toList(),
                AT);
    }

    @Test
    void large_objects_go_by_themselves_however_few_they_are() {
        TableSpec small = table(1, 10, 3);
        TableSpec objects = new TableSpec(
                TableName.LARGE_OBJECTS,
                small.columns(),
                small.keyColumns(),
                small.keyNullable(),
                small.method(),
                small.binary(),
                small.estimatedBytes(),
                small.estimatedRows(),
                small.fileNode());

        assertThat(Bundles.isSmall(small)).isTrue();
        assertThat(Bundles.isSmall(objects)).isFalse();
    }

    @Test
    void bundles_are_bounded_by_tables_bytes_and_columns_and_hold_every_table_once() {
        Deque<TableSpec> queue = new ArrayDeque<>(tables(130, 100));
        assertThat(List.of(Bundles.next(queue), Bundles.next(queue), Bundles.next(queue)))
                .extracting(List::size)
                .containsExactly(64, 64, 2);
        assertThat(queue).isEmpty();
        assertThat(Bundles.next(queue)).isEmpty();

        Deque<TableSpec> big = new ArrayDeque<>(tables(20, Bundles.SMALL_BYTES));
        assertThat(Bundles.next(big)).hasSize(16);

        Deque<TableSpec> wide = new ArrayDeque<>(List.of(table(0, 1, 1_600), table(1, 1, 1_600), table(2, 1, 1_600)));
        assertThat(Bundles.next(wide)).hasSize(2);
    }

    @Test
    void a_few_small_tables_go_by_themselves() {
        MigrationLedger ledger = prepared(tables(Bundles.FEW, 100));

        assertThat(ledger.waitingAlone()).hasSize(Bundles.FEW);
        assertThat(NextSteps.due(ledger, AT)).hasSize(NextSteps.TABLES_AT_ONCE);
    }

    @Test
    void many_small_tables_wait_for_their_bundles_while_the_big_ones_begin() {
        List<TableSpec> tables = new ArrayList<>(List.of(table(1_000, 1L << 30, 3), table(1_001, 2L << 20, 3)));
        tables.addAll(tables(40, 100));
        MigrationLedger ledger = prepared(tables);

        assertThat(NextSteps.due(ledger, AT))
                .containsExactly(
                        new TableStarted(tables.get(0).name(), AT),
                        new TableStarted(tables.get(1).name(), AT));
        NextSteps.due(ledger, AT).forEach(ledger::apply);
        assertThat(NextSteps.due(ledger, AT)).isEmpty();
    }

    @Test
    void where_all_are_small_the_first_begins_by_itself_and_the_last_bundle_ends_the_copy() {
        List<TableSpec> tables = tables(40, 100);
        MigrationLedger ledger = prepared(tables);
        TableStarted first = new TableStarted(tables.get(0).name(), AT);
        assertThat(NextSteps.due(ledger, AT)).containsExactly(first);
        ledger.apply(first);
        assertThat(NextSteps.due(ledger, AT)).isEmpty();
        assertThat(ledger.phase()).isEqualTo(Phase.COPYING);

        ledger.apply(completed(tables.subList(1, 20)));
        assertThat(ledger.phase()).isEqualTo(Phase.COPYING);
        assertThat(ledger.completedTables()).isEqualTo(19);
        assertThat(ledger.table(tables.get(5).name()).orElseThrow())
                .returns(TableState.COMPLETED, planned -> planned.state())
                .returns(3L, planned -> planned.rows())
                .returns(1L, planned -> planned.shards());
        ledger.apply(completed(tables.subList(20, 40)));
        ledger.apply(completed(tables.subList(0, 1)));

        assertThat(ledger.phase()).isEqualTo(Phase.INDEXING);
        assertThat(ledger.allCopied()).isTrue();
        assertThat(MigrationLedger.of(ledger.stored()).waitingAlone()).isEmpty();
    }
}
