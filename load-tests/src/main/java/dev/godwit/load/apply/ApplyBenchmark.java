package dev.godwit.load.apply;

import static dev.godwit.load.measure.Figures.decimals;

import dev.godwit.load.Workspace;
import dev.godwit.load.carrier.Meter;
import dev.godwit.load.carrier.Route;
import dev.godwit.load.carrier.Spent;
import dev.godwit.load.measure.Figures;
import dev.godwit.load.measure.Report;
import dev.godwit.load.postgres.BenchServer;
import dev.godwit.load.postgres.TableContents;
import java.sql.SQLException;
import java.time.Duration;
import java.util.ArrayList;
import java.util.Collections;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.concurrent.CompletableFuture;
import java.util.function.ToDoubleFunction;
import java.util.stream.IntStream;

/**
 * Round after round each follower gets the same transactions: how long until all of them are in its target. Then, at half of the lower one's rate, how late a change is.
 */
public final class ApplyBenchmark {
    public static final List<String> FOLLOWERS = List.of(Subscription.NAME, GodwitFollower.NAME);

    private static final String DATABASE = "shop";
    private static final Duration HEARTBEAT = Duration.ofMillis(50);
    private static final double AIM = 1.0;

    private final Workspace workspace;
    private final Settings settings;
    private final ChangeLoad load;

    /**
     * @param transactions of one turn
     * @param sessions that write them
     * @param rows of each table
     * @param held whether the follower can't write while the load is made, so that all of it is there when it begins;
     *     else it follows all the while, and may be waiting for the load
     * @param latencySeconds of one turn; 0: latency is not measured
     */
    public record Settings(
            int rounds,
            int transactions,
            int sessions,
            int rows,
            boolean held,
            int latencySeconds,
            List<String> followers,
            String heap) {
        public Settings {
            followers = List.copyOf(followers);
        }
    }

    /**
     * One turn.
     *
     * @param changes rows that the load inserted, updated and deleted
     * @param equal whether both sides were equal afterwards
     */
    private record Turn(Spent spent, long changes, int transactions, boolean equal) {
        double changesPerSecond() {
            return changes / spent.seconds();
        }

        double transactionsPerSecond() {
            return transactions / spent.seconds();
        }
    }

    public ApplyBenchmark(Workspace workspace, Settings settings) {
        this.workspace = workspace;
        this.settings = settings;
        this.load = new ChangeLoad(settings.rows(), settings.sessions());
    }

    /** @return whether both sides were equal after each turn */
    public boolean run(Report report) {
        try (BenchServer source =
                        BenchServer.startLogical(workspace.directory().resolve("source"), workspace.password());
                BenchServer target = BenchServer.start(workspace.directory().resolve("target"), workspace.password())) {
            Route route = new Route(workspace, source, target, DATABASE);
            List<Follower> followers = settings.followers().stream()
                    .map(name -> follower(name, route))
                    .toList();
            report.condition("servers", "both on this machine; source: " + source.describe())
                    .condition(
                            "load",
                            settings.transactions() + " transactions of 1 to 10 changes each, over four tables of "
                                    + settings.rows()
                                    + " rows, half of them updates; made inside the source's server by "
                                    + settings.sessions()
                                    + " sessions, whose commits are not waited for (synchronous_commit = off)")
                    .condition(
                            "all there s",
                            settings.held()
                                    ? "the target's tables are locked while the load is made: from their release until"
                                            + " everything is there; processor seconds likewise"
                                    : "from the begin of the load until everything is there; processor seconds"
                                            + " likewise");
            followers.forEach(follower -> report.condition(follower.name(), follower.describe()));
            return measure(report, route, followers);
        } catch (SQLException e) {
            throw new IllegalStateException("the benchmark failed: " + e.getMessage(), e);
        }
    }

    private Follower follower(String name, Route route) {
        return name.equals(Subscription.NAME)
                ? new Subscription(route, load)
                : new GodwitFollower(route, settings.heap());
    }

    private boolean measure(Report report, Route route, List<Follower> followers) throws SQLException {
        report.row(
                "round",
                "follower",
                "load s",
                "all there s",
                "transactions/s",
                "changes/s",
                "source CPU s",
                "target CPU s",
                "follower CPU s",
                "contents");
        Map<Follower, List<Turn>> turns = new LinkedHashMap<>();
        followers.forEach(follower -> turns.put(follower, new ArrayList<>()));
        for (int round = 1; round <= settings.rounds(); round++) {
            for (Follower follower : inTurn(followers, round)) {
                turns.get(follower).add(turn(report, route, follower, round));
            }
        }
        turns.forEach((follower, all) -> report.row(
                "median",
                follower.name(),
                "",
                decimals(median(all, turn -> turn.spent().seconds()), 2),
                decimals(median(all, Turn::transactionsPerSecond), 0),
                decimals(median(all, Turn::changesPerSecond), 0),
                decimals(median(all, turn -> turn.spent().source()), 1),
                decimals(median(all, turn -> turn.spent().target()), 1),
                decimals(median(all, turn -> turn.spent().carrier()), 1),
                ""));
        compare(report, turns);
        latency(report, route, turns);
        return turns.values().stream().allMatch(all -> all.stream().allMatch(Turn::equal));
    }

    /** Nobody is always the first. */
    private static List<Follower> inTurn(List<Follower> followers, int round) {
        List<Follower> turns = new ArrayList<>(followers);
        Collections.rotate(turns, 1 - round);
        return turns;
    }

    private void begin(Route route, Follower follower, String run) {
        load.create(route.source(), DATABASE);
        route.target().recreate(DATABASE, "template0");
        follower.begin(run);
        route.checkpoint();
    }

    private Turn turn(Report report, Route route, Follower follower, int round) throws SQLException {
        begin(route, follower, "apply-" + follower.name() + "-" + round);
        try (Marks marks = new Marks(route)) {
            marks.awaitOne();
            long changesBefore = ChangeLoad.changes(route.source(), DATABASE);
            Meter meter = new Meter(route, follower::processorSeconds);
            Meter.Reading before = meter.read();
            long began = System.nanoTime();
            try (Held held = settings.held() ? new Held(route, load) : null) {
                load.run(route.source(), DATABASE, 1, settings.transactions(), 0);
            }
            double loadSeconds = (System.nanoTime() - began) / 1e9;
            if (settings.held()) {
                before = meter.read();
            }
            marks.awaitOne();
            Spent spent = meter.read().since(before);
            long changes = ChangeLoad.changes(route.source(), DATABASE) - changesBefore;
            boolean equal =
                    TableContents.of(route.target(), DATABASE).equals(TableContents.of(route.source(), DATABASE));
            Turn turn = new Turn(spent, changes, settings.transactions(), equal);
            report.row(
                    Integer.toString(round),
                    follower.name(),
                    decimals(loadSeconds, 2),
                    decimals(spent.seconds(), 2),
                    decimals(turn.transactionsPerSecond(), 0),
                    decimals(turn.changesPerSecond(), 0),
                    decimals(spent.source(), 1),
                    decimals(spent.target(), 1),
                    decimals(spent.carrier(), 1),
                    equal ? "equal" : "different");
            workspace.say("round " + round + ", " + follower.name() + ": " + decimals(spent.seconds(), 2) + " s, "
                    + (equal ? "equal" : "different"));
            return turn;
        } finally {
            follower.end();
        }
    }

    private static double median(List<Turn> turns, ToDoubleFunction<Turn> figure) {
        return Figures.median(turns.stream().map(figure::applyAsDouble).toList());
    }

    private void compare(Report report, Map<Follower, List<Turn>> turns) {
        List<List<Turn>> both = new ArrayList<>();
        for (String name : FOLLOWERS) {
            turns.forEach((follower, all) -> {
                if (follower.name().equals(name)) {
                    both.add(all);
                }
            });
        }
        if (both.size() < FOLLOWERS.size()) {
            return;
        }
        double ratio = Figures.median(IntStream.range(0, settings.rounds())
                .mapToObj(i -> both.get(1).get(i).changesPerSecond()
                        / both.get(0).get(i).changesPerSecond())
                .toList());
        report.finding("Godwit applied " + decimals(ratio, 2) + " of the changes per second of PostgreSQL's own"
                + " subscription (median of " + settings.rounds() + " pairs; the aim is at least " + decimals(AIM, 2)
                + (ratio >= AIM ? ": reached)." : ": missed)."));
    }

    private void latency(Report report, Route route, Map<Follower, List<Turn>> turns) throws SQLException {
        if (settings.latencySeconds() == 0) {
            return;
        }
        double rate = turns.values().stream()
                        .mapToDouble(all -> median(all, Turn::transactionsPerSecond))
                        .min()
                        .orElseThrow()
                / 2;
        Duration during = Duration.ofSeconds(settings.latencySeconds());
        report.condition(
                "latency",
                "at " + decimals(rate, 0) + " transactions/s, half of the lower median; a row every "
                        + HEARTBEAT.toMillis() + " ms for " + during.toSeconds() + " s in each of " + settings.rounds()
                        + " turns, whose commit is waited for; from the answer to its commit until it was seen in the"
                        + " target, where it is looked for every 2 ms");
        Map<Follower, List<Double>> latencies = new LinkedHashMap<>();
        double slowest = rate;
        for (int round = 1; round <= settings.rounds(); round++) {
            for (Follower follower : inTurn(List.copyOf(turns.keySet()), round)) {
                Late late = late(route, follower, round, rate, during);
                slowest = Math.min(slowest, late.rate());
                latencies.computeIfAbsent(follower, first -> new ArrayList<>()).addAll(late.millis());
            }
        }
        latencies.forEach((follower, all) -> report.finding("Latency of " + follower.name() + ": median "
                + decimals(Figures.median(all), 1) + " ms, 99th percentile "
                + decimals(Figures.percentile(all, 0.99), 1) + " ms, at most " + decimals(Figures.max(all), 1) + " ms ("
                + all.size() + " rows)."));
        report.finding("The source made at least " + decimals(slowest, 0) + " of the " + decimals(rate, 0)
                + " transactions/s at which latency was to be measured.");
    }

    /**
     * @param millis of each mark
     * @param rate transactions per second that the source really made
     */
    private record Late(List<Double> millis, double rate) {}

    private Late late(Route route, Follower follower, int round, double rate, Duration during) throws SQLException {
        begin(route, follower, "late-" + follower.name() + "-" + round);
        try (Marks marks = new Marks(route)) {
            marks.awaitOne();
            // A little longer than it is looked, so that no mark meets a source at rest.
            int transactions = (int) (rate * (during.toSeconds() + 2));
            long began = System.nanoTime();
            CompletableFuture<Double> writing = CompletableFuture.supplyAsync(() -> {
                load.run(route.source(), DATABASE, 1, transactions, rate);
                return transactions / ((System.nanoTime() - began) / 1e9);
            });
            List<Double> millis = marks.latencies(during, HEARTBEAT);
            Late late = new Late(millis, writing.join());
            workspace.say("latency, round " + round + ", " + follower.name() + ": median "
                    + decimals(Figures.median(millis), 1) + " ms");
            return late;
        } finally {
            follower.end();
        }
    }
}
