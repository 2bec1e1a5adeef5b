package dev.godwit.node.lifecycle;

import dev.godwit.protocol.error.ErrorCode;
import dev.godwit.protocol.error.Problem;
import dev.godwit.protocol.event.CaptureSlot;
import dev.godwit.protocol.event.MigrationEvent;
import dev.godwit.protocol.event.MigrationEvent.CaptureBegan;
import dev.godwit.protocol.event.MigrationEvent.CaptureEnded;
import dev.godwit.protocol.event.MigrationEvent.CaptureHalted;
import dev.godwit.protocol.event.MigrationEvent.MigrationChecked;
import dev.godwit.protocol.event.MigrationEvent.MigrationFailed;
import dev.godwit.protocol.event.MigrationEvent.MigrationPaused;
import dev.godwit.protocol.event.MigrationEvent.MigrationResumed;
import dev.godwit.protocol.event.MigrationEvent.MigrationSubmitted;
import dev.godwit.protocol.event.MigrationEvent.SchemaFinished;
import dev.godwit.protocol.event.MigrationEvent.SchemaHalted;
import dev.godwit.protocol.event.MigrationEvent.SlotNearLimit;
import dev.godwit.protocol.event.MigrationEvent.SlotSafe;
import dev.godwit.protocol.event.MigrationEvent.SnapshotLost;
import dev.godwit.protocol.event.MigrationEvent.SnapshotShared;
import dev.godwit.protocol.event.MigrationEvent.SnapshotTaken;
import dev.godwit.protocol.event.MigrationEvent.TableAltered;
import dev.godwit.protocol.event.MigrationEvent.TableCompleted;
import dev.godwit.protocol.event.MigrationEvent.TableCopied;
import dev.godwit.protocol.event.MigrationEvent.TablePaused;
import dev.godwit.protocol.event.MigrationEvent.TableResumed;
import dev.godwit.protocol.event.MigrationEvent.TableStarted;
import dev.godwit.protocol.event.MigrationEvent.TablesCompleted;
import dev.godwit.protocol.event.MigrationEvent.TablesPlanned;
import dev.godwit.protocol.event.StoredMigration;
import dev.godwit.protocol.event.StoredMigration.PlannedTable;
import dev.godwit.protocol.plan.Consistency;
import dev.godwit.protocol.plan.Plan;
import dev.godwit.protocol.status.Phase;
import dev.godwit.protocol.status.TableState;
import dev.godwit.protocol.table.TableName;
import dev.godwit.protocol.table.TableSpec;
import java.time.Instant;
import java.util.ArrayList;
import java.util.Collection;
import java.util.Collections;
import java.util.LinkedHashMap;
import java.util.LinkedHashSet;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import java.util.function.UnaryOperator;

/**
 * What is decided about one migration: its phase, its tables, its snapshot. Changes by {@link #apply} alone. Not
 * thread-safe; owned by one entity.
 */
public final class MigrationLedger {
    private Plan plan;
    private String planDigest;
    private Instant submittedAt;
    private Phase phase = Phase.DRAFTED;
    private boolean paused;
    private String sourceIdentity;
    private String snapshot;
    private final Map<String, String> exports = new LinkedHashMap<>();
    private final Map<TableName, PlannedTable> tables = new LinkedHashMap<>();
    private final Set<TableName> waiting = new LinkedHashSet<>();
    private final Set<TableName> underWay = new LinkedHashSet<>();

    /** Those of the waiting that go in no bundle; null where it must be made anew. */
    private Set<TableName> alone;

    private int smallTables;
    private final List<Problem> problems = new ArrayList<>();
    private boolean schemaFinished;
    private Problem schemaHalted;
    private String schemaReason = "";
    private CaptureSlot capture;
    private Problem captureHalted;
    private Problem slotAlarm;
    private boolean captureEnded;
    private int copiedTables;
    private int completedTables;

    public static MigrationLedger empty() {
        return new MigrationLedger();
    }

    public static MigrationLedger of(StoredMigration stored) {
        MigrationLedger ledger = new MigrationLedger();
        ledger.plan = stored.plan();
        ledger.planDigest = stored.planDigest();
        ledger.submittedAt = stored.submittedAt();
        ledger.phase = stored.phase();
        ledger.paused = stored.paused();
        ledger.sourceIdentity = stored.sourceIdentity();
        ledger.snapshot = stored.snapshot();
        ledger.exports.putAll(stored.exports());
        stored.tables().forEach(ledger::put);
        ledger.problems.addAll(stored.problems());
        ledger.schemaFinished = stored.schemaFinished();
        ledger.schemaHalted = stored.schemaHalted();
        ledger.schemaReason = stored.schemaReason() == null ? "" : stored.schemaReason();
        ledger.capture = stored.capture();
        ledger.captureHalted = stored.captureHalted();
        ledger.slotAlarm = stored.slotAlarm();
        ledger.captureEnded = stored.captureEnded();
        return ledger;
    }

    public StoredMigration stored() {
        return new StoredMigration(
                plan,
                planDigest,
                submittedAt,
                phase,
                paused,
                sourceIdentity,
                snapshot,
                exports,
                List.copyOf(tables.values()),
                problems,
                schemaFinished,
                schemaHalted,
                schemaReason,
                capture,
                captureHalted,
                slotAlarm,
                captureEnded);
    }

    /** Takes an event in and returns this ledger. */
    public MigrationLedger apply(MigrationEvent event) {
        if (event instanceof MigrationSubmitted e) {
            plan = e.plan();
            planDigest = e.planDigest();
            submittedAt = submittedAt == null ? e.at() : submittedAt;
            if (phase == Phase.FAILED) {
                problems.clear();
                capture = null;
                captureEnded = false;
                slotAlarm = null;
                snapshot = null; // it begins anew, and nothing was copied yet
                schemaReason = "";
                paused = false;
                exports.clear();
            }
        } else if (event instanceof TablesPlanned e) {
            if (e.first()) {
                tables.clear();
                waiting.clear();
                alone = null;
                underWay.clear();
                smallTables = 0;
                copiedTables = 0;
                completedTables = 0;
            }
            e.tables().forEach(spec -> put(new PlannedTable(spec, TableState.WAITING, 0, 0, 0, null)));
        } else if (event instanceof MigrationChecked e) {
            checked(e);
        } else if (event instanceof SnapshotTaken e) {
            snapshot = e.snapshot();
            exports.clear();
            exports.put(e.node(), e.exported());
        } else if (event instanceof SnapshotShared e) {
            exports.put(e.node(), e.exported());
        } else if (event instanceof SnapshotLost e) {
            problems.add(e.problem());
        } else if (event instanceof TableStarted e) {
            change(e.table(), t -> with(t, TableState.COPYING, null));
        } else if (event instanceof TableCopied e) {
            change(
                    e.table(),
                    t -> new PlannedTable(t.spec(), TableState.INDEXING, e.rows(), e.bytes(), e.shards(), null));
        } else if (event instanceof TableCompleted e) {
            change(e.table(), t -> with(t, TableState.COMPLETED, null));
        } else if (event instanceof TablesCompleted e) {
            e.tables()
                    .forEach(copied -> change(
                            copied.table(),
                            t -> new PlannedTable(
                                    t.spec(), TableState.COMPLETED, copied.rows(), copied.bytes(), 1, null)));
        } else if (event instanceof TablePaused e) {
            change(e.table(), t -> with(t, TableState.PAUSED, e.problem()));
        } else if (event instanceof TableResumed e) {
            change(e.table(), t -> with(t, t.shards() > 0 ? TableState.INDEXING : TableState.COPYING, null));
        } else if (event instanceof TableAltered e) {
            change(
                    e.table().name(),
                    t -> new PlannedTable(e.table(), t.state(), t.rows(), t.bytes(), t.shards(), t.problem()));
        } else if (event instanceof MigrationPaused) {
            paused = true;
        } else if (event instanceof MigrationResumed) {
            paused = false;
            schemaHalted = null;
            captureHalted = null;
        } else if (event instanceof SchemaFinished e) {
            schemaFinished = true;
            problems.addAll(e.problems());
        } else if (event instanceof SchemaHalted e) {
            schemaHalted = e.problem();
        } else if (event instanceof CaptureBegan e) {
            capture = e.slot();
        } else if (event instanceof CaptureHalted e) {
            captureHalted = e.problem();
        } else if (event instanceof SlotNearLimit e) {
            slotAlarm = e.problem();
        } else if (event instanceof SlotSafe) {
            slotAlarm = null;
        } else if (event instanceof CaptureEnded) {
            captureEnded = true;
        } else if (event instanceof MigrationFailed e) {
            problems.addAll(e.problems());
        }
        boolean staysCopying =
                (event instanceof TableCopied || event instanceof TablesCompleted) && copiedTables < tables.size();
        if (!staysCopying) {
            phase = Transition.next(phase, event).orElse(phase);
        }
        return this;
    }

    private void checked(MigrationChecked event) {
        sourceIdentity = event.sourceIdentity();
        if (plan != null && event.schema() != null) {
            plan = plan.decided(event.schema());
            planDigest = event.planDigest();
            schemaReason = event.schemaReason();
        }
    }

    private static PlannedTable with(PlannedTable table, TableState state, Problem problem) {
        return new PlannedTable(table.spec(), state, table.rows(), table.bytes(), table.shards(), problem);
    }

    private void change(TableName table, UnaryOperator<PlannedTable> how) {
        PlannedTable before = tables.get(table);
        if (before != null) {
            put(how.apply(before));
        }
    }

    private void put(PlannedTable table) {
        TableName name = table.spec().name();
        PlannedTable before = tables.put(name, table);
        if (before != null) {
            copiedTables -= copied(before);
            completedTables -= completed(before);
            waiting.remove(name);
            if (alone != null) {
                alone.remove(name);
            }
            underWay.remove(name);
        } else if (Bundles.isSmall(table.spec())) {
            smallTables++;
            alone = null;
        }
        copiedTables += copied(table);
        completedTables += completed(table);
        switch (table.state()) {
            case WAITING -> waiting.add(name);
            case COPYING, CONFIRMING, INDEXING -> underWay.add(name);
            case PAUSED, COMPLETED -> {}
        }
    }

    private static int copied(PlannedTable table) {
        return table.shards() > 0 ? 1 : 0;
    }

    private static int completed(PlannedTable table) {
        return table.state() == TableState.COMPLETED ? 1 : 0;
    }

    public boolean submitted() {
        return plan != null;
    }

    /** With what the check has decided. */
    public Plan plan() {
        return plan;
    }

    public String planDigest() {
        return planDigest;
    }

    /** Why it was decided who makes the tables; empty where the plan says it, or nothing is decided yet. */
    public String schemaReason() {
        return schemaReason;
    }

    public Instant submittedAt() {
        return submittedAt;
    }

    /** Where it stands, as people see it: a pause hides the phase under it. */
    public Phase phase() {
        return paused && !phase.ended() ? Phase.PAUSED : phase;
    }

    /** Where it stands, leaving a pause aside. */
    public Phase phaseUnderPause() {
        return phase;
    }

    public boolean paused() {
        return paused && !phase.ended();
    }

    public String sourceIdentity() {
        return sourceIdentity;
    }

    /** Whether the plan wants one snapshot for all shards. */
    public boolean oneSnapshot() {
        return plan != null && plan.consistency() == Consistency.SNAPSHOT;
    }

    /** Whether the plan wants what changes at the source meanwhile. */
    public boolean online() {
        return plan != null && plan.consistency() == Consistency.ONLINE;
    }

    /** Where changes are captured, once that has begun. */
    public Optional<CaptureSlot> capture() {
        return Optional.ofNullable(capture);
    }

    /** Why changes wait for a person. */
    public Optional<Problem> captureHalted() {
        return Optional.ofNullable(captureHalted);
    }

    /** What to do about what the source keeps of its log; empty while that is little enough, and once all is over. */
    public Optional<Problem> slotAlarm() {
        boolean over = phase.ended() || SlotAlarm.isLost(captureHalted);
        return over ? Optional.empty() : Optional.ofNullable(slotAlarm);
    }

    /** Whether the migration has ended and the source keeps changes for it still. */
    public boolean captureEndIsDue() {
        // Also where it is not known whether there is one: a node may have died right after it was made.
        return phase.ended() && online() && sourceIdentity != null && !captureEnded;
    }

    /** {@code pg_current_snapshot()} of the one snapshot, once it is taken. */
    public Optional<String> snapshot() {
        return Optional.ofNullable(snapshot);
    }

    /** Whether it failed before anything was copied, so that another plan may take its place. */
    public boolean mayBeginAnew() {
        return phase == Phase.FAILED && !snapshotLost();
    }

    /** Whether it failed since nobody holds the snapshot any more. */
    public boolean snapshotLost() {
        return problems.stream().anyMatch(problem -> problem.code() == ErrorCode.SNAPSHOT_LOST);
    }

    /** Names under which the snapshot is or was exported, by node. */
    public Map<String, String> exports() {
        return Collections.unmodifiableMap(exports);
    }

    public Collection<PlannedTable> tables() {
        return Collections.unmodifiableCollection(tables.values());
    }

    /** Tables that have not begun, in the plan's order, which is that of their size, the biggest first. */
    public Set<TableName> waiting() {
        return Collections.unmodifiableSet(waiting);
    }

    /** Those of the waiting tables that begin by themselves. */
    public Set<TableName> waitingAlone() {
        if (alone == null) {
            alone = new LinkedHashSet<>(waiting);
            alone.removeIf(name -> goesInBundle(tables.get(name).spec()));
        }
        return Collections.unmodifiableSet(alone);
    }

    /** Whether a table is carried together with others. */
    public boolean goesInBundle(TableSpec table) {
        // Each shard meets the stream of changes by itself.
        return !online() && Bundles.areWorthIt(smallTables) && Bundles.isSmall(table);
    }

    /** Tables that have begun, and neither ended nor paused. */
    public Set<TableName> underWay() {
        return Collections.unmodifiableSet(underWay);
    }

    public Optional<PlannedTable> table(TableName name) {
        return Optional.ofNullable(tables.get(name));
    }

    public List<Problem> problems() {
        return Collections.unmodifiableList(problems);
    }

    public int completedTables() {
        return completedTables;
    }

    /** Whether every table's rows are confirmed: the snapshot is not needed any more. */
    public boolean allCopied() {
        return !tables.isEmpty() && copiedTables == tables.size();
    }

    /** Whether what comes after all tables is to be made, and nobody has to look at it first. */
    public boolean schemaEndIsDue() {
        return schemaEndIsOpen() && schemaHalted == null;
    }

    /** Whether every table is done, and what comes after all of them is not. */
    public boolean schemaEndIsOpen() {
        return phase == Phase.INDEXING && allCompleted() && plan.schema().makesTables() && !schemaFinished;
    }

    /** Why what comes after all tables waits for a person. */
    public Optional<Problem> schemaHalted() {
        return Optional.ofNullable(schemaHalted);
    }

    public boolean allCompleted() {
        return !tables.isEmpty() && completedTables == tables.size();
    }
}
