package dev.godwit.load.recovery;

import static dev.godwit.load.measure.Figures.decimals;

import com.fasterxml.jackson.databind.JsonNode;
import dev.godwit.load.Workspace;
import dev.godwit.load.cluster.GodwitApi;
import dev.godwit.load.cluster.GodwitCluster;
import dev.godwit.load.cluster.GodwitNode;
import dev.godwit.load.cluster.PlanText;
import dev.godwit.load.measure.Figures;
import dev.godwit.load.measure.Report;
import dev.godwit.load.postgres.BenchServer;
import dev.godwit.load.postgres.PacedTarget;
import java.net.URI;
import java.time.Duration;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Random;
import java.util.concurrent.locks.LockSupport;

/**
 * Three nodes in mid-copy; one that runs shards is killed with SIGKILL; how long until its shards run elsewhere. Then a
 * new node takes its place and the next one is killed, all in one migration.
 */
public final class RecoveryBenchmark {
    private static final double AIM_SECONDS = 10;
    private static final Duration POLL = Duration.ofMillis(50);
    private static final Duration ANSWER = Duration.ofMillis(500);
    private static final Duration PATIENCE = Duration.ofSeconds(120);
    private static final String NAME = "recovery";
    private static final String SHARDS = "/v1/migrations/" + NAME + "/tables/public.slow/shards";
    private static final String SOURCE = "shop";
    private static final String TARGET = "copy";
    private static final int WORKERS = 2;
    private static final int ROW_BYTES = 1_000;
    private static final int MICROS_PER_ROW = 2_000;

    /** Makes shards of some seconds at that pace. */
    private static final String SHARD_BYTES = "1MiB";

    private final Workspace workspace;
    private final Settings settings;

    /**
     * @param rounds kills
     * @param seed of the choice among nodes that run shards
     */
    public record Settings(int nodes, int rounds, long seed, String heap) {}

    /** How a shard of the killed node is, seen from another. */
    private record Seen(String node, boolean running) {}

    private record Round(int shards, boolean oldest, double releasedSeconds, double runningSeconds) {}

    public RecoveryBenchmark(Workspace workspace, Settings settings) {
        this.workspace = workspace;
        this.settings = settings;
    }

    public Report run() {
        Report report = new Report("Recovery after kill -9 of one node of " + settings.nodes());
        try (BenchServer source = BenchServer.start(workspace.directory().resolve("source"), workspace.password());
                BenchServer target = BenchServer.start(workspace.directory().resolve("target"), workspace.password())) {
            int rows = makeTable(source);
            target.recreate("state", "template0");
            target.recreate(TARGET, PacedTarget.create(target, MICROS_PER_ROW));
            report.condition("servers", "both on this machine; " + source.describe())
                    .condition(
                            "migration",
                            "one table of " + rows + " rows of 1 kB, paced at the target to some "
                                    + decimals(1e6 / MICROS_PER_ROW, 0)
                                    + " rows/s a worker, so that shards (shardBytes "
                                    + SHARD_BYTES + ") take about 1 s at first and 2 s later; consistency snapshot; "
                                    + WORKERS + " workers a node")
                    .condition(
                            "rounds",
                            settings.rounds() + " kills of a random node that runs shards, seed " + settings.seed()
                                    + "; another node is asked for the table's shards every " + POLL.toMillis()
                                    + " ms; then a new node is started and awaited")
                    .row("round", "its shards", "oldest node", "released s", "run elsewhere s");
            List<Round> rounds = new ArrayList<>();
            try (GodwitCluster cluster = new GodwitCluster(
                    GodwitNode.Settings.of(workspace, target, "state", settings.heap()), settings.nodes())) {
                workspace.say(settings.nodes() + " nodes are ready");
                new GodwitApi(cluster.nodes().get(0).http())
                        .apply(PlanText.of(
                                NAME, source, SOURCE, target, TARGET, "snapshot", "tables", WORKERS, SHARD_BYTES));
                Random random = new Random(settings.seed());
                for (int i = 1; i <= settings.rounds(); i++) {
                    Round round = round(cluster, random);
                    rounds.add(round);
                    workspace.say("round " + i + ": " + round);
                    report.row(
                            Integer.toString(i),
                            Integer.toString(round.shards()),
                            round.oldest() ? "yes" : "no",
                            decimals(round.releasedSeconds(), 2),
                            decimals(round.runningSeconds(), 2));
                }
            }
            conclude(report, rounds);
        }
        return report;
    }

    /** Enough for all rounds, each of which takes some 25 s. */
    private int makeTable(BenchServer source) {
        int rows = settings.rounds() * 35 * settings.nodes() * WORKERS * (1_000_000 / MICROS_PER_ROW);
        source.recreate(SOURCE, "template0");
        source.execute(
                SOURCE,
                "CREATE TABLE public.slow (id bigint PRIMARY KEY, filler text NOT NULL)",
                "ALTER TABLE public.slow ALTER filler SET STORAGE PLAIN",
                "INSERT INTO public.slow SELECT i, repeat('x', " + (ROW_BYTES - 40) + ") FROM generate_series(1, "
                        + rows + ") i",
                "GRANT SELECT ON public.slow TO " + BenchServer.ROLE,
                "VACUUM (FREEZE, ANALYZE) public.slow");
        return rows;
    }

    private static Round round(GodwitCluster cluster, Random random) {
        GodwitNode victim;
        GodwitNode observer;
        String name;
        List<String> its;
        do { // between two shards a node runs none for a moment
            victim = awaitVictim(cluster, random);
            observer = other(cluster, victim);
            name = names(cluster).get(victim.http());
            its = running(shards(observer), name);
        } while (its.isEmpty());
        boolean oldest = cluster.nodes().indexOf(victim) == 0;
        cluster.kill(victim);
        long killed = System.nanoTime();
        return awaitElsewhere(cluster, observer, name, its, oldest, killed);
    }

    private static GodwitNode other(GodwitCluster cluster, GodwitNode victim) {
        return cluster.nodes().stream()
                .filter(node -> !node.equals(victim))
                .findFirst()
                .orElseThrow();
    }

    private static List<String> running(Map<String, Seen> shards, String node) {
        return shards.entrySet().stream()
                .filter(shard ->
                        shard.getValue().running() && shard.getValue().node().equals(node))
                .map(Map.Entry::getKey)
                .toList();
    }

    private static Round awaitElsewhere(
            GodwitCluster cluster, GodwitNode observer, String name, List<String> its, boolean oldest, long killed) {
        double released = -1;
        while (true) {
            LockSupport.parkNanos(POLL.toNanos());
            double seconds = (System.nanoTime() - killed) / 1e9;
            Map<String, Seen> now = shards(observer);
            if (!now.isEmpty()) {
                // A shard that is not open any more has landed: before the kill, or elsewhere between two looks.
                boolean isReleased = its.stream()
                        .allMatch(id ->
                                !now.containsKey(id) || !now.get(id).node().equals(name));
                boolean runs = its.stream()
                        .allMatch(id -> !now.containsKey(id)
                                || now.get(id).running() && !now.get(id).node().equals(name));
                released = isReleased && released < 0 ? seconds : released;
                if (runs) {
                    cluster.start();
                    cluster.awaitReady();
                    cluster.expectAllAlive();
                    return new Round(its.size(), oldest, released, seconds);
                }
            }
            if (seconds > PATIENCE.toSeconds()) {
                throw new IllegalStateException("the shards " + its + " of " + name + " do not run elsewhere: " + now);
            }
        }
    }

    /** Waits until every node runs shards, and chooses one. */
    private static GodwitNode awaitVictim(GodwitCluster cluster, Random random) {
        long deadline = System.nanoTime() + PATIENCE.toNanos();
        while (System.nanoTime() < deadline) {
            Map<URI, String> names = names(cluster);
            Map<String, Seen> shards = shards(cluster.nodes().get(0));
            boolean allWork = names.size() == cluster.nodes().size()
                    && names.values().stream()
                            .noneMatch(name -> running(shards, name).isEmpty());
            if (allWork) {
                // A pause by chance, so that kills do not always meet shards at the same age.
                LockSupport.parkNanos(Duration.ofMillis(random.nextInt(1_000)).toNanos());
                return cluster.nodes().get(random.nextInt(cluster.nodes().size()));
            }
            LockSupport.parkNanos(POLL.toNanos());
        }
        throw new IllegalStateException("not all nodes run shards, or the migration has ended: make more rows");
    }

    /** Names of the nodes by their URL, as the migration knows them. */
    private static Map<URI, String> names(GodwitCluster cluster) {
        Map<URI, String> names = new HashMap<>();
        cluster.get("/v1/migrations/" + NAME, ANSWER).ifPresent(status -> {
            for (JsonNode node : status.path("nodes")) {
                URI http = URI.create(node.path("http").asText());
                if (cluster.at(http).isPresent()) {
                    names.put(http, node.path("node").asText());
                }
            }
        });
        return names;
    }

    /** The open shards; empty if there is no answer. */
    private static Map<String, Seen> shards(GodwitNode observer) {
        Map<String, Seen> shards = new HashMap<>();
        new GodwitApi(observer.http()).get(SHARDS, ANSWER).ifPresent(answer -> {
            for (JsonNode shard : answer.path("shards")) {
                shards.put(
                        shard.path("id").asText(),
                        new Seen(
                                shard.path("node").asText(),
                                shard.path("state").asText().equalsIgnoreCase("running")));
            }
        });
        return shards;
    }

    private static void conclude(Report report, List<Round> rounds) {
        List<Double> seconds = rounds.stream().map(Round::runningSeconds).toList();
        double worst = Figures.max(seconds);
        report.finding("From the kill until its shards run elsewhere: median "
                + decimals(Figures.median(seconds), 2) + " s, at most " + decimals(worst, 2) + " s (the aim is at most "
                + decimals(AIM_SECONDS, 0) + " s): " + (worst <= AIM_SECONDS ? "reached." : "missed."));
    }
}
