package dev.godwit.protocol.table;

import java.util.Objects;

/**
 * A table by schema and name, as they stand in the catalog (not quoted).
 *
 * @param schema up to 63 bytes
 * @param name up to 63 bytes
 */
public record TableName(String schema, String name) implements Comparable<TableName> {
    /** What the large objects of a PostgreSQL database are called, which are copied as one more table. */
    public static final TableName LARGE_OBJECTS = new TableName("pg_catalog", "pg_largeobject");

    public TableName {
        Objects.requireNonNull(schema, "schema");
        Objects.requireNonNull(name, "name");
    }

    /** {@code schema.name}, for messages and claims; a dot or backslash inside a part is escaped by a backslash. */
    public String text() {
        return escape(schema) + "." + escape(name);
    }

    private static String escape(String part) {
        return part.replace("\\", "\\\\").replace(".", "\\.");
    }

    /** The inverse of {@link #text()}. */
    public static TableName parse(String text) {
        StringBuilder part = new StringBuilder();
        String schema = null;
        for (int i = 0; i < text.length(); i++) {
            char c = text.charAt(i);
            if (c == '\\' && i + 1 < text.length()) {
                part.append(text.charAt(++i));
            } else if (c == '.' && schema == null) {
                schema = part.toString();
                part.setLength(0);
            } else {
                part.append(c);
            }
        }
        if (schema == null) {
            throw new IllegalArgumentException("a table is named schema.name");
        }
        return new TableName(schema, part.toString());
    }

    /** Written out, since it is asked for each change: the quick compiler of nodes makes little of what records come with. */
    @Override
    public boolean equals(Object other) {
        return this == other || other instanceof TableName its && name.equals(its.name) && schema.equals(its.schema);
    }

    @Override
    public int hashCode() {
        return 31 * schema.hashCode() + name.hashCode();
    }

    @Override
    public int compareTo(TableName other) {
        return text().compareTo(other.text());
    }

    @Override
    public String toString() {
        return text();
    }
}
