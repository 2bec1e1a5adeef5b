package dev.godwit.node.source;

import dev.godwit.protocol.table.ColumnSpec;
import java.util.List;

/**
 * The bytes of one range in COPY's format. Not thread-safe, except {@link #cancel()}. Closing it before the end gives
 * the read up.
 */
public interface RangeReader extends AutoCloseable {
    /** {@code pg_current_snapshot()} of the transaction that reads. */
    String snapshot();

    /**
     * The source's WAL insert position, asked for after the snapshot was taken: whatever the snapshot sees committed before
     * that. To be called before the first {@link #read}.
     */
    long lsn();

    /**
     * The table's columns as they are while it is read: nobody can alter it meanwhile. To be called before the first
     * {@link #read}.
     */
    List<ColumnSpec> columns();

    /** Up to where the source's log is on its disk. Not to be called between the first {@link #read} and the last. */
    long flushedLsn();

    /**
     * Fills a part of the buffer with the next bytes of the stream; rows may be cut anywhere.
     *
     * @return how many bytes, 1 or more; -1 at the end
     */
    int read(byte[] buffer);

    /** Rows whose first byte has been read; may be asked from any thread. */
    long rowsSoFar();

    /** Rows of the whole range as the source counted them; valid after {@link #read} has returned -1. */
    long rows();

    /** Ends the read from another thread: a blocked {@link #read} fails soon. */
    void cancel();

    @Override
    void close();
}
