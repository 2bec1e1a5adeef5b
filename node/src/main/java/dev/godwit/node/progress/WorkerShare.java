package dev.godwit.node.progress;

import dev.godwit.protocol.plan.Limits;

/** How many workers a node may run, so that all nodes together keep the plan's ceilings on connections. */
public final class WorkerShare {
    private WorkerShare() {}

    /**
     * A worker takes one connection to each side; each node takes one more of the source for its snapshot and its
     * questions, and one more of the target for its coordinators.
     *
     * @param members nodes in the cluster, 1 or more
     * @param rank place of the node among them, 0 to members - 1
     */
    public static int of(Limits limits, int members, int rank) {
        int most = Math.min(limits.sourceConnections(), limits.targetConnections()) - members;
        int all = Math.max(1, most);
        int own = all / members + (rank < all % members ? 1 : 0);
        return Math.min(limits.workersPerNode(), own);
    }
}
