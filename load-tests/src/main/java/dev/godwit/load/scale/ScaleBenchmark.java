package dev.godwit.load.scale;

import static dev.godwit.load.measure.Figures.decimals;

import dev.godwit.load.Workspace;
import dev.godwit.load.carrier.Route;
import dev.godwit.load.cluster.EventLog;
import dev.godwit.load.cluster.GodwitApi;
import dev.godwit.load.cluster.GodwitCluster;
import dev.godwit.load.cluster.GodwitNode;
import dev.godwit.load.cluster.PlanText;
import dev.godwit.load.copy.WideTable;
import dev.godwit.load.measure.Figures;
import dev.godwit.load.measure.ProcessorTime;
import dev.godwit.load.measure.Report;
import dev.godwit.load.postgres.Servers;
import dev.godwit.load.postgres.TableContents;
import java.net.URI;
import java.time.Duration;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.TreeMap;

/** One table, copied by more and more nodes, each of which is held by its own link as a machine of its own would be. */
public final class ScaleBenchmark {
    private static final double AIM = 0.9;
    private static final String STATE = "state";
    private static final String STARTED = "table-started";
    private static final String COPIED = "table-copied";
    private static final Duration WITHIN = Duration.ofHours(2);

    private final Workspace workspace;
    private final Settings settings;

    /**
     * @param mebibytes of the table on disk, about
     * @param rounds each with every number of nodes
     * @param nodes numbers of nodes; ratios are to the first
     * @param rate of a node's link in each direction, as {@code tc} takes it, for example {@code 80mbit}
     * @param workers of each node
     */
    public record Settings(
            int mebibytes,
            int rounds,
            List<Integer> nodes,
            String rate,
            int workers,
            String consistency,
            String heap,
            String shardBytes) {}

    /** @param busy the share of the machine's processors that worked, whoever for; 0 to 1 */
    private record Copied(double seconds, double megabytesPerSecond, double busy) {}

    public ScaleBenchmark(Workspace workspace, Settings settings) {
        this.workspace = workspace;
        this.settings = settings;
    }

    public Report run() {
        Report report = new Report("Scale-out: nodes that are held by their links");
        int most = settings.nodes().stream().mapToInt(n -> n).max().orElseThrow();
        try (NodeLinks links = new NodeLinks(most, settings.rate());
                Servers servers = Servers.start(workspace.directory(), workspace.password(), links.host())) {
            int rows = WideTable.rowsOf(settings.mebibytes());
            workspace.say("making a table of " + rows + " rows");
            WideTable.create(servers.source(), rows);
            // It brings the rows into memory, too.
            String contents =
                    TableContents.of(servers.source(), WideTable.DATABASE).toString();
            describe(report, servers, rows);
            Map<Integer, Map<Integer, Copied>> copied = new TreeMap<>();
            for (int round = 1; round <= settings.rounds(); round++) {
                for (int nodes : settings.nodes()) {
                    Copied now = copy(servers, links, nodes, round, contents);
                    copied.computeIfAbsent(nodes, n -> new TreeMap<>()).put(round, now);
                    row(report, nodes, round, now, ratio(copied, nodes, round));
                }
            }
            settings.nodes().forEach(nodes -> conclude(report, copied, nodes));
        }
        return report;
    }

    private void describe(Report report, Servers servers, int rows) {
        report.condition("servers", servers.describe())
                .condition(
                        "table",
                        rows + " rows of 16 columns, " + Figures.mebibytes(WideTable.bytes(servers.source()))
                                + " on disk; at the target without a key")
                .condition(
                        "nodes",
                        "each in a network namespace with a link (veth, tbf) of " + settings.rate()
                                + " in each direction to a bridge, at which the servers listen; " + settings.workers()
                                + " workers and -Xmx" + settings.heap() + " a node, consistency "
                                + settings.consistency() + ", shardBytes " + settings.shardBytes()
                                + ", state store in the target's server")
                .condition(
                        "rounds",
                        settings.rounds() + ", each with " + settings.nodes()
                                + " nodes in turn; the target's databases are made anew and both servers checkpoint"
                                + " before each, rows are compared after it")
                .row("nodes", "round", "copy s", "MB/s", "times the first", "of linear", "processors busy");
    }

    private Copied copy(Servers servers, NodeLinks links, int nodes, int round, String contents) {
        WideTable.createEmpty(servers.target());
        servers.target().recreate(STATE, "template0");
        new Route(workspace, servers.source(), servers.target(), WideTable.DATABASE).checkpoint();
        String name = "scale-" + nodes + '-' + round;
        GodwitNode.Settings node = new GodwitNode.Settings(
                workspace.home(),
                servers.target(),
                STATE,
                workspace.password(),
                settings.heap(),
                workspace.directory().resolve(name));
        try (GodwitCluster cluster = new GodwitCluster(node, links.places(nodes))) {
            workspace.say(nodes + " nodes are ready");
            Copied copied = copy(servers, cluster.nodes().get(0).http(), name);
            cluster.expectAllAlive();
            if (!TableContents.of(servers.target(), WideTable.DATABASE)
                    .toString()
                    .equals(contents)) {
                throw new IllegalStateException("the rows differ");
            }
            workspace.say(name + ": " + copied);
            return copied;
        }
    }

    private Copied copy(Servers servers, URI http, String name) {
        new GodwitApi(http)
                .apply(PlanText.of(
                        name,
                        servers.source(),
                        WideTable.DATABASE,
                        servers.target(),
                        WideTable.DATABASE,
                        settings.consistency(),
                        "existing",
                        settings.workers(),
                        settings.shardBytes()));
        Map<String, ProcessorTime.Machine> readings = new HashMap<>();
        EventLog log = EventLog.follow(http, name, WITHIN, event -> {
            if (event.equals(STARTED) || event.equals(COPIED)) {
                readings.computeIfAbsent(event, e -> ProcessorTime.ofMachine());
            }
        });
        double seconds = Duration.between(log.at(STARTED), log.at(COPIED)).toNanos() / 1e9;
        return new Copied(
                seconds,
                log.event(COPIED).path("bytes").asLong() / 1e6 / seconds,
                readings.get(COPIED).busySince(readings.get(STARTED)));
    }

    private double ratio(Map<Integer, Map<Integer, Copied>> copied, int nodes, int round) {
        int first = settings.nodes().get(0);
        return copied.get(nodes).get(round).megabytesPerSecond()
                / copied.get(first).get(round).megabytesPerSecond();
    }

    private void row(Report report, int nodes, int round, Copied copied, double ratio) {
        report.row(
                Integer.toString(nodes),
                Integer.toString(round),
                decimals(copied.seconds(), 2),
                decimals(copied.megabytesPerSecond(), 1),
                decimals(ratio, 2),
                decimals(ofLinear(ratio, nodes), 2),
                decimals(copied.busy() * 100, 0) + " %");
    }

    private double ofLinear(double ratio, int nodes) {
        return ratio * settings.nodes().get(0) / nodes;
    }

    private void conclude(Report report, Map<Integer, Map<Integer, Copied>> copied, int nodes) {
        Map<Integer, Copied> rounds = copied.get(nodes);
        double speed = Figures.median(
                rounds.values().stream().map(Copied::megabytesPerSecond).toList());
        double busy = Figures.median(rounds.values().stream().map(Copied::busy).toList());
        double ratio = Figures.median(rounds.keySet().stream()
                .map(round -> ratio(copied, nodes, round))
                .toList());
        double linear = ofLinear(ratio, nodes);
        report.finding(nodes + (nodes == 1 ? " node: " : " nodes: ") + decimals(speed, 1) + " MB/s, "
                + decimals(ratio, 2) + " times the first, " + decimals(linear, 2)
                + " of linear (medians; the aim is at least " + AIM
                + " until the databases are the limit): " + (linear >= AIM ? "reached." : "missed.")
                + " The machine's processors were busy for " + decimals(busy * 100, 0) + " % of the time.");
    }
}
