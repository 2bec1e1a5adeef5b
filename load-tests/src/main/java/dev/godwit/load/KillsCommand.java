package dev.godwit.load;

import dev.godwit.load.kills.KillLoop;
import dev.godwit.load.measure.Report;
import picocli.CommandLine.Command;
import picocli.CommandLine.Option;

/** Kills in a loop. */
@Command(
        name = "kills",
        description =
                "Kills random nodes at random moments and compares both sides each time; 1 at the first difference.")
final class KillsCommand extends Verb {
    @Option(names = "--kills", paramLabel = "N", description = "How many (default: ${DEFAULT-VALUE}).")
    private int kills = 100;

    @Option(
            names = "--seed",
            paramLabel = "N",
            description = "Seed of nodes and moments; one that is not given is made up and printed.")
    private long seed = System.currentTimeMillis() % 1_000_000;

    @Option(
            names = "--from",
            paramLabel = "N",
            description = "Number of the first kill, to repeat one of an earlier run (default: ${DEFAULT-VALUE}).")
    private int from = 1;

    @Option(names = "--nodes", paramLabel = "N", description = "Nodes (default: ${DEFAULT-VALUE}).")
    private int nodes = 3;

    @Option(
            names = "--rows",
            paramLabel = "N",
            description = "Rows of each of four tables (default: ${DEFAULT-VALUE}).")
    private int rows = 60_000;

    @Override
    int run(Workspace workspace) {
        Report report = new Report("Random kills with contents compared");
        boolean well =
                new KillLoop(workspace, new KillLoop.Settings(seed, from, kills, nodes, rows, heap())).run(report);
        publish(report);
        return well ? DONE : FAILED;
    }
}
