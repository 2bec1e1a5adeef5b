package dev.godwit.load;

import dev.godwit.load.measure.Report;
import dev.godwit.load.online.OnlineLoop;
import picocli.CommandLine.Command;
import picocli.CommandLine.Option;

/** Migrations of a source that is written, in a loop. */
@Command(
        name = "online",
        description = {
            "Migrates a source that is written all the while, kills random nodes at random moments, and compares both",
            "sides when the writers have stopped; 1 at the first difference."
        })
final class OnlineCommand extends Verb {
    @Option(names = "--rounds", paramLabel = "N", description = "How many migrations (default: ${DEFAULT-VALUE}).")
    private int rounds = 20;

    @Option(
            names = "--seed",
            paramLabel = "N",
            description = "Seed of writes, nodes and moments; one that is not given is made up and printed.")
    private long seed = System.currentTimeMillis() % 1_000_000;

    @Option(
            names = "--from",
            paramLabel = "N",
            description = "Number of the first round, to repeat one of an earlier run (default: ${DEFAULT-VALUE}).")
    private int from = 1;

    @Option(names = "--nodes", paramLabel = "N", description = "Nodes (default: ${DEFAULT-VALUE}).")
    private int nodes = 3;

    @Option(
            names = "--rows",
            paramLabel = "N",
            description = "Rows of each big table at first (default: ${DEFAULT-VALUE}).")
    private int rows = 10_000;

    @Override
    int run(Workspace workspace) {
        Report report = new Report("A source that is written, with random kills and contents compared");
        boolean well =
                new OnlineLoop(workspace, new OnlineLoop.Settings(seed, from, rounds, nodes, rows, heap())).run(report);
        publish(report);
        return well ? DONE : FAILED;
    }
}
