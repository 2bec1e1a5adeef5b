package dev.godwit.node.join;

import dev.godwit.protocol.error.ErrorCode;
import dev.godwit.protocol.error.GodwitException;
import java.sql.SQLException;

/** Puts a failure of the state store in our own words: the server's may hold values of rows. */
final class StateStoreFailure {
    private StateStoreFailure() {}

    static GodwitException of(SQLException failure, String place) {
        String state = failure.getSQLState() == null ? "none" : failure.getSQLState();
        String fix = switch (state.length() < 2 ? "" : state.substring(0, 2)) {
            case "28" -> "Check user and password under godwit.state-store.";
            case "3D" -> "Create the database, or correct godwit.state-store.database.";
            case "42" -> "Grant the user CREATE on the database and all rights on its schema.";
            case "53" -> "Free connections or space on the server.";
            default -> "Check that the server is up and can be reached; Godwit tries again.";
        };
        GodwitException told = new GodwitException(
                ErrorCode.STATE_STORE_UNREACHABLE, "The state store failed (SQLSTATE " + state + ").", place, fix);
        told.setStackTrace(failure.getStackTrace());
        return told;
    }
}
