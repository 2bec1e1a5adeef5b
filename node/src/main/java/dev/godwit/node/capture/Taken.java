package dev.godwit.node.capture;

/**
 * When rows were read.
 *
 * @param lsn of the source's log, asked for after the snapshot was taken: whatever it sees committed before that
 */
record Taken(Visibility snapshot, long lsn) {
    static Taken of(String snapshot, long lsn) {
        return new Taken(Visibility.of(snapshot), lsn);
    }

    /**
     * Whether it was taken later. The place alone does not tell: transactions become visible while nothing is written to
     * the log. Of two snapshots with one end the later one has fewer transactions running.
     */
    boolean isAfter(Taken other) {
        if (lsn != other.lsn) {
            return lsn > other.lsn;
        } else if (snapshot.xmax() != other.snapshot.xmax()) {
            return snapshot.xmax() > other.snapshot.xmax();
        }
        return snapshot.inProgress().size() < other.snapshot.inProgress().size();
    }

    /** Whether the rows hold what the transaction did. */
    boolean has(long xid, long commitLsn) {
        return commitLsn < lsn && snapshot.sees(xid);
    }
}
