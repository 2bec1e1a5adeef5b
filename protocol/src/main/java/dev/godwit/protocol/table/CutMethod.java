package dev.godwit.protocol.table;

/** How a table is cut into shards. */
public enum CutMethod {
    /** Ranges of the key's values, read through the key's index. */
    KEY,
    /**
     * Ranges of blocks (ctid). Right only while all shards share one snapshot or the table's file is not rewritten and
     * not written to.
     */
    BLOCK,
    /** One shard for the whole table: it is small, or can't be cut. */
    WHOLE
}
