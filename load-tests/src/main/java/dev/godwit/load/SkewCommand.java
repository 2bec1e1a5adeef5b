package dev.godwit.load;

import dev.godwit.load.peers.SkewBenchmark;
import java.util.List;
import picocli.CommandLine.Command;
import picocli.CommandLine.Option;

/** Uneven rows. */
@Command(
        name = "skew",
        description = "90 %% of the bytes in 1 %% of the rows against the same bytes spread evenly; Godwit alone.")
final class SkewCommand extends Verb {
    @Option(
            names = "--size",
            paramLabel = "MIB",
            description = "The values of a table in MiB (default: ${DEFAULT-VALUE}).")
    private int mebibytes = 1000;

    @Option(names = "--rounds", paramLabel = "N", description = "Pairs of measurements (default: ${DEFAULT-VALUE}).")
    private int rounds = 3;

    @Option(names = "--workers", paramLabel = "N", description = "Godwit's workers (default: ${DEFAULT-VALUE}).")
    private int workers = 2;

    @Option(
            names = "--consistency",
            split = ",",
            description = "snapshot reads by blocks, frozen by key (default: snapshot,frozen).")
    private List<String> consistencies = List.of("snapshot", "frozen");

    @Option(names = "--shard-bytes", description = "The plan's shardBytes (default: ${DEFAULT-VALUE}).")
    private String shardBytes = "128MiB";

    @Override
    int run(Workspace workspace) {
        publish(new SkewBenchmark(
                        workspace,
                        new SkewBenchmark.Settings(mebibytes, rounds, workers, consistencies, heap(), shardBytes))
                .run());
        return DONE;
    }
}
