package dev.godwit.node.cluster;

import static org.awaitility.Awaitility.await;

import java.net.URI;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;

/**
 * A cluster of real nodes on one state store. Closing it kills those of its nodes that live. Used by one thread.
 *
 * <pre>
 *   Databases --- source, target behind TcpProxy; state store
 *       |
 *   TestCluster --- NodeJvm, NodeJvm, ...      real processes: kill, freeze, thaw, terminate
 *       |
 *      Api (HTTP, any node)     Journal (the events themselves)
 * </pre>
 */
public final class TestCluster implements AutoCloseable {
    private static final Path LOGS = Path.of("target", "cluster-logs");

    private final String name;
    private final Database stateStore;
    private final List<NodeJvm> nodes = new ArrayList<>();
    private final Map<String, String> settings = new LinkedHashMap<>();
    private String heap = "192m";
    private int started;

    /**
     * Starts nothing yet.
     *
     * @param name of the cluster in messages and names of logs: the test's
     */
    public TestCluster(String name, Database stateStore) {
        this.name = name;
        this.stateStore = stateStore;
        settings.put("godwit.state-store.host", Database.HOST);
        settings.put("godwit.state-store.port", Integer.toString(stateStore.port()));
        settings.put("godwit.state-store.database", stateStore.name());
        settings.put("godwit.state-store.user", Database.USER);
        settings.put("godwit.state-store.sslmode", "disable");
        settings.put("godwit.cluster.host", "127.0.0.1");
        settings.put("godwit.cluster.port", "0");
        settings.put("godwit.http.host", "127.0.0.1");
        settings.put("godwit.http.port", "0");
        settings.put("pekko.loglevel", "DEBUG");
        settings.put("logback.configurationFile", "dev/godwit/node/cluster/node-logback.xml");
        // Several JVMs and servers start and work on two processors: who gets none for two seconds is not dead.
        settings.put("pekko.cluster.failure-detector.acceptable-heartbeat-pause", "4s");
    }

    /** For nodes that are started from now on; a system property. */
    public TestCluster with(String key, String value) {
        settings.put(key, value);
        return this;
    }

    /** For nodes that are started from now on, as {@code -Xmx} takes it. */
    public TestCluster withHeap(String largest) {
        heap = largest;
        return this;
    }

    /** Starts so many nodes at once and waits until all are ready. */
    public List<NodeJvm> start(int count) {
        List<NodeJvm> fresh = new ArrayList<>();
        for (int i = 0; i < count; i++) {
            fresh.add(launch());
        }
        fresh.forEach(NodeJvm::awaitReady);
        return fresh;
    }

    /** Starts one node and waits until it is ready. */
    public NodeJvm startOne() {
        return start(1).get(0);
    }

    /** Starts one node and returns at once. */
    public NodeJvm launch() {
        String node = name + "-node-" + ++started;
        NodeJvm jvm = NodeJvm.start(
                node, heap, settings, LOGS.resolve(ProcessHandle.current().pid() + "-" + node + ".log"));
        nodes.add(jvm);
        return jvm;
    }

    /** The nodes whose processes live; those that are frozen too. */
    public List<NodeJvm> living() {
        return nodes.stream().filter(NodeJvm::alive).toList();
    }

    /** All at once, as a power cut would. */
    public void killAll() {
        nodes.forEach(node -> {
            if (node.alive()) {
                ProcessHandle.of(node.pid()).ifPresent(ProcessHandle::destroyForcibly);
            }
        });
        nodes.forEach(NodeJvm::kill);
    }

    /** Asks the nodes that live and are ready, the frozen ones excepted as long as the caller names them. */
    public Api api(NodeJvm... except) {
        return new Api(() -> urls(List.of(except)));
    }

    private List<URI> urls(List<NodeJvm> except) {
        return nodes.stream()
                .filter(NodeJvm::serves)
                .filter(node -> !except.contains(node))
                .map(NodeJvm::http)
                .toList();
    }

    public Journal journal() {
        return new Journal(stateStore);
    }

    /** The living node that has the {@code host:port} of a member's name, as journal, claims and status give it. */
    public NodeJvm nodeOf(String member) {
        String address = member.contains("/") ? member.substring(0, member.indexOf('/')) : member;
        String http = await("the node " + address + " in the state store")
                .atMost(Duration.ofSeconds(30))
                .until(
                        () -> stateStore.texts(
                                "SELECT http_url FROM godwit.node WHERE address LIKE '%@" + address + "'"),
                        urls -> !urls.isEmpty())
                .get(0);
        return nodes.stream()
                .filter(NodeJvm::serves)
                .filter(node -> node.http().toString().equals(http))
                .findFirst()
                .orElseThrow(() -> new AssertionError("no living node has " + http));
    }

    /**
     * The node on which the coordinator of a migration's only table was started last. Sharding says so in the logs and
     * nowhere else. Waits until that node is one that lives.
     */
    public NodeJvm coordinatorNode(String migration) {
        String started = "ShardCoordinator: Started entity [";
        String entity = "with entity id [" + migration + "/";
        return await("a coordinator of " + migration)
                .atMost(Duration.ofSeconds(60))
                .until(
                        () -> {
                            String latest = "";
                            NodeJvm host = null;
                            for (NodeJvm node : nodes) {
                                for (String line : node.log().lines().toList()) {
                                    // Lines begin with the time of day, the same clock for all.
                                    if (line.contains(started) && line.contains(entity) && line.compareTo(latest) > 0) {
                                        latest = line;
                                        host = node;
                                    }
                                }
                            }
                            return host;
                        },
                        host -> host != null && host.alive());
    }

    /** What the nodes have logged as errors; none of the faults that tests make is one. */
    public List<String> errors() {
        List<String> errors = new ArrayList<>();
        for (NodeJvm node : nodes) {
            node.log()
                    .lines()
                    .filter(line -> line.length() > 18 && line.startsWith("ERROR", 13))
                    .forEach(line -> errors.add(node.name() + ": " + line));
        }
        return errors;
    }

    @Override
    public void close() {
        nodes.forEach(NodeJvm::close);
    }
}
