package dev.godwit.node.online;

import dev.godwit.node.online.Tally.Ending;
import dev.godwit.node.testing.Sessions;
import java.sql.Connection;
import java.sql.SQLException;
import java.sql.Statement;
import java.util.Set;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.TimeUnit;

/** Performs a script until it is told to stop, which it does between two transactions. */
final class Writer implements Runnable {
    private static final int TRIES = 30;
    private static final int FIRST_CONNECT_PAUSE_MILLIS = 200;

    /** Deadlock, serialization failure, cancelled: the same transaction may fare better the next time. */
    private static final Set<String> ANOTHER_TRY = Set.of("40P01", "40001", "57014");

    private static final String INTEGRITY = "23";
    private static final String CONNECTION = "08";
    private static final String SHUT_DOWN = "57P";

    private final Sessions source;
    private final WriterScript script;
    private final String settings;
    private final Tally tally;
    private final CountDownLatch stop;
    private volatile SQLException failure;

    /**
     * @param settings statements that each of its sessions begins with
     * @param stop counted down when it is to stop
     */
    Writer(Sessions source, WriterScript script, String settings, Tally tally, CountDownLatch stop) {
        this.source = source;
        this.script = script;
        this.settings = settings;
        this.tally = tally;
        this.stop = stop;
    }

    /** What ended it, if it was not told to; else null. */
    SQLException failure() {
        return failure;
    }

    @Override
    public void run() {
        try {
            while (stop.getCount() > 0) {
                session();
            }
        } catch (SQLException e) {
            failure = e;
        } catch (InterruptedException e) {
            Thread.currentThread().interrupt();
        }
    }

    /** Works in one session until it is lost or all is to stop. */
    private void session() throws SQLException, InterruptedException {
        try (Connection connection = source.open();
                Statement statement = connection.createStatement()) {
            statement.execute(settings);
            connection.setAutoCommit(false);
            boolean stopped = false;
            while (!stopped) {
                Transaction transaction = script.next();
                perform(transaction, connection, statement);
                stopped = stop.await(transaction.pauseMillis(), TimeUnit.MILLISECONDS);
            }
        } catch (SQLException e) {
            if (!isLost(e)) {
                throw e;
            }
            tally.count(Ending.UNKNOWN);
            stop.await(FIRST_CONNECT_PAUSE_MILLIS, TimeUnit.MILLISECONDS);
        }
    }

    private static boolean isLost(SQLException e) {
        return e.getSQLState() != null && (e.getSQLState().startsWith(CONNECTION) || isShutDown(e));
    }

    private static boolean isShutDown(SQLException e) {
        return e.getSQLState().startsWith(SHUT_DOWN);
    }

    private void perform(Transaction transaction, Connection connection, Statement statement) throws SQLException {
        for (int attempt = 1; attempt <= TRIES; attempt++) {
            try {
                once(transaction, connection, statement);
                return;
            } catch (SQLException e) {
                if (isLost(e)) {
                    throw e;
                }
                connection.rollback();
                String state = e.getSQLState();
                if (state != null && state.startsWith(INTEGRITY)) {
                    tally.count(Ending.REFUSED);
                    return;
                }
                if (state == null || !ANOTHER_TRY.contains(state)) {
                    throw e;
                }
                tally.count(Ending.RETRIED);
            }
        }
        tally.count(Ending.GIVEN_UP);
    }

    private void once(Transaction transaction, Connection connection, Statement statement) throws SQLException {
        long[] rows = new long[transaction.steps().size()];
        for (int i = 0; i < rows.length; i++) {
            rows[i] = statement.execute(transaction.steps().get(i).sql()) ? 0 : statement.getLargeUpdateCount();
        }
        if (transaction.aborted()) {
            connection.rollback();
            tally.count(Ending.ABORTED);
            return;
        }
        connection.commit();
        tally.count(Ending.COMMITTED);
        for (int i = 0; i < rows.length; i++) {
            Step step = transaction.steps().get(i);
            if (!step.undone()) {
                tally.count(step.kind(), rows[i]);
            }
        }
    }
}
