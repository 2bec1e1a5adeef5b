package dev.godwit.protocol.event;

import dev.godwit.protocol.error.Problem;
import dev.godwit.protocol.table.TableSpec;
import java.util.List;

/**
 * A coordinator's state as its journal keeps it in snapshots. Its size depends on the shards that are open, not on those
 * that are done.
 *
 * @param migration name of the migration; null before the table was opened
 * @param table the table; null before it was opened
 * @param windows how many windows of the table were cut
 * @param allCut whether the table ends with the last of them
 * @param open shards that are cut and neither landed nor retired, in the order in which they are handed out
 * @param rows rows of the landed shards
 * @param bytes bytes of the landed shards
 * @param shardsDone landed shards
 * @param retries failed tries
 * @param halted why nothing is handed out; null if nothing forbids it
 * @param confirmed whether all claims were found in the target and flushed
 * @param keysBuilt whether the keys are built
 */
public record StoredTable(
        String migration,
        TableSpec table,
        int windows,
        boolean allCut,
        List<OpenShard> open,
        long rows,
        long bytes,
        long shardsDone,
        long retries,
        Problem halted,
        boolean confirmed,
        boolean keysBuilt) {
    public StoredTable {
        open = List.copyOf(open);
    }

    /**
     * A shard that is not done.
     *
     * @param id within the table
     * @param worker path of the worker's actor; null while it waits
     * @param node of that worker; null while it waits
     * @param attempts tries begun
     * @param failures failed tries since it was cut or the table was continued
     * @param lastProblem of the last failed try; null if none failed
     */
    public record OpenShard(String id, String worker, String node, int attempts, int failures, Problem lastProblem) {}
}
