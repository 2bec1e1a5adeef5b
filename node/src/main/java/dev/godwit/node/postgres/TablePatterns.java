package dev.godwit.node.postgres;

import dev.godwit.protocol.error.ErrorCode;
import dev.godwit.protocol.error.GodwitException;
import dev.godwit.protocol.table.TableName;
import java.util.List;
import java.util.regex.Pattern;

/**
 * The plan's patterns {@code schema.table}. {@code *} stands for any run of characters, a backslash before a character
 * takes it as it is (a dot in a name is written {@code \.}, as {@link TableName#text()} does). Case counts.
 */
final class TablePatterns {
    private final List<Entry> entries;

    private record Entry(String text, boolean exact, Pattern schema, Pattern table) {
        boolean matches(TableName name) {
            return schema.matcher(name.schema()).matches()
                    && table.matcher(name.name()).matches();
        }
    }

    /** @throws GodwitException with PLAN_WRONG_VALUE for a pattern without a dot */
    TablePatterns(List<String> patterns) {
        this.entries = patterns.stream().map(TablePatterns::entry).toList();
    }

    boolean matches(TableName name) {
        return entries.stream().anyMatch(entry -> entry.matches(name));
    }

    /** Patterns that name one table, and none of these. */
    List<String> namesNotAmong(List<TableName> tables) {
        return entries.stream()
                .filter(Entry::exact)
                .filter(entry -> tables.stream().noneMatch(entry::matches))
                .map(Entry::text)
                .toList();
    }

    private static Entry entry(String text) {
        StringBuilder part = new StringBuilder();
        Pattern schema = null;
        boolean exact = true;
        for (int i = 0; i < text.length(); i++) {
            char c = text.charAt(i);
            if (c == '\\' && i + 1 < text.length()) {
                i++;
                part.append(Pattern.quote(text.substring(i, i + 1)));
            } else if (c == '.' && schema == null) {
                schema = compile(part);
                part.setLength(0);
            } else if (c == '*') {
                part.append(".*");
                exact = false;
            } else {
                part.append(Pattern.quote(String.valueOf(c)));
            }
        }
        if (schema == null) {
            throw new GodwitException(
                    ErrorCode.PLAN_WRONG_VALUE,
                    "The pattern " + Sql.printable(text) + " has no dot.",
                    "include, exclude",
                    "Write schema.table, for example public.*.");
        }
        return new Entry(text, exact, schema, compile(part));
    }

    private static Pattern compile(StringBuilder part) {
        return Pattern.compile(part.toString(), Pattern.DOTALL);
    }
}
