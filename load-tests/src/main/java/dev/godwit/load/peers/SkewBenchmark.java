package dev.godwit.load.peers;

import static dev.godwit.load.measure.Figures.decimals;

import dev.godwit.load.Workspace;
import dev.godwit.load.carrier.Carried;
import dev.godwit.load.carrier.GodwitCarrier;
import dev.godwit.load.carrier.Route;
import dev.godwit.load.measure.Figures;
import dev.godwit.load.measure.Report;
import dev.godwit.load.postgres.Servers;
import dev.godwit.load.postgres.TableContents;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;

/** Godwit alone: the same bytes spread evenly, and nearly all of them in a few rows. */
public final class SkewBenchmark {
    private static final double AIM = 1.2;
    private static final int ROWS = 100_000;

    private final Workspace workspace;
    private final Settings settings;

    /**
     * @param mebibytes of the table's values
     * @param rounds pairs that are measured
     */
    public record Settings(
            int mebibytes, int rounds, int workers, List<String> consistencies, String heap, String shardBytes) {}

    public SkewBenchmark(Workspace workspace, Settings settings) {
        this.workspace = workspace;
        this.settings = settings;
    }

    public Report run() {
        Report report = new Report("Skew: 90 % of the bytes in 1 % of the rows");
        try (Servers servers = Servers.start(workspace.directory(), workspace.password())) {
            workspace.say("making two tables of " + settings.mebibytes() + " MiB");
            Side even = made(servers, "even", false);
            Side skewed = made(servers, "skewed", true);
            report.condition("servers", servers.describe())
                    .condition(
                            "tables",
                            ROWS + " rows, " + settings.mebibytes()
                                    + " MiB of values, not compressed: all of one length;"
                                    + " or 90 % of the bytes in the 1 % with the highest keys; at the target without a"
                                    + " key")
                    .condition(
                            "Godwit",
                            godwit(servers, even, String.join(" or ", settings.consistencies()))
                                    .describe())
                    .condition(
                            "rounds",
                            settings.rounds() + " pairs in turn (even, skewed, even, …); " + settings.workers()
                                    + " workers; the target's database is made anew and both servers checkpoint before"
                                    + " each, rows are compared after it")
                    .row("consistency", "round", "rows", "copy s", "ratio", "whole s", "peak memory");
            for (String consistency : settings.consistencies()) {
                measure(report, servers, consistency, even, skewed);
            }
        }
        return report;
    }

    /** @param contents as they are at the source */
    private record Side(SkewedRows rows, Map<String, String> contents) {
        String name() {
            return rows.database();
        }
    }

    /** Reading the contents brings the rows into memory, so that the first round finds them there, too. */
    private Side made(Servers servers, String name, boolean skewed) {
        SkewedRows rows = new SkewedRows(name, ROWS, settings.mebibytes() * (long) (1 << 20), skewed);
        rows.create(servers.source());
        return new Side(rows, TableContents.of(servers.source(), name));
    }

    private void measure(Report report, Servers servers, String consistency, Side even, Side skewed) {
        List<Double> ratios = new ArrayList<>();
        for (int round = 1; round <= settings.rounds(); round++) {
            Carried evenly = carry(servers, consistency, even, round);
            Carried unevenly = carry(servers, consistency, skewed, round);
            double ratio = unevenly.work().seconds() / evenly.work().seconds();
            ratios.add(ratio);
            row(report, consistency, round, even, evenly, Double.NaN);
            row(report, consistency, round, skewed, unevenly, ratio);
            workspace.say(consistency + ", round " + round + ": ratio " + decimals(ratio, 3));
        }
        double median = Figures.median(ratios);
        report.finding(consistency + ": the skewed table took " + decimals(median, 3)
                + " times the copy time of the even one (median of the pairs; the aim is at most " + AIM + "): "
                + (median <= AIM ? "reached." : "missed."));
    }

    private Carried carry(Servers servers, String consistency, Side side, int round) {
        GodwitCarrier godwit = godwit(servers, side, consistency);
        side.rows().createEmpty(servers.target());
        route(servers, side).checkpoint();
        Carried carried = godwit.carry(side.name() + '-' + consistency + '-' + round);
        if (!TableContents.of(servers.target(), side.name()).equals(side.contents())) {
            throw new IllegalStateException("the rows differ");
        }
        return carried;
    }

    private GodwitCarrier godwit(Servers servers, Side side, String consistency) {
        return new GodwitCarrier(
                route(servers, side),
                new GodwitCarrier.Settings(
                        GodwitCarrier.Stretch.COPY,
                        consistency,
                        "existing",
                        settings.workers(),
                        settings.heap(),
                        settings.shardBytes()));
    }

    private Route route(Servers servers, Side side) {
        return new Route(workspace, servers.source(), servers.target(), side.name());
    }

    private static void row(Report report, String consistency, int round, Side side, Carried carried, double ratio) {
        report.row(
                consistency,
                Integer.toString(round),
                side.name(),
                decimals(carried.work().seconds(), 2),
                decimals(ratio, 3),
                decimals(carried.whole().seconds(), 2),
                Figures.mebibytes(carried.peakMemoryBytes()));
    }
}
