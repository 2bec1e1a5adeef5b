package dev.godwit.node.changes;

import dev.godwit.node.capture.ChangeJoin;
import dev.godwit.protocol.table.TableName;
import dev.godwit.protocol.table.TableSpec;
import java.util.HashMap;
import java.util.HashSet;
import java.util.List;
import java.util.Map;
import java.util.Set;

/** What a run finds out about tables that the migration has to know. Used by its reading thread alone. */
final class TableNews {
    /**
     * @param inStep tables that were asked for and that hold one moment of the source
     * @param followed those that have got further columns
     * @param halted those whose changes are not followed any more
     */
    record News(Set<TableName> inStep, List<TableSpec> followed, List<ChangeCapture.HaltedTable> halted) {
        static final News NONE = new News(Set.of(), List.of(), List.of());
    }

    private final ChangeJoin join;
    private final ChangeQueue queue;
    private final Alterations alterations;

    /** How much had been put into the queue when a table was first found settled. */
    private final Map<TableName, Long> settledAt = new HashMap<>();

    TableNews(ChangeJoin join, ChangeQueue queue, Alterations alterations) {
        this.join = join;
        this.queue = queue;
        this.alterations = alterations;
    }

    /** Another shard of it is on its way. */
    void unsettled(TableName table) {
        settledAt.remove(table);
    }

    /** @param asked tables of which no shard is missing */
    News of(Set<TableName> asked) {
        Set<TableName> found = new HashSet<>();
        for (TableName table : asked) {
            if (!join.settled(table)) {
                settledAt.remove(table);
            } else if (queue.applied() >= settledAt.computeIfAbsent(table, name -> queue.put())) {
                found.add(table);
            }
        }
        return new News(found, alterations.followed(), alterations.halted());
    }
}
