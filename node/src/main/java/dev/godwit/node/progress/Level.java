package dev.godwit.node.progress;

/**
 * What a number in flight has brought.
 *
 * @param rate bytes a second; 0 or more
 * @param error the standard error of the rate, as a part of it; 0 where that is not known
 * @param commitSeconds of one commit, on the average; NaN if there was none
 * @param readSecondsPerByte time in which reads waited for the source, for each byte
 * @param builds under way meanwhile, on the average
 */
record Level(double rate, double error, double commitSeconds, double readSecondsPerByte, double builds) {
    /** How much of a newer measurement counts beside those before. */
    private static final double NEWS = 0.3;

    /** This, as it is known after the same number was measured again. */
    Level with(Level now) {
        return new Level(
                mix(rate, now.rate),
                mix(error, now.error),
                mix(commitSeconds, now.commitSeconds),
                mix(readSecondsPerByte, now.readSecondsPerByte),
                mix(builds, now.builds));
    }

    private static double mix(double before, double now) {
        if (Double.isNaN(before) || Double.isNaN(now)) {
            return Double.isNaN(before) ? now : before;
        }
        return before + NEWS * (now - before);
    }
}
