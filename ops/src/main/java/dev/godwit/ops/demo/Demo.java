package dev.godwit.ops.demo;

import com.fasterxml.jackson.databind.JsonNode;
import dev.godwit.ops.client.ClusterClient;
import dev.godwit.ops.client.Json;
import dev.godwit.ops.cluster.Installation;
import dev.godwit.ops.cluster.Interruption;
import dev.godwit.ops.cluster.LocalCluster;
import dev.godwit.ops.cluster.StateStore;
import dev.godwit.ops.view.Answer;
import dev.godwit.ops.view.MigrationWatch;
import dev.godwit.ops.view.Outcome;
import dev.godwit.ops.view.ProgressView;
import dev.godwit.ops.view.StatusText;
import dev.godwit.ops.view.Terminal;
import dev.godwit.protocol.error.ErrorCode;
import dev.godwit.protocol.error.GodwitException;
import dev.godwit.protocol.status.MigrationStatus;
import dev.godwit.protocol.status.Phase;
import java.io.IOException;
import java.nio.file.Path;
import java.sql.SQLException;
import java.time.Duration;
import java.util.ArrayDeque;
import java.util.Deque;
import java.util.Objects;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CompletionException;

/** The main job, end to end, on this machine: data, cluster, migration, a killed node, proof. */
public final class Demo {
    private static final Duration POLL = Duration.ofMillis(100);
    private static final Duration PATIENCE = Duration.ofSeconds(60);
    private static final Duration EVENTS_WITHIN = Duration.ofSeconds(5);
    private static final String HEAP = "384m";
    private static final String SOURCE_ROLE = "reader";
    private static final String TARGET_ROLE = "owner";

    private final Installation installation;
    private final Terminal terminal;
    private final Answer answer;
    private final Settings settings;
    private final long started = System.nanoTime();
    /** What must be closed, the last one first. */
    private final Deque<AutoCloseable> resources = new ArrayDeque<>();

    private boolean cleaned;

    /**
     * What a user may choose.
     *
     * @param scale of the data set; 1 is about 1.5 million rows
     * @param nodes node processes, at least 2
     * @param keep whether data and logs stay
     */
    public record Settings(double scale, int nodes, boolean keep) {}

    public Demo(Installation installation, Terminal terminal, Answer answer, Settings settings) {
        this.installation = installation;
        this.terminal = terminal;
        this.answer = answer;
        this.settings = settings;
    }

    /**
     * Runs it. Returns the exit code: 0 if all tables are equal, 9 if one is not, 1 if no node could be killed in
     * mid-copy, and the problem's code if the migration did not complete.
     */
    public int run() {
        try (ProgressView view = ProgressView.of(terminal, answer);
                Interruption interruption = new Interruption(
                        this::cleanUp,
                        () -> terminal.err()
                                .println(
                                        "Interrupted; everything that the demo started has ended. Next: godwit demo"))) {
            return run(view);
        } catch (IOException | SQLException e) {
            throw new GodwitException(
                    ErrorCode.INTERNAL,
                    "The demo's own database or files failed (" + reason(e) + ").",
                    "",
                    "Check that the directory of temporary files has some 2 GB of room.");
        }
    }

    /** The server's words on errors of data (classes 22 and 23) may hold values of rows, and are left out. */
    private static String reason(Exception e) {
        if (!(e instanceof SQLException sql)) {
            return e.getClass().getSimpleName();
        }
        String state = Objects.requireNonNullElse(sql.getSQLState(), "unknown");
        return "SQLSTATE " + state + (state.startsWith("22") || state.startsWith("23") ? "" : ", " + sql.getMessage());
    }

    private int run(ProgressView view) throws IOException, SQLException {
        Path directory = own(WorkDirectory.create(settings.keep())).path();
        view.notice("Starting two PostgreSQL 17 servers in " + directory);
        DemoServer target = own(new DemoServer(directory.resolve("target"), TARGET_ROLE));
        DemoServer source = own(new DemoServer(directory.resolve("source"), SOURCE_ROLE));
        CompletableFuture<DemoServer> starting = CompletableFuture.supplyAsync(target::start);
        source.start();
        join(starting);

        // the nodes find each other while the data is made
        LocalCluster cluster = own(cluster(view, directory, target));
        cluster.start();
        makeData(view, source, target);

        String plan = DemoPlan.text(source.address(), target.address(), settings.scale());
        view.notice("The plan, " + DemoPlan.write(directory, plan) + ":");
        plan.lines().forEach(line -> view.notice("  " + line));

        view.notice("Waiting for " + settings.nodes() + " nodes; their logs are in " + directory.resolve("nodes"));
        cluster.awaitReady();
        return migrate(view, cluster, plan, source, target);
    }

    private LocalCluster cluster(ProgressView view, Path directory, DemoServer target) {
        LocalCluster.Settings nodes = new LocalCluster.Settings(
                installation,
                new StateStore(target.address(), "godwit"),
                settings.nodes(),
                HEAP,
                directory.resolve("nodes"),
                false); // the others take over: that is what it shows
        return new LocalCluster(
                nodes, (node, again) -> view.notice(node + " has ended with code " + node.exitCode() + "."));
    }

    private void makeData(ProgressView view, DemoServer source, DemoServer target) throws SQLException {
        view.notice("Making the shop's data in the source");
        long begun = System.nanoTime();
        SampleData.createTypes(source, SOURCE_ROLE);
        SampleData.createTypes(target, TARGET_ROLE);
        new SampleData(settings.scale()).create(source, SOURCE_ROLE);
        view.notice("Made it in " + since(begun).toSeconds() + " s");
    }

    private int migrate(ProgressView view, LocalCluster cluster, String plan, DemoServer source, DemoServer target)
            throws SQLException {
        ClusterClient client = cluster.client();
        MigrationWatch watch = new MigrationWatch(client, view, POLL, PATIENCE, cluster::requireLiveNode);
        long begun = System.nanoTime();
        watch.apply(plan);
        MidCopyKill kill = new MidCopyKill(cluster, client::node, view::notice);
        MigrationStatus status = watch.untilEnd(DemoPlan.NAME, kill);
        Duration copyTime = since(begun);
        if (status.phase() != Phase.COMPLETED) {
            new StatusText(terminal.errStyle())
                    .block(status, client.tables(DemoPlan.NAME), Integer.MAX_VALUE)
                    .forEach(terminal.err()::println);
            return Outcome.of(status).orElse(Outcome.FAILURE);
        }
        if (!kill.happenedInMidCopy()) {
            throw noKill(cluster, kill);
        }
        int redone = redone(client, kill);
        view.notice("Both databases count and digest their rows");
        DemoReport report = new DemoReport(
                Equality.compare(source, target),
                status,
                copyTime,
                since(started),
                kill.kill().orElseThrow().node().number(),
                redone);
        print(report);
        return report.equal() ? Outcome.DONE : Outcome.ROWS_DIFFER;
    }

    /** On a machine that stands still for seconds, nodes take each other for dead and end before anybody kills one. */
    private static GodwitException noKill(LocalCluster cluster, MidCopyKill kill) {
        int ended = cluster.nodes().size() - cluster.liveNodes().size();
        return ended == 0 || kill.kill().isPresent()
                ? new GodwitException(
                        ErrorCode.INTERNAL,
                        "The copy was over before a node could be killed in mid-copy, so the demo shows nothing.",
                        "",
                        "Try a larger --scale.")
                : new GodwitException(
                        ErrorCode.NODE_LOST,
                        "The copy is complete, but the demo could not show a node being killed in mid-copy: " + ended
                                + " of " + cluster.nodes().size() + " nodes had ended.",
                        "",
                        "Nodes end when the machine stands still for some seconds: try again when it has less to do."
                                + " With --keep the nodes' logs stay.");
    }

    /** By the cluster's own events; where these can't be had, by the last status before the kill. */
    private static int redone(ClusterClient client, MidCopyKill kill) {
        int lost = 0;
        boolean told = false;
        for (JsonNode event : client.events(DemoPlan.NAME, EVENTS_WITHIN)) {
            if (event.path("event").asText().equals("node-lost")) {
                told = true;
                lost += event.path("shards").asInt();
            }
        }
        return told ? lost : kill.kill().orElseThrow().running();
    }

    private void print(DemoReport report) {
        switch (answer) {
            case TEXT -> {
                report.text(terminal.outStyle()).forEach(terminal.out()::println);
                terminal.out().println();
                terminal.out().println("Next: write a plan of your own, then: godwit check PLAN");
            }
            case JSON -> terminal.out().println(Json.pretty(report.json()));
            case JSONL -> terminal.out().println(Json.line(report.json()));
        }
        terminal.out().flush();
    }

    private static void join(CompletableFuture<DemoServer> starting) {
        try {
            starting.join();
        } catch (CompletionException e) {
            if (e.getCause() instanceof GodwitException known) {
                throw known;
            }
            throw e;
        }
    }

    private static Duration since(long nanoTime) {
        return Duration.ofNanos(System.nanoTime() - nanoTime);
    }

    /** A resource that comes up while everything is being cleaned up is closed at once. */
    private <T extends AutoCloseable> T own(T resource) {
        boolean late;
        synchronized (resources) {
            late = cleaned;
            if (!late) {
                resources.push(resource);
            }
        }
        if (late) {
            close(resource);
        }
        return resource;
    }

    private void cleanUp() {
        while (true) {
            AutoCloseable resource;
            synchronized (resources) {
                resource = resources.poll();
                cleaned = resource == null;
            }
            if (resource == null) {
                return;
            }
            close(resource);
        }
    }

    private void close(AutoCloseable resource) {
        try {
            resource.close();
        } catch (Exception e) {
            terminal.err()
                    .println(
                            "Something could not be cleaned up: " + e.getClass().getSimpleName());
        }
    }
}
