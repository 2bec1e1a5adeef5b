package dev.godwit.ops.view;

import dev.godwit.protocol.error.ErrorCode;
import dev.godwit.protocol.status.MigrationStatus;
import dev.godwit.protocol.status.Phase;
import java.util.OptionalInt;

/** When a migration has come to an end, as far as it gets by itself, and which exit code that is. */
public final class Outcome {
    public static final int DONE = 0;
    public static final int FAILURE = 1;
    public static final int ROWS_DIFFER = ErrorCode.ROWS_DIFFER.exitCode();
    public static final int INTERRUPTED = 130;

    private Outcome() {}

    /**
     * The exit code, or nothing while it goes on. A migration that a person paused goes on (somebody will resume it);
     * one that paused because of a problem does not, nor one whose last open tables are paused, nor one whose schema can't
     * be ended. One that is complete may still have a problem to tell, such as a foreign key with orphans.
     */
    public static OptionalInt of(MigrationStatus status) {
        if (status.phase() == Phase.COMPLETED) {
            return OptionalInt.of(ofProblems(status, DONE));
        }
        boolean pausedByProblem =
                status.phase() == Phase.PAUSED && !status.problems().isEmpty();
        boolean onlyPausedTablesLeft = status.phase() != Phase.PAUSED
                && status.tablesPaused() > 0
                && status.shardsRunning() == 0
                && status.tablesDone() + status.tablesPaused() >= status.tablesTotal();
        boolean endOfSchemaWaits = status.phase() == Phase.INDEXING
                && status.tablesDone() == status.tablesTotal()
                && !status.problems().isEmpty();
        if (status.phase().ended() || pausedByProblem || onlyPausedTablesLeft || endOfSchemaWaits) {
            return OptionalInt.of(ofProblems(status, FAILURE));
        }
        return OptionalInt.empty();
    }

    private static int ofProblems(MigrationStatus status, int without) {
        return status.problems().stream()
                .mapToInt(p -> p.code().exitCode())
                .findFirst()
                .orElse(without);
    }
}
