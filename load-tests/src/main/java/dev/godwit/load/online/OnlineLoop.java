package dev.godwit.load.online;

import static dev.godwit.load.measure.Figures.decimals;

import dev.godwit.load.Workspace;
import dev.godwit.load.cluster.GodwitApi;
import dev.godwit.load.cluster.GodwitCluster;
import dev.godwit.load.cluster.GodwitNode;
import dev.godwit.load.cluster.InStep;
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
import java.util.concurrent.locks.LockSupport;

/**
 * Migration after migration of a source that is written from before the beginning until after the copy, while nodes are
 * killed at random moments and as many started. When the writers have stopped, both sides must be equal as soon as Godwit
 * says that everything is there. Ends at the first difference.
 */
public final class OnlineLoop {
    private static final Duration PATIENCE = Duration.ofMinutes(5);
    private static final Duration AFTERWARDS = Duration.ofSeconds(3);
    private static final String SOURCE = "shop";
    private static final String TARGET = "copy";
    private static final int WORKERS = 2;
    private static final int WRITERS = 4;
    private static final int HANGING_WRITERS = 5;
    private static final int MICROS_PER_ROW = 150;
    private static final String SHARD_BYTES = "128KiB";

    private final Workspace workspace;
    private final Settings settings;
    private final List<Double> syncSeconds = new ArrayList<>();

    /**
     * @param from number of the first round, 1 or more: the same seed and number are the same writes and kills
     * @param rows of a big table at first
     */
    public record Settings(long seed, int from, int rounds, int nodes, int rows, String heap) {}

    public OnlineLoop(Workspace workspace, Settings settings) {
        this.workspace = workspace;
        this.settings = settings;
    }

    /** @return whether all contents were equal */
    public boolean run(Report report) {
        try (BenchServer source =
                        BenchServer.startLogical(workspace.directory().resolve("source"), workspace.password());
                BenchServer target = BenchServer.start(workspace.directory().resolve("target"), workspace.password())) {
            target.recreate("state", "template0");
            PacedTarget.create(target, MICROS_PER_ROW);
            report.condition("servers", "both on this machine; source: " + source.describe())
                    .condition(
                            "migration",
                            "tables of at most " + settings.rows() + " rows, paced at the target to some "
                                    + decimals(1e6 / MICROS_PER_ROW, 0) + " rows/s a session; shardBytes " + SHARD_BYTES
                                    + "; " + settings.nodes() + " nodes of " + WORKERS + " workers")
                    .condition(
                            "write load",
                            WRITERS + " writers with pauses of 5 ms on average, from before the plan until "
                                    + AFTERWARDS.toSeconds() + " s after the copy; in one of four rounds "
                                    + HANGING_WRITERS
                                    + " more, whose commits stay in the log for 20 to 200 ms before they are visible")
                    .condition(
                            "kills",
                            "seed " + settings.seed() + ", rounds " + settings.from() + " to "
                                    + (settings.from() + settings.rounds() - 1)
                                    + "; one to three nodes a round, at any moment, also in step")
                    .row("round", "hanging", "kills at s", "copied after s", "in step after s", "contents");
            try (GodwitCluster cluster = new GodwitCluster(
                    GodwitNode.Settings.of(workspace, target, "state", settings.heap()), settings.nodes())) {
                return new Rounds(report, source, target, cluster).run();
            }
        }
    }

    /** The rounds of one run. */
    private final class Rounds {
        private final Report report;
        private final BenchServer source;
        private final BenchServer target;
        private final GodwitCluster cluster;

        private Rounds(Report report, BenchServer source, BenchServer target, GodwitCluster cluster) {
            this.report = report;
            this.source = source;
            this.target = target;
            this.cluster = cluster;
        }

        private boolean run() {
            double usual = once(new Round(0, settings.seed(), false, List.of()), 0);
            report.condition("usual time", "a round without a kill had copied after " + decimals(usual, 1) + " s");
            for (int number = settings.from(); number < settings.from() + settings.rounds(); number++) {
                Round round = Round.of(settings.seed(), number, settings.nodes());
                try {
                    once(round, usual);
                } catch (IllegalStateException e) {
                    report.finding("Round " + number + " failed: " + e.getMessage());
                    report.finding(again(number));
                    return false;
                }
            }
            report.finding(settings.rounds()
                    + " rounds, and both sides equal after each. From the end of the writes until"
                    + " everything was there: median " + decimals(Figures.median(syncSeconds), 1) + " s, at most "
                    + decimals(Figures.max(syncSeconds), 1) + " s.");
            return true;
        }

        private String again(int number) {
            return "The same writes and kills again: --seed " + settings.seed() + " --from " + number + " --rounds 1";
        }

        /** @return after how many seconds all rows were there */
        private double once(Round round, double usual) {
            source.recreate(SOURCE, "template0");
            LoadProcess.create(workspace, source, SOURCE, settings.rows());
            target.recreate(TARGET, PacedTarget.TEMPLATE);
            String name = "online-" + round.number();
            InStep migration = new InStep(this::api, name);
            hang(round.hanging());
            try (LoadProcess load = LoadProcess.write(
                    workspace,
                    source,
                    SOURCE,
                    settings.rows(),
                    round.loadSeed(),
                    WRITERS,
                    round.hanging() ? HANGING_WRITERS : 0)) {
                long began = System.nanoTime();
                api().apply(PlanText.of(
                        name, source, SOURCE, target, TARGET, "online", "tables", WORKERS, SHARD_BYTES));
                List<String> killedAt = new ArrayList<>();
                for (Round.Kill kill : round.kills()) {
                    LockSupport.parkNanos(began + (long) (kill.share() * usual * 1e9) - System.nanoTime());
                    killedAt.add(decimals(secondsSince(began), 1));
                    cluster.kill(cluster.nodes().get(kill.node()));
                    cluster.start();
                    // The place of a node that is not ready yet can be drawn again: it dies while it starts.
                }
                migration.awaitCopied(PATIENCE);
                double copied = secondsSince(began);
                LockSupport.parkNanos(AFTERWARDS.toNanos());
                workspace.say(load.end().strip());
                double synced = sync(migration);
                compare(round);
                report.row(
                        Integer.toString(round.number()),
                        round.hanging() ? "yes" : "no",
                        String.join(", ", killedAt),
                        decimals(copied, 1),
                        decimals(synced, 1),
                        "equal");
                workspace.say("round " + round.number() + ", kills at " + killedAt + " s: equal");
                return copied;
            } finally {
                hang(false);
                end(migration);
            }
        }

        private double sync(InStep migration) {
            long began = System.nanoTime();
            migration.awaitSync(PATIENCE);
            syncSeconds.add(secondsSince(began));
            return secondsSince(began);
        }

        private static double secondsSince(long nanos) {
            return (System.nanoTime() - nanos) / 1e9;
        }

        /** The oldest node that lives. */
        private GodwitApi api() {
            return new GodwitApi(cluster.nodes().get(0).http());
        }

        /** Whether commits at the source wait for a standby that is not there, where their session waits at all. */
        private void hang(boolean on) {
            source.execute(
                    "postgres",
                    "ALTER SYSTEM SET synchronous_commit = local",
                    "ALTER SYSTEM SET synchronous_standby_names = '" + (on ? "nobody" : "") + "'",
                    "SELECT pg_reload_conf()");
        }

        private void compare(Round round) {
            Map<String, String> expected = TableContents.of(source, SOURCE);
            Map<String, String> contents = TableContents.of(target, TARGET);
            if (!contents.equals(expected)) {
                workspace.say("round " + round.number() + " differs. " + again(round.number()));
                throw new IllegalStateException("different: "
                        + LoadProcess.compare(workspace, source, SOURCE, target, TARGET, expected.keySet()));
            }
        }

        /** Its slot would keep the source's log, and the source's database. */
        private void end(InStep migration) {
            migration.cancel();
            source.dropSlots();
            cluster.awaitReady();
            cluster.expectAllAlive();
        }
    }
}
