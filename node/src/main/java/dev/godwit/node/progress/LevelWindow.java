package dev.godwit.node.progress;

/** Adds readings up to what one level brings. Not thread-safe. */
final class LevelWindow {
    private double seconds;
    private double bytes;
    private int readings;

    /** Of the readings' rates: what their spread is reckoned from. */
    private double squares;

    private double buildSeconds;
    private long commits;
    private double commitSeconds;
    private double readSeconds;

    void clear() {
        seconds = 0;
        bytes = 0;
        readings = 0;
        squares = 0;
        buildSeconds = 0;
        commits = 0;
        commitSeconds = 0;
        readSeconds = 0;
    }

    void add(AdaptiveLimit.Reading reading) {
        seconds += reading.seconds();
        bytes += reading.bytes();
        readings++;
        squares += Math.pow(reading.bytes() / reading.seconds(), 2);
        buildSeconds += reading.builds() * reading.seconds();
        commits += reading.commits();
        commitSeconds += reading.commitSeconds();
        readSeconds += reading.readSeconds();
    }

    /** So long it has been measured. */
    double seconds() {
        return seconds;
    }

    /** What was brought; at least one reading is needed. */
    Level level() {
        return new Level(
                bytes / seconds,
                error(),
                commits == 0 ? Double.NaN : commitSeconds / commits,
                bytes == 0 ? 0 : readSeconds / bytes,
                buildSeconds / seconds);
    }

    private double error() {
        double mean = bytes / seconds;
        double variance = squares / readings - mean * mean;
        return mean <= 0 || variance <= 0 ? 0 : Math.sqrt(variance / readings) / mean;
    }
}
