package dev.godwit.node.capture;

import java.math.BigDecimal;
import java.nio.charset.StandardCharsets;
import java.time.DateTimeException;
import java.time.LocalDate;
import java.util.Arrays;
import java.util.Optional;
import java.util.regex.Pattern;

/** A type whose values are put in order here exactly as PostgreSQL does, by their texts. */
enum KeyType {
    /** {@code smallint}, {@code integer}, {@code bigint}. */
    INTEGER {
        @Override
        Comparable<?> parse(String text) {
            return Long.valueOf(text);
        }
    },
    /** NaN is above everything, and equal to itself; {@code 1.0} equals {@code 1.00}. */
    NUMERIC {
        @Override
        Comparable<?> parse(String text) {
            return switch (text) {
                case "-Infinity" -> new Decimal(-1, BigDecimal.ZERO);
                case "Infinity" -> new Decimal(1, BigDecimal.ZERO);
                case "NaN" -> new Decimal(2, BigDecimal.ZERO);
                default -> new Decimal(0, new BigDecimal(text));
            };
        }
    },
    /** Its lower-case hexadecimal digits stand in the order of its bytes. */
    UUID {
        @Override
        Comparable<?> parse(String text) {
            if (!CANONICAL_UUID.matcher(text).matches()) {
                throw new IllegalArgumentException("not a uuid");
            }
            return text;
        }
    },
    DATE {
        @Override
        Comparable<?> parse(String text) {
            return isInfinite(text) ? infinite(text) : day(withoutEra(text), isBeforeChrist(text));
        }
    },
    TIMESTAMP {
        @Override
        Comparable<?> parse(String text) {
            return isInfinite(text) ? infinite(text) : micros(withoutEra(text), isBeforeChrist(text));
        }
    },
    /** As a session with time zone UTC prints it. */
    TIMESTAMPTZ {
        @Override
        Comparable<?> parse(String text) {
            if (isInfinite(text)) {
                return infinite(text);
            }
            String local = withoutEra(text);
            if (!local.endsWith("+00")) {
                throw new IllegalArgumentException("not in UTC");
            }
            return micros(local.substring(0, local.length() - 3), isBeforeChrist(text));
        }
    },
    /** {@code text} and {@code character varying} in an order of bytes: UTF-8, collation C or POSIX. */
    TEXT {
        @Override
        Comparable<?> parse(String text) {
            return new Utf8(text.getBytes(StandardCharsets.UTF_8));
        }
    };

    private static final Pattern CANONICAL_UUID = Pattern.compile("[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}");
    private static final Pattern MODIFIED_NUMERIC = Pattern.compile("numeric\\(\\d+,-?\\d+\\)");
    private static final Pattern MODIFIED_TIMESTAMP = Pattern.compile("timestamp\\(\\d\\) with(out)? time zone");
    private static final Pattern MODIFIED_VARCHAR = Pattern.compile("character varying\\(\\d+\\)");

    private static final String BEFORE_CHRIST = " BC";
    private static final long MICROS_OF_DAY = 86_400_000_000L;

    /** PostgreSQL counts from 2000-01-01; only so do all of its timestamps fit into 64 bits. */
    private static final long DAY_ZERO = LocalDate.of(2000, 1, 1).toEpochDay();

    /**
     * Values of one type are comparable with each other.
     *
     * @throws IllegalArgumentException if that is no value of the type; without the value
     */
    abstract Comparable<?> parse(String text);

    /** @param type as {@code format_type} prints it; empty if its order is not known here */
    static Optional<KeyType> of(String type) {
        return switch (type) {
            case "smallint", "integer", "bigint" -> Optional.of(INTEGER);
            case "numeric" -> Optional.of(NUMERIC);
            case "uuid" -> Optional.of(UUID);
            case "date" -> Optional.of(DATE);
            case "timestamp without time zone" -> Optional.of(TIMESTAMP);
            case "timestamp with time zone" -> Optional.of(TIMESTAMPTZ);
            case "text", "character varying" -> Optional.of(TEXT);
            default -> modified(type);
        };
    }

    private static Optional<KeyType> modified(String type) {
        if (MODIFIED_NUMERIC.matcher(type).matches()) {
            return Optional.of(NUMERIC);
        } else if (MODIFIED_TIMESTAMP.matcher(type).matches()) {
            return Optional.of(type.endsWith("without time zone") ? TIMESTAMP : TIMESTAMPTZ);
        } else if (MODIFIED_VARCHAR.matcher(type).matches()) {
            return Optional.of(TEXT);
        }
        return Optional.empty();
    }

    private static boolean isInfinite(String text) {
        return text.endsWith("infinity");
    }

    private static Long infinite(String text) {
        return switch (text) {
            case "infinity" -> Long.MAX_VALUE;
            case "-infinity" -> Long.MIN_VALUE;
            default -> throw new IllegalArgumentException("not a time");
        };
    }

    private static boolean isBeforeChrist(String text) {
        return text.endsWith(BEFORE_CHRIST);
    }

    private static String withoutEra(String text) {
        return isBeforeChrist(text) ? text.substring(0, text.length() - BEFORE_CHRIST.length()) : text;
    }

    /** Days since 1970; a year has four digits or more, and there is no year 0: before 1 comes 1 BC. */
    private static Long day(String text, boolean beforeChrist) {
        int length = text.length();
        if (length < 10 || text.charAt(length - 3) != '-' || text.charAt(length - 6) != '-') {
            throw new IllegalArgumentException("not a date");
        }
        int year = number(text, 0, length - 6);
        int month = number(text, length - 5, length - 3);
        int dayOfMonth = number(text, length - 2, length);
        try {
            return LocalDate.of(beforeChrist ? 1 - year : year, month, dayOfMonth)
                    .toEpochDay();
        } catch (DateTimeException e) {
            throw new IllegalArgumentException("not a date");
        }
    }

    /** Microseconds since 2000. */
    private static Long micros(String text, boolean beforeChrist) {
        int space = text.indexOf(' ');
        if (space < 0 || text.length() < space + 9) {
            throw new IllegalArgumentException("not a timestamp");
        }
        long seconds = number(text, space + 1, space + 3) * 3600L
                + number(text, space + 4, space + 6) * 60L
                + number(text, space + 7, space + 9);
        long fraction = 0;
        if (text.length() > space + 9) {
            int digits = text.length() - space - 10;
            if (text.charAt(space + 9) != '.' || digits < 1 || digits > 6) {
                throw new IllegalArgumentException("not a timestamp");
            }
            fraction = number(text, space + 10, text.length());
            for (int i = digits; i < 6; i++) {
                fraction *= 10;
            }
        }
        long days = day(text.substring(0, space), beforeChrist) - DAY_ZERO;
        return days * MICROS_OF_DAY + seconds * 1_000_000 + fraction;
    }

    private static int number(String text, int from, int to) {
        int number = 0;
        for (int i = from; i < to; i++) {
            char digit = text.charAt(i);
            if (digit < '0' || digit > '9' || number > 99_999_999) {
                throw new IllegalArgumentException("not a number");
            }
            number = number * 10 + digit - '0';
        }
        return number;
    }

    /** @param kind -1: -Infinity; 0: the value; 1: Infinity; 2: NaN */
    private record Decimal(int kind, BigDecimal value) implements Comparable<Decimal> {
        @Override
        public int compareTo(Decimal other) {
            return kind != other.kind ? Integer.compare(kind, other.kind) : value.compareTo(other.value);
        }
    }

    private static final class Utf8 implements Comparable<Utf8> {
        private final byte[] bytes;

        Utf8(byte[] bytes) {
            this.bytes = bytes;
        }

        @Override
        public int compareTo(Utf8 other) {
            return Arrays.compareUnsigned(bytes, other.bytes);
        }
    }
}
