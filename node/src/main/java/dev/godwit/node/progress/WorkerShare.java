package dev.godwit.node.progress;

import dev.godwit.protocol.plan.Limits;

/** How many workers a node may run, so that all nodes together keep the plan's ceilings on connections. */
public final class WorkerShare {
    /** Sessions of the source beside those of the workers: for questions. The held snapshot has one more of its own. */
    public static final int SOURCE_QUESTIONS = 1;

    /** Sessions of the target beside those of the workers: one for questions, two for indexes that are being built. */
    public static final int TARGET_QUESTIONS = 3;

    /** Of the source: that for questions, and that which holds the snapshot. */
    private static final int SOURCE_BESIDE_WORKERS = 2;

    private WorkerShare() {}

    /**
     * A worker takes one connection to each side; a node takes two more of the source and three of the target. The ceilings hold from
     * one worker a node upwards: less would be no migration.
     *
     * @param members nodes in the cluster, 1 or more
     * @param rank place of the node among them, 0 to members - 1
     */
    public static int of(Limits limits, int members, int rank) {
        int most = Math.min(
                limits.sourceConnections() - members * SOURCE_BESIDE_WORKERS,
                limits.targetConnections() - members * TARGET_QUESTIONS);
        int all = Math.max(1, most);
        int own = all / members + (rank < all % members ? 1 : 0);
        return Math.min(limits.workersPerNode(), own);
    }
}
