package dev.godwit.load;

import dev.godwit.load.scale.ScaleBenchmark;
import java.util.List;
import picocli.CommandLine.Command;
import picocli.CommandLine.Option;

/** More nodes. */
@Command(
        name = "scale",
        description = {
            "Copy phase of 1, 2, 4 and 8 nodes, each in a network namespace with a link of bounded rate.",
            "Needs root, ip and tc."
        })
final class ScaleCommand extends Verb {
    @Option(
            names = "--size",
            paramLabel = "MIB",
            description = "The table's size on disk in MiB, about (default: ${DEFAULT-VALUE}).")
    private int mebibytes = 800;

    @Option(names = "--rounds", paramLabel = "N", description = "Rounds (default: ${DEFAULT-VALUE}).")
    private int rounds = 3;

    @Option(
            names = "--nodes",
            split = ",",
            paramLabel = "N",
            description = "Numbers of nodes; ratios are to the first (default: 1,2,4,8).")
    private List<Integer> nodes = List.of(1, 2, 4, 8);

    @Option(
            names = "--rate",
            description = "A link's rate in each direction, as tc takes it (default: ${DEFAULT-VALUE}).")
    private String rate = "80mbit";

    @Option(names = "--workers", paramLabel = "N", description = "Workers of each node (default: ${DEFAULT-VALUE}).")
    private int workers = 3;

    @Option(
            names = "--consistency",
            description = "snapshot reads by blocks, frozen by key (default: ${DEFAULT-VALUE}).")
    private String consistency = "snapshot";

    @Option(names = "--shard-bytes", description = "The plan's shardBytes (default: ${DEFAULT-VALUE}).")
    private String shardBytes = "4MiB";

    @Override
    int run(Workspace workspace) {
        publish(new ScaleBenchmark(
                        workspace,
                        new ScaleBenchmark.Settings(
                                mebibytes, rounds, nodes, rate, workers, consistency, heap(), shardBytes))
                .run());
        return DONE;
    }
}
