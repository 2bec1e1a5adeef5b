package dev.godwit.load.cluster;

import com.fasterxml.jackson.databind.JsonNode;
import java.net.URI;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;

/** Some nodes with one state store; nodes are killed and new ones started. */
public final class GodwitCluster implements AutoCloseable {
    private final GodwitNode.Settings settings;
    private final List<GodwitNode> nodes = new ArrayList<>();
    private int started;

    /** Starts the nodes and waits until they are ready. */
    public GodwitCluster(GodwitNode.Settings settings, int size) {
        this.settings = settings;
        for (int i = 0; i < size; i++) {
            start();
        }
        awaitReady();
    }

    /** Starts a node in each place and waits until they are ready. */
    public GodwitCluster(GodwitNode.Settings settings, List<GodwitNode.Place> places) {
        this.settings = settings;
        places.forEach(this::start);
        awaitReady();
    }

    /** Starts one more node, and does not wait for it. */
    public GodwitNode start() {
        return start(GodwitNode.Place.HERE);
    }

    private GodwitNode start(GodwitNode.Place place) {
        started++;
        GodwitNode node = GodwitNode.start(settings, "node-" + started, place);
        nodes.add(node);
        return node;
    }

    public void awaitReady() {
        nodes.forEach(GodwitNode::http);
    }

    /** Those that live, the oldest first. */
    public List<GodwitNode> nodes() {
        return List.copyOf(nodes);
    }

    /** SIGKILL. */
    public void kill(GodwitNode node) {
        node.kill();
        nodes.remove(node);
    }

    /** Asks one node after the other, since the first may be about to die. */
    public Optional<JsonNode> get(String path, Duration within) {
        for (GodwitNode node : nodes) {
            Optional<JsonNode> answer = new GodwitApi(node.http()).get(path, within);
            if (answer.isPresent()) {
                return answer;
            }
        }
        return Optional.empty();
    }

    /** The node that listens there. */
    public Optional<GodwitNode> at(URI http) {
        return nodes.stream().filter(node -> node.http().equals(http)).findFirst();
    }

    /** Throws if a node ended that nobody killed. */
    public void expectAllAlive() {
        for (GodwitNode node : nodes) {
            if (!node.alive()) {
                throw new IllegalStateException("a node ended that nobody killed; its log is " + node.log());
            }
        }
    }

    @Override
    public void close() {
        nodes.parallelStream().forEach(GodwitNode::close);
    }
}
