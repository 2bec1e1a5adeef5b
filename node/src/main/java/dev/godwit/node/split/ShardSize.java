package dev.godwit.node.split;

/**
 * How big the next shards of a table are to be, learned from those that landed. Starts at the plan's size and keeps to
 * it as long as a shard takes between {@link #SHORTEST_MILLIS} and {@link #LONGEST_MILLIS}: shorter, and the cost of
 * starting and committing a shard shows, so shards grow, to at most twice the plan's size; longer, and a crash or a
 * re-cut throws too much away, so they shrink, to no less than a sixteenth.
 *
 * <p>Averages are weighted by bytes and forget by a fifth with each shard: a tiny shard, whose time is all start and
 * commit, hardly counts. They begin as if a shard of the plan's size had taken ten seconds, a byte on disk being a byte
 * on the way.
 *
 * <p>Tables are cut by bytes on disk, shards are measured by bytes on the way, and the two differ: TOAST is compressed
 * on disk, dead rows don't travel. The ratio is learned.
 *
 * @param planBytes the plan's {@code shardBytes}; 1 or more
 * @param bytes average bytes of a landed shard, on the way
 * @param millis average milliseconds that a landed shard took
 * @param ratioBytes average bytes on the way of landed shards whose bytes on disk are known
 * @param ratioDiskBytes average bytes on disk of the same shards
 */
public record ShardSize(long planBytes, double bytes, double millis, double ratioBytes, double ratioDiskBytes) {
    /** A shard should take at least so long. */
    public static final long SHORTEST_MILLIS = 2_000;

    /** A shard should take at most so long. */
    public static final long LONGEST_MILLIS = 30_000;

    private static final double STARTING_MILLIS = 10_000;
    private static final double NEWEST_WEIGHT = 0.2;
    private static final double LEAST_RATIO = 1.0 / 8;
    private static final double GREATEST_RATIO = 64;

    public ShardSize {
        if (planBytes < 1) {
            throw new IllegalArgumentException("planBytes is 1 or more");
        }
    }

    /** Before any shard has landed. */
    public static ShardSize of(long planBytes) {
        return new ShardSize(planBytes, planBytes, STARTING_MILLIS, planBytes, planBytes);
    }

    /**
     * Learns from a shard whose bytes on disk are not known.
     *
     * @param landedBytes bytes on the way; 0 or more
     * @param durationMillis from its start to its commit; 0 or more
     */
    public ShardSize onLanded(long landedBytes, long durationMillis) {
        return new ShardSize(
                planBytes, smooth(bytes, landedBytes), smooth(millis, durationMillis), ratioBytes, ratioDiskBytes);
    }

    /**
     * Learns from a shard.
     *
     * @param landedBytes bytes on the way; 0 or more
     * @param durationMillis from its start to its commit; 0 or more
     * @param diskBytes its bytes on disk as estimated when it was cut; 0 or more
     */
    public ShardSize onLanded(long landedBytes, long durationMillis, long diskBytes) {
        ShardSize timed = onLanded(landedBytes, durationMillis);
        return new ShardSize(
                planBytes,
                timed.bytes,
                timed.millis,
                smooth(ratioBytes, landedBytes),
                smooth(ratioDiskBytes, diskBytes));
    }

    /** Bytes on the way that a shard is to have: a sixteenth of the plan's to twice the plan's, 1 or more. */
    public long aimedBytes() {
        double bytesPerMilli = bytes / Math.max(1, millis);
        double fitting = Math.min(Math.max(planBytes, bytesPerMilli * SHORTEST_MILLIS), bytesPerMilli * LONGEST_MILLIS);
        double bounded = Math.max(planBytes / 16.0, Math.min(planBytes * 2.0, fitting));
        return Math.max(1, Math.round(bounded));
    }

    /** Bytes on disk that make {@link #aimedBytes()} on the way: what the next window is cut by; 1 or more. */
    public long aimedDiskBytes() {
        return Math.max(1, toDisk(aimedBytes()));
    }

    /** Bytes on disk for bytes on the way. */
    public long toDisk(long travelledBytes) {
        return Math.round(travelledBytes / ratio());
    }

    /** Bytes on the way for bytes on disk. */
    public long toTravelled(long diskBytes) {
        return Math.round(diskBytes * ratio());
    }

    /** Bytes on the way for one byte on disk; bounded, since the next rows may be of another kind. */
    private double ratio() {
        return Math.max(LEAST_RATIO, Math.min(GREATEST_RATIO, ratioBytes / Math.max(1, ratioDiskBytes)));
    }

    private static double smooth(double average, double newest) {
        return average + NEWEST_WEIGHT * (newest - average);
    }
}
