package dev.godwit.node.lifecycle;

import static dev.godwit.node.lifecycle.MigrationEvents.AT;
import static dev.godwit.node.lifecycle.MigrationEvents.CHECKED;
import static dev.godwit.node.lifecycle.MigrationEvents.FOREIGN;
import static dev.godwit.node.lifecycle.MigrationEvents.ORDERS_COPIED;
import static dev.godwit.node.lifecycle.MigrationEvents.PLANNED;
import static dev.godwit.node.lifecycle.MigrationEvents.PREPARED;
import static dev.godwit.node.lifecycle.MigrationEvents.SHARED;
import static dev.godwit.node.lifecycle.MigrationEvents.SNAPSHOT;
import static dev.godwit.node.lifecycle.MigrationEvents.STARTED;
import static dev.godwit.node.lifecycle.MigrationEvents.SUBMITTED;
import static dev.godwit.node.lifecycle.MigrationEvents.TAKEN;
import static dev.godwit.node.lifecycle.MigrationEvents.USERS_COPIED;
import static org.assertj.core.api.Assertions.assertThat;

import dev.godwit.protocol.event.MigrationEvent;
import dev.godwit.protocol.event.MigrationEvent.SnapshotTaken;
import java.util.List;
import org.junit.jupiter.api.Test;

class OneSnapshotTest {
    private final MigrationLedger ledger = MigrationLedger.empty();

    private void given(MigrationEvent... events) {
        List.of(events).forEach(ledger::apply);
    }

    private List<MigrationEvent> report(String node, String exported, String snapshot) {
        return OneSnapshot.afterReport(ledger, node, exported, snapshot, AT);
    }

    @Test
    void the_first_snapshot_that_a_node_holds_is_taken() {
        given(SUBMITTED, PLANNED, CHECKED);

        assertThat(report(TAKEN.node(), TAKEN.exported(), SNAPSHOT)).containsExactly(TAKEN);
    }

    @Test
    void none_is_taken_before_the_check() {
        given(SUBMITTED);

        assertThat(report(TAKEN.node(), TAKEN.exported(), SNAPSHOT)).isEmpty();
    }

    @Test
    void another_node_shares_it_once() {
        given(SUBMITTED, PLANNED, CHECKED, TAKEN);
        assertThat(report(SHARED.node(), SHARED.exported(), SNAPSHOT)).containsExactly(SHARED);

        given(SHARED);
        assertThat(report(SHARED.node(), SHARED.exported(), SNAPSHOT)).isEmpty();
    }

    @Test
    void another_snapshot_is_not_shared() {
        given(SUBMITTED, PLANNED, CHECKED, TAKEN);

        assertThat(report("node-b", "0004-1", "200:210:")).isEmpty();
    }

    @Test
    void it_is_needed_from_its_taking_until_all_rows_are_in() {
        given(SUBMITTED, PLANNED, CHECKED);
        assertThat(OneSnapshot.isNeeded(ledger)).isFalse();

        given(TAKEN);
        assertThat(OneSnapshot.isNeeded(ledger)).isTrue();

        given(PREPARED, STARTED, USERS_COPIED);
        assertThat(OneSnapshot.isNeeded(ledger)).isTrue();

        given(ORDERS_COPIED);
        assertThat(OneSnapshot.isNeeded(ledger)).isFalse();
        assertThat(report(SHARED.node(), SHARED.exported(), SNAPSHOT)).isEmpty();
    }

    @Test
    void the_snapshot_of_a_cluster_that_was_first_takes_the_place_of_ours() {
        given(SUBMITTED, PLANNED, CHECKED, TAKEN);

        assertThat(OneSnapshot.adopted(ledger, FOREIGN.cluster(), "0009-1", "300:310:", AT))
                .containsExactly(FOREIGN, new SnapshotTaken("0009-1", "300:310:", "cluster f00", AT));
    }
}
