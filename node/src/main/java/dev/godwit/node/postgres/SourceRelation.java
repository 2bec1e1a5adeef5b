package dev.godwit.node.postgres;

import dev.godwit.protocol.table.TableName;
import java.util.List;

/**
 * A relation of the source that the plan's patterns may mean.
 *
 * @param oid its oid
 * @param kind {@code relkind}: r, p, f, v or m
 * @param ancestors the partitioned tables that it is a partition of, nearest first; empty if of none
 * @param extension name of the extension that it belongs to, or null
 * @param readable whether the role may read its schema and all its columns
 * @param filtered whether row-level security hides rows from the role
 */
record SourceRelation(
        long oid,
        TableName name,
        char kind,
        List<TableName> ancestors,
        String extension,
        boolean readable,
        boolean filtered) {
    SourceRelation {
        ancestors = List.copyOf(ancestors);
    }

    /** Whether it holds rows of its own that are copied. A partitioned table's rows are those of its leaves. */
    boolean isTable() {
        return kind == 'r' && extension == null;
    }

    /** What it is, for sentences. */
    String kindInWords() {
        return switch (kind) {
            case 'r' -> extension == null ? "a table" : "a table of an extension";
            case 'p' -> "a partitioned table";
            case 'f' -> "a foreign table";
            case 'v' -> "a view";
            case 'm' -> "a materialised view";
            default -> "not a table";
        };
    }
}
