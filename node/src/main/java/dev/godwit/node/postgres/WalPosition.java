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

    /** Up to where the server's log is filled now. */
    static long inserted(Connection session) throws SQLException {
        try (Statement statement = session.createStatement();
                ResultSet row = statement.executeQuery("SELECT pg_current_wal_insert_lsn()::text")) {
            row.next();
            return of(row.getString(1));
        }
    }
}
