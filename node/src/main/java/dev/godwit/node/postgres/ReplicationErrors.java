package dev.godwit.node.postgres;

import dev.godwit.protocol.error.ErrorCode;
import dev.godwit.protocol.error.GodwitException;
import java.sql.SQLException;

/** What a server says of slots, publications and sessions that replicate; all else as {@link PostgresErrors} tells it. */
final class ReplicationErrors {
    /** What a user needs who captures changes. */
    static final String RIGHTS = "Let the user have REPLICATION, CREATE on the database, and own the tables.";

    static final String BEGIN_ANEW = "Start a migration under a new name, into empty tables.";

    private ReplicationErrors() {}

    /** @param where host:port/database and the slot; never a value */
    static GodwitException translate(SQLException failure, String where) {
        GodwitException general = PostgresErrors.translate(failure, Side.SOURCE, where);
        String state = failure.getSQLState() == null ? "" : failure.getSQLState();
        String what = general.problem().what();
        return switch (state) {
            // Somebody reads the slot.
            case "55006" ->
                new GodwitException(
                        ErrorCode.SOURCE_SLOT_BUSY, what, where, "Wait until the session that reads it has ended.");
            // No such slot or publication; a slot that was given up because of what it kept; a file of the log that is
            // gone.
            case "42704", "55000", "58P01" -> new GodwitException(ErrorCode.SOURCE_SLOT_LOST, what, where, BEGIN_ANEW);
            case "53400" ->
                new GodwitException(
                        ErrorCode.SOURCE_SLOTS,
                        what,
                        where,
                        "Raise max_replication_slots, or drop a slot that nobody needs.");
            case "55P03" ->
                new GodwitException(
                        ErrorCode.SOURCE_BUSY_TRANSACTIONS, what, where, "Wait until who alters the tables is done.");
            case "42501" -> new GodwitException(ErrorCode.SOURCE_PRIVILEGE_MISSING, what, where, RIGHTS);
            default -> general;
        };
    }

    static GodwitException lost(String what, String where) {
        return new GodwitException(ErrorCode.SOURCE_SLOT_LOST, what, where, BEGIN_ANEW);
    }
}
