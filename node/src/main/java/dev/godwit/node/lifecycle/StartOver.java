package dev.godwit.node.lifecycle;

import dev.godwit.protocol.error.ErrorCode;
import dev.godwit.protocol.error.Problem;

/** What is said when the one snapshot is gone. */
public final class StartOver {
    private StartOver() {}

    /** The problem of a migration whose snapshot nobody holds any more. */
    public static Problem snapshotLost(String migration) {
        return new Problem(
                ErrorCode.SNAPSHOT_LOST,
                "No session holds the migration's snapshot any more (all its nodes were down at once, or the source was"
                        + " restarted), so the rows that are not copied yet can't be read as of the same moment as those"
                        + " that are. Godwit does not take another snapshot by itself, since the target would mix two"
                        + " moments.",
                "migration " + migration,
                "Choose: (1) start over: empty the target's tables, then apply the plan under a new name;"
                        + " (2) if the source was not written since the start and will not be: empty the target's"
                        + " tables and apply the plan under a new name with consistency: frozen, which survives this.");
    }
}
