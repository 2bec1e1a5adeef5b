package dev.godwit.node.capture;

/**
 * A place in the stream of changes. The stream holds whole transactions in the order of their commits, and sends the same
 * messages again after each start: so a place that is kept once means the same change for ever.
 *
 * @param commitLsn where the transaction's commit record begins, as its Begin message says; 0: before every transaction
 * @param changes how many messages with changes of that transaction are done; {@link #WHOLE}: all, and its commit
 */
public record Position(long commitLsn, long changes) implements Comparable<Position> {
    /** More than any transaction has. */
    public static final long WHOLE = Long.MAX_VALUE;

    /** Before everything. */
    public static final Position START = new Position(0, 0);

    /** Whether the change is one of those that are done at this place. */
    public boolean covers(long ofCommitLsn, long change) {
        return Long.compareUnsigned(ofCommitLsn, commitLsn) < 0 || ofCommitLsn == commitLsn && change <= changes;
    }

    @Override
    public int compareTo(Position other) {
        int byCommit = Long.compareUnsigned(commitLsn, other.commitLsn);
        return byCommit != 0 ? byCommit : Long.compare(changes, other.changes);
    }
}
