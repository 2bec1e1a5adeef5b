package dev.godwit.protocol.plan;

import dev.godwit.protocol.table.TableName;
import java.util.ArrayList;
import java.util.List;

/**
 * Which tables a plan's patterns name. A pattern is {@code schema.table}; {@code *} matches any run of characters, also
 * an empty one, and never reaches over the dot between schema and table. Names are compared as they stand in the
 * catalog, case included. A backslash takes the special meaning from the dot, star or backslash after it, so
 * {@link TableName#text()} is the pattern of exactly one table unless its name holds a star.
 */
public final class TablePatterns {
    private TablePatterns() {}

    /** Whether the plan migrates the table: some {@code include} matches it and no {@code exclude} does. */
    public static boolean matches(Plan plan, TableName table) {
        return plan.include().stream().anyMatch(pattern -> matches(pattern, table))
                && plan.exclude().stream().noneMatch(pattern -> matches(pattern, table));
    }

    /**
     * Whether one pattern matches the table.
     *
     * @throws IllegalArgumentException if it is not a {@link #wellFormed} pattern
     */
    public static boolean matches(String pattern, TableName table) {
        int dot = dot(pattern);
        if (dot < 0) {
            throw new IllegalArgumentException("a pattern is schema.table");
        }
        return matchesPart(pattern.substring(0, dot), table.schema())
                && matchesPart(pattern.substring(dot + 1), table.name());
    }

    /** Whether the text is a pattern: a schema, a dot, a table, none of the two empty, no control characters. */
    public static boolean wellFormed(String pattern) {
        int dot = dot(pattern);
        return dot > 0
                && dot < pattern.length() - 1
                && pattern.chars().noneMatch(Character::isISOControl)
                && !endsInsideEscape(pattern);
    }

    /** Whether the pattern has no star that is not escaped: it names one table. */
    public static boolean isExact(String pattern) {
        return literals(pattern).size() == 1;
    }

    /** Place of the dot between schema and table, or -1. */
    private static int dot(String pattern) {
        for (int i = 0; i < pattern.length(); i++) {
            if (pattern.charAt(i) == '\\') {
                i++;
            } else if (pattern.charAt(i) == '.') {
                return i;
            }
        }
        return -1;
    }

    private static boolean endsInsideEscape(String pattern) {
        int trailing = 0;
        while (trailing < pattern.length() && pattern.charAt(pattern.length() - 1 - trailing) == '\\') {
            trailing++;
        }
        return trailing % 2 == 1;
    }

    /** Whether the whole text is as the pattern says, dots included; stars and backslashes as in a table's pattern. */
    public static boolean matchesText(String pattern, String text) {
        return matchesPart(pattern, text);
    }

    /** Linear in the lengths for each star: no pattern is slow. */
    private static boolean matchesPart(String pattern, String name) {
        List<String> literals = literals(pattern);
        String first = literals.get(0);
        if (literals.size() == 1) {
            return name.equals(first);
        }
        if (!name.startsWith(first)) {
            return false;
        }
        int at = first.length();
        for (String middle : literals.subList(1, literals.size() - 1)) {
            int found = name.indexOf(middle, at);
            if (found < 0) {
                return false;
            }
            at = found + middle.length();
        }
        String last = literals.get(literals.size() - 1);
        return name.length() - last.length() >= at && name.endsWith(last);
    }

    /** The texts before, between and after the stars, escapes resolved; one more than there are stars. */
    private static List<String> literals(String pattern) {
        List<String> literals = new ArrayList<>();
        StringBuilder literal = new StringBuilder();
        for (int i = 0; i < pattern.length(); i++) {
            char c = pattern.charAt(i);
            if (c == '*') {
                literals.add(literal.toString());
                literal.setLength(0);
            } else if (c == '\\' && i + 1 < pattern.length()) {
                literal.append(pattern.charAt(++i));
            } else {
                literal.append(c);
            }
        }
        literals.add(literal.toString());
        return literals;
    }
}
