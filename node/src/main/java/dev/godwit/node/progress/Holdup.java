package dev.godwit.node.progress;

import dev.godwit.protocol.status.NodeStatus;
import java.util.Collection;
import java.util.Locale;

/** What keeps a migration from going faster now, in words. */
public final class Holdup {
    /** From this share of a machine's processors on, the node itself is the limit. */
    private static final double BUSY_NODE = 0.9;

    private Holdup() {}

    /**
     * @param nodes the nodes that take part, by their latest reports
     * @param waitingShards shards that are cut and that nobody copies
     */
    public static String of(Collection<NodeStatus> nodes, int waitingShards) {
        if (nodes.isEmpty()) {
            return "nodes: none takes part";
        }
        if (nodes.stream().noneMatch(NodeStatus::sourceReachable)) {
            return "source: no node reaches it";
        }
        if (nodes.stream().noneMatch(NodeStatus::targetReachable)) {
            return "target: no node reaches it";
        }
        int workers = nodes.stream().mapToInt(NodeStatus::workers).sum();
        int running = nodes.stream().mapToInt(NodeStatus::running).sum();
        if (running == 0) {
            return "work: no shard is under way";
        }
        if (running < workers && waitingShards == 0) {
            return "work: fewer shards are left than workers";
        }
        double cpu = nodes.stream().mapToDouble(NodeStatus::cpuShare).average().orElse(0);
        if (cpu > BUSY_NODE) {
            return "node: its processors are busy (" + percent(cpu) + ")";
        }
        double read =
                nodes.stream().mapToDouble(NodeStatus::readShare).average().orElse(0);
        double write =
                nodes.stream().mapToDouble(NodeStatus::writeShare).average().orElse(0);
        if (Math.max(read, write) < 0.5) {
            return "plan: " + workers + " workers at most";
        }
        return read >= write
                ? "source: workers wait for it " + percent(read) + " of their time"
                : "target: workers wait for it " + percent(write) + " of their time";
    }

    private static String percent(double share) {
        return String.format(Locale.ROOT, "%.0f %%", share * 100);
    }
}
