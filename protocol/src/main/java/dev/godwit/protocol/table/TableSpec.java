package dev.godwit.protocol.table;

import java.util.ArrayList;
import java.util.List;

/**
 * What a coordinator must know of one table. Found once, when the migration is prepared, and kept in the journal.
 *
 * @param name the table at the source and in the targets
 * @param columns copied columns in the order in which they travel; may be empty (a table of no columns)
 * @param keyColumns names of the columns of the key that shards are cut by, in the key's order; empty if there is none
 * @param keyNullable whether a key column may be NULL, so that a shard for NULLs is needed
 * @param method how the table is cut
 * @param binary whether rows travel in COPY's binary format, else as text
 * @param estimatedBytes bytes on disk without indexes, TOAST included
 * @param estimatedRows rows by statistics; -1 if the table was never analysed
 * @param fileNode the source's {@code pg_relation_filenode} when the table was planned: block ranges are read only
 *     while it is the same
 * @param addedColumns how many of the columns, at the end of the list, were added at the source after that, and taken over
 *     into the targets: the stream of changes may still tell of rows without them
 */
public record TableSpec(
        TableName name,
        List<ColumnSpec> columns,
        List<String> keyColumns,
        boolean keyNullable,
        CutMethod method,
        boolean binary,
        long estimatedBytes,
        long estimatedRows,
        long fileNode,
        int addedColumns) {
    public TableSpec {
        columns = List.copyOf(columns);
        keyColumns = List.copyOf(keyColumns);
    }

    /** One as it was planned. */
    public TableSpec(
            TableName name,
            List<ColumnSpec> columns,
            List<String> keyColumns,
            boolean keyNullable,
            CutMethod method,
            boolean binary,
            long estimatedBytes,
            long estimatedRows,
            long fileNode) {
        this(name, columns, keyColumns, keyNullable, method, binary, estimatedBytes, estimatedRows, fileNode, 0);
    }

    /** The same table, cut another way. */
    public TableSpec cutBy(CutMethod other) {
        return new TableSpec(
                name,
                columns,
                keyColumns,
                keyNullable,
                other,
                binary,
                estimatedBytes,
                estimatedRows,
                fileNode,
                addedColumns);
    }

    /**
     * The same table with further columns at the end.
     *
     * @param stillBinary whether rows travel in COPY's binary format with them too
     */
    public TableSpec withAdded(List<ColumnSpec> further, boolean stillBinary) {
        List<ColumnSpec> all = new ArrayList<>(columns);
        all.addAll(further);
        return new TableSpec(
                name,
                all,
                keyColumns,
                keyNullable,
                method,
                binary && stillBinary,
                estimatedBytes,
                estimatedRows,
                fileNode,
                addedColumns + further.size());
    }

    /** The columns that were added after the table was planned. */
    public List<ColumnSpec> added() {
        return columns.subList(columns.size() - addedColumns, columns.size());
    }

    /** Type of a key column, as {@code format_type} prints it. */
    public String typeOf(String column) {
        return columns.stream()
                .filter(c -> c.name().equals(column))
                .findFirst()
                .map(ColumnSpec::type)
                .orElseThrow(() -> new IllegalArgumentException("no such column"));
    }
}
