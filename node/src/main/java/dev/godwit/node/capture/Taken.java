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

    /** Whether the rows hold what the transaction did. */
    boolean has(long xid, long commitLsn) {
        return commitLsn < lsn && snapshot.sees(xid);
    }
}
