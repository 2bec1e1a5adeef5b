package dev.godwit.node.changes;

import dev.godwit.node.source.Alteration;
import dev.godwit.node.source.ChangeSource;
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
import java.util.Map;
import java.util.Optional;

/**
 * Whether the source's tables, publication and slot still are what the migration was prepared for: the stream does not tell
 * of a table that nobody writes to, nor of one that it was never asked for.
 *
 * @param halt why changes must not go on; null if they may
 * @param altered tables that are not what they were: the reader has to look at them
 * @param note what people should know; null if there is nothing
 */
record SourceLook(Problem halt, List<TableName> altered, Problem note) {
    /** Blocks. */
    static SourceLook at(SourceDatabase source, Plan plan, CaptureSlot slot, List<TableSpec> known) {
        ChangeSource capture = source.capture(plan);
        Map<TableName, Alteration> altered = capture.altered(known);
        List<TableSpec> published = known.stream()
                .filter(table -> !altered.containsKey(table.name())
                        || altered.get(table.name()).published())
                .toList();
        return new SourceLook(
                publication(capture, slot, published).orElse(null),
                List.copyOf(altered.keySet()),
                added(TableChanges.between(known, source.tables(plan)).added()));
    }

    private static Optional<Problem> publication(ChangeSource capture, CaptureSlot slot, List<TableSpec> published) {
        try {
            capture.prepare(published, Optional.of(slot));
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
