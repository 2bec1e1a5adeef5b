package dev.godwit.node.lifecycle;

import dev.godwit.protocol.error.Problem;
import dev.godwit.protocol.event.MigrationEvent;
import dev.godwit.protocol.event.MigrationEvent.CaptureHalted;
import dev.godwit.protocol.event.MigrationEvent.CatchingUp;
import dev.godwit.protocol.event.MigrationEvent.FellBehind;
import dev.godwit.protocol.event.MigrationEvent.InStep;
import dev.godwit.protocol.event.MigrationEvent.MigrationChecked;
import dev.godwit.protocol.event.MigrationEvent.MigrationCompleted;
import dev.godwit.protocol.event.MigrationEvent.MigrationFailed;
import dev.godwit.protocol.event.MigrationEvent.TableAltered;
import dev.godwit.protocol.event.MigrationEvent.TableCompleted;
import dev.godwit.protocol.event.MigrationEvent.TableCopied;
import dev.godwit.protocol.event.MigrationEvent.TablePaused;
import dev.godwit.protocol.event.MigrationEvent.TableStarted;
import dev.godwit.protocol.event.MigrationEvent.TablesPlanned;
import dev.godwit.protocol.event.StoredMigration.PlannedTable;
import dev.godwit.protocol.status.CaptureStatus;
import dev.godwit.protocol.status.Phase;
import dev.godwit.protocol.status.TableState;
import dev.godwit.protocol.status.TableStatus;
import dev.godwit.protocol.table.TableName;
import dev.godwit.protocol.table.TableSpec;
import java.time.Instant;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;

/** What follows by itself: from the check, from what a table's coordinator tells, and as time passes. Pure. */
public final class NextSteps {
    /** Tables that are copied at once: enough to keep workers busy, few enough to ask about in turn. */
    static final int TABLES_AT_ONCE = 16;

    /** Tables that are copied, or whose indexes are built: each of the latter holds a thread of its coordinator's node. */
    static final int TABLES_UNDER_WAY = 64;

    /** Tables of one {@code TablesPlanned} event, so that no event grows without bound. */
    static final int TABLES_PER_EVENT = 500;

    private NextSteps() {}

    /**
     * The check has ended.
     *
     * @param problems what it has found; the migration fails with them, if there are any
     * @param tables the tables to copy
     * @param checked what is kept of it, if there are no problems
     */
    public static List<MigrationEvent> afterCheck(
            List<Problem> problems, List<TableSpec> tables, MigrationChecked checked) {
        if (!problems.isEmpty()) {
            return List.of(new MigrationFailed(problems, checked.at()));
        }
        List<MigrationEvent> events = new ArrayList<>();
        for (int i = 0; i < tables.size(); i += TABLES_PER_EVENT) {
            int end = Math.min(i + TABLES_PER_EVENT, tables.size());
            events.add(new TablesPlanned(tables.subList(i, end), i == 0, checked.at()));
        }
        events.add(checked);
        return events;
    }

    /**
     * A coordinator has told how far its table is. It tells so again and again: what is kept already is no news.
     *
     * @param justResumed whether the table was resumed a moment ago, so that the coordinator may not know it yet
     */
    public static List<MigrationEvent> afterReport(
            PlannedTable planned, TableStatus reported, boolean justResumed, Instant now) {
        TableName table = planned.spec().name();
        TableState state = reported.state();
        boolean confirmed = state == TableState.INDEXING || state == TableState.COMPLETED;
        List<MigrationEvent> events = new ArrayList<>();
        if (confirmed && planned.shards() == 0) {
            events.add(new TableCopied(table, reported.rows(), reported.bytes(), reported.shardsDone(), now));
        }
        // One that is paused may be so for what its coordinator does not know.
        boolean open = planned.state() != TableState.COMPLETED && planned.state() != TableState.PAUSED;
        if (state == TableState.COMPLETED && open) {
            events.add(new TableCompleted(table, now));
        } else if (state == TableState.PAUSED && planned.state() != TableState.PAUSED && !justResumed) {
            events.add(new TablePaused(table, reported.problem(), now));
        }
        return events;
    }

    /** Whether {@link #due} has anything. */
    public static boolean isDue(MigrationLedger ledger) {
        return !due(ledger, Instant.EPOCH).isEmpty();
    }

    /** What follows with nobody's doing: tables begin as others end, and when all is made the migration is complete. */
    public static List<MigrationEvent> due(MigrationLedger ledger, Instant now) {
        Phase phase = ledger.phaseUnderPause();
        if (phase == Phase.INDEXING && ledger.allCompleted() && !ledger.schemaEndIsOpen()) {
            if (ledger.online()) {
                return List.of(new CatchingUp(now));
            }
            return List.of(completed(ledger, now));
        }
        boolean begins = !ledger.paused() && (phase == Phase.PREPARED || phase == Phase.COPYING);
        return begins ? started(ledger, now) : List.of();
    }

    /** Its end, with the sums of what was copied. */
    static MigrationCompleted completed(MigrationLedger ledger, Instant now) {
        long rows = ledger.tables().stream().mapToLong(PlannedTable::rows).sum();
        long bytes = ledger.tables().stream().mapToLong(PlannedTable::bytes).sum();
        return new MigrationCompleted(rows, bytes, now);
    }

    private static List<MigrationEvent> started(MigrationLedger ledger, Instant now) {
        long copying = ledger.underWay().stream()
                .flatMap(table -> ledger.table(table).stream())
                .filter(table -> table.state() == TableState.COPYING)
                .count();
        long more = Math.min(
                TABLES_AT_ONCE - copying, TABLES_UNDER_WAY - ledger.underWay().size());
        // The copying begins with a table by itself, also where all are small.
        boolean begins = ledger.phaseUnderPause() == Phase.PREPARED
                && ledger.waitingAlone().isEmpty();
        return (begins ? ledger.waiting() : ledger.waitingAlone())
                .stream()
                        .limit(begins ? 1 : Math.max(0, more))
                        .<MigrationEvent>map(table -> new TableStarted(table, now))
                        .toList();
    }

    /** How far behind the source counts as in step, and from where on no more. */
    static final double IN_STEP_SECONDS = 5;

    static final double BEHIND_SECONDS = 30;

    /** So little of the source's log counts as nothing: what the source writes for itself. */
    static final long IN_STEP_BYTES = 16 << 20;

    static final long BEHIND_BYTES = 8 * IN_STEP_BYTES;

    /** Nothing was heard of the reader of changes for too long. */
    public static List<MigrationEvent> afterSilence(MigrationLedger ledger, Instant now) {
        return ledger.phaseUnderPause() == Phase.IN_STEP ? List.of(new FellBehind(now)) : List.of();
    }

    /**
     * What has become of tables that the source altered was told, again and again.
     *
     * @param followed those that have got further columns
     * @param halted those whose changes are not followed any more
     */
    public static List<MigrationEvent> afterAlterations(
            MigrationLedger ledger, List<TableSpec> followed, Map<TableName, Problem> halted, Instant now) {
        List<MigrationEvent> events = new ArrayList<>();
        if (ledger.phaseUnderPause().ended()) {
            return events;
        }
        for (TableSpec table : followed) {
            if (ledger.table(table.name()).stream()
                    .anyMatch(planned -> !planned.spec().columns().equals(table.columns()))) {
                events.add(new TableAltered(table, now));
            }
        }
        halted.forEach((table, problem) -> {
            if (ledger.table(table).stream().anyMatch(planned -> planned.state() != TableState.PAUSED)) {
                events.add(new TablePaused(table, problem, now));
            }
        });
        return events;
    }

    /** How the changes come over was told, again and again: what it makes of the phase. */
    public static List<MigrationEvent> afterCapture(
            MigrationLedger ledger, CaptureStatus capture, boolean needsAPerson, Instant now) {
        List<MigrationEvent> events = new ArrayList<>(SlotAlarm.after(ledger, capture, now));
        events.addAll(needsAPerson ? halted(ledger, capture.problem(), now) : List.of());
        events.addAll(events.isEmpty() ? inStepOrBehind(ledger, capture, now) : List.of());
        return events;
    }

    /** That the slot is lost is worth more than what has halted the changes before: no mending helps any more. */
    private static List<MigrationEvent> halted(MigrationLedger ledger, Problem why, Instant now) {
        Problem before = ledger.captureHalted().orElse(null);
        boolean isNews = before == null || SlotAlarm.isLost(why) && !SlotAlarm.isLost(before);
        return why != null && isNews && !ledger.phaseUnderPause().ended()
                ? List.of(new CaptureHalted(why, now))
                : List.of();
    }

    private static List<MigrationEvent> inStepOrBehind(MigrationLedger ledger, CaptureStatus capture, Instant now) {
        Phase phase = ledger.phaseUnderPause();
        boolean known = capture.running() && capture.bytesBehind() >= 0 && capture.secondsBehind() >= 0;
        if (phase == Phase.CATCHING_UP
                && known
                && capture.secondsBehind() <= IN_STEP_SECONDS
                && capture.bytesBehind() <= IN_STEP_BYTES) {
            return List.of(new InStep(now));
        }
        boolean behind = !known || capture.secondsBehind() > BEHIND_SECONDS || capture.bytesBehind() > BEHIND_BYTES;
        return phase == Phase.IN_STEP && behind ? List.of(new FellBehind(now)) : List.of();
    }

    public static boolean isUnderWay(PlannedTable table) {
        return table.state() == TableState.COPYING || table.state() == TableState.INDEXING;
    }
}
