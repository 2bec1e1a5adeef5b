package dev.godwit.node.capture;

import java.util.HashSet;
import java.util.LinkedHashMap;
import java.util.Map;
import java.util.Set;

/** Transactions that the stream has sent and that are not known to be visible yet: a commit is in the log a moment before. */
final class PassedBy {
    /** By id, in the order in which they committed. */
    private final Map<Long, Long> commits = new LinkedHashMap<>();

    private long reference;

    /** @param reference a 64-bit id of about now: at most two thousand million away from any that the stream will send */
    PassedBy(long reference) {
        this.reference = reference;
    }

    /** The 64-bit id next to the reference that has these 32 bits. */
    long wide(long xid) {
        return reference + (int) (xid - reference);
    }

    void add(long xid, long commitLsn) {
        commits.put(xid, commitLsn);
    }

    void visible(Visibility now) {
        commits.keySet().removeIf(now::sees);
        reference = Math.max(reference, now.xmax());
    }

    /** Whether a snapshot sees all of them. */
    boolean allSeenBy(Visibility snapshot) {
        return commits.keySet().stream().allMatch(snapshot::sees);
    }

    Set<Long> ids() {
        return new HashSet<>(commits.keySet());
    }

    int size() {
        return commits.size();
    }

    /** Where the oldest committed; the largest value if there is none. */
    long oldestCommitLsn() {
        return commits.isEmpty() ? Long.MAX_VALUE : commits.values().iterator().next();
    }
}
