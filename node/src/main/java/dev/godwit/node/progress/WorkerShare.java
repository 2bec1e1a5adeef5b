package dev.godwit.node.progress;

import dev.godwit.protocol.plan.Limits;

/** How much a node may run at once, so that all nodes together keep the plan's ceilings on connections. */
public final class WorkerShare {
    /** Sessions of the source beside those of the workers: for questions. The held snapshot has one more of its own. */
    public static final int SOURCE_QUESTIONS = 1;

    /** Sessions of the target beside those of shards and builds: for questions. */
    public static final int TARGET_QUESTIONS = 1;

    /** Of the source: that for questions, and that which holds the snapshot. */
    private static final int SOURCE_BESIDE_WORKERS = 2;

    /** Where there are connections enough: so many builds take no session from shards. */
    private static final int SESSIONS_BESIDE_WORKERS = 2;

    private WorkerShare() {}

    /**
     * Shards at once on a node. A worker takes one connection to each side; a node takes two more of the source and one of
     * the target. The ceilings hold from one worker a node upwards: less would be no migration.
     *
     * @param members nodes in the cluster, 1 or more
     * @param rank place of the node among them, 0 to members - 1
     */
    public static int of(Limits limits, int members, int rank) {
        int most = Math.min(
                limits.sourceConnections() - members * SOURCE_BESIDE_WORKERS,
                limits.targetConnections() - members * TARGET_QUESTIONS);
        return Math.min(limits.workersPerNode(), part(most, members, rank));
    }

    /**
     * Sessions of the target for shards and index builds together on a node: at least as many as shards, and at least one.
     *
     * @param members as in {@link #of}
     * @param rank as in {@link #of}
     */
    public static int sessions(Limits limits, int members, int rank) {
        int share = part(limits.targetConnections() - members * TARGET_QUESTIONS, members, rank);
        return Math.max(1, Math.min(limits.workersPerNode() + SESSIONS_BESIDE_WORKERS, share));
    }

    private static int part(int most, int members, int rank) {
        int all = Math.max(1, most);
        return all / members + (rank < all % members ? 1 : 0);
    }
}
