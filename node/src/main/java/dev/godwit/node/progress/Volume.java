package dev.godwit.node.progress;

import dev.godwit.protocol.status.TableState;
import dev.godwit.protocol.status.TableStatus;
import java.util.Collection;

/**
 * How much there is in all.
 *
 * @param rows committed rows
 * @param bytes committed bytes
 * @param liveRows rows under way
 * @param liveBytes bytes under way
 * @param estimatedBytes bytes that are to travel in all; never less than what has travelled
 * @param shardsDone landed shards
 * @param shardsRunning shards under way
 * @param retries failed tries
 */
public record Volume(
        long rows,
        long bytes,
        long liveRows,
        long liveBytes,
        long estimatedBytes,
        long shardsDone,
        int shardsRunning,
        long retries) {
    /** Sums tables up. What is still to come is estimated by what the same bytes on disk took in finished tables. */
    public static Volume of(Collection<TableStatus> tables) {
        double ratio = ratio(tables);
        long rows = 0;
        long bytes = 0;
        long liveRows = 0;
        long liveBytes = 0;
        double estimated = 0;
        long done = 0;
        int running = 0;
        long retries = 0;
        for (TableStatus table : tables) {
            rows += table.rows();
            bytes += table.bytes();
            liveRows += table.liveRows();
            liveBytes += table.liveBytes();
            long travelled = table.bytes() + table.liveBytes();
            estimated += copied(table) ? table.bytes() : Math.max(travelled, table.estimatedBytes() * ratio);
            done += table.shardsDone();
            running += table.shardsRunning();
            retries += table.retries();
        }
        long total = Math.max(bytes + liveBytes, Math.round(estimated));
        return new Volume(rows, bytes, liveRows, liveBytes, total, done, running, retries);
    }

    private static boolean copied(TableStatus table) {
        return table.state() == TableState.INDEXING
                || table.state() == TableState.COMPLETED
                || table.state() == TableState.CONFIRMING;
    }

    /** Counts by as much of the whole as is finished: a few small tables say nothing about the large ones. */
    private static double ratio(Collection<TableStatus> tables) {
        double travelled = 0;
        double disk = 0;
        double all = 0;
        for (TableStatus table : tables) {
            all += table.estimatedBytes();
            if (copied(table)) {
                travelled += table.bytes();
                disk += table.estimatedBytes();
            }
        }
        if (disk == 0) {
            return 1;
        }
        double finished = disk / all;
        return finished * Math.max(0.2, Math.min(5, travelled / disk)) + (1 - finished);
    }
}
