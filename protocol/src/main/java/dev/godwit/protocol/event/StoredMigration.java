package dev.godwit.protocol.event;

import dev.godwit.protocol.error.Problem;
import dev.godwit.protocol.plan.Plan;
import dev.godwit.protocol.status.Phase;
import dev.godwit.protocol.status.TableState;
import dev.godwit.protocol.table.TableSpec;
import java.time.Instant;
import java.util.List;
import java.util.Map;

/**
 * A migration's state as its journal keeps it in snapshots.
 *
 * @param plan null before a plan was handed in
 * @param planDigest of the plan
 * @param submittedAt when it was first handed in
 * @param phase where it stands, leaving a pause aside
 * @param paused whether a person paused it
 * @param sourceIdentity of the source; null before the check
 * @param snapshot {@code pg_current_snapshot()} of the one snapshot; null where there is none
 * @param exports names under which the snapshot is or was exported, by node
 * @param tables every table in the order of planning
 * @param problems what stopped it, or what does not hold although it is complete
 * @param schemaFinished whether what comes after every table is made
 * @param schemaHalted why that waits for a person; null if it does not
 * @param schemaReason why it was decided who makes the tables; null or empty where the plan says it
 * @param capture where changes are captured; null where they are not
 * @param captureHalted why changes wait for a person; null if they do not
 * @param slotAlarm what the source keeps of its log is near the limit; null if it is not
 * @param captureEnded whether slot and publication are dropped again
 */
public record StoredMigration(
        Plan plan,
        String planDigest,
        Instant submittedAt,
        Phase phase,
        boolean paused,
        String sourceIdentity,
        String snapshot,
        Map<String, String> exports,
        List<PlannedTable> tables,
        List<Problem> problems,
        boolean schemaFinished,
        Problem schemaHalted,
        String schemaReason,
        CaptureSlot capture,
        Problem captureHalted,
        Problem slotAlarm,
        boolean captureEnded) {
    public StoredMigration {
        exports = Map.copyOf(exports);
        tables = List.copyOf(tables);
        problems = List.copyOf(problems);
    }

    /**
     * A table and how far it is.
     *
     * @param rows confirmed rows; 0 before
     * @param bytes bytes of those
     * @param shards landed shards; 0 before
     * @param problem why it is paused; null if it is not
     */
    public record PlannedTable(TableSpec spec, TableState state, long rows, long bytes, long shards, Problem problem) {}
}
