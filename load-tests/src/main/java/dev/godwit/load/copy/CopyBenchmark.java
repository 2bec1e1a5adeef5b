package dev.godwit.load.copy;

import static dev.godwit.load.measure.Figures.decimals;

import dev.godwit.load.Workspace;
import dev.godwit.load.carrier.Carried;
import dev.godwit.load.carrier.GodwitCarrier;
import dev.godwit.load.carrier.PsqlPipes;
import dev.godwit.load.carrier.Route;
import dev.godwit.load.measure.Figures;
import dev.godwit.load.measure.Report;
import dev.godwit.load.postgres.BenchServer;
import dev.godwit.load.postgres.Servers;
import dev.godwit.load.postgres.TableContents;
import java.util.ArrayList;
import java.util.List;
import java.util.function.ToDoubleFunction;

/** Godwit's copy against psql's pipes, in turn, on the same servers with the same table. */
public final class CopyBenchmark {
    /** The aim: Godwit's time over that of the pipes. */
    private static final double AIM = 1.15;

    private final Workspace workspace;
    private final Settings settings;

    /**
     * @param mebibytes of the table on disk, about
     * @param rounds pairs that are measured
     * @param connections numbers of workers, and so of pipes
     */
    public record Settings(
            int mebibytes,
            int rounds,
            List<Integer> connections,
            String consistency,
            String heap,
            String shardBytes,
            boolean processorOnly) {}

    private record Pair(Carried psql, Carried godwit) {
        double ratio() {
            return godwit.work().seconds() / psql.work().seconds();
        }
    }

    public CopyBenchmark(Workspace workspace, Settings settings) {
        this.workspace = workspace;
        this.settings = settings;
    }

    public Report run() {
        Report report = new Report(
                settings.processorOnly()
                        ? "Processor seconds per GB, Godwit and psql"
                        : "Copy phase, Godwit against psql binary pipes");
        try (Servers servers = Servers.start(workspace.directory(), workspace.password())) {
            workspace.say("making a table of " + rows() + " rows");
            WideTable.create(servers.source(), rows());
            Route route = new Route(workspace, servers.source(), servers.target(), WideTable.DATABASE);
            describe(report, servers, route);
            pipes(route, 1).warmUp();
            for (int connections : settings.connections()) {
                measure(report, route, connections);
            }
        }
        return report;
    }

    private int rows() {
        return WideTable.rowsOf(settings.mebibytes());
    }

    private PsqlPipes pipes(Route route, int connections) {
        boolean byBlocks = settings.consistency().equals("snapshot");
        return new PsqlPipes(route, new PsqlPipes.Piped(WideTable.NAME, byBlocks, List.of(), List.of()), connections);
    }

    /** The table is there without a key, so that nothing is built beside the copy. */
    private GodwitCarrier godwit(Route route, int connections) {
        return new GodwitCarrier(
                route,
                new GodwitCarrier.Settings(
                        GodwitCarrier.Stretch.COPY,
                        settings.consistency(),
                        "existing",
                        connections,
                        settings.heap(),
                        settings.shardBytes()));
    }

    private void describe(Report report, Servers servers, Route route) {
        int fewest = settings.connections().get(0);
        report.condition("servers", servers.describe())
                .condition(
                        "table",
                        rows() + " rows of 16 columns, "
                                + Figures.mebibytes(WideTable.bytes(servers.source()))
                                + " on disk; at the target without a key")
                .condition("Godwit", godwit(route, fewest).describe())
                .condition("psql", pipes(route, fewest).describe())
                .condition(
                        "rounds",
                        settings.rounds() + " pairs in turn (psql, Godwit, psql, …) after one read of the table;"
                                + " the target's database is made anew and both servers checkpoint before each");
        if (settings.processorOnly()) {
            report.row("connections", "carrier", "source s/GB", "target s/GB", "carrier s/GB", "with its start");
        } else {
            report.row(
                    "connections",
                    "round",
                    "carrier",
                    "copy s",
                    "whole s",
                    "MB/s",
                    "ratio",
                    "source CPU s",
                    "target CPU s",
                    "carrier CPU s",
                    "whole CPU s",
                    "peak memory");
        }
    }

    private void measure(Report report, Route route, int connections) {
        List<Pair> pairs = new ArrayList<>();
        String expected = "";
        for (int round = 1; round <= settings.rounds(); round++) {
            reset(route);
            Carried psql = pipes(route, connections).carry("psql-" + connections + "-" + round);
            expectAllRows(route);
            if (round == 1) {
                expected = contents(route.target());
            }
            reset(route);
            Carried godwit = godwit(route, connections).carry("copy-" + connections + "-" + round);
            expectAllRows(route);
            if (round == 1 && !contents(route.target()).equals(expected)) {
                throw new IllegalStateException("Godwit and psql brought different rows");
            }
            Pair pair = new Pair(psql, godwit);
            pairs.add(pair);
            workspace.say(connections + " connections, round " + round + ": psql "
                    + decimals(psql.work().seconds(), 2) + " s, Godwit "
                    + decimals(godwit.work().seconds(), 2) + " s");
            if (!settings.processorOnly()) {
                row(report, connections, round, "psql", psql, pair, Double.NaN);
                row(report, connections, round, "Godwit", godwit, pair, pair.ratio());
            }
        }
        if (settings.processorOnly()) {
            processor(report, connections, "psql", pairs, Pair::psql);
            processor(report, connections, "Godwit", pairs, Pair::godwit);
        }
        conclude(report, connections, pairs);
    }

    private static void reset(Route route) {
        WideTable.createEmpty(route.target());
        route.checkpoint();
    }

    private void expectAllRows(Route route) {
        long rows = WideTable.rows(route.target());
        if (rows != rows()) {
            throw new IllegalStateException("the target has " + rows + " rows of " + rows());
        }
    }

    private static String contents(BenchServer server) {
        return TableContents.of(server, WideTable.DATABASE).toString();
    }

    private static void row(
            Report report, int connections, int round, String carrier, Carried carried, Pair pair, double ratio) {
        report.row(
                Integer.toString(connections),
                Integer.toString(round),
                carrier,
                decimals(carried.work().seconds(), 2),
                decimals(carried.whole().seconds(), 2),
                decimals(pair.godwit().bytes() / 1e6 / carried.work().seconds(), 0),
                decimals(ratio, 3),
                decimals(carried.work().source(), 1),
                decimals(carried.work().target(), 1),
                decimals(carried.work().carrier(), 1),
                decimals(carried.whole().carrier(), 1),
                carried.peakMemoryBytes() == 0 ? "-" : Figures.mebibytes(carried.peakMemoryBytes()));
    }

    private interface Side {
        Carried of(Pair pair);
    }

    private static void processor(Report report, int connections, String carrier, List<Pair> pairs, Side side) {
        report.row(
                Integer.toString(connections),
                carrier,
                decimals(perGigabyte(pairs, side, carried -> carried.work().source()), 2),
                decimals(perGigabyte(pairs, side, carried -> carried.work().target()), 2),
                decimals(perGigabyte(pairs, side, carried -> carried.work().carrier()), 2),
                decimals(perGigabyte(pairs, side, carried -> carried.whole().carrier()), 2));
    }

    /** Median over the rounds, for 10⁹ bytes that travelled. */
    private static double perGigabyte(List<Pair> pairs, Side side, ToDoubleFunction<Carried> seconds) {
        return Figures.median(pairs.stream()
                .map(pair ->
                        seconds.applyAsDouble(side.of(pair)) / (pair.godwit().bytes() / 1e9))
                .toList());
    }

    private void conclude(Report report, int connections, List<Pair> pairs) {
        double ratio = Figures.median(pairs.stream().map(Pair::ratio).toList());
        if (settings.processorOnly()) {
            report.finding(connections + " connections: Godwit's node used "
                    + decimals(
                            perGigabyte(
                                    pairs,
                                    Pair::godwit,
                                    carried -> carried.work().carrier()),
                            2)
                    + " processor seconds per GB in the copy phase, psql "
                    + decimals(
                            perGigabyte(
                                    pairs, Pair::psql, carried -> carried.work().carrier()),
                            2)
                    + ". Time ratio (median of the pairs): " + decimals(ratio, 3) + ".");
        } else {
            report.finding(connections + " connections: Godwit took " + decimals(ratio, 3)
                    + " times the time of the psql pipes (median of the pairs; the aim is at most " + AIM + "): "
                    + (ratio <= AIM ? "reached." : "missed."));
        }
    }
}
