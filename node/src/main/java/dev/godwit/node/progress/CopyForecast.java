package dev.godwit.node.progress;

import dev.godwit.protocol.plan.Limits;
import dev.godwit.protocol.table.CutMethod;
import dev.godwit.protocol.table.TableSpec;
import java.util.List;

/**
 * How long a copy will take before anything is measured: bytes on the source's disk by what connections usually carry.
 * Indexes, keys and whatever else comes after rows are not in it.
 *
 * @param workers shards at once that it is reckoned with: those of one node
 * @param lowSeconds if it goes well
 * @param highSeconds if it goes badly
 * @param basis the assumption, in words
 */
public record CopyForecast(int workers, long lowSeconds, long highSeconds, String basis) {
    private static final double SLOW_CONNECTION = 30e6;
    private static final double FAST_CONNECTION = 120e6;

    /** All connections together meet the databases' disks and processors, and the network. */
    private static final double SLOW_SERVERS = 200e6;

    private static final double FAST_SERVERS = 1.2e9;

    /** Beside its bytes a table has a beginning and an end. */
    private static final double LEAST_SECONDS_OF_TABLE = 0.02;

    private static final double MOST_SECONDS_OF_TABLE = 0.1;

    /** One table while all workers work for it, and for nothing else. */
    public record Alone(long lowSeconds, long highSeconds) {}

    public static CopyForecast of(Limits limits, List<TableSpec> tables) {
        int workers = workers(limits);
        String basis =
                "30 to 120 MB/s for each of " + workers + " connections (one node's workers), 200 MB/s to 1.2 GB/s"
                        + " for all, and 0.02 to 0.1 s a table; without indexes and keys. More nodes take less until the"
                        + " databases, the network or the plan's limits hold.";
        return new CopyForecast(
                workers,
                Math.round(seconds(limits, tables, workers, FAST_CONNECTION, FAST_SERVERS, LEAST_SECONDS_OF_TABLE)),
                (long) Math.ceil(
                        seconds(limits, tables, workers, SLOW_CONNECTION, SLOW_SERVERS, MOST_SECONDS_OF_TABLE)),
                basis);
    }

    public static Alone alone(Limits limits, TableSpec table) {
        CopyForecast forecast = of(limits, List.of(table));
        return new Alone(forecast.lowSeconds, forecast.highSeconds);
    }

    private static int workers(Limits limits) {
        return WorkerShare.of(limits, 1, 0);
    }

    /** All tables take turns with all workers, but none is done before its own shards are. */
    private static double seconds(
            Limits limits, List<TableSpec> tables, int workers, double connection, double servers, double ofTable) {
        double together = 0;
        double longest = 0;
        for (TableSpec table : tables) {
            together += table.estimatedBytes();
            long shards = table.method() == CutMethod.WHOLE
                    ? 1
                    : Math.max(1, table.estimatedBytes() / Math.max(1, limits.shardBytes()));
            double own = Math.min(servers, connection * Math.min(workers, shards));
            longest = Math.max(longest, table.estimatedBytes() / own);
        }
        double all = together / Math.min(servers, connection * workers);
        return Math.max(all, longest) + ofTable * tables.size() / workers;
    }
}
