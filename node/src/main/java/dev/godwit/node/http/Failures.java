package dev.godwit.node.http;

import dev.godwit.node.plan.PlanRejected;
import dev.godwit.protocol.error.ErrorCode;
import dev.godwit.protocol.error.GodwitException;
import dev.godwit.protocol.error.Problem;
import java.util.List;
import java.util.UUID;
import java.util.concurrent.CompletionException;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.TimeoutException;
import java.util.stream.Collectors;
import java.util.stream.Stream;
import org.apache.pekko.http.javadsl.model.HttpResponse;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * What a caller is told when something was thrown. The words of an exception that is not Godwit's own may hold row
 * values or secrets: they reach neither the caller nor the log, which gets the types and the places in the code only.
 */
final class Failures {
    private static final Logger LOG = LoggerFactory.getLogger(Failures.class);

    /** Enough to find the place; a whole stack of stages says little more. */
    private static final int FRAMES = 12;

    private Failures() {}

    static HttpResponse response(Throwable failure) {
        Throwable cause = unwrap(failure);
        return cause instanceof UsageException usage
                ? Answers.problem(usage.httpStatus(), usage.problem())
                : Answers.problems(problems(cause));
    }

    private static List<Problem> problems(Throwable cause) {
        if (cause instanceof PlanRejected rejected) {
            return rejected.problems();
        }
        if (cause instanceof GodwitException known) {
            return List.of(known.problem());
        }
        if (cause instanceof TimeoutException) {
            return List.of(timedOut());
        }
        return List.of(internal(cause));
    }

    static Problem timedOut() {
        return new Problem(
                ErrorCode.TIMED_OUT,
                "The cluster did not answer in time.",
                "",
                "Try again; if it stays so, look at /ready of each node.");
    }

    /** A failure that may be logged by others: Godwit's own as it is, any other without its message. */
    static Throwable withoutForeignWords(Throwable failure) {
        Throwable cause = unwrap(failure);
        return cause instanceof GodwitException
                ? cause
                : new GodwitException(problems(cause).get(0));
    }

    private static Problem internal(Throwable cause) {
        String incident = UUID.randomUUID().toString();
        LOG.error("Incident {}: {}", incident, outline(cause));
        return new Problem(
                ErrorCode.INTERNAL,
                "Godwit failed to handle the request.",
                "incident " + incident,
                "Look for the incident in this node's log and report it.");
    }

    private static Throwable unwrap(Throwable failure) {
        Throwable cause = failure;
        while ((cause instanceof CompletionException || cause instanceof ExecutionException)
                && cause.getCause() != null) {
            cause = cause.getCause();
        }
        return cause;
    }

    /** Types and places of a failure and its causes, at most five of them, without any message. */
    private static String outline(Throwable failure) {
        return Stream.iterate(failure, cause -> cause != null, Throwable::getCause)
                .limit(5)
                .map(cause -> cause.getClass().getName()
                        + Stream.of(cause.getStackTrace())
                                .limit(FRAMES)
                                .map(frame -> "\n  at " + frame)
                                .collect(Collectors.joining()))
                .collect(Collectors.joining("\n caused by "));
    }
}
