package dev.godwit.node.postgres;

import java.sql.Connection;
import java.sql.ResultSet;
import java.sql.SQLException;
import java.sql.Statement;
import org.postgresql.replication.LogSequenceNumber;

/** Places in a server's write-ahead log, as numbers of 64 bits without a sign. */
final class WalPosition {
    private WalPosition() {}

    /** @param text as the server prints it, {@code 16/B374D848}; null: before everything */
    static long of(String text) {
        return text == null ? 0 : LogSequenceNumber.valueOf(text).asLong();
    }

    static String text(long position) {
        return LogSequenceNumber.valueOf(position).asString();
    }

    private static final int PAGE_BYTES = 8192;
    private static final int SHORT_HEADER_BYTES = 24;
    private static final int LONG_HEADER_BYTES = 40;

    /**
     * Up to where the server's log is filled now. At the end of a page the server names the first byte behind the next
     * page's header, which nothing reaches before something is written there: it is the page's end that is told.
     */
    static long inserted(Connection session) throws SQLException {
        try (Statement statement = session.createStatement();
                ResultSet row = statement.executeQuery("SELECT pg_current_wal_insert_lsn()::text")) {
            row.next();
            return withoutHeader(of(row.getString(1)));
        }
    }

    /** By a commit that waits for the disk, and for no standby. */
    static void flush(Connection session) throws SQLException {
        try (Statement statement = session.createStatement()) {
            statement.execute("SET LOCAL synchronous_commit = local");
            statement.execute("SELECT pg_current_xact_id()");
        }
        session.commit();
    }

    static long withoutHeader(long position) {
        long inPage = Long.remainderUnsigned(position, PAGE_BYTES);
        return inPage == SHORT_HEADER_BYTES || inPage == LONG_HEADER_BYTES ? position - inPage : position;
    }

    /** Up to where the server's log is on its disk. */
    static long flushed(Connection session) throws SQLException {
        try (Statement statement = session.createStatement();
                ResultSet row = statement.executeQuery("SELECT pg_current_wal_flush_lsn()::text")) {
            row.next();
            return of(row.getString(1));
        }
    }
}
