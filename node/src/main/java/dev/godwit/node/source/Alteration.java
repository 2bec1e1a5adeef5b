package dev.godwit.node.source;

import dev.godwit.protocol.table.TableSpec;
import java.util.Optional;

/**
 * How a table of the source differs from what is known of it.
 *
 * @param followed the table with its further columns, where nothing else is different and these can be followed: they come
 *     after all others, may be NULL, are so in all rows that were there before, and sort as their type does; empty otherwise
 * @param published whether its changes still come by the stream
 * @param what a sentence for people, without values
 */
public record Alteration(Optional<TableSpec> followed, boolean published, String what) {}
