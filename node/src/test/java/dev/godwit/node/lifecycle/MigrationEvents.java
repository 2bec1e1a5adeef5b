package dev.godwit.node.lifecycle;

import dev.godwit.protocol.error.ErrorCode;
import dev.godwit.protocol.error.Problem;
import dev.godwit.protocol.event.CaptureSlot;
import dev.godwit.protocol.event.MigrationEvent;
import dev.godwit.protocol.event.MigrationEvent.CaptureBegan;
import dev.godwit.protocol.event.MigrationEvent.CaptureEnded;
import dev.godwit.protocol.event.MigrationEvent.CaptureHalted;
import dev.godwit.protocol.event.MigrationEvent.CatchingUp;
import dev.godwit.protocol.event.MigrationEvent.CopiedTable;
import dev.godwit.protocol.event.MigrationEvent.FellBehind;
import dev.godwit.protocol.event.MigrationEvent.ForeignClusterSeen;
import dev.godwit.protocol.event.MigrationEvent.InStep;
import dev.godwit.protocol.event.MigrationEvent.MigrationCancelled;
import dev.godwit.protocol.event.MigrationEvent.MigrationChecked;
import dev.godwit.protocol.event.MigrationEvent.MigrationCompleted;
import dev.godwit.protocol.event.MigrationEvent.MigrationFailed;
import dev.godwit.protocol.event.MigrationEvent.MigrationPaused;
import dev.godwit.protocol.event.MigrationEvent.MigrationPrepared;
import dev.godwit.protocol.event.MigrationEvent.MigrationResumed;
import dev.godwit.protocol.event.MigrationEvent.MigrationSubmitted;
import dev.godwit.protocol.event.MigrationEvent.NodeLost;
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
import dev.godwit.protocol.plan.Consistency;
import dev.godwit.protocol.plan.Endpoint;
import dev.godwit.protocol.plan.Limits;
import dev.godwit.protocol.plan.Plan;
import dev.godwit.protocol.plan.PostgresAddress;
import dev.godwit.protocol.plan.SchemaMode;
import dev.godwit.protocol.table.ColumnSpec;
import dev.godwit.protocol.table.CutMethod;
import dev.godwit.protocol.table.TableName;
import dev.godwit.protocol.table.TableSpec;
import java.time.Instant;
import java.util.List;
import java.util.Map;

/** One of each of a migration's events, of a plan with two tables. */
final class MigrationEvents {
    static final Instant AT = Instant.parse("2026-11-21T00:00:00Z");
    static final TableName USERS = new TableName("public", "users");
    static final TableName ORDERS = new TableName("sales", "orders");
    static final String DIGEST = "ab".repeat(32);
    static final String SNAPSHOT = "100:110:105";

    private static final Problem DISK_FULL =
            new Problem(ErrorCode.TARGET_DISK_FULL, "The target has no space left.", "public.users", "Make room.");

    static final MigrationSubmitted SUBMITTED = new MigrationSubmitted(plan(), DIGEST, AT);
    static final TablesPlanned PLANNED = new TablesPlanned(List.of(spec(USERS), spec(ORDERS)), true, AT);
    static final MigrationChecked CHECKED = new MigrationChecked("7/1/shop", SchemaMode.TABLES, "", DIGEST, AT);
    static final SnapshotTaken TAKEN = new SnapshotTaken("0003-1", SNAPSHOT, "node-a", AT);
    static final SnapshotShared SHARED = new SnapshotShared("0004-1", "node-b", AT);
    static final SnapshotLost LOST = new SnapshotLost(StartOver.snapshotLost("shop"), AT);
    static final MigrationPrepared PREPARED = new MigrationPrepared(AT);
    static final TableStarted STARTED = new TableStarted(USERS, AT);
    static final TableCopied USERS_COPIED = new TableCopied(USERS, 10, 1_000, 2, AT);
    static final TableCopied ORDERS_COPIED = new TableCopied(ORDERS, 5, 500, 1, AT);
    static final TableCompleted USERS_COMPLETED = new TableCompleted(USERS, AT);
    static final TableCompleted ORDERS_COMPLETED = new TableCompleted(ORDERS, AT);
    static final TablesCompleted ORDERS_CARRIED = new TablesCompleted(List.of(new CopiedTable(ORDERS, 5, 500)), AT);
    static final TablePaused TABLE_PAUSED = new TablePaused(USERS, DISK_FULL, AT);
    static final TableResumed TABLE_RESUMED = new TableResumed(USERS, "ann", AT);
    static final TableAltered TABLE_ALTERED =
            new TableAltered(spec(USERS).withAdded(List.of(new ColumnSpec("note", "text")), true), AT);
    static final SchemaFinished SCHEMA_FINISHED = new SchemaFinished(
            List.of(new Problem(
                    ErrorCode.TARGET_FOREIGN_KEY_ORPHANS, "Rows point to nothing.", "fk", "Correct the rows.")),
            AT);
    static final SchemaHalted SCHEMA_HALTED = new SchemaHalted(DISK_FULL, AT);
    static final CaptureBegan CAPTURE_BEGAN =
            new CaptureBegan(new CaptureSlot("godwit_shop", "godwit_shop", "7123456789", 1), AT);
    static final CatchingUp CATCHING_UP = new CatchingUp(AT);
    static final InStep IN_STEP = new InStep(AT);
    static final FellBehind FELL_BEHIND = new FellBehind(AT);
    static final CaptureHalted CAPTURE_HALTED = new CaptureHalted(
            new Problem(ErrorCode.CHANGE_DOES_NOT_FIT, "A row is missing.", "public.users", "Look who writes."), AT);
    static final SlotNearLimit SLOT_NEAR_LIMIT = new SlotNearLimit(
            new Problem(ErrorCode.SOURCE_SLOT_NEAR_LIMIT, "The source keeps much.", "slot", "Look why."), AT);
    static final SlotSafe SLOT_SAFE = new SlotSafe(AT);
    static final CaptureEnded CAPTURE_ENDED = new CaptureEnded(AT);
    static final NodeLost NODE_LOST = new NodeLost("node-a", 2, AT);
    static final ForeignClusterSeen FOREIGN = new ForeignClusterSeen("f00", USERS, AT);
    static final MigrationPaused PAUSED = new MigrationPaused("ann", AT);
    static final MigrationResumed RESUMED = new MigrationResumed("ann", AT);
    static final MigrationFailed FAILED = new MigrationFailed(
            List.of(new Problem(ErrorCode.NO_TABLES_MATCH, "No table matches.", "include", "Correct it.")), AT);
    static final MigrationCancelled CANCELLED = new MigrationCancelled("ann", AT);
    static final MigrationCompleted COMPLETED = new MigrationCompleted(15, 1_500, AT);

    /** Of each kind one. */
    static final List<MigrationEvent> ALL = List.of(
            SUBMITTED,
            PLANNED,
            CHECKED,
            TAKEN,
            SHARED,
            LOST,
            PREPARED,
            STARTED,
            USERS_COPIED,
            USERS_COMPLETED,
            ORDERS_CARRIED,
            TABLE_PAUSED,
            TABLE_RESUMED,
            TABLE_ALTERED,
            SCHEMA_FINISHED,
            SCHEMA_HALTED,
            CAPTURE_BEGAN,
            CATCHING_UP,
            IN_STEP,
            FELL_BEHIND,
            CAPTURE_HALTED,
            SLOT_NEAR_LIMIT,
            SLOT_SAFE,
            CAPTURE_ENDED,
            NODE_LOST,
            FOREIGN,
            PAUSED,
            RESUMED,
            FAILED,
            CANCELLED,
            COMPLETED);

    private MigrationEvents() {}

    private static Plan plan() {
        PostgresAddress address = new PostgresAddress("127.0.0.1", 5432, "shop", "reader", null, "prefer", Map.of());
        return new Plan(
                "godwit/v1",
                "Migration",
                "shop",
                new Endpoint(address),
                Map.of("main", new Endpoint(address)),
                Consistency.SNAPSHOT,
                List.of("*.*"),
                List.of(),
                SchemaMode.TABLES,
                List.of(),
                Limits.DEFAULT);
    }

    private static TableSpec spec(TableName name) {
        return new TableSpec(
                name,
                List.of(new ColumnSpec("id", "bigint")),
                List.of("id"),
                false,
                CutMethod.BLOCK,
                true,
                1 << 20,
                100,
                4711);
    }
}
