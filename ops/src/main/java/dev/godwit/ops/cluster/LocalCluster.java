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
import java.util.Set;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CopyOnWriteArrayList;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.TimeoutException;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.concurrent.locks.LockSupport;
import java.util.function.BiConsumer;

/** Several nodes on this machine, as children of this process. Closing it ends them, and only them. */
public final class LocalCluster implements AutoCloseable {
    private static final Duration READY_WITHIN = Duration.ofSeconds(120);
    private static final long ENDS_WITHIN_SECONDS = 45;

    /** So often a node is started again that ends soon after each start. */
    private static final int MOST_RESTARTS = 3;

    /** A node that has lived for so long is taken for one that can. */
    private static final Duration LIVES = Duration.ofMinutes(2);

    /** Ends that no new start mends, or that somebody wanted: a wrong configuration, SIGINT, SIGTERM. */
    private static final Set<Integer> FINAL_ENDS = Set.of(2, 3, 130, 143);

    private final Settings settings;
    private final BiConsumer<NodeProcess, Boolean> onDeath;
    private final List<NodeProcess> nodes = new CopyOnWriteArrayList<>();
    private final AtomicInteger starting = new AtomicInteger();
    private List<String> command = List.of();
    private volatile boolean closing;

    /**
     * Starts nothing yet.
     *
     * @param onDeath told of each node that ends before the cluster is closed, and whether it is started again
     */
    public LocalCluster(Settings settings, BiConsumer<NodeProcess, Boolean> onDeath) {
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
     * @param restarts whether nodes that end by themselves are started again
     */
    public record Settings(
            Installation installation,
            StateStore stateStore,
            int nodes,
            String heap,
            Path logDirectory,
            boolean restarts) {}

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
        command = settings.installation().nodeCommand(settings.heap(), configuration, "node");
        for (int number = 1; number <= settings.nodes(); number++) {
            startOne(number, 0);
        }
    }

    /**
     * Not while the cluster is being closed: nobody would end that node.
     *
     * @param restarts how often it was started before
     */
    private synchronized void startOne(int number, int restarts) {
        if (closing) {
            return;
        }
        long startedNanos = System.nanoTime();
        NodeProcess node =
                NodeProcess.start(number, command, settings.logDirectory().resolve("node-" + number + ".log"));
        nodes.removeIf(before -> before.number() == number);
        nodes.add(node);
        node.ended().thenAccept(dead -> {
            boolean lived = System.nanoTime() - startedNanos > LIVES.toNanos();
            ended(dead, lived ? 0 : restarts);
        });
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
                if (FINAL_ENDS.contains(node.awaitExitCode())) {
                    // Ctrl-C reaches the nodes at the same moment: what ends this process as well must have its turn.
                    LockSupport.parkNanos(TimeUnit.SECONDS.toNanos(1));
                }
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
        return new ClusterClient(this::liveNodes);
    }

    public List<NodeProcess> nodes() {
        return List.copyOf(nodes);
    }

    /** The URLs of the nodes that are alive and ready. */
    public List<URI> liveNodes() {
        return nodes.stream()
                .filter(node -> node.alive() && node.isReady())
                .map(NodeProcess::http)
                .toList();
    }

    /**
     * For each poll of the cluster.
     *
     * @throws GodwitException {@link ErrorCode#NODE_LOST} if no node is alive any more
     */
    public void requireLiveNode() {
        if (starting.get() == 0 && nodes.stream().noneMatch(NodeProcess::alive)) {
            NodeProcess last = nodes.get(nodes.size() - 1);
            throw new GodwitException(
                    ErrorCode.NODE_LOST,
                    "All nodes have ended. The log of the last one ends:\n" + LogTail.of(last.log()),
                    last.log().toString(),
                    "The same command resumes.");
        }
    }

    private void ended(NodeProcess node, int restarts) {
        if (closing) {
            return;
        }
        boolean again = settings.restarts()
                && node.isReady()
                && restarts < MOST_RESTARTS
                && !FINAL_ENDS.contains(node.exitCode());
        if (again) {
            starting.incrementAndGet();
            CompletableFuture.delayedExecutor(1L << restarts, TimeUnit.SECONDS).execute(() -> {
                try {
                    startOne(node.number(), restarts + 1);
                } finally {
                    starting.decrementAndGet();
                }
            });
        }
        onDeath.accept(node, again);
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
