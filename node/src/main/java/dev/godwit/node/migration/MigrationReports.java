package dev.godwit.node.migration;

import dev.godwit.node.changes.ChangeCapture;
import dev.godwit.node.lifecycle.MigrationLedger;
import dev.godwit.node.lifecycle.NextSteps;
import dev.godwit.node.lifecycle.OneSnapshot;
import dev.godwit.protocol.event.MigrationEvent;
import dev.godwit.protocol.event.MigrationEvent.ForeignClusterSeen;
import dev.godwit.protocol.event.MigrationEvent.NodeLost;
import dev.godwit.protocol.event.StoredMigration.PlannedTable;
import dev.godwit.protocol.status.NodeStatus;
import dev.godwit.protocol.status.Phase;
import dev.godwit.protocol.table.TableName;
import java.time.Clock;
import java.time.Instant;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import java.util.stream.Collectors;

/**
 * What a migration decides when a table or a node has told how it does, or a node tells nothing any more: the events
 * that its ledger is to take in. Most reports are no news. Used by its actor's thread alone.
 */
final class MigrationReports {
    private final Clock clock;
    private final MigrationWatch watch;

    MigrationReports(Clock clock, MigrationWatch watch) {
        this.clock = clock;
        this.watch = watch;
    }

    private Instant now() {
        return clock.instant();
    }

    List<MigrationEvent> ofTable(MigrationLedger ledger, Migration.TableReport report) {
        TableName table = TableName.parse(report.status().table());
        PlannedTable planned = ledger.table(table).orElse(null);
        if (planned == null) {
            return List.of();
        }
        watch.heard(report.status());
        List<MigrationEvent> events = new ArrayList<>();
        if (!report.foreignCluster().isEmpty() && watch.isNewForeigner(report.foreignCluster())) {
            events.add(new ForeignClusterSeen(report.foreignCluster(), table, now()));
        }
        events.addAll(NextSteps.afterReport(planned, report.status(), watch.justResumed(table), now()));
        return events;
    }

    List<MigrationEvent> ofCapture(MigrationLedger ledger, ChangeCapture.Report report) {
        List<MigrationEvent> events = new ArrayList<>(NextSteps.afterAlterations(
                ledger,
                report.followed(),
                report.halted().stream()
                        .collect(
                                Collectors.toMap(ChangeCapture.HaltedTable::table, ChangeCapture.HaltedTable::problem)),
                now()));
        events.addAll(NextSteps.afterCapture(ledger, report.status(), report.needsAPerson(), now()));
        return events;
    }

    /** None of a node that holds no snapshot: why it has not taken the one that it is to take is what is waited for. */
    List<MigrationEvent> ofNode(MigrationLedger ledger, Migration.NodeReport report) {
        String node = report.status().node();
        if (report.exported() == null) {
            if (ledger.phaseUnderPause() == Phase.CHECKED && node.equals(watch.taker())) {
                watch.waitsFor(report.notHeld());
            }
            return List.of();
        }
        if (report.snapshot().equals(ledger.snapshot().orElse(null))) {
            watch.holderHeard();
        }
        return OneSnapshot.afterReport(ledger, node, report.exported(), report.snapshot(), now());
    }

    /** @param node that is gone; it counts as lost if it took part and there was still something to do */
    List<MigrationEvent> nodeGone(MigrationLedger ledger, String node) {
        Optional<NodeStatus> gone = watch.gone(node);
        boolean working = ledger.submitted() && !ledger.phase().ended();
        return gone.isPresent() && working
                ? List.of(new NodeLost(node, gone.get().running(), now()))
                : List.of();
    }
}
