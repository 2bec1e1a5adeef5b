package dev.godwit.load.peers;

import dev.godwit.load.Workspace;
import dev.godwit.load.carrier.Carrier;
import dev.godwit.load.carrier.DumpAndRestore;
import dev.godwit.load.carrier.GodwitCarrier;
import dev.godwit.load.carrier.Pgcopydb;
import dev.godwit.load.carrier.Pgloader;
import dev.godwit.load.carrier.PsqlPipes;
import dev.godwit.load.carrier.Route;
import dev.godwit.load.measure.Figures;
import dev.godwit.load.measure.Report;
import dev.godwit.load.postgres.BenchServer;
import dev.godwit.load.postgres.Servers;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;

/** Godwit and its peers with one data set. */
public final class PeerBenchmark {
    private final Workspace workspace;
    private final Settings settings;

    /**
     * @param rounds in each of which every tool has its turn
     * @param peers names, from those of the carriers
     * @param jobs workers of Godwit, jobs of the peers, and pipes
     * @param pgcopydb its name on the path, or its path
     * @param splitAt above which size pgcopydb splits a table; empty: none is split
     */
    public record Settings(
            int rounds,
            List<String> peers,
            int jobs,
            String pgcopydb,
            String splitAt,
            String heap,
            String shardBytes,
            List<Aim> aims) {}

    public PeerBenchmark(Workspace workspace, Settings settings) {
        this.workspace = workspace;
        this.settings = settings;
    }

    /** @return whether Godwit brought the rows each time */
    public boolean run(Report report, DataSet data) {
        try (Servers servers = Servers.startOld(workspace.home(), workspace.directory(), workspace.password())) {
            Route route = new Route(workspace, servers.source(), servers.target(), DataSet.DATABASE);
            List<Carrier> carriers = new ArrayList<>(List.of(godwit(route)));
            settings.peers().forEach(peer -> carriers.add(peer(peer, route, data)));
            report.condition("servers", servers.describe());
            carriers.forEach(carrier -> report.condition(carrier.name(), carrier.describe()));
            workspace.say("making " + data.describe());
            data.create(servers.source());
            report.condition("data", data.describe() + ", " + sizes(servers.source()));
            report.condition(
                    "rounds",
                    settings.rounds() + ", each tool once in each, in turn, the first one another each time, after one"
                            + " read of all rows; " + settings.jobs() + " workers or jobs; before each run the target's"
                            + " database is made anew and both servers checkpoint, after it rows and objects are"
                            + " compared with the source's");
            Map<String, List<Run>> runs = new SideBySide(route, carriers, settings.rounds()).measure(report);
            Verdict verdict = new Verdict(runs);
            verdict.tell(report, settings.aims());
            return verdict.well();
        }
    }

    private static String sizes(BenchServer source) {
        String tables = source.ask(
                DataSet.DATABASE,
                "SELECT sum(pg_table_size(oid)) FROM pg_class WHERE relkind = 'r' AND relnamespace = 'public'::regnamespace");
        String whole = source.ask(DataSet.DATABASE, "SELECT pg_database_size(current_database())");
        return Figures.mebibytes(Long.parseLong(tables)) + " of tables on disk, "
                + Figures.mebibytes(Long.parseLong(whole)) + " with indexes and catalogs";
    }

    private Carrier godwit(Route route) {
        return new GodwitCarrier(
                route,
                new GodwitCarrier.Settings(
                        GodwitCarrier.Stretch.MIGRATION,
                        "snapshot",
                        "tables",
                        settings.jobs(),
                        settings.heap(),
                        settings.shardBytes()));
    }

    private Carrier peer(String name, Route route, DataSet data) {
        return switch (name) {
            case Pgcopydb.NAME -> new Pgcopydb(route, settings.pgcopydb(), settings.jobs(), settings.splitAt());
            case DumpAndRestore.NAME -> new DumpAndRestore(route, settings.jobs());
            case Pgloader.NAME -> new Pgloader(route, settings.jobs());
            case PsqlPipes.NAME ->
                new PsqlPipes(
                        route,
                        data.piped()
                                .orElseThrow(
                                        () -> new IllegalArgumentException("psql's pipes carry one table only: big")),
                        settings.jobs());
            default -> throw new IllegalArgumentException("no such peer: " + name);
        };
    }
}
