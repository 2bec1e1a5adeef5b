package dev.godwit.load.coordinator;

import static dev.godwit.load.measure.Figures.decimals;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import dev.godwit.load.Workspace;
import dev.godwit.load.cluster.GodwitNode;
import dev.godwit.load.cluster.NodeTestClasses;
import dev.godwit.load.measure.Report;
import dev.godwit.load.postgres.BenchServer;
import java.io.BufferedReader;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;

/**
 * Starts a server and, in a JVM of its own, the benchmark of the coordinator alone, which stands beside the node's tests
 * since it needs the node's classes.
 */
public final class CoordinatorBenchmark {
    private static final String MAIN = "dev.godwit.node.shard.CoordinatorRecoveryBenchmark";
    private static final String DATABASE = "state";
    private static final double KIB = 1024;

    private final Workspace workspace;
    private final Settings settings;

    /**
     * @param driven shards that the coordinator lands itself
     * @param fed numbers of shards whose journal is written a window at a time
     * @param heap of the JVM
     */
    public record Settings(int driven, List<Integer> fed, String heap) {}

    public CoordinatorBenchmark(Workspace workspace, Settings settings) {
        this.workspace = workspace;
        this.settings = settings;
    }

    public Report run() {
        Report report = new Report("Recovery of a table's coordinator");
        try (BenchServer server = BenchServer.start(workspace.directory().resolve("state"), workspace.password())) {
            server.recreate(DATABASE, "template0");
            report.condition("server", server.describe())
                    .condition(
                            "coordinator",
                            "ShardCoordinator with its serializer and its journal in PostgreSQL, alone in a JVM with -Xmx"
                                    + settings.heap()
                                    + " -XX:+UseSerialGC; the migration's databases are replaced by a formula; a snapshot"
                                    + " every 500 events, older events deleted; one more window of 64 shards is open")
                    .condition(
                            "figures",
                            "median of 15 recoveries after 30 for warm-up; heap: what one more coordinator holds after a"
                                    + " collection, the mean of 100, the median of five such means; journal: what is left of it in PostgreSQL")
                    .row(
                            "finished shards",
                            "journal written by",
                            "in s",
                            "recovered ms",
                            "worst ms",
                            "hands out ms",
                            "heap KiB",
                            "journal rows",
                            "journal KiB",
                            "snapshots",
                            "snapshots KiB",
                            "last sequence number");
            List<JsonNode> lines = run(server);
            lines.forEach(line -> row(report, line));
            conclude(report, lines);
        }
        return report;
    }

    private static void row(Report report, JsonNode line) {
        report.row(
                line.path("shards").asText(),
                line.path("writer").asText(),
                decimals(line.path("writeSeconds").asDouble(), 0),
                decimals(line.path("millis").asDouble(), 1),
                decimals(line.path("worstMillis").asDouble(), 1),
                decimals(line.path("handingOutMillis").asDouble(), 1),
                heap(line),
                line.path("event_journalRows").asText(),
                decimals(line.path("event_journalBytes").asLong() / KIB, 0),
                line.path("snapshotRows").asText(),
                decimals(line.path("snapshotBytes").asLong() / KIB, 0),
                line.path("event_journalSequence").asText());
    }

    private static void conclude(Report report, List<JsonNode> lines) {
        JsonNode least = lines.get(1);
        JsonNode most = lines.get(lines.size() - 1);
        report.finding("From " + least.path("shards").asText() + " to "
                + most.path("shards").asText() + " finished shards the time of recovery changes by a factor of "
                + decimals(most.path("millis").asDouble() / least.path("millis").asDouble(), 2)
                + " and the heap from "
                + heap(least) + " to " + heap(most) + " KiB.");
    }

    private static String heap(JsonNode line) {
        long bytes = line.path("heapBytes").asLong();
        return bytes < 0 ? "-" : decimals(bytes / KIB, 0);
    }

    private List<JsonNode> run(BenchServer server) {
        List<String> command = new ArrayList<>(List.of(
                Path.of(System.getProperty("java.home"), "bin", "java").toString(),
                "-Xmx" + settings.heap(),
                "-XX:+UseSerialGC",
                "-Dgodwit.state-store.host=127.0.0.1",
                "-Dgodwit.state-store.port=" + server.port(),
                "-Dgodwit.state-store.database=" + DATABASE,
                "-Dgodwit.state-store.user=" + BenchServer.ROLE,
                "-Dgodwit.state-store.password.env=" + GodwitNode.PASSWORD_VARIABLE,
                "-Dgodwit.state-store.sslmode=disable",
                "-Dpekko.loglevel=WARNING",
                "-cp",
                NodeTestClasses.path(workspace.home()),
                MAIN,
                Integer.toString(settings.driven())));
        settings.fed().forEach(shards -> command.add(Integer.toString(shards)));
        ProcessBuilder builder = new ProcessBuilder(command)
                .redirectError(ProcessBuilder.Redirect.to(
                        workspace.directory().resolve("coordinator.log").toFile()));
        builder.environment().put(GodwitNode.PASSWORD_VARIABLE, workspace.password());
        List<JsonNode> lines = new ArrayList<>();
        try {
            Process process = builder.start();
            Runtime.getRuntime().addShutdownHook(new Thread(process::destroyForcibly));
            try (BufferedReader output = process.inputReader(StandardCharsets.UTF_8)) {
                for (String line = output.readLine(); line != null; line = output.readLine()) {
                    if (line.startsWith("{")) {
                        lines.add(new ObjectMapper().readTree(line));
                        workspace.say(line);
                    }
                }
            }
            if (process.waitFor() != 0 || lines.size() != settings.fed().size() + 1) {
                throw new IllegalStateException(
                        "the benchmark ended with code " + process.exitValue() + "; keep its log by --keep");
            }
            return lines;
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        } catch (InterruptedException e) {
            Thread.currentThread().interrupt();
            throw new IllegalStateException("interrupted", e);
        }
    }
}
