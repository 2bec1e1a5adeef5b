package dev.godwit.load;

import dev.godwit.load.recovery.RecoveryBenchmark;
import picocli.CommandLine.Command;
import picocli.CommandLine.Option;

/** Recovery of a cluster. */
@Command(name = "recovery", description = "Time from kill -9 of a node until its shards run on other nodes.")
final class RecoveryCommand extends Verb {
    @Option(names = "--nodes", paramLabel = "N", description = "Nodes (default: ${DEFAULT-VALUE}).")
    private int nodes = 3;

    @Option(names = "--rounds", paramLabel = "N", description = "Kills (default: ${DEFAULT-VALUE}).")
    private int rounds = 10;

    @Option(
            names = "--seed",
            paramLabel = "N",
            description = "Seed of the choice of nodes (default: ${DEFAULT-VALUE}).")
    private long seed = 1;

    @Override
    int run(Workspace workspace) {
        publish(new RecoveryBenchmark(workspace, new RecoveryBenchmark.Settings(nodes, rounds, seed, heap())).run());
        return DONE;
    }
}
