package dev.godwit.node.migration;

import dev.godwit.node.lifecycle.MigrationLedger;
import dev.godwit.node.shard.ShardCoordinator;
import dev.godwit.protocol.event.StoredMigration.PlannedTable;
import dev.godwit.protocol.status.Phase;
import dev.godwit.protocol.table.TableName;
import java.util.ArrayList;
import java.util.List;

/**
 * What a migration wants of the agents on all nodes and of its tables' coordinators. Said whole each time, so that
 * whoever has missed it knows all by the next. Whether it needs the reconciler's call is noted when that is news. Used
 * by the migration's thread alone.
 */
final class Instructions {
    private final String migration;
    private final Migration.Surroundings around;
    private final MigrationWatch watch;
    private final CaptureWatch capture;
    private final BundleDesk bundles;

    Instructions(
            String migration,
            Migration.Surroundings around,
            MigrationWatch watch,
            CaptureWatch capture,
            BundleDesk bundles) {
        this.migration = migration;
        this.around = around;
        this.watch = watch;
        this.capture = capture;
        this.bundles = bundles;
    }

    void tell(MigrationLedger ledger) {
        Phase phase = ledger.phaseUnderPause();
        capture.instruction(ledger).ifPresent(message -> around.tellCapture(migration, message));
        if (phase.ended()) {
            around.tellAgents(new NodeAgent.Leave(migration, phase != Phase.COMPLETED));
            // As long as a slot is to be dropped, it is to be woken after a restart.
            if (!ledger.captureEndIsDue() && watch.firstTimeEnded()) {
                around.ended(migration);
            }
            return;
        }
        boolean carries = phase == Phase.COPYING || phase == Phase.INDEXING;
        // What the source keeps becomes less only by changes that are applied: nothing new stands in their way.
        boolean held = ledger.captureHalted().isPresent() || ledger.slotAlarm().isPresent();
        boolean active = carries && !ledger.paused() && !held;
        List<TableName> running = watch.running(ledger);
        tellAgents(ledger, active ? withBundles(ledger, running) : List.of());
        if (carries) {
            tellCoordinators(ledger, running, active);
        }
        if (watch.firstTimeRuns()) {
            around.reopened(migration); // again: the first note may have been lost with its node
        }
    }

    /** Small tables come last: they fill what the others leave free. */
    private List<TableName> withBundles(MigrationLedger ledger, List<TableName> running) {
        if (!bundles.hasWork(ledger)) {
            return running;
        }
        List<TableName> all = new ArrayList<>(running);
        all.add(BundleDesk.NAME);
        return all;
    }

    private void tellAgents(MigrationLedger ledger, List<TableName> tables) {
        Phase phase = ledger.phaseUnderPause();
        around.tellAgents(new NodeAgent.Work(
                ledger.plan(),
                around.cluster(),
                tables,
                ledger.oneSnapshot() && !ledger.allCopied() && phase != Phase.DRAFTED,
                ledger.snapshot().orElse(null),
                List.copyOf(ledger.exports().values()),
                ledger.snapshot().isEmpty() && phase == Phase.CHECKED ? watch.taker() : ""));
    }

    private void tellCoordinators(MigrationLedger ledger, List<TableName> running, boolean active) {
        int workers = watch.workers();
        running.stream()
                .flatMap(table -> ledger.table(table).stream())
                .map(PlannedTable::spec)
                .forEach(spec -> around.tellCoordinator(
                        migration,
                        spec.name(),
                        new ShardCoordinator.Open(
                                ledger.plan(),
                                spec,
                                active,
                                workers,
                                around.cluster(),
                                capture.holdsOneMoment(ledger, spec.name()))));
    }
}
