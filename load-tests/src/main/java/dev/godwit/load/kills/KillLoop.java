package dev.godwit.load.kills;

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
import dev.godwit.load.postgres.TableContents;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.concurrent.locks.LockSupport;

/**
 * Migration after migration into an empty database; in each one a node, or all, are killed at a random moment and as
 * many started; each must complete, and the contents of both sides be equal. Ends at the first difference.
 */
public final class KillLoop {
    private static final Duration POLL = Duration.ofMillis(100);
    private static final Duration PATIENCE = Duration.ofMinutes(5);
    private static final String TARGET = "copy";
    private static final int WORKERS = 2;
    private static final int MICROS_PER_ROW = 150;
    private static final String SHARD_BYTES = "512KiB";

    /** How often a kill is tried whose migration was completed before its moment. */
    private static final int ATTEMPTS = 5;

    private final Workspace workspace;
    private final Settings settings;
    private final List<Double> completionSeconds = new ArrayList<>();
    private double usual;
    private int lost;

    /**
     * @param from number of the first kill, 1 or more: the same seed and number are the same kill
     * @param kills how many
     * @param rows of each table
     */
    public record Settings(long seed, int from, int kills, int nodes, int rows, String heap) {}

    /** How a migration ended. */
    private enum Outcome {
        EQUAL,
        /** Not completed, and said so: the last holder of the snapshot was killed before another node held it. */
        SNAPSHOT_LOST,
        DIFFERENT,
        NOT_COMPLETED
    }

    public KillLoop(Workspace workspace, Settings settings) {
        this.workspace = workspace;
        this.settings = settings;
    }

    /** @return whether all contents were equal */
    public boolean run(Report report) {
        try (BenchServer source = BenchServer.start(workspace.directory().resolve("source"), workspace.password());
                BenchServer target = BenchServer.start(workspace.directory().resolve("target"), workspace.password())) {
            ManyKinds.create(source, settings.rows());
            target.recreate("state", "template0");
            PacedTarget.create(target, MICROS_PER_ROW);
            report.condition("servers", "both on this machine; " + source.describe())
                    .condition(
                            "migration",
                            "four tables of " + settings.rows() + " rows, paced at the target to some "
                                    + decimals(1e6 / MICROS_PER_ROW, 0) + " rows/s a worker; shardBytes " + SHARD_BYTES
                                    + "; " + settings.nodes() + " nodes of " + WORKERS
                                    + " workers; an empty database each time")
                    .condition(
                            "kills",
                            "seed " + settings.seed() + ", numbers " + settings.from() + " to "
                                    + (settings.from() + settings.kills() - 1)
                                    + "; one of five kills all nodes (frozen), the others one (snapshot), at a moment"
                                    + " anywhere from the plan's arrival to the usual end")
                    .row("kill", "of", "at s", "phase", "running shards", "completed after s", "contents");
            try (GodwitCluster cluster = new GodwitCluster(
                    GodwitNode.Settings.of(workspace, target, "state", settings.heap()), settings.nodes())) {
                return run(report, source, target, cluster);
            }
        }
    }

    private boolean run(Report report, BenchServer source, BenchServer target, GodwitCluster cluster) {
        Map<String, String> expected = TableContents.of(source, ManyKinds.DATABASE);
        usualSeconds("cold", source, target, cluster);
        usual = usualSeconds("usual", source, target, cluster);
        report.condition("usual time", "a migration without a kill took " + decimals(usual, 1) + " s");
        workspace.say("a migration without a kill takes " + decimals(usual, 1) + " s; seed " + settings.seed());
        int done = 0;
        Outcome outcome = Outcome.EQUAL;
        while (done < settings.kills() && (outcome == Outcome.EQUAL || outcome == Outcome.SNAPSHOT_LOST)) {
            Kill kill = Kill.of(settings.seed(), settings.from() + done, settings.nodes());
            outcome = once(report, kill, expected, source, target, cluster);
            done++;
        }
        boolean well = outcome == Outcome.EQUAL || outcome == Outcome.SNAPSHOT_LOST;
        report.finding(
                done + " kills, " + completionSeconds.size() + " migrations completed with equal contents, " + lost
                        + " stopped because the snapshot's last holder was killed"
                        + (well
                                ? "."
                                : ", and then: " + outcome + ". The same again: --seed " + settings.seed() + " --from "
                                        + (settings.from() + done - 1) + " --kills 1"));
        report.finding("From the kill to the end: median " + decimals(Figures.median(completionSeconds), 1)
                + " s, at most " + decimals(Figures.max(completionSeconds), 1) + " s.");
        return well;
    }

    private static double usualSeconds(String name, BenchServer source, BenchServer target, GodwitCluster cluster) {
        begin(name, "snapshot", source, target, cluster);
        long started = System.nanoTime();
        awaitEnd(name, cluster);
        return (System.nanoTime() - started) / 1e9;
    }

    private static void begin(
            String name, String consistency, BenchServer source, BenchServer target, GodwitCluster cluster) {
        target.recreate(TARGET, "paced");
        new GodwitApi(cluster.nodes().get(0).http())
                .apply(PlanText.of(
                        name, source, ManyKinds.DATABASE, target, TARGET, consistency, "tables", WORKERS, SHARD_BYTES));
    }

    private Outcome once(
            Report report,
            Kill kill,
            Map<String, String> expected,
            BenchServer source,
            BenchServer target,
            GodwitCluster cluster) {
        String name = "";
        long started = 0;
        Optional<JsonNode> before = Optional.empty();
        for (int attempt = 1; attempt <= ATTEMPTS; attempt++) {
            name = "kill-" + kill.number() + "-" + attempt;
            begin(name, kill.consistency(), source, target, cluster);
            started = System.nanoTime();
            before = awaitMoment(name, (long) (kill.share() * usual * 1e9), cluster);
            if (!before.map(KillLoop::isCompleted).orElse(false)) {
                break;
            }
            // It was faster than usual, and there is nothing left to disturb: once more.
            usual = Math.min(usual, (System.nanoTime() - started) / 1e9);
        }
        double at = (System.nanoTime() - started) / 1e9;
        long killed = System.nanoTime();
        strike(kill, cluster);
        JsonNode end = awaitEnd(name, cluster);
        double seconds = (System.nanoTime() - killed) / 1e9;
        Outcome outcome = judge(end, expected, target);
        if (outcome == Outcome.EQUAL) {
            completionSeconds.add(seconds);
        } else if (outcome == Outcome.SNAPSHOT_LOST) {
            lost++;
        }
        String phase = before.map(status -> status.path("phase").asText()).orElse("unknown");
        String running =
                before.map(status -> status.path("shardsRunning").asText()).orElse("-");
        workspace.say("kill " + kill.number() + " of " + (kill.all() ? "all nodes" : "node " + kill.node()) + " at "
                + decimals(at, 1) + " s (" + phase + ", " + running + " shards running): " + outcome + " after "
                + decimals(seconds, 1) + " s");
        report.row(
                Integer.toString(kill.number()),
                kill.all() ? "all" : "one",
                decimals(at, 1),
                phase,
                running,
                decimals(seconds, 1),
                outcome.name().toLowerCase(java.util.Locale.ROOT).replace('_', ' '));
        cluster.awaitReady();
        cluster.expectAllAlive();
        return outcome;
    }

    /** The migration's status at the moment of the kill, or when it was completed before. */
    private static Optional<JsonNode> awaitMoment(String name, long nanos, GodwitCluster cluster) {
        long moment = System.nanoTime() + nanos;
        while (true) {
            Optional<JsonNode> status = cluster.get("/v1/migrations/" + name, Duration.ofSeconds(1));
            long left = moment - System.nanoTime();
            if (left <= 0 || status.map(KillLoop::isCompleted).orElse(false)) {
                return status;
            }
            LockSupport.parkNanos(Math.min(left, POLL.toNanos()));
        }
    }

    private static boolean isCompleted(JsonNode status) {
        return status.path("phase").asText().equals("completed");
    }

    private static void strike(Kill kill, GodwitCluster cluster) {
        List<GodwitNode> victims =
                kill.all() ? cluster.nodes() : List.of(cluster.nodes().get(kill.node()));
        victims.forEach(cluster::kill);
        victims.forEach(victim -> cluster.start());
        if (kill.all()) {
            cluster.awaitReady();
        }
    }

    private static JsonNode awaitEnd(String name, GodwitCluster cluster) {
        long deadline = System.nanoTime() + PATIENCE.toNanos();
        Optional<JsonNode> status = Optional.empty();
        while (System.nanoTime() < deadline) {
            status = cluster.get("/v1/migrations/" + name, Duration.ofSeconds(2));
            String phase = status.map(s -> s.path("phase").asText()).orElse("");
            if (phase.equals("completed") || phase.equals("failed")) {
                return status.get();
            }
            LockSupport.parkNanos(POLL.toNanos());
        }
        return status.orElseThrow(() -> new IllegalStateException("no node answers for " + name));
    }

    private Outcome judge(JsonNode end, Map<String, String> expected, BenchServer target) {
        if (isCompleted(end)) {
            Map<String, String> contents = TableContents.of(target, TARGET);
            if (contents.equals(expected)) {
                return Outcome.EQUAL;
            }
            workspace.say("source: " + expected + "\ntarget: " + contents);
            return Outcome.DIFFERENT;
        }
        for (JsonNode problem : end.path("problems")) {
            if (problem.path("code").asText().equals("SNAPSHOT_LOST")) {
                return Outcome.SNAPSHOT_LOST;
            }
        }
        workspace.say("not completed: " + end);
        return Outcome.NOT_COMPLETED;
    }
}
