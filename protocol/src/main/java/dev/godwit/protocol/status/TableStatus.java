package dev.godwit.protocol.status;

import dev.godwit.protocol.Wire;
import dev.godwit.protocol.error.Problem;

/**
 * One table's progress.
 *
 * @param table {@code schema.table}
 * @param state where it stands
 * @param rows rows whose claims are committed
 * @param bytes bytes of those
 * @param liveRows rows under way in running shards, not yet committed
 * @param liveBytes bytes of those
 * @param estimatedRows rows by statistics; -1 if unknown
 * @param estimatedBytes bytes on the source's disk without indexes
 * @param shardsDone shards landed
 * @param shardsRunning shards under way
 * @param shardsWaiting shards cut and not begun
 * @param allCut whether all of the table is cut, so that the number of shards is known
 * @param retries failed tries so far
 * @param problem why it is paused; null if it is not
 * @param changes its changes, counted since {@link CaptureStatus#countedSince}; null where none are known of
 */
public record TableStatus(
        String table,
        TableState state,
        long rows,
        long bytes,
        long liveRows,
        long liveBytes,
        long estimatedRows,
        long estimatedBytes,
        long shardsDone,
        int shardsRunning,
        int shardsWaiting,
        boolean allCut,
        long retries,
        Problem problem,
        CountedChanges changes)
        implements Wire {
    /** One of which no changes are known. */
    public TableStatus(
            String table,
            TableState state,
            long rows,
            long bytes,
            long liveRows,
            long liveBytes,
            long estimatedRows,
            long estimatedBytes,
            long shardsDone,
            int shardsRunning,
            int shardsWaiting,
            boolean allCut,
            long retries,
            Problem problem) {
        this(
                table,
                state,
                rows,
                bytes,
                liveRows,
                liveBytes,
                estimatedRows,
                estimatedBytes,
                shardsDone,
                shardsRunning,
                shardsWaiting,
                allCut,
                retries,
                problem,
                null);
    }

    /** This one, with its changes. */
    public TableStatus with(CountedChanges counted) {
        return new TableStatus(
                table,
                state,
                rows,
                bytes,
                liveRows,
                liveBytes,
                estimatedRows,
                estimatedBytes,
                shardsDone,
                shardsRunning,
                shardsWaiting,
                allCut,
                retries,
                problem,
                counted);
    }
}
