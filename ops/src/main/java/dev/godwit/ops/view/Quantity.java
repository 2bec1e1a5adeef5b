package dev.godwit.ops.view;

import java.time.Duration;
import java.util.Locale;

/** Numbers as people read them. Bytes are decimal: 1 MB is 1,000,000 bytes. */
public final class Quantity {
    private static final String[] UNITS = {"kB", "MB", "GB", "TB", "PB", "EB"};

    private Quantity() {}

    /** {@code 512 B}, {@code 12.3 MB}, {@code 123 MB}. */
    public static String bytes(double bytes) {
        if (bytes < 1000) {
            return String.format(Locale.ROOT, "%d B", (long) Math.max(0, bytes));
        }
        double value = bytes;
        int unit = -1;
        // 999.5 would be rounded to 1000 of the smaller unit
        while (value >= 999.5 && unit < UNITS.length - 1) {
            value /= 1000;
            unit++;
        }
        return String.format(Locale.ROOT, value < 99.95 ? "%.1f %s" : "%.0f %s", value, UNITS[unit]);
    }

    /** {@code 1,234,567}. */
    public static String count(long count) {
        return String.format(Locale.ROOT, "%,d", count);
    }

    /** {@code 0:42}, {@code 1:02:03}. */
    public static String elapsed(Duration duration) {
        long seconds = Math.max(0, duration.toSeconds());
        return seconds < 3600
                ? String.format(Locale.ROOT, "%d:%02d", seconds / 60, seconds % 60)
                : String.format(Locale.ROOT, "%d:%02d:%02d", seconds / 3600, seconds / 60 % 60, seconds % 60);
    }

    /**
     * The time that is left as a range: {@code 20 to 50 s}, {@code 2 to 4 min}, {@code unknown}.
     *
     * @param lowSeconds lower end; negative if unknown
     * @param highSeconds upper end; negative if unknown
     */
    public static String range(long lowSeconds, long highSeconds) {
        if (lowSeconds < 0 || highSeconds < 0) {
            return "unknown";
        }
        long high = Math.max(lowSeconds, highSeconds);
        if (high < 120) {
            return span(lowSeconds, high, 1, "s");
        }
        if (high < 2 * 3600) {
            return span(lowSeconds, high, 60, "min");
        }
        return high < 2 * 86_400 ? span(lowSeconds, high, 3600, "h") : span(lowSeconds, high, 86_400, "days");
    }

    private static String span(long low, long high, long unit, String name) {
        long from = low / unit;
        long to = (high + unit - 1) / unit;
        return from == to ? from + " " + name : from + " to " + to + " " + name;
    }

    /**
     * Whole percent of work that goes on. 100 is for what is done: an estimate that was too low stays at 99.
     *
     * @return 0 to 99
     */
    public static int percent(long part, long whole) {
        if (whole <= 0 || part <= 0) {
            return 0;
        }
        return (int) Math.min(99, Math.floor(100.0 * part / whole));
    }
}
