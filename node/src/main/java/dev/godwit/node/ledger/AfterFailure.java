package dev.godwit.node.ledger;

import dev.godwit.protocol.error.ErrorCode;
import dev.godwit.protocol.error.Retry;
import java.time.Duration;

/** What a coordinator does after a shard's try came to nothing. */
public sealed interface AfterFailure {
    /** Tries of one shard before its table pauses, where the error's retry is BOUNDED. */
    int MOST_FAILURES = 5;

    /** Shortest pause before the next try. */
    Duration FIRST_PAUSE = Duration.ofMillis(500);

    /** Longest pause before the next try. */
    Duration LONGEST_PAUSE = Duration.ofSeconds(15);

    /** The shard waits and is handed out again. */
    record TryAgain(Duration pause) implements AfterFailure {}

    /** The table pauses until a person resumes it. */
    record PauseTable() implements AfterFailure {}

    /**
     * @param failures failed tries of this shard, this one included; 1 and up
     * @param spread 0 to 1, chosen at random, so that shards that failed together do not come back together
     */
    static AfterFailure of(ErrorCode code, int failures, double spread) {
        boolean again =
                code.retry() == Retry.UNTIL_IT_WORKS || (code.retry() == Retry.BOUNDED && failures < MOST_FAILURES);
        return again ? new TryAgain(pause(failures, spread)) : new PauseTable();
    }

    private static Duration pause(int failures, double spread) {
        long most = FIRST_PAUSE.toMillis() << Math.min(failures - 1, 10);
        long capped = Math.min(most, LONGEST_PAUSE.toMillis());
        return Duration.ofMillis(capped / 2 + (long) (capped / 2.0 * spread));
    }
}
