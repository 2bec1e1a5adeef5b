package dev.godwit.load.carrier;

/**
 * What a stretch of a run took.
 *
 * @param seconds by the clock
 * @param source processor seconds of the source's server
 * @param target processor seconds of the target's server
 * @param carrier processor seconds of what carries
 */
public record Spent(double seconds, double source, double target, double carrier) {
    /** Processor seconds of all three. */
    public double processor() {
        return source + target + carrier;
    }
}
