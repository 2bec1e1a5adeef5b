package dev.godwit.protocol.plan;

/**
 * Ceilings.
 *
 * @param workersPerNode shards that run at once on one node; 1 to 64, default 4
 * @param shardBytes aimed-at size of a shard in bytes, TOAST included; 64 KiB to 16 GiB, default 128 MiB
 * @param memoryPerNode bytes of row data that one node holds at once; 4 MiB to 64 GiB, default 256 MiB
 * @param sourceConnections connections to the source over all nodes; 2 to 10,000, default 32
 * @param targetConnections connections to one target over all nodes; 2 to 10,000, default 32
 */
public record Limits(
        int workersPerNode, long shardBytes, long memoryPerNode, int sourceConnections, int targetConnections) {
    public static final Limits DEFAULT = new Limits(4, 128L << 20, 256L << 20, 32, 32);
}
