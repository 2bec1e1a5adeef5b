package dev.godwit.node.target;

/**
 * The transaction in which a shard lands. Not thread-safe, except {@link #cancel()}. Closing it before
 * {@link #commit} rolls back.
 */
public interface LandingSession extends AutoCloseable {
    /** Passes on bytes in COPY's format. Blocks while the target does not take them. */
    void write(byte[] buffer, int offset, int length);

    /**
     * Ends the copy, compares the rows that the target took with {@code rows}, completes the claim and commits.
     *
     * @param rows rows that the source counted
     * @param bytes bytes that travelled
     * @param digest of the bytes in passing, for example {@code crc32c:1a2b3c4d}
     * @return what became of it
     */
    Commit commit(long rows, long bytes, String digest);

    /** Ends the session from another thread: a blocked call fails soon. */
    void cancel();

    @Override
    void close();

    /** Outcome of a commit. */
    enum Commit {
        COMMITTED,
        /** The connection broke and the claim was read again: it is not there. */
        NOT_COMMITTED,
        /** The connection broke and the target does not answer: nobody knows. */
        UNKNOWN
    }
}
