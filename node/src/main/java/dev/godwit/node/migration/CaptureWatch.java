package dev.godwit.node.migration;

import dev.godwit.node.changes.ChangeCapture;
import dev.godwit.node.changes.ChangeTally;
import dev.godwit.node.lifecycle.MigrationLedger;
import dev.godwit.protocol.event.StoredMigration.PlannedTable;
import dev.godwit.protocol.status.CaptureStatus;
import dev.godwit.protocol.status.CountedChanges;
import dev.godwit.protocol.status.Phase;
import dev.godwit.protocol.status.TableState;
import dev.godwit.protocol.table.TableName;
import dev.godwit.protocol.table.TableSpec;
import java.time.Duration;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Set;

/** What a migration hears of the reader of its changes, and tells it. Nothing of it is kept. Used by its actor's thread alone. */
final class CaptureWatch {
    /** A report that is older says nothing any more. */
    private static final Duration FRESH = Duration.ofSeconds(6);

    private CaptureStatus status;
    private Set<TableName> inStep = Set.of();
    private boolean needsTables = true;
    private final Map<TableName, CountedChanges> counted = new HashMap<>();
    private long heardNanos = System.nanoTime();

    void forget() {
        status = null;
        heardNanos = System.nanoTime();
        inStep = Set.of();
        needsTables = true;
        counted.clear();
    }

    void heard(ChangeCapture.Report report) {
        status = report.status();
        inStep = Set.copyOf(report.inStep());
        needsTables = report.needsTables();
        heardNanos = System.nanoTime();
    }

    void counted(MigrationLedger ledger, List<ChangeTally.OfTable> tables) {
        tables.stream()
                .filter(one -> ledger.table(one.table()).isPresent())
                .forEach(one -> counted.put(one.table(), one.changes()));
    }

    /** Changes of that table; null where none are known of. */
    CountedChanges counted(TableName table) {
        return counted.get(table);
    }

    /** Empty where nothing was heard lately. */
    Optional<CaptureStatus> status() {
        boolean fresh = status != null && System.nanoTime() - heardNanos < FRESH.toNanos();
        return fresh ? Optional.of(status) : Optional.empty();
    }

    /** Whether nothing was heard for so long that nobody knows how it does. */
    boolean isSilent() {
        return System.nanoTime() - heardNanos > FRESH.toNanos();
    }

    /** Whether a table whose shards have all landed holds one moment of the source, so that its keys may be made. */
    boolean holdsOneMoment(MigrationLedger ledger, TableName table) {
        return !ledger.online() || inStep.contains(table);
    }

    /** What the reader is to do now; empty where it has nothing to do. */
    Optional<ChangeCapture.Message> instruction(MigrationLedger ledger) {
        Phase phase = ledger.phaseUnderPause();
        if (phase.ended()) {
            return ledger.captureEndIsDue() ? Optional.of(new ChangeCapture.End()) : Optional.empty();
        } else if (ledger.capture().isEmpty() || phase == Phase.CHECKED || phase == Phase.DRAFTED) {
            return Optional.empty();
        }
        boolean active = !ledger.paused() && ledger.captureHalted().isEmpty();
        List<TableSpec> tables =
                needsTables ? ledger.tables().stream().map(PlannedTable::spec).toList() : List.of();
        List<TableName> confirmed = ledger.underWay().stream()
                .filter(name -> ledger.table(name).orElseThrow().state() == TableState.INDEXING)
                .toList();
        return Optional.of(new ChangeCapture.Run(
                ledger.plan(),
                ledger.capture().get(),
                tables,
                confirmed,
                active,
                phase == Phase.CATCHING_UP || phase == Phase.IN_STEP));
    }
}
