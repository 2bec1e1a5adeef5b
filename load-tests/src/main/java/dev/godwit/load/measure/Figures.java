package dev.godwit.load.measure;

import java.util.List;
import java.util.Locale;

/** Small sums over measurements, and how they are written. */
public final class Figures {
    private Figures() {}

    /** The middle one; of an even number the mean of the two in the middle. NaN if there are none. */
    public static double median(List<Double> values) {
        if (values.isEmpty()) {
            return Double.NaN;
        }
        List<Double> sorted = values.stream().sorted().toList();
        int middle = sorted.size() / 2;
        return sorted.size() % 2 == 1 ? sorted.get(middle) : (sorted.get(middle - 1) + sorted.get(middle)) / 2;
    }

    public static double max(List<Double> values) {
        return values.stream().mapToDouble(v -> v).max().orElse(Double.NaN);
    }

    /**
     * The least value that so many of them do not exceed. NaN if there are none.
     *
     * @param share from 0 to 1
     */
    public static double percentile(List<Double> values, double share) {
        if (values.isEmpty()) {
            return Double.NaN;
        }
        List<Double> sorted = values.stream().sorted().toList();
        return sorted.get(Math.max(0, (int) Math.ceil(share * sorted.size()) - 1));
    }

    public static String decimals(double value, int places) {
        return Double.isNaN(value) ? "-" : String.format(Locale.ROOT, "%." + places + "f", value);
    }

    public static String mebibytes(long bytes) {
        return decimals(bytes / (double) (1 << 20), 0) + " MiB";
    }
}
