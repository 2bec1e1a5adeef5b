package dev.godwit.load;

import dev.godwit.load.coordinator.CoordinatorBenchmark;
import java.util.List;
import picocli.CommandLine.Command;
import picocli.CommandLine.Option;

/** Recovery of one coordinator. */
@Command(
        name = "coordinator",
        description = "Time and heap to recover the coordinator of a table with many finished shards.")
final class CoordinatorCommand extends Verb {
    @Option(
            names = "--driven",
            paramLabel = "N",
            description = "Shards that the coordinator itself lands, by commands (default: ${DEFAULT-VALUE}).")
    private int driven = 1_000;

    @Option(
            names = "--shards",
            split = ",",
            paramLabel = "N",
            description = "Finished shards whose journal is written a window at a time (default: 1000,1000000).")
    private List<Integer> fed = List.of(1_000, 1_000_000);

    @Override
    int run(Workspace workspace) {
        publish(new CoordinatorBenchmark(workspace, new CoordinatorBenchmark.Settings(driven, fed, heap())).run());
        return DONE;
    }
}
