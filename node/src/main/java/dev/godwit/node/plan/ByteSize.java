package dev.godwit.node.plan;

import java.math.BigInteger;
import java.util.Map;
import java.util.OptionalLong;
import java.util.regex.Matcher;
import java.util.regex.Pattern;

/** A number of bytes as people write it: {@code 128MiB}, {@code 1GB}, or a plain whole number. */
final class ByteSize {
    static final String UNITS =
            "KiB, MiB, GiB (powers of 1024), KB, MB, GB (powers of 1000), or a plain number of bytes";

    private static final Pattern FORM = Pattern.compile("([0-9]{1,19})(KiB|MiB|GiB|KB|MB|GB)?");
    private static final Map<String, Long> BYTES = Map.of(
            "KiB", 1L << 10, "MiB", 1L << 20, "GiB", 1L << 30, "KB", 1_000L, "MB", 1_000_000L, "GB", 1_000_000_000L);

    private ByteSize() {}

    /** The bytes, at most {@link Long#MAX_VALUE}; empty if the text has another form. */
    static OptionalLong parse(String text) {
        Matcher matcher = FORM.matcher(text);
        if (!matcher.matches()) {
            return OptionalLong.empty();
        }
        long unit = matcher.group(2) == null ? 1 : BYTES.get(matcher.group(2));
        BigInteger bytes = new BigInteger(matcher.group(1)).multiply(BigInteger.valueOf(unit));
        return OptionalLong.of(bytes.min(BigInteger.valueOf(Long.MAX_VALUE)).longValue());
    }

    /** The shortest exact form, in powers of 1024. */
    static String text(long bytes) {
        for (int shift = 30; shift > 0; shift -= 10) {
            if (bytes >= 1L << shift && bytes % (1L << shift) == 0) {
                return (bytes >> shift) + (shift == 30 ? "GiB" : shift == 20 ? "MiB" : "KiB");
            }
        }
        return Long.toString(bytes);
    }
}
