package dev.godwit.protocol.event;

import com.fasterxml.jackson.annotation.JsonSubTypes;
import com.fasterxml.jackson.annotation.JsonTypeInfo;
import dev.godwit.protocol.error.Problem;
import dev.godwit.protocol.plan.Plan;
import dev.godwit.protocol.plan.SchemaMode;
import dev.godwit.protocol.table.TableName;
import dev.godwit.protocol.table.TableSpec;
import java.time.Instant;
import java.util.List;

/** What was decided about a migration. {@code at} is the node's clock and for people only; nothing is decided by it. */
@JsonTypeInfo(use = JsonTypeInfo.Id.NAME, property = "event")
@JsonSubTypes({
    @JsonSubTypes.Type(value = MigrationEvent.MigrationSubmitted.class, name = "migration-submitted"),
    @JsonSubTypes.Type(value = MigrationEvent.TablesPlanned.class, name = "tables-planned"),
    @JsonSubTypes.Type(value = MigrationEvent.MigrationChecked.class, name = "migration-checked"),
    @JsonSubTypes.Type(value = MigrationEvent.SnapshotTaken.class, name = "snapshot-taken"),
    @JsonSubTypes.Type(value = MigrationEvent.SnapshotShared.class, name = "snapshot-shared"),
    @JsonSubTypes.Type(value = MigrationEvent.SnapshotLost.class, name = "snapshot-lost"),
    @JsonSubTypes.Type(value = MigrationEvent.MigrationPrepared.class, name = "migration-prepared"),
    @JsonSubTypes.Type(value = MigrationEvent.TableStarted.class, name = "table-started"),
    @JsonSubTypes.Type(value = MigrationEvent.TableCopied.class, name = "table-copied"),
    @JsonSubTypes.Type(value = MigrationEvent.TableCompleted.class, name = "table-completed"),
    @JsonSubTypes.Type(value = MigrationEvent.TablesCompleted.class, name = "tables-completed"),
    @JsonSubTypes.Type(value = MigrationEvent.TablePaused.class, name = "table-paused"),
    @JsonSubTypes.Type(value = MigrationEvent.TableResumed.class, name = "table-resumed"),
    @JsonSubTypes.Type(value = MigrationEvent.TableAltered.class, name = "table-altered"),
    @JsonSubTypes.Type(value = MigrationEvent.NodeLost.class, name = "node-lost"),
    @JsonSubTypes.Type(value = MigrationEvent.ForeignClusterSeen.class, name = "foreign-cluster-seen"),
    @JsonSubTypes.Type(value = MigrationEvent.SchemaFinished.class, name = "schema-finished"),
    @JsonSubTypes.Type(value = MigrationEvent.SchemaHalted.class, name = "schema-halted"),
    @JsonSubTypes.Type(value = MigrationEvent.CaptureBegan.class, name = "capture-began"),
    @JsonSubTypes.Type(value = MigrationEvent.CatchingUp.class, name = "catching-up"),
    @JsonSubTypes.Type(value = MigrationEvent.InStep.class, name = "in-step"),
    @JsonSubTypes.Type(value = MigrationEvent.FellBehind.class, name = "fell-behind"),
    @JsonSubTypes.Type(value = MigrationEvent.CaptureHalted.class, name = "capture-halted"),
    @JsonSubTypes.Type(value = MigrationEvent.SlotNearLimit.class, name = "slot-near-limit"),
    @JsonSubTypes.Type(value = MigrationEvent.SlotSafe.class, name = "slot-safe"),
    @JsonSubTypes.Type(value = MigrationEvent.CaptureEnded.class, name = "capture-ended"),
    @JsonSubTypes.Type(value = MigrationEvent.MigrationPaused.class, name = "migration-paused"),
    @JsonSubTypes.Type(value = MigrationEvent.MigrationResumed.class, name = "migration-resumed"),
    @JsonSubTypes.Type(value = MigrationEvent.MigrationFailed.class, name = "migration-failed"),
    @JsonSubTypes.Type(value = MigrationEvent.MigrationCancelled.class, name = "migration-cancelled"),
    @JsonSubTypes.Type(value = MigrationEvent.MigrationCompleted.class, name = "migration-completed")
})
public sealed interface MigrationEvent {
    Instant at();

    /**
     * A plan was handed in for the first time, or again after a failed check.
     *
     * @param planDigest hex SHA-256 of the plan's canonical JSON
     */
    record MigrationSubmitted(Plan plan, String planDigest, Instant at) implements MigrationEvent {}

    /**
     * A part of the list of tables; several such events follow each other where the list is long.
     *
     * @param first whether this part starts the list anew
     */
    record TablesPlanned(List<TableSpec> tables, boolean first, Instant at) implements MigrationEvent {
        public TablesPlanned {
            tables = List.copyOf(tables);
        }
    }

    /**
     * Source, targets and plan fit each other.
     *
     * @param sourceIdentity system identifier and database of the source
     * @param schema who makes the tables, by the plan or decided now; null in events of before it could be left open
     * @param schemaReason why that was decided; empty where the plan says it
     * @param planDigest of the plan with that decision; null likewise
     */
    record MigrationChecked(
            String sourceIdentity, SchemaMode schema, String schemaReason, String planDigest, Instant at)
            implements MigrationEvent {}

    /**
     * The one snapshot that all shards read.
     *
     * @param exported name under which PostgreSQL exports it
     * @param snapshot its {@code pg_current_snapshot()} as text
     * @param node whose session holds it
     */
    record SnapshotTaken(String exported, String snapshot, String node, Instant at) implements MigrationEvent {}

    /**
     * A further node holds the snapshot and exports it again.
     *
     * @param exported name of that node's own export
     */
    record SnapshotShared(String exported, String node, Instant at) implements MigrationEvent {}

    /** No session holds the snapshot any more: what is not copied can't be copied as of it. */
    record SnapshotLost(Problem problem, Instant at) implements MigrationEvent {}

    /** The targets' tables are there and hold nothing. */
    record MigrationPrepared(Instant at) implements MigrationEvent {}

    record TableStarted(TableName table, Instant at) implements MigrationEvent {}

    /** Every shard's claim is durable in every target. */
    record TableCopied(TableName table, long rows, long bytes, long shards, Instant at) implements MigrationEvent {}

    /** The table's own indexes and constraints are made: it is done. */
    record TableCompleted(TableName table, Instant at) implements MigrationEvent {}

    /** Small tables that were carried together are copied and done. */
    record TablesCompleted(List<CopiedTable> tables, Instant at) implements MigrationEvent {
        public TablesCompleted {
            tables = List.copyOf(tables);
        }
    }

    /** A table of one shard, and what is confirmed of it. */
    record CopiedTable(TableName table, long rows, long bytes) {}

    record TablePaused(TableName table, Problem problem, Instant at) implements MigrationEvent {}

    record TableResumed(TableName table, String by, Instant at) implements MigrationEvent {}

    /** Columns were added to a table at the source, and then in the targets. */
    record TableAltered(TableSpec table, Instant at) implements MigrationEvent {}

    /**
     * A node left without saying so.
     *
     * @param shards how many shards it was copying, which now go to others
     */
    record NodeLost(String node, int shards, Instant at) implements MigrationEvent {}

    /** Another cluster writes the same migration to the same target. */
    record ForeignClusterSeen(String cluster, TableName table, Instant at) implements MigrationEvent {}

    /**
     * What of the schema comes after every table is made: foreign keys, positions of sequences and the like.
     *
     * @param problems what was made and does not hold, such as a foreign key with orphans, which stays NOT VALID
     */
    record SchemaFinished(List<Problem> problems, Instant at) implements MigrationEvent {
        public SchemaFinished {
            problems = List.copyOf(problems);
        }
    }

    /** What of the schema comes after every table can't be made until a person has looked at it. */
    record SchemaHalted(Problem problem, Instant at) implements MigrationEvent {}

    /** From here on the source keeps what changes in the migration's tables. */
    record CaptureBegan(CaptureSlot slot, Instant at) implements MigrationEvent {}

    /** All rows and the schema are there; what has changed since is still to be applied. */
    record CatchingUp(Instant at) implements MigrationEvent {}

    /** What changes at the source is in the targets a moment later. */
    record InStep(Instant at) implements MigrationEvent {}

    /** The targets are behind the source again. */
    record FellBehind(Instant at) implements MigrationEvent {}

    /** Changes can't be applied until a person has looked at it. The source keeps them meanwhile. */
    record CaptureHalted(Problem problem, Instant at) implements MigrationEvent {}

    /** The source keeps so much of its log for the migration that it may soon throw it away. The copy is held up meanwhile. */
    record SlotNearLimit(Problem problem, Instant at) implements MigrationEvent {}

    /** The source keeps much less of its log than it may. */
    record SlotSafe(Instant at) implements MigrationEvent {}

    /** The source keeps no changes any more: slot and publication are dropped. */
    record CaptureEnded(Instant at) implements MigrationEvent {}

    record MigrationPaused(String by, Instant at) implements MigrationEvent {}

    record MigrationResumed(String by, Instant at) implements MigrationEvent {}

    /** Stopped before a row was copied; handing the plan in again tries again. */
    record MigrationFailed(List<Problem> problems, Instant at) implements MigrationEvent {
        public MigrationFailed {
            problems = List.copyOf(problems);
        }
    }

    record MigrationCancelled(String by, Instant at) implements MigrationEvent {}

    record MigrationCompleted(long rows, long bytes, Instant at) implements MigrationEvent {}
}
