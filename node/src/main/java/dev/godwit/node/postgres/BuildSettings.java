package dev.godwit.node.postgres;

import java.sql.Connection;
import java.sql.ResultSet;
import java.sql.SQLException;
import java.sql.Statement;

/**
 * What one of several builds at once may take of a server: an index, or a constraint that reads its table.
 *
 * @param memoryKilobytes for {@code maintenance_work_mem}
 * @param workers for {@code max_parallel_maintenance_workers}: beside the session itself
 */
record BuildSettings(long memoryKilobytes, int workers) {
    /** More brings little: a sort that spills writes its runs one after the other. */
    private static final long MOST_KILOBYTES = 2L << 20;

    /** More in one build are held up by their leader. */
    private static final int MOST_WORKERS = 4;

    /**
     * The server does not say how much memory its machine has; whoever runs it gives shared buffers a quarter of it, as a
     * rule. All builds together may take about as much again, and none gets less than the server's own setting.
     *
     * @param buildsAtOnce of which this is one; 1 or more. If the server builds more indexes now, these count
     */
    static BuildSettings choose(Connection connection, int buildsAtOnce) throws SQLException {
        String sql = """
                SELECT pg_size_bytes(current_setting('maintenance_work_mem')) / 1024,
                  pg_size_bytes(current_setting('shared_buffers')) / 1024,
                  least(current_setting('max_parallel_workers')::int, current_setting('max_worker_processes')::int),
                  (SELECT count(*)::int FROM pg_stat_progress_create_index)""";
        try (Statement statement = connection.createStatement();
                ResultSet row = statement.executeQuery(sql)) {
            row.next();
            return of(row.getLong(1), row.getLong(2), row.getInt(3), Math.max(buildsAtOnce, row.getInt(4) + 1));
        }
    }

    static BuildSettings of(long configured, long sharedBuffers, int parallelWorkers, int buildsAtOnce) {
        long share = Math.min(MOST_KILOBYTES, sharedBuffers / buildsAtOnce);
        return new BuildSettings(Math.max(configured, share), Math.min(MOST_WORKERS, parallelWorkers / buildsAtOnce));
    }

    /** Until the transaction ends. */
    void apply(Connection connection) throws SQLException {
        try (Statement statement = connection.createStatement()) {
            statement.execute("SET LOCAL maintenance_work_mem = '" + memoryKilobytes
                    + "kB'; SET LOCAL max_parallel_maintenance_workers = " + workers);
            if (connection.getMetaData().getDatabaseMajorVersion() >= 14) {
                // A build whose node is gone ends, instead of making the next one wait for it.
                statement.execute("SET LOCAL client_connection_check_interval = '10s'");
            }
        }
    }
}
