package dev.godwit.node.postgres;

import dev.godwit.protocol.table.ShardRange;
import dev.godwit.protocol.table.TableName;
import dev.godwit.protocol.table.TableSpec;
import java.util.ArrayList;
import java.util.List;
import java.util.stream.Collectors;

/** SQL text for PostgreSQL with {@code standard_conforming_strings} on, which all our sessions have. */
final class Sql {
    private static final String EVERY_ROW = "true";

    private Sql() {}

    /**
     * An identifier in double quotes.
     *
     * @throws IllegalArgumentException for an empty one and for one with a NUL
     */
    static String ident(String name) {
        if (name.isEmpty() || name.indexOf('\0') >= 0) {
            throw new IllegalArgumentException("not an identifier");
        }
        return '"' + name.replace("\"", "\"\"") + '"';
    }

    /**
     * A string literal in single quotes.
     *
     * @throws IllegalArgumentException for one with a NUL
     */
    static String literal(String text) {
        if (text.indexOf('\0') >= 0) {
            throw new IllegalArgumentException("not a text of PostgreSQL");
        }
        return '\'' + text.replace("'", "''") + '\'';
    }

    /**
     * Statements as the driver wants them: it takes {@code ??} outside of quotes for an escaped {@code ?}, and an operator
     * may have that name. The server prints no comments and, with {@code standard_conforming_strings}, no backslashes.
     */
    static String forDriver(String statements) {
        if (!statements.contains("??")) {
            return statements;
        }
        StringBuilder sql = new StringBuilder(statements.length() + 8);
        char quote = 0;
        for (int i = 0; i < statements.length(); i++) {
            char c = statements.charAt(i);
            if (quote == 0 && (c == '\'' || c == '"')) {
                quote = c;
            } else if (c == quote) {
                quote = 0; // a doubled one opens again at once
            }
            sql.append(c);
            if (c == '?' && quote == 0) {
                sql.append('?');
            }
        }
        return sql.toString();
    }

    /** {@code "schema"."name"}. */
    static String table(TableName table) {
        return ident(table.schema()) + '.' + ident(table.name());
    }

    /** {@code "a","b"}, or an empty text. */
    static String idents(List<String> names) {
        return names.stream().map(Sql::ident).collect(Collectors.joining(","));
    }

    /** The text with control characters as {@code \}{@code uXXXX}: for messages. */
    static String printable(String text) {
        StringBuilder printable = new StringBuilder(text.length());
        for (int i = 0; i < text.length(); i++) {
            char c = text.charAt(i);
            if (Character.isISOControl(c)) {
                printable.append(String.format("\\u%04x", (int) c));
            } else {
                printable.append(c);
            }
        }
        return printable.toString();
    }

    /**
     * The condition that holds for exactly the rows of the range: true for them, false or NULL for all others. Holds
     * bounds, which are values of rows: never for a log.
     *
     * <p>Bounds are compared in the key column's own collation, since a column's collation wins over the default one
     * of a literal; the catalog takes only keys whose index has that collation too.
     */
    static String predicate(TableSpec table, ShardRange range) {
        return predicate(table, range, "");
    }

    /** The same with texts compared by their bytes, whatever the column's own collation is. */
    static String predicateByBytes(TableSpec table, ShardRange range) {
        return predicate(table, range, " COLLATE \"C\"");
    }

    private static String predicate(TableSpec table, ShardRange range, String collate) {
        if (range instanceof ShardRange.Keys keys) {
            return keys(table, keys, collate);
        } else if (range instanceof ShardRange.NullKeys) {
            return table.keyColumns().stream()
                    .map(column -> ident(column) + " IS NULL")
                    .collect(Collectors.joining(" OR ", "(", ")"));
        } else if (range instanceof ShardRange.Blocks blocks) {
            return blocks(blocks);
        }
        return EVERY_ROW;
    }

    private static String keys(TableSpec table, ShardRange.Keys range, String collate) {
        List<String> conditions = new ArrayList<>();
        if (range.from() != null) {
            bound(table, range.from(), ">=", ">=", collate, conditions);
        }
        if (range.to() != null) {
            bound(table, range.to(), "<", "<=", collate, conditions);
        }
        if (table.keyNullable()) {
            // A row comparison that is decided by the first column is true although a later one is NULL.
            for (String column : table.keyColumns()) {
                conditions.add(ident(column) + " IS NOT NULL");
            }
        }
        return conditions.isEmpty() ? EVERY_ROW : String.join(" AND ", conditions);
    }

    private static void bound(
            TableSpec table,
            List<String> values,
            String operator,
            String operatorOfFirst,
            String collate,
            List<String> conditions) {
        List<String> columns = table.keyColumns();
        if (values.size() != columns.size()) {
            throw new IllegalArgumentException("a bound has one value per key column");
        }
        if (columns.size() == 1) {
            conditions.add(ident(columns.get(0)) + ' ' + operator + ' ' + bound(table, 0, values, collate));
            return;
        }
        // Says nothing new, but the planner recognises a range only in comparisons of a single column: it would take
        // the two row comparisons for independent, expect a good part of the table, and read all of it.
        conditions.add(ident(columns.get(0)) + ' ' + operatorOfFirst + ' ' + bound(table, 0, values, collate));
        List<String> bounds = new ArrayList<>(columns.size());
        for (int i = 0; i < columns.size(); i++) {
            bounds.add(bound(table, i, values, collate));
        }
        conditions.add('(' + idents(columns) + ") " + operator + " (" + String.join(",", bounds) + ')');
    }

    /** The condition that holds for the row of this key, as text per key column. Holds values of a row: never for a log. */
    static String hasKey(TableSpec table, List<String> key) {
        if (key.isEmpty() || key.size() != table.keyColumns().size()) {
            throw new IllegalArgumentException("a key has one value per key column");
        }
        List<String> conditions = new ArrayList<>(key.size());
        for (int i = 0; i < key.size(); i++) {
            conditions.add(ident(table.keyColumns().get(i)) + " = " + bound(table, i, key, ""));
        }
        return String.join(" AND ", conditions);
    }

    private static String bound(TableSpec table, int i, List<String> values, String collate) {
        String type = table.typeOf(table.keyColumns().get(i));
        boolean isText = type.equals("text") || type.startsWith("character varying");
        return literal(values.get(i)) + "::" + type + (isText ? collate : "");
    }

    private static String blocks(ShardRange.Blocks range) {
        List<String> conditions = new ArrayList<>();
        if (range.from() > 0) {
            conditions.add("ctid >= '(" + range.from() + ",0)'::tid");
        }
        if (range.to() >= 0) {
            conditions.add("ctid < '(" + range.to() + ",0)'::tid");
        }
        return conditions.isEmpty() ? EVERY_ROW : String.join(" AND ", conditions);
    }
}
