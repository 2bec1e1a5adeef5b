package dev.godwit.protocol.status;

import dev.godwit.protocol.Wire;
import dev.godwit.protocol.error.ErrorCode;
import dev.godwit.protocol.error.Problem;

/**
 * Whether the targets have everything that was committed at the source before a place in its log.
 *
 * @param migration its name
 * @param until that place, as a number
 * @param reached whether they do
 * @param problem why nothing is applied at the moment, or what is missing for good; null if there is nothing to say
 */
public record SyncStatus(String migration, long until, boolean reached, Problem problem) implements Wire {
    /** Whether they have all but tables whose changes are not followed any more. */
    public boolean halted() {
        return !reached && problem != null && problem.code() == ErrorCode.SOURCE_TABLE_CHANGED;
    }
}
