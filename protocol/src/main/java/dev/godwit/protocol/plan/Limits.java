package dev.godwit.protocol.plan;

/**
 * Ceilings.
 *
 * @param workersPerNode shards that run at once on one node; 1 to 64, default 4
 * @param shardBytes aimed-at size of a shard in bytes, TOAST included; 64 KiB to 16 GiB, default 128 MiB
 * @param memoryPerNode bytes of row data that one node holds at once; 4 MiB to 64 GiB, default 256 MiB
 * @param sourceConnections connections to the source over all nodes; 2 to 10,000, default 32
 * @param targetConnections connections to one target over all nodes; 2 to 10,000, default 32
 * @param retainedLogBytes what the source may keep of its log for changes before the copy is held up, in bytes; 16 MiB to
 *     16 TiB, default 16 GiB
 * @param retainedLogPercent the same as a share of what the source keeps at most (max_slot_wal_keep_size); 10 to 95,
 *     default 75
 * @param heartbeatSeconds between two marks that are written into the source's log, so that it is seen how far behind the
 *     target is where nobody writes; 0 to 3600, default 0: nothing is written
 */
public record Limits(
        int workersPerNode,
        long shardBytes,
        long memoryPerNode,
        int sourceConnections,
        int targetConnections,
        long retainedLogBytes,
        int retainedLogPercent,
        int heartbeatSeconds) {
    private static final long RETAINED_LOG_BYTES = 16L << 30;
    private static final int RETAINED_LOG_PERCENT = 75;

    public static final Limits DEFAULT = new Limits(4, 128L << 20, 256L << 20, 32, 32);

    public Limits {
        // Journals of before them have none.
        retainedLogBytes = retainedLogBytes == 0 ? RETAINED_LOG_BYTES : retainedLogBytes;
        retainedLogPercent = retainedLogPercent == 0 ? RETAINED_LOG_PERCENT : retainedLogPercent;
    }

    /** With the defaults of what concerns changes. */
    public Limits(
            int workersPerNode, long shardBytes, long memoryPerNode, int sourceConnections, int targetConnections) {
        this(
                workersPerNode,
                shardBytes,
                memoryPerNode,
                sourceConnections,
                targetConnections,
                RETAINED_LOG_BYTES,
                RETAINED_LOG_PERCENT,
                0);
    }
}
