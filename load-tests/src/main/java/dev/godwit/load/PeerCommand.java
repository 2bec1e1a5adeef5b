package dev.godwit.load;

import dev.godwit.load.carrier.DumpAndRestore;
import dev.godwit.load.carrier.Pgcopydb;
import dev.godwit.load.carrier.Pgloader;
import dev.godwit.load.measure.Report;
import dev.godwit.load.peers.Aim;
import dev.godwit.load.peers.DataSet;
import dev.godwit.load.peers.PeerBenchmark;
import java.util.List;
import picocli.CommandLine.Model.CommandSpec;
import picocli.CommandLine.Option;
import picocli.CommandLine.ParameterException;
import picocli.CommandLine.Spec;

/** What the comparisons with peers share. */
abstract class PeerCommand extends Verb {
    /** Those that carry any database. */
    static final List<String> DATABASE_PEERS = List.of(Pgcopydb.NAME, DumpAndRestore.NAME, Pgloader.NAME);

    @Option(names = "--rounds", paramLabel = "N", description = "Turns of each tool (default: ${DEFAULT-VALUE}).")
    private int rounds = 3;

    @Option(
            names = "--jobs",
            paramLabel = "N",
            description = "Godwit's workers, and the peers' jobs (default: ${DEFAULT-VALUE}).")
    private int jobs = 2;

    @Option(
            names = "--pgcopydb",
            paramLabel = "PATH",
            description = "The program pgcopydb (default: the one on the path).")
    private String pgcopydb = "pgcopydb";

    @Option(names = "--shard-bytes", description = "The plan's shardBytes (default: ${DEFAULT-VALUE}).")
    private String shardBytes = "128MiB";

    @Option(
            names = "--peers",
            split = ",",
            paramLabel = "NAME",
            description =
                    "Which peers take part: pgcopydb, pg_dump, pgloader; with big also psql (default: all that fit).")
    private List<String> peers = List.of();

    @Spec
    private CommandSpec command;

    abstract String title();

    abstract DataSet data();

    /** The peers that fit. */
    abstract List<String> fitting();

    abstract List<Aim> aims();

    /** Above which size pgcopydb splits a table; empty: none is split. */
    String splitAt() {
        return "";
    }

    @Override
    final int run(Workspace workspace) {
        for (String peer : peers) {
            if (!fitting().contains(peer) && !DATABASE_PEERS.contains(peer)) {
                throw new ParameterException(
                        command.commandLine(), "--peers: " + peer + " is none that fits. Fix: one of the help's.");
            }
        }
        Report report = new Report(title());
        boolean well = new PeerBenchmark(
                        workspace,
                        new PeerBenchmark.Settings(
                                rounds,
                                peers.isEmpty() ? fitting() : peers,
                                jobs,
                                pgcopydb,
                                splitAt(),
                                heap(),
                                shardBytes,
                                aims()))
                .run(report, data());
        publish(report);
        return well ? DONE : FAILED;
    }
}
