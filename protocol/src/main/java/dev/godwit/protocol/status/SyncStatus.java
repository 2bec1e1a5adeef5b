package dev.godwit.protocol.status;

import dev.godwit.protocol.Wire;
import dev.godwit.protocol.error.Problem;

/**
 * Whether the targets have everything that was committed at the source before a place in its log.
 *
 * @param migration its name
 * @param until that place, as a number
 * @param reached whether they do
 * @param problem why nothing is applied at the moment; null if something is
 */
public record SyncStatus(String migration, long until, boolean reached, Problem problem) implements Wire {}
