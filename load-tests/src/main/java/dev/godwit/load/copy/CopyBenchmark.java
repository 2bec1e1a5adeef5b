package dev.godwit.load.copy;

import static dev.godwit.load.measure.Figures.decimals;

import dev.godwit.load.Workspace;
import dev.godwit.load.measure.Figures;
import dev.godwit.load.measure.Report;
import dev.godwit.load.postgres.BenchServer;
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
            return godwit.seconds() / psql.seconds();
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
        try (BenchServer source = BenchServer.start(workspace.directory().resolve("source"), workspace.password());
                BenchServer target = BenchServer.start(workspace.directory().resolve("target"), workspace.password())) {
            int rows = WideTable.rowsOf(settings.mebibytes());
            workspace.say("making a table of " + rows + " rows");
            WideTable.create(source, rows);
            Rigging rigging = new Rigging(
                    workspace.home(),
                    workspace.directory(),
                    source,
                    target,
                    workspace.password(),
                    settings.consistency(),
                    settings.heap(),
                    settings.shardBytes(),
                    rows);
            describe(report, rigging);
            new PsqlPipes(rigging).warmUp();
            for (int connections : settings.connections()) {
                measure(report, rigging, connections);
            }
        }
        return report;
    }

    private void describe(Report report, Rigging rigging) {
        report.condition("servers", "both on this machine; " + rigging.source().describe())
                .condition(
                        "table",
                        rigging.rows() + " rows of 16 columns, "
                                + Figures.mebibytes(WideTable.bytes(rigging.source()))
                                + " on disk; at the target without a key")
                .condition(
                        "Godwit",
                        "1 node with -Xmx" + rigging.heap() + ", consistency " + rigging.consistency() + ", shardBytes "
                                + rigging.shardBytes() + ", state store in the target's database")
                .condition(
                        "psql",
                        "/usr/bin/psql, one pipe a connection, equal ranges of "
                                + (rigging.byBlocks() ? "blocks" : "keys"))
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

    private void measure(Report report, Rigging rigging, int connections) {
        List<Pair> pairs = new ArrayList<>();
        String expected = "";
        for (int round = 1; round <= settings.rounds(); round++) {
            reset(rigging);
            Carried psql = new PsqlPipes(rigging).carry(connections);
            expectAllRows(rigging);
            if (round == 1) {
                expected = contents(rigging.target());
            }
            reset(rigging);
            Carried godwit = new GodwitCopy(rigging).carry(connections, "copy-" + connections + "-" + round);
            expectAllRows(rigging);
            if (round == 1 && !contents(rigging.target()).equals(expected)) {
                throw new IllegalStateException("Godwit and psql brought different rows");
            }
            Pair pair = new Pair(psql, godwit);
            pairs.add(pair);
            workspace.say(connections + " connections, round " + round + ": psql " + decimals(psql.seconds(), 2)
                    + " s, Godwit " + decimals(godwit.seconds(), 2) + " s");
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

    private void reset(Rigging rigging) {
        WideTable.createEmpty(rigging.target());
        rigging.source().execute(WideTable.DATABASE, "CHECKPOINT");
        rigging.target().execute(WideTable.DATABASE, "CHECKPOINT");
    }

    private static void expectAllRows(Rigging rigging) {
        long rows = WideTable.rows(rigging.target());
        if (rows != rigging.rows()) {
            throw new IllegalStateException("the target has " + rows + " rows of " + rigging.rows());
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
                decimals(carried.seconds(), 2),
                decimals(carried.wholeSeconds(), 2),
                decimals(pair.godwit().bytes() / 1e6 / carried.seconds(), 0),
                decimals(ratio, 3),
                decimals(carried.sourceSeconds(), 1),
                decimals(carried.targetSeconds(), 1),
                decimals(carried.carrierSeconds(), 1),
                decimals(carried.carrierWholeSeconds(), 1),
                carried.peakMemoryBytes() == 0 ? "-" : Figures.mebibytes(carried.peakMemoryBytes()));
    }

    private interface Side {
        Carried of(Pair pair);
    }

    private static void processor(Report report, int connections, String carrier, List<Pair> pairs, Side side) {
        report.row(
                Integer.toString(connections),
                carrier,
                decimals(perGigabyte(pairs, side, Carried::sourceSeconds), 2),
                decimals(perGigabyte(pairs, side, Carried::targetSeconds), 2),
                decimals(perGigabyte(pairs, side, Carried::carrierSeconds), 2),
                decimals(perGigabyte(pairs, side, Carried::carrierWholeSeconds), 2));
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
                    + decimals(perGigabyte(pairs, Pair::godwit, Carried::carrierSeconds), 2)
                    + " processor seconds per GB in the copy phase, psql "
                    + decimals(perGigabyte(pairs, Pair::psql, Carried::carrierSeconds), 2)
                    + ". Time ratio (median of the pairs): " + decimals(ratio, 3) + ".");
        } else {
            report.finding(connections + " connections: Godwit took " + decimals(ratio, 3)
                    + " times the time of the psql pipes (median of the pairs; the aim is at most " + AIM + "): "
                    + (ratio <= AIM ? "reached." : "missed."));
        }
    }
}
