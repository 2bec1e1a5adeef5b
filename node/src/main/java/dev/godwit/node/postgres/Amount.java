package dev.godwit.node.postgres;

import java.util.List;
import java.util.Locale;
import java.util.stream.Collectors;

/** Numbers and lists as messages show them. */
final class Amount {
    private static final List<String> UNITS = List.of("kB", "MB", "GB", "TB", "PB", "EB");
    private static final int NAMES_SHOWN = 3;

    private Amount() {}

    /** Decimal: {@code 512 B}, {@code 12.3 MB}. */
    static String bytes(long bytes) {
        if (bytes < 1000) {
            return bytes + " B";
        }
        double value = bytes;
        int unit = -1;
        // 999.95 would be rounded to 1000.0 of the smaller unit
        while (value >= 999.95 && unit < UNITS.size() - 1) {
            value /= 1000;
            unit++;
        }
        return String.format(Locale.ROOT, "%.1f %s", value, UNITS.get(unit));
    }

    /** The first ones, and how many more there are: {@code a, b, c and 9 more}. */
    static String names(List<String> names) {
        String shown = names.stream().limit(NAMES_SHOWN).map(Sql::printable).collect(Collectors.joining(", "));
        return names.size() > NAMES_SHOWN ? shown + " and " + (names.size() - NAMES_SHOWN) + " more" : shown;
    }
}
