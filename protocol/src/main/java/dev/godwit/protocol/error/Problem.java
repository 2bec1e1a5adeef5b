package dev.godwit.protocol.error;

import java.util.Objects;
import java.util.concurrent.CompletionException;

/**
 * One error as it is told to people and programs. No field ever holds a row's value or a secret.
 *
 * @param code stable name of the kind of error
 * @param what what was found, one sentence
 * @param where migration, table, shard, position, file:line:column, or host:port/database; empty if there is no place
 * @param fix what to do about it, one sentence; empty if there is nothing to do
 */
public record Problem(ErrorCode code, String what, String where, String fix) {
    public Problem {
        Objects.requireNonNull(code, "code");
        what = Objects.requireNonNullElse(what, "");
        where = Objects.requireNonNullElse(where, "");
        fix = Objects.requireNonNullElse(fix, "");
    }

    /**
     * The problem of a failure: its own, if it has one. Of any other failure only the type is told, since its message may
     * hold a row's value.
     *
     * @param where as in {@link Problem}, for a failure that does not say it
     */
    public static Problem of(Throwable failure, String where) {
        Throwable cause =
                failure instanceof CompletionException && failure.getCause() != null ? failure.getCause() : failure;
        return cause instanceof GodwitException known
                ? known.problem()
                : new Problem(
                        ErrorCode.INTERNAL, "failed with " + cause.getClass().getName(), where, "");
    }

    /** One line for logs and exceptions. */
    public String line() {
        return code + (where.isEmpty() ? "" : " at " + where) + ": " + what + (fix.isEmpty() ? "" : " Fix: " + fix);
    }
}
