package dev.godwit.node.progress;

import dev.godwit.protocol.status.InFlight;
import dev.godwit.protocol.status.Limit;
import dev.godwit.protocol.status.LimitStatus;
import dev.godwit.protocol.status.NodeStatus;
import java.util.Collection;
import java.util.List;
import java.util.Locale;
import java.util.function.ToDoubleFunction;
import java.util.function.ToIntFunction;

/** What keeps a migration from going faster now. */
public final class Holdup {
    /** From this share of a machine's processors on, the node itself is the limit. */
    private static final double BUSY_NODE = 0.9;

    /** What takes less than this share of the time holds nobody. */
    private static final double HOLDS = 0.5;

    /** A worker reports one shard and asks for the next in between. */
    private static final double FULL = 0.7;

    private Holdup() {}

    /**
     * @param nodes the nodes that take part, by their latest reports
     * @param waitingShards shards that are cut and that nobody copies
     */
    public static LimitStatus of(Collection<NodeStatus> nodes, int waitingShards) {
        if (nodes.isEmpty()) {
            return none("no node takes part");
        } else if (nodes.stream().noneMatch(NodeStatus::sourceReachable)) {
            return new LimitStatus(Limit.SOURCE, 1, "no node reaches it");
        } else if (nodes.stream().noneMatch(NodeStatus::targetReachable)) {
            return new LimitStatus(Limit.TARGET, 1, "no node reaches it");
        }
        List<NodeStatus> carrying =
                nodes.stream().filter(node -> node.running() > 0).toList();
        return carrying.isEmpty() ? ofBuilds(nodes) : ofShards(nodes, carrying, waitingShards);
    }

    private static LimitStatus ofBuilds(Collection<NodeStatus> nodes) {
        int builds = sum(nodes, node -> node.inFlight().builds());
        return builds == 0
                ? none("no shard is under way")
                : new LimitStatus(
                        Limit.TARGET,
                        1,
                        "no shard is under way, and " + builds + (builds == 1 ? " build is" : " builds are"));
    }

    private static LimitStatus ofShards(Collection<NodeStatus> nodes, List<NodeStatus> carrying, int waitingShards) {
        double cpu = average(carrying, NodeStatus::cpuShare);
        if (cpu > BUSY_NODE) {
            return new LimitStatus(Limit.NODE, cpu, "its processors are busy " + percent(cpu));
        }
        boolean full = waitingShards > 0
                && nodes.stream()
                        .allMatch(node ->
                                node.inFlight().allowed() >= node.inFlight().ceiling())
                && sum(nodes, NodeStatus::running)
                                + sum(nodes, node -> node.inFlight().builds())
                        >= FULL * ceiling(nodes);
        if (full && carrying.stream().map(NodeStatus::inFlight).allMatch(InFlight::scales)) {
            return plan(nodes, ", and up to there more of them have brought more");
        }
        double read = average(carrying, NodeStatus::readShare);
        double write = average(carrying, NodeStatus::writeShare);
        double busy = average(carrying, NodeStatus::busyShare);
        if (Math.max(Math.max(read, write), busy) < HOLDS) {
            return full
                    ? plan(nodes, ", and they wait for nobody for long")
                    : none("shards wait for the source " + percent(read) + ", for the target " + percent(write));
        } else if (busy > Math.max(read, write)) {
            return new LimitStatus(Limit.NODE, busy, "its threads compute " + percent(busy));
        }
        return read >= write
                ? side(Limit.SOURCE, "reads wait ", read, network(carrying, NodeStatus::sourceNetworkShare), "take")
                : side(Limit.TARGET, "writes wait ", write, network(carrying, NodeStatus::targetNetworkShare), "send");
    }

    /** While a node waits for a database and the database for that node, the bytes are on their way between the two. */
    private static LimitStatus side(Limit side, String waits, double share, double network, String what) {
        return network < HOLDS
                ? new LimitStatus(side, share, waits + percent(share))
                : new LimitStatus(
                        Limit.NETWORK,
                        Math.min(share, network),
                        waits + percent(share) + ", and the " + side.word() + "'s sessions wait " + percent(network)
                                + " for nodes to " + what);
    }

    private static LimitStatus plan(Collection<NodeStatus> nodes, String why) {
        return new LimitStatus(Limit.PLAN, 0, ceiling(nodes) + " are in flight, as many as it allows" + why);
    }

    private static int ceiling(Collection<NodeStatus> nodes) {
        return sum(nodes, node -> node.inFlight().ceiling());
    }

    private static LimitStatus none(String evidence) {
        return new LimitStatus(Limit.NONE, 0, evidence);
    }

    /** Of the nodes that know it. */
    private static double network(List<NodeStatus> nodes, ToDoubleFunction<NodeStatus> share) {
        return average(
                nodes.stream().filter(node -> share.applyAsDouble(node) >= 0).toList(), share);
    }

    private static double average(Collection<NodeStatus> nodes, ToDoubleFunction<NodeStatus> share) {
        return nodes.stream().mapToDouble(share).average().orElse(0);
    }

    private static int sum(Collection<NodeStatus> nodes, ToIntFunction<NodeStatus> count) {
        return nodes.stream().mapToInt(count).sum();
    }

    private static String percent(double share) {
        return String.format(Locale.ROOT, "%.0f %% of the time", share * 100);
    }
}
