package dev.godwit.node.split;

/** Decides whether a running shard is given up and cut again. What it has brought until then is thrown away. */
public final class TooBig {
    /**
     * A shard may bring this many times what was aimed at. A cut from some thirty sampled keys is often wrong by a half
     * and now and then by a factor of two, and so is the ratio of bytes on disk to bytes on the way; up to there it is
     * cheaper to finish than to begin again. Beyond four, the sample has missed something, and nobody knows how much
     * more there is.
     */
    public static final int TOLERANCE = 4;

    /** After {@link #SLOW_MILLIS} less is tolerated, for a long shard holds its snapshot and its claim for long. */
    public static final int TOLERANCE_WHEN_SLOW = 2;

    /** Four times what a shard should take at most. */
    public static final long SLOW_MILLIS = 4 * ShardSize.LONGEST_MILLIS;

    private TooBig() {}

    /**
     * Time alone never decides: where the network or a target is slow, smaller shards would be no faster, and giving
     * them up again and again would never end.
     *
     * @param bytesSoFar bytes on the way; 0 or more
     * @param aimedBytes bytes on the way that were aimed at when the shard was cut, or, where the sample was too thin for
     *     that, the least that it could be cut to ({@link SampledKeys#bytesPerKey}); 1 or more
     * @param elapsedMillis since its first byte
     */
    public static boolean shouldRetire(long bytesSoFar, long aimedBytes, long elapsedMillis) {
        int tolerance = elapsedMillis > SLOW_MILLIS ? TOLERANCE_WHEN_SLOW : TOLERANCE;
        return bytesSoFar / tolerance > aimedBytes;
    }
}
