package dev.godwit.node.postgres;

import dev.godwit.node.capture.Visibility;
import dev.godwit.protocol.error.ErrorCode;
import dev.godwit.protocol.error.GodwitException;
import java.sql.Connection;
import java.sql.PreparedStatement;
import java.sql.ResultSet;
import java.sql.SQLException;
import java.sql.Statement;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;

/** Waits for transactions of the source, and tells of those that keep us waiting. */
final class BusyTransactions {
    private static final int NAMED_AT_MOST = 3;
    private static final long BETWEEN_LOOKS_MILLIS = 50;

    /**
     * The oldest that have written. Everybody may read locks; ages are hidden from some. A transaction that is prepared, or
     * whose commit waits for a standby, still has its id locked.
     */
    private static final String OLDEST = """
            SELECT l.pid, extract(epoch FROM clock_timestamp() - a.xact_start)::bigint, a.wait_event = 'SyncRep'
            FROM pg_locks l LEFT JOIN pg_stat_activity a ON a.pid = l.pid
            WHERE l.locktype = 'transactionid' AND l.mode = 'ExclusiveLock' AND l.granted
              AND l.pid IS DISTINCT FROM pg_backend_pid() AND (? OR l.transactionid::text = ANY (?))
            ORDER BY a.xact_start NULLS FIRST, l.pid, l.transactionid::text LIMIT ?""";

    private static final long ID_MASK = 0xffff_ffffL;

    private BusyTransactions() {}

    /**
     * Returns when every transaction has ended that is in progress now, which means that whoever takes a snapshot sees what
     * it has committed.
     *
     * @param session in autocommit
     * @throws GodwitException with SOURCE_BUSY_TRANSACTIONS where that takes longer
     */
    static void await(Connection session, Duration atMost, String where) throws SQLException {
        long begun = System.nanoTime();
        long ended = endedTransaction(session);
        while (true) {
            List<Long> left = Visibility.of(SourceTransaction.snapshot(session)).inProgress().stream()
                    .filter(xid -> xid < ended)
                    .toList();
            if (left.isEmpty()) {
                return;
            }
            if (System.nanoTime() - begun > atMost.toNanos()) {
                throw busy(session, left, where);
            }
            pause(where);
        }
    }

    /**
     * The id of a transaction that has ended. A snapshot names those in progress only up to the last one that has ended: who
     * has got an id since is beyond its xmax. Up to this id all that are taken from now on name them.
     */
    private static long endedTransaction(Connection session) throws SQLException {
        try (Statement statement = session.createStatement();
                ResultSet row = statement.executeQuery("SELECT pg_current_xact_id()::text")) {
            row.next();
            return row.getLong(1);
        }
    }

    private static void pause(String where) {
        try {
            Thread.sleep(BETWEEN_LOOKS_MILLIS);
        } catch (InterruptedException e) {
            Thread.currentThread().interrupt();
            throw new GodwitException(ErrorCode.SOURCE_FAILED, "The wait for transactions was ended.", where, "");
        }
    }

    /**
     * Names processes and ages of the oldest.
     *
     * @param xids of 64 bits; empty: whichever run now
     */
    static GodwitException busy(Connection session, List<Long> xids, String where) throws SQLException {
        List<String> oldest = new ArrayList<>();
        try (PreparedStatement statement = session.prepareStatement(OLDEST)) {
            statement.setBoolean(1, xids.isEmpty());
            statement.setArray(
                    2,
                    session.createArrayOf(
                            "text",
                            xids.stream()
                                    .map(xid -> String.valueOf(xid & ID_MASK))
                                    .toArray()));
            statement.setInt(3, NAMED_AT_MOST);
            try (ResultSet row = statement.executeQuery()) {
                while (row.next()) {
                    oldest.add(inWords(row));
                }
            }
        }
        return new GodwitException(
                ErrorCode.SOURCE_BUSY_TRANSACTIONS,
                "The capture of changes can't begin while transactions run that began before it"
                        + (oldest.isEmpty() ? "." : ": " + String.join("; ", oldest) + "."),
                where,
                "Wait, or end these transactions.");
    }

    private static String inWords(ResultSet row) throws SQLException {
        int pid = row.getInt(1);
        if (row.wasNull()) {
            return "a prepared transaction (pg_prepared_xacts)";
        }
        long seconds = row.getLong(2);
        String age = row.wasNull() ? "" : ", begun " + seconds + " s ago";
        return "process " + pid + age + (row.getBoolean(3) ? ", its commit waits for a synchronous standby" : "");
    }
}
