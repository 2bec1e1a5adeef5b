package dev.godwit.node.postgres;

import dev.godwit.protocol.error.ErrorCode;
import dev.godwit.protocol.error.GodwitException;
import java.time.Duration;
import java.util.List;
import java.util.Optional;
import java.util.regex.Matcher;
import java.util.regex.Pattern;

/**
 * From what {@code pg_dump} and {@code pg_restore} complain of to the catalogue of errors. They tell no SQLSTATE, so
 * their words are compared, which a server may say in another language: those then get the code for all that is not
 * known. Words are passed on only where they are of a known shape: an index on a materialised view, say, may fail with
 * a row's value.
 */
final class ClientComplaints {
    private static final int LONGEST_WORDS = 300;
    private static final String ERROR = "error: ";

    /** Where {@code pg_restore} was: the number of the entry. */
    private static final Pattern ENTRY = Pattern.compile("from TOC entry (\\d+);.*");

    /** How one kind of complaint is told; the first that is found in the words counts. */
    private record Known(Pattern words, ErrorCode atSource, ErrorCode atTarget, String fix) {
        Known(String words, ErrorCode atSource, ErrorCode atTarget, String fix) {
            this(Pattern.compile(words), atSource, atTarget, fix);
        }
    }

    private static final String LOGIN = "Check user, password, database, sslmode and the server's pg_hba.conf.";
    private static final String REACH = "Check host, port, network and whether the server runs.";

    private static final List<Known> KNOWN = List.of(
            new Known(
                    "(authentication failed|no pg_hba\\.conf entry|no password supplied|FATAL:  (role|database) \".*\" does"
                            + " not exist|certificate|private key|server does not support SSL|channel binding)",
                    ErrorCode.SOURCE_LOGIN_REFUSED,
                    ErrorCode.TARGET_LOGIN_REFUSED,
                    LOGIN),
            new Known(
                    "(too many clients|remaining connection slots|too many connections)",
                    ErrorCode.SOURCE_CONNECTIONS,
                    ErrorCode.TARGET_CONNECTIONS,
                    "Raise the server's max_connections, or lower the limits."),
            new Known(
                    "(connection to server .* failed|could not connect to server|server closed the connection"
                            + "|terminating connection|could not receive data|could not send data|SSL SYSCALL|timeout expired)",
                    ErrorCode.SOURCE_UNREACHABLE,
                    ErrorCode.TARGET_UNREACHABLE,
                    REACH),
            new Known(
                    "server version mismatch",
                    ErrorCode.CLIENT_PROGRAMS_UNFIT,
                    ErrorCode.CLIENT_PROGRAMS_UNFIT,
                    "Install client programs of the source's version on every node, or use schema: tables."),
            new Known(
                    "(permission denied|must be owner|must be superuser|must be member of role|must be able to SET ROLE"
                            + "|superuser privilege)",
                    ErrorCode.SOURCE_PRIVILEGE_MISSING,
                    ErrorCode.TARGET_PRIVILEGE_MISSING,
                    "Let the source's user read every table, and the target's user own the database and be a member of"
                            + " the owners; or use schema: tables."),
            new Known(
                    "out of shared memory",
                    ErrorCode.SOURCE_FAILED,
                    ErrorCode.TARGET_FAILED,
                    "Raise the server's max_locks_per_transaction (pg_dump locks every table at once), or use schema:"
                            + " tables."),
            new Known(
                    "read-only transaction",
                    ErrorCode.SOURCE_FAILED,
                    ErrorCode.TARGET_READ_ONLY,
                    "Name a primary server, and allow writing in the database."),
            new Known(
                    "(No space left on device|could not extend file)",
                    ErrorCode.SOURCE_FAILED,
                    ErrorCode.TARGET_DISK_FULL,
                    "Free space on the server's disk, then resume."),
            new Known(
                    "(extension \".*\" is not available|could not open extension control file)",
                    ErrorCode.SOURCE_FAILED,
                    ErrorCode.TARGET_TYPE_MISSING,
                    "Install the extension's files on the target's server, then resume."),
            new Known(
                    "already exists",
                    ErrorCode.SOURCE_FAILED,
                    ErrorCode.TARGET_OBJECT_DIFFERS,
                    "Drop or rename what the target has of that name; then resume."),
            new Known(
                    "role \".*\" does not exist",
                    ErrorCode.SOURCE_FAILED,
                    ErrorCode.TARGET_FAILED,
                    "Create the role on the target, then resume."),
            new Known(
                    "(schema|type|function|operator|collation|tablespace|language|access method|relation|server) \".*\""
                            + " does not exist",
                    ErrorCode.SOURCE_FAILED,
                    ErrorCode.TARGET_FAILED,
                    "Create it on the target, then resume."));

    private ClientComplaints() {}

    /**
     * The exception to throw for a run that was not good.
     *
     * @param program for example {@code pg_dump}
     * @param where migration, host:port/database, or an entry of the archive
     */
    static GodwitException translate(
            String program, ClientProgram.Outcome outcome, Side side, Duration limit, String where) {
        ErrorCode failed = side.pick(ErrorCode.SOURCE_FAILED, ErrorCode.TARGET_FAILED);
        return switch (outcome.end()) {
            case TIMED_OUT ->
                new GodwitException(
                        failed,
                        program + " was stopped after " + limit.toSeconds() + " seconds.",
                        where,
                        "Look for locks that others hold in the " + side.word() + ", then resume.");
            case INTERRUPTED -> new GodwitException(failed, program + " was stopped before its end.", where, "");
            case TOO_MUCH_OUTPUT ->
                new GodwitException(
                        failed, program + " wrote more than is taken at most.", where, "Use schema: tables.");
            case EXITED -> translate(program, outcome, side, failed, where);
        };
    }

    private static GodwitException translate(
            String program, ClientProgram.Outcome outcome, Side side, ErrorCode failed, String where) {
        List<String> errors = errors(outcome);
        for (Known known : KNOWN) {
            for (String words : errors) {
                if (known.words().matcher(words).find()) {
                    return new GodwitException(
                            side.pick(known.atSource(), known.atTarget()),
                            program + " failed: " + shortened(words),
                            where,
                            known.fix());
                }
            }
        }
        return new GodwitException(
                failed,
                program + " failed with exit code " + outcome.exit()
                        + "; its words may hold values of rows and are not told.",
                where,
                "Look into the " + side.word() + "'s log at that time, then resume.");
    }

    /** The number of the entry that {@code pg_restore} stumbled over, if it tells one. */
    static Optional<Integer> entry(ClientProgram.Outcome outcome) {
        Optional<Integer> last = Optional.empty();
        for (String line : outcome.complaints()) {
            Matcher matcher = ENTRY.matcher(line);
            if (matcher.matches()) {
                last = Optional.of(Integer.valueOf(matcher.group(1)));
            }
        }
        return last;
    }

    private static List<String> errors(ClientProgram.Outcome outcome) {
        return outcome.complaints().stream()
                .filter(line -> line.startsWith(ERROR))
                .map(line -> line.substring(ERROR.length()))
                .toList();
    }

    private static String shortened(String words) {
        String printable = Sql.printable(words).strip();
        return printable.length() <= LONGEST_WORDS ? printable + '.' : printable.substring(0, LONGEST_WORDS) + "...";
    }
}
