package dev.godwit.node.postgres;

import static dev.godwit.protocol.error.ErrorCode.SOURCE_CONNECTIONS;
import static dev.godwit.protocol.error.ErrorCode.SOURCE_ENCODING;
import static dev.godwit.protocol.error.ErrorCode.SOURCE_FAILED;
import static dev.godwit.protocol.error.ErrorCode.SOURCE_LOGIN_REFUSED;
import static dev.godwit.protocol.error.ErrorCode.SOURCE_POOLER;
import static dev.godwit.protocol.error.ErrorCode.SOURCE_PRIVILEGE_MISSING;
import static dev.godwit.protocol.error.ErrorCode.SOURCE_ROW_SECURITY;
import static dev.godwit.protocol.error.ErrorCode.SOURCE_TABLE_CHANGED;
import static dev.godwit.protocol.error.ErrorCode.SOURCE_UNREACHABLE;
import static dev.godwit.protocol.error.ErrorCode.TARGET_CONNECTIONS;
import static dev.godwit.protocol.error.ErrorCode.TARGET_DISK_FULL;
import static dev.godwit.protocol.error.ErrorCode.TARGET_ENCODING;
import static dev.godwit.protocol.error.ErrorCode.TARGET_FAILED;
import static dev.godwit.protocol.error.ErrorCode.TARGET_LOGIN_REFUSED;
import static dev.godwit.protocol.error.ErrorCode.TARGET_POOLER;
import static dev.godwit.protocol.error.ErrorCode.TARGET_PRIVILEGE_MISSING;
import static dev.godwit.protocol.error.ErrorCode.TARGET_READ_ONLY;
import static dev.godwit.protocol.error.ErrorCode.TARGET_ROW_REFUSED;
import static dev.godwit.protocol.error.ErrorCode.TARGET_UNREACHABLE;

import dev.godwit.protocol.error.ErrorCode;
import dev.godwit.protocol.error.GodwitException;
import java.io.IOException;
import java.sql.SQLException;
import java.sql.SQLTransientConnectionException;
import java.util.Set;
import org.postgresql.util.PSQLException;
import org.postgresql.util.ServerErrorMessage;

/**
 * From PostgreSQL's SQLSTATEs to the catalogue of errors. The server's words are passed on only for the classes whose
 * messages never hold a row's value, and the exception itself is never kept as a cause.
 */
final class PostgresErrors {
    /** Classes of connections, roles, catalogs, resources and the operator's actions. */
    private static final Set<String> CLASSES_WITHOUT_VALUES =
            Set.of("08", "25", "28", "3D", "3F", "40", "42", "53", "54", "55", "57", "58");

    /** Values out of range, broken constraints, and what triggers and functions of the user's raise. */
    private static final Set<String> CLASSES_OF_REFUSED_ROWS = Set.of("22", "23", "P0");

    private static final Set<String> SERVER_GOES_OR_SESSION_ENDED = Set.of("57P01", "57P02", "57P03", "57P05", "25P03");
    private static final Set<String> TABLE_OR_COLUMN_IS_NOT_THERE = Set.of("42P01", "42703", "3F000");
    private static final Set<String> PREPARED_STATEMENTS_OF_ANOTHER = Set.of("26000", "42P05");
    private static final Set<String> WRONG_CHARACTERS = Set.of("22021", "22P05");

    private PostgresErrors() {}

    /**
     * The exception to throw instead.
     *
     * @param where migration, table, shard, or host:port/database; never a value
     */
    static GodwitException translate(SQLException failure, Side side, String where) {
        SQLException e = innermost(failure);
        if (e instanceof SQLTransientConnectionException && e.getSQLState() == null) {
            return new GodwitException(
                    side.pick(SOURCE_CONNECTIONS, TARGET_CONNECTIONS),
                    "No connection to the " + side.word() + " was free in time.",
                    where,
                    "Raise limits." + side.word() + "Connections, or run fewer workers.");
        }
        String state = stateOf(e);
        ErrorCode code = code(e, state, side);
        return new GodwitException(code, what(e, state, side), where, fix(code));
    }

    /** For a failure of the stream below the protocol: the session is lost. */
    static GodwitException translate(IOException failure, Side side, String where) {
        ErrorCode code = side.pick(SOURCE_UNREACHABLE, TARGET_UNREACHABLE);
        return new GodwitException(
                code,
                "The connection to the " + side.word() + " broke ("
                        + failure.getClass().getSimpleName() + ").",
                where,
                fix(code));
    }

    /** The pool wraps the reason why it could not connect. */
    private static SQLException innermost(SQLException e) {
        SQLException found = e;
        while (found instanceof SQLTransientConnectionException && found.getCause() instanceof SQLException inner) {
            found = inner;
        }
        return found;
    }

    private static String stateOf(SQLException e) {
        if (e.getSQLState() != null) {
            return e.getSQLState();
        }
        return e.getCause() instanceof IOException ? "08006" : "XX000";
    }

    private static ErrorCode code(SQLException e, String state, Side side) {
        String stateClass = state.substring(0, 2);
        if (isPooler(e, state)) {
            return side.pick(SOURCE_POOLER, TARGET_POOLER);
        }
        if (stateClass.equals("08") || SERVER_GOES_OR_SESSION_ENDED.contains(state)) {
            return side.pick(SOURCE_UNREACHABLE, TARGET_UNREACHABLE);
        }
        if (stateClass.equals("28") || stateClass.equals("3D")) {
            return side.pick(SOURCE_LOGIN_REFUSED, TARGET_LOGIN_REFUSED);
        }
        if (state.equals("42501")) {
            return side.pick(
                    isRowSecurity(e) ? SOURCE_ROW_SECURITY : SOURCE_PRIVILEGE_MISSING, TARGET_PRIVILEGE_MISSING);
        }
        if (state.equals("53300")) {
            return side.pick(SOURCE_CONNECTIONS, TARGET_CONNECTIONS);
        }
        if (state.equals("53100")) {
            return side.pick(SOURCE_FAILED, TARGET_DISK_FULL);
        }
        if (state.equals("25006")) {
            return side.pick(SOURCE_FAILED, TARGET_READ_ONLY);
        }
        if (WRONG_CHARACTERS.contains(state)) {
            return side.pick(SOURCE_ENCODING, TARGET_ENCODING);
        }
        if (CLASSES_OF_REFUSED_ROWS.contains(stateClass)) {
            return side.pick(SOURCE_FAILED, TARGET_ROW_REFUSED);
        }
        if (TABLE_OR_COLUMN_IS_NOT_THERE.contains(state)) {
            return side.pick(SOURCE_TABLE_CHANGED, TARGET_FAILED);
        }
        return side.pick(SOURCE_FAILED, TARGET_FAILED);
    }

    /**
     * A session that finds its prepared statements missing, or another's in their place, meets another server process
     * than before; a pooler in statement mode refuses transactions in its own words.
     */
    private static boolean isPooler(SQLException e, String state) {
        return PREPARED_STATEMENTS_OF_ANOTHER.contains(state)
                || (state.equals("08P01")
                        && e instanceof PSQLException thrown
                        && thrown.getServerErrorMessage() != null
                        && String.valueOf(thrown.getServerErrorMessage().getMessage())
                                .contains("pooling mode"));
    }

    /** Both have SQLSTATE 42501; messages are translated, names of the server's functions are not. */
    private static boolean isRowSecurity(SQLException e) {
        if (e instanceof PSQLException thrown && thrown.getServerErrorMessage() != null) {
            ServerErrorMessage message = thrown.getServerErrorMessage();
            return "check_enable_rls".equals(message.getRoutine());
        }
        return false;
    }

    private static String what(SQLException e, String state, Side side) {
        String place = "The " + side.word() + " ";
        if (e instanceof PSQLException thrown && thrown.getServerErrorMessage() != null) {
            String words = safeWords(thrown.getServerErrorMessage(), state);
            return place + "answered with SQLSTATE " + state + (words.isEmpty() ? "." : ": " + words + ".");
        }
        if (state.startsWith("08")) {
            return place + "can't be reached, or the connection broke (SQLSTATE " + state + ").";
        }
        return place + "could not be asked (SQLSTATE " + state + ").";
    }

    private static String safeWords(ServerErrorMessage message, String state) {
        // A syntax error quotes what it stumbled over, which may be a bound.
        boolean safe = CLASSES_WITHOUT_VALUES.contains(state.substring(0, 2)) && !state.equals("42601");
        String words = message.getMessage();
        return safe && isOfTheServer(message) && words != null ? Sql.printable(words) : "";
    }

    /** Functions of the user's may raise any SQLSTATE with any words; where one did, the context tells of it. */
    private static boolean isOfTheServer(ServerErrorMessage message) {
        String context = message.getWhere();
        return context == null || (context.startsWith("COPY ") && context.indexOf('\n') < 0);
    }

    private static String fix(ErrorCode code) {
        return switch (code) {
            case SOURCE_UNREACHABLE, TARGET_UNREACHABLE -> "Check host, port, network and whether the server runs.";
            case SOURCE_LOGIN_REFUSED, TARGET_LOGIN_REFUSED ->
                "Check user, password, database, sslmode and the server's pg_hba.conf.";
            case SOURCE_PRIVILEGE_MISSING -> "Grant SELECT on the table and USAGE on its schema to the user.";
            case TARGET_PRIVILEGE_MISSING -> "Let the user own the target's schemas and tables.";
            case SOURCE_ROW_SECURITY -> "Give the user BYPASSRLS, or exclude the table.";
            case SOURCE_CONNECTIONS, TARGET_CONNECTIONS -> "Raise the server's max_connections, or lower the limits.";
            case SOURCE_POOLER, TARGET_POOLER -> "Name the server itself, or a pooler in session mode.";
            case TARGET_DISK_FULL -> "Free space on the target's disk, then resume.";
            case TARGET_READ_ONLY -> "Name a primary server, and allow writing in the database.";
            case SOURCE_ENCODING, TARGET_ENCODING ->
                "Mend the text that is not valid in its encoding, or use a database with the same encoding.";
            case SOURCE_FAILED -> "Look into the source's log at that time, then resume.";
            case TARGET_FAILED -> "Look into the target's log at that time, then resume.";
            case TARGET_ROW_REFUSED -> "Compare the table's types and constraints on both sides, then resume.";
            case SOURCE_TABLE_CHANGED -> "Leave the table's definition as it was while the migration runs.";
            default -> "";
        };
    }
}
