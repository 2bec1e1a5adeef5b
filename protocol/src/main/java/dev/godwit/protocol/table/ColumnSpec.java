package dev.godwit.protocol.table;

/**
 * A column that is copied. Generated columns are not among them: the target computes those.
 *
 * @param name as in the catalog
 * @param type as {@code format_type} prints it, for example {@code numeric(10,2)}
 */
public record ColumnSpec(String name, String type) {}
