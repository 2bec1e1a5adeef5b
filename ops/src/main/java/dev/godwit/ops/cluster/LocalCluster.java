package dev.godwit.ops.cluster;

import dev.godwit.ops.client.ClusterClient;
import dev.godwit.protocol.error.ErrorCode;
import dev.godwit.protocol.error.GodwitException;
import java.io.IOException;
import java.net.URI;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.concurrent.CopyOnWriteArrayList;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.TimeoutException;
import java.util.function.Consumer;

/** Several nodes on this machine, as children of this process. Closing it ends them, and only them. */
public final class LocalCluster implements AutoCloseable {
    private static final Duration READY_WITHIN = Duration.ofSeconds(120);
    private static final long ENDS_WITHIN_SECONDS = 45;

    private final Settings settings;
    private final Consumer<NodeProcess> onDeath;
    private final List<NodeProcess> nodes = new CopyOnWriteArrayList<>();
    private volatile boolean closing;

    /**
     * Starts nothing yet.
     *
     * @param onDeath told of each node that ends before the cluster is closed
     */
    public LocalCluster(Settings settings, Consumer<NodeProcess> onDeath) {
        this.settings = settings;
        this.onDeath = onDeath;
    }

    /**
     * How a cluster is started.
     *
     * @param installation the node's program
     * @param stateStore where the nodes meet
     * @param nodes how many, at least 1
     * @param heap each node's largest heap, as {@code -Xmx} takes it
     * @param logDirectory gets {@code node-1.log}, …
     */
    public record Settings(
            Installation installation, StateStore stateStore, int nodes, String heap, Path logDirectory) {}

    /** Starts the processes and returns at once: {@link #awaitReady} waits for them. */
    public void start() {
        createDirectory(settings.logDirectory());
        Map<String, String> configuration =
                new LinkedHashMap<>(settings.stateStore().settings());
        configuration.put("godwit.cluster.host", "127.0.0.1");
        configuration.put("godwit.cluster.port", "0");
        configuration.put("godwit.http.host", "127.0.0.1");
        configuration.put("godwit.http.port", "0");
        // All nodes share this machine's processors: one that waits for its turn is not to be taken for dead.
        configuration.put("pekko.cluster.failure-detector.acceptable-heartbeat-pause", "5s");
        List<String> command = settings.installation().nodeCommand(settings.heap(), configuration, "node");
        for (int number = 1; number <= settings.nodes(); number++) {
            startOne(number, command);
        }
    }

    /** Not while the cluster is being closed: nobody would end that node. */
    private synchronized void startOne(int number, List<String> command) {
        if (closing) {
            return;
        }
        NodeProcess node =
                NodeProcess.start(number, command, settings.logDirectory().resolve("node-" + number + ".log"));
        nodes.add(node);
        node.ended().thenAccept(this::ended);
    }

    private static void createDirectory(Path directory) {
        try {
            Files.createDirectories(directory);
        } catch (IOException e) {
            throw new GodwitException(
                    ErrorCode.USAGE,
                    "The directory of the nodes' logs can't be made.",
                    directory.toString(),
                    "Name another by --log-dir.");
        }
    }

    /**
     * Waits until every node is ready.
     *
     * @throws GodwitException {@link ErrorCode#CLUSTER_NOT_READY} with the end of a node's log if one ends or takes too
     *     long
     */
    public void awaitReady() {
        long deadline = System.nanoTime() + READY_WITHIN.toNanos();
        for (NodeProcess node : nodes) {
            try {
                node.ready().get(Math.max(0, deadline - System.nanoTime()), TimeUnit.NANOSECONDS);
            } catch (ExecutionException e) {
                throw notReady(node, node + " ended before it was ready.");
            } catch (TimeoutException e) {
                throw notReady(node, node + " was not ready within " + READY_WITHIN.toSeconds() + " s.");
            } catch (InterruptedException e) {
                Thread.currentThread().interrupt();
                throw notReady(node, "Waiting for the nodes was interrupted.");
            }
        }
    }

    private static GodwitException notReady(NodeProcess node, String what) {
        return new GodwitException(
                ErrorCode.CLUSTER_NOT_READY,
                what + " Its log ends:\n" + LogTail.of(node.log()),
                node.log().toString(),
                "See the log.");
    }

    /** A client that knows every node. */
    public ClusterClient client() {
        return new ClusterClient(nodes.stream().map(NodeProcess::http).toList());
    }

    public List<NodeProcess> nodes() {
        return List.copyOf(nodes);
    }

    /** The URLs of the nodes that are alive. */
    public List<URI> liveNodes() {
        return nodes.stream().filter(NodeProcess::alive).map(NodeProcess::http).toList();
    }

    /**
     * For each poll of the cluster.
     *
     * @throws GodwitException {@link ErrorCode#NODE_LOST} if no node is alive any more
     */
    public void requireLiveNode() {
        if (nodes.stream().noneMatch(NodeProcess::alive)) {
            NodeProcess last = nodes.get(nodes.size() - 1);
            throw new GodwitException(
                    ErrorCode.NODE_LOST,
                    "All nodes have ended. The log of the last one ends:\n" + LogTail.of(last.log()),
                    last.log().toString(),
                    "The same command resumes.");
        }
    }

    private void ended(NodeProcess node) {
        if (!closing) {
            onDeath.accept(node);
        }
    }

    /** Ends the nodes by SIGTERM, all at once, and waits; one that takes too long is killed. */
    @Override
    public void close() {
        synchronized (this) {
            closing = true;
        }
        nodes.forEach(NodeProcess::terminate);
        nodes.forEach(node -> node.awaitEnd(ENDS_WITHIN_SECONDS));
    }
}
