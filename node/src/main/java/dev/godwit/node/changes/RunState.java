package dev.godwit.node.changes;

import dev.godwit.node.source.ChangeSource;
import java.util.Optional;

/**
 * How a run does, as its reading thread saw it last.
 *
 * @param sourceLsn the source's insert position
 * @param reachedLsn up to where all is in the target; -1 if that is not known
 * @param waiting changes that are judged and not applied
 * @param waitingSinceMicros when the oldest transaction of these committed, microseconds since 1970; 0 if there is none
 * @param joining shards in flight
 * @param slot empty where the source does not know it
 */
record RunState(
        long sourceLsn,
        long reachedLsn,
        long waiting,
        long waitingSinceMicros,
        int joining,
        double oldestSnapshotSeconds,
        long inserted,
        long updated,
        long deleted,
        Optional<ChangeSource.SlotHealth> slot) {
    static final RunState NONE = new RunState(-1, -1, 0, 0, 0, 0, 0, 0, 0, Optional.empty());
}
