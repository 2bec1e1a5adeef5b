package dev.godwit.node.changes;

import dev.godwit.node.source.SourceDatabase;
import dev.godwit.node.source.TableChanges;
import dev.godwit.protocol.error.ErrorCode;
import dev.godwit.protocol.error.GodwitException;
import dev.godwit.protocol.error.Problem;
import dev.godwit.protocol.event.CaptureSlot;
import dev.godwit.protocol.plan.Plan;
import dev.godwit.protocol.table.TableName;
import dev.godwit.protocol.table.TableSpec;
import java.util.List;
import java.util.Optional;

/**
 * Whether the source's tables, publication and slot still are what the migration was prepared for: the stream does not tell
 * of a table that nobody writes to, nor of one that it was never asked for.
 *
 * @param halt why changes must not go on; null if they may
 * @param note what people should know; null if there is nothing
 */
record SourceLook(Problem halt, Problem note) {
    /** Blocks. */
    static SourceLook at(SourceDatabase source, Plan plan, CaptureSlot slot, List<TableSpec> planned) {
        TableChanges changes = TableChanges.between(planned, source.tables(plan));
        List<TableName> changed = changes.changed();
        if (!changed.isEmpty()) {
            return new SourceLook(
                    new Problem(
                            ErrorCode.SOURCE_TABLE_CHANGED,
                            changed.size() + " of the source's tables were dropped, or have other columns than when the"
                                    + " migration was prepared.",
                            changed.get(0).text(),
                            "Undo that at the source and resume, or begin a migration under a new name."),
                    null);
        }
        return new SourceLook(publication(source, plan, slot, planned).orElse(null), added(changes.added()));
    }

    private static Optional<Problem> publication(
            SourceDatabase source, Plan plan, CaptureSlot slot, List<TableSpec> planned) {
        try {
            source.capture(plan).prepare(planned, Optional.of(slot));
            return Optional.empty();
        } catch (GodwitException e) {
            // Anything else passes, or shows where the stream is read.
            return e.code() == ErrorCode.SOURCE_SLOT_LOST ? Optional.of(e.problem()) : Optional.empty();
        }
    }

    private static Problem added(List<TableName> added) {
        return added.isEmpty()
                ? null
                : new Problem(
                        ErrorCode.SOURCE_TABLE_CHANGED,
                        added.size() + " tables were made at the source after the migration was prepared: they are not"
                                + " followed.",
                        added.get(0).text(),
                        "Migrate them under another name, or begin anew.");
    }
}
