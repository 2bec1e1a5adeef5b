package dev.godwit.load;

import dev.godwit.load.copy.CopyBenchmark;
import java.util.List;
import picocli.CommandLine.Command;
import picocli.CommandLine.Option;

/** Time of the copy phase. */
@Command(
        name = "copy",
        description = "Copy phase of one node against as many psql binary pipes: time ratio pair by pair.")
class CopyCommand extends Verb {
    @Option(
            names = "--size",
            paramLabel = "MIB",
            description = "The table's size on disk in MiB, about (default: ${DEFAULT-VALUE}).")
    private int mebibytes = 1500;

    @Option(names = "--rounds", paramLabel = "N", description = "Pairs of measurements (default: ${DEFAULT-VALUE}).")
    private int rounds = 3;

    @Option(names = "--connections", split = ",", paramLabel = "N", description = "Workers, and pipes (default: 2,4).")
    private List<Integer> connections = List.of(2, 4);

    @Option(
            names = "--consistency",
            description = "snapshot reads by blocks, frozen by key; psql does the same (default: ${DEFAULT-VALUE}).")
    private String consistency = "snapshot";

    @Option(names = "--shard-bytes", description = "The plan's shardBytes (default: ${DEFAULT-VALUE}).")
    private String shardBytes = "128MiB";

    boolean processorOnly() {
        return false;
    }

    @Override
    int run(Workspace workspace) {
        CopyBenchmark.Settings settings = new CopyBenchmark.Settings(
                mebibytes, rounds, connections, consistency, heap(), shardBytes, processorOnly());
        publish(new CopyBenchmark(workspace, settings).run());
        return DONE;
    }
}
