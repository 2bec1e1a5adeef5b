package dev.godwit.node.online;

import dev.godwit.node.testing.Sessions;
import java.sql.Connection;
import java.sql.ResultSet;
import java.sql.SQLException;
import java.sql.Statement;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.SplittableRandom;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.TimeUnit;

/**
 * Lets go on what hangs in its commit since the standby that must have it is not there: each such session after 20 to 200
 * milliseconds. Until then the commit is in the log, a logical slot has sent it, and no snapshot sees it.
 */
final class CommitRelease implements Runnable {
    /** The application name of the sessions that are looked after begins with this. */
    static final String NAME = "write-load hanging";

    private static final int POLL_MILLIS = 5;
    private static final int LEAST_MILLIS = 20;
    private static final int MOST_MILLIS = 200;

    private static final String HANGING = "SELECT pid FROM pg_stat_activity WHERE datname = current_database()"
            + " AND wait_event = 'SyncRep' AND application_name LIKE '" + NAME + "%'";

    private final Sessions source;
    private final SplittableRandom random;
    private final Tally tally;
    private final CountDownLatch writersEnded;
    private volatile SQLException failure;

    /** @param writersEnded counted down when nothing can hang any more */
    CommitRelease(Sessions source, long seed, Tally tally, CountDownLatch writersEnded) {
        this.source = source;
        this.random = new SplittableRandom(seed);
        this.tally = tally;
        this.writersEnded = writersEnded;
    }

    SQLException failure() {
        return failure;
    }

    @Override
    public void run() {
        // By process: when it may go on, by System.nanoTime.
        Map<Integer, Long> due = new HashMap<>();
        try (Connection connection = source.open();
                Statement statement = connection.createStatement()) {
            while (!writersEnded.await(POLL_MILLIS, TimeUnit.MILLISECONDS)) {
                List<Integer> hanging = hanging(statement);
                due.keySet().retainAll(hanging);
                for (int pid : hanging) {
                    if (!due.containsKey(pid)) {
                        long millis = random.nextLong(LEAST_MILLIS, MOST_MILLIS);
                        due.put(pid, System.nanoTime() + TimeUnit.MILLISECONDS.toNanos(millis));
                    } else if (due.get(pid) - System.nanoTime() <= 0) {
                        release(statement, pid);
                        due.remove(pid);
                    }
                }
            }
        } catch (SQLException e) {
            failure = e;
        } catch (InterruptedException e) {
            Thread.currentThread().interrupt();
        }
    }

    private static List<Integer> hanging(Statement statement) throws SQLException {
        List<Integer> pids = new ArrayList<>();
        try (ResultSet row = statement.executeQuery(HANGING)) {
            while (row.next()) {
                pids.add(row.getInt(1));
            }
        }
        return pids;
    }

    /** It commits then, with a warning. */
    private void release(Statement statement, int pid) throws SQLException {
        statement.execute("SELECT pg_cancel_backend(pid) FROM (" + HANGING + ") hanging WHERE pid = " + pid);
        tally.count(Tally.Ending.HUNG);
    }
}
