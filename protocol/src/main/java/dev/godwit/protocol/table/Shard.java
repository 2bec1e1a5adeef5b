package dev.godwit.protocol.table;

/**
 * One shard of a table: the atom of work.
 *
 * @param id names the shard within its table: the window's number and the place in it ({@code 3.17}), and for each time
 *     that it was cut again a further place ({@code 3.17.2})
 * @param range its rows
 */
public record Shard(String id, ShardRange range) {}
