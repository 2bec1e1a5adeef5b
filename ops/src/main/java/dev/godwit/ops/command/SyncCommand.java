package dev.godwit.ops.command;

import dev.godwit.ops.client.ClusterClient;
import dev.godwit.protocol.error.Category;
import dev.godwit.protocol.error.GodwitException;
import dev.godwit.protocol.status.SyncStatus;
import java.time.Duration;
import java.util.List;
import java.util.Locale;
import java.util.OptionalLong;
import java.util.concurrent.locks.LockSupport;
import picocli.CommandLine.Command;
import picocli.CommandLine.Mixin;
import picocli.CommandLine.Model.CommandSpec;
import picocli.CommandLine.Option;
import picocli.CommandLine.ParameterException;
import picocli.CommandLine.Parameters;
import picocli.CommandLine.Spec;

/** Waits until the targets have what the source had when it was asked. */
@Command(
        name = "sync",
        description = "Waits until everything that was committed at the source when it was asked is in every target.")
final class SyncCommand extends Verb {
    /** A gate that is not met. */
    private static final int NOT_REACHED = 10;

    private static final Duration AGAIN = Duration.ofMillis(500);

    @Mixin
    private ServerOption server;

    @Parameters(paramLabel = "NAME", description = "Name of the migration.")
    private String name;

    @Option(
            names = "--until",
            paramLabel = "PLACE",
            description = "now, or a place that an earlier answer named (default: ${DEFAULT-VALUE}).")
    private String until = "now";

    @Option(
            names = "--timeout",
            paramLabel = "SECONDS",
            description = "Longest wait; exit code 10 when it is over (default: ${DEFAULT-VALUE}).")
    private int timeout = 3600;

    @Spec
    private CommandSpec spec;

    @Override
    public Integer call() {
        ClusterClient client = server.client(terminal());
        long begun = System.nanoTime();
        OptionalLong place = place();
        SyncStatus status = null;
        while (true) {
            try {
                status = client.sync(name, place);
                place = OptionalLong.of(status.until());
            } catch (GodwitException e) {
                // A node is failing over: the place that was asked for stays the same.
                if (e.code().category() != Category.RESOURCE || passed(begun)) {
                    throw e;
                }
            }
            if (status != null && (status.reached() || status.halted() || passed(begun))) {
                return end(status, (System.nanoTime() - begun) / 1e9);
            }
            LockSupport.parkNanos(AGAIN.toNanos());
        }
    }

    private boolean passed(long begun) {
        return System.nanoTime() - begun > Duration.ofSeconds(timeout).toNanos();
    }

    private OptionalLong place() {
        if (until.equals("now")) {
            return OptionalLong.empty();
        }
        try {
            return OptionalLong.of(Long.parseLong(until));
        } catch (NumberFormatException e) {
            throw new ParameterException(spec.commandLine(), "--until takes now, or a number that an answer named.");
        }
    }

    private int end(SyncStatus status, double seconds) {
        String took = String.format(Locale.ROOT, "%.1f s", seconds);
        if (status.reached()) {
            answer(
                    status,
                    List.of("Everything that was committed at the source when it was asked is in every target (" + took
                            + ")."),
                    "godwit status " + name + server.suffix());
            return 0;
        }
        if (status.halted()) {
            throw new GodwitException(status.problem());
        }
        answer(
                status,
                List.of("Not everything is in the targets after " + took + "."
                        + (status.problem() == null
                                ? ""
                                : " " + status.problem().what())),
                "godwit status " + name + server.suffix());
        return NOT_REACHED;
    }
}
