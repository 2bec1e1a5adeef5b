package dev.godwit.load;

import dev.godwit.load.apply.ApplyBenchmark;
import dev.godwit.load.measure.Report;
import java.util.List;
import picocli.CommandLine.Command;
import picocli.CommandLine.Model.CommandSpec;
import picocli.CommandLine.Option;
import picocli.CommandLine.ParameterException;
import picocli.CommandLine.Spec;

/** Rate and latency of changes. */
@Command(
        name = "apply",
        description = {
            "The same small transactions at a source that is followed by PostgreSQL's own subscription and by Godwit, in",
            "turn: how long until all of them are in the target, and how late one is at half of the load."
        })
final class ApplyCommand extends Verb {
    @Option(names = "--rounds", paramLabel = "N", description = "Turns of each (default: ${DEFAULT-VALUE}).")
    private int rounds = 3;

    @Option(
            names = "--transactions",
            paramLabel = "N",
            description = "Of 1 to 10 changes of a row each, in each turn (default: ${DEFAULT-VALUE}).")
    private int transactions = 100_000;

    @Option(names = "--sessions", paramLabel = "N", description = "That write them (default: ${DEFAULT-VALUE}).")
    private int sessions = 2;

    @Option(names = "--rows", paramLabel = "N", description = "Of each of four tables (default: ${DEFAULT-VALUE}).")
    private int rows = 50_000;

    @Option(
            names = "--flowing",
            description =
                    "Count from the load's begin, while it is followed; else its changes wait until all are made.")
    private boolean flowing;

    @Option(
            names = "--latency-seconds",
            paramLabel = "N",
            description = "How long latency is measured in each turn (default: ${DEFAULT-VALUE}).")
    private int latencySeconds = 20;

    @Option(
            names = "--followers",
            split = ",",
            paramLabel = "NAME",
            description = "Who takes part: subscription, godwit (default: both).")
    private List<String> followers = ApplyBenchmark.FOLLOWERS;

    @Spec
    private CommandSpec command;

    @Override
    int run(Workspace workspace) {
        for (String follower : followers) {
            if (!ApplyBenchmark.FOLLOWERS.contains(follower)) {
                throw new ParameterException(
                        command.commandLine(),
                        "--followers: " + follower + " is none. Fix: one of "
                                + String.join(", ", ApplyBenchmark.FOLLOWERS) + ".");
            }
        }
        Report report = new Report("Changes applied per second, and how late they are");
        boolean well = new ApplyBenchmark(
                        workspace,
                        new ApplyBenchmark.Settings(
                                rounds, transactions, sessions, rows, !flowing, latencySeconds, followers, heap()))
                .run(report);
        publish(report);
        return well ? DONE : FAILED;
    }
}
