package dev.godwit.node.split;

import java.math.BigDecimal;
import java.math.BigInteger;
import java.time.LocalDate;
import java.time.LocalDateTime;
import java.time.ZoneOffset;
import java.time.format.DateTimeFormatter;
import java.util.Comparator;
import java.util.List;
import java.util.Locale;
import java.util.Random;

/** A type of key column: values of it as PostgreSQL prints them, and PostgreSQL's order of them. */
public enum KeyKind {
    INTEGER("integer", List.of("-2147483648", "-1", "0", "1", "2147483647")) {
        @Override
        String ordinary(Random random) {
            return Integer.toString(random.nextInt(20_000) - 10_000);
        }

        @Override
        int order(String left, String right) {
            return Long.compare(Long.parseLong(left), Long.parseLong(right));
        }
    },
    BIGINT("bigint", List.of("-9223372036854775808", "-1", "0", "9223372036854775807")) {
        /** Clusters of neighbours, far apart. */
        @Override
        String ordinary(Random random) {
            long cluster = (random.nextInt(9) - 4) * 1_000_000_000_000_000_000L;
            return Long.toString(cluster + random.nextInt(1_000));
        }

        @Override
        int order(String left, String right) {
            return Long.compare(Long.parseLong(left), Long.parseLong(right));
        }
    },
    UUID("uuid", List.of("00000000-0000-0000-0000-000000000000", "ffffffff-ffff-ffff-ffff-ffffffffffff")) {
        @Override
        String ordinary(Random random) {
            return new java.util.UUID(random.nextLong(), random.nextLong()).toString();
        }

        @Override
        int order(String left, String right) {
            return left.compareTo(right);
        }
    },
    TEXT("text", List.of("", "'", "''", "\\", "\"", " ", "\u0001", "\uFFFD", "NULL", "null", "a", "A", "%s", "$1")) {
        private static final int[] ALPHABET =
                "aAbB019 '\"\\\n\t,;()é\u0301ßıİ鸟\uFFFD🐦".codePoints().toArray();

        @Override
        String ordinary(Random random) {
            StringBuilder text = new StringBuilder();
            for (int left = random.nextInt(9); left > 0; left--) {
                text.appendCodePoint(ALPHABET[random.nextInt(ALPHABET.length)]);
            }
            return text.toString();
        }

        /** Collation C in UTF-8 is the order of code points. */
        @Override
        int order(String left, String right) {
            int[] l = left.codePoints().toArray();
            int[] r = right.codePoints().toArray();
            return java.util.Arrays.compare(l, r);
        }
    },
    TIMESTAMPTZ("timestamp with time zone", List.of("-infinity", "infinity", "1970-01-01 00:00:00.000000+00")) {
        private static final DateTimeFormatter TEXT =
                DateTimeFormatter.ofPattern("uuuu-MM-dd HH:mm:ss.SSSSSS'+00'", Locale.ROOT);

        @Override
        String ordinary(Random random) {
            long second = random.nextInt() * 20L;
            int nano = random.nextInt(1_000_000) * 1_000;
            return LocalDateTime.ofEpochSecond(second, nano, ZoneOffset.UTC).format(TEXT);
        }

        /** A minus sorts before digits, which sort before letters. */
        @Override
        int order(String left, String right) {
            return left.compareTo(right);
        }
    },
    NUMERIC("numeric", List.of("NaN", "Infinity", "-Infinity", "0", "0.000001", "-1E+30", "1E+30")) {
        private static final List<String> UNORDINARY = List.of("-Infinity", "Infinity", "NaN");

        @Override
        String ordinary(Random random) {
            return new BigDecimal(new BigInteger(1 + random.nextInt(70), random), random.nextInt(12))
                    .multiply(random.nextBoolean() ? BigDecimal.ONE : BigDecimal.ONE.negate())
                    .toPlainString();
        }

        /** NaN is above everything, and equal to itself. */
        @Override
        int order(String left, String right) {
            int byClass = Integer.compare(place(left), place(right));
            return byClass != 0 || place(left) != 0 ? byClass : new BigDecimal(left).compareTo(new BigDecimal(right));
        }

        private static int place(String text) {
            int unordinary = UNORDINARY.indexOf(text);
            return unordinary == 0 ? -1 : Math.max(0, unordinary);
        }
    },
    DATE("date", List.of("-infinity", "infinity", "0001-01-01", "9999-12-31")) {
        @Override
        String ordinary(Random random) {
            return LocalDate.ofEpochDay(random.nextInt(40_000)).toString();
        }

        @Override
        int order(String left, String right) {
            return left.compareTo(right);
        }
    };

    private final String type;
    private final List<String> edges;

    KeyKind(String type, List<String> edges) {
        this.type = type;
        this.edges = edges;
    }

    abstract String ordinary(Random random);

    abstract int order(String left, String right);

    /** As {@code format_type} prints it. */
    public String type() {
        return type;
    }

    /** Any value, one of ten an extreme one. */
    public String value(Random random) {
        return random.nextInt(10) == 0 ? edges.get(random.nextInt(edges.size())) : ordinary(random);
    }

    /** Row comparison of keys of these columns. */
    static Comparator<List<String>> order(List<KeyKind> columns) {
        return (left, right) -> {
            for (int i = 0; i < columns.size(); i++) {
                int order = columns.get(i).order(left.get(i), right.get(i));
                if (order != 0) {
                    return order;
                }
            }
            return 0;
        };
    }
}
