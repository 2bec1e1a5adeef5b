package dev.godwit.node.source;

import dev.godwit.protocol.table.TableSpec;
import java.util.Optional;

/**
 * Whole tables in COPY's format, one after the other, in one transaction of the source. Not thread-safe, except
 * {@link #cancel()}. Closing it before the end gives the read up.
 */
public interface BundleReader extends AutoCloseable {
    /** {@code pg_current_snapshot()} of the transaction that reads. */
    String snapshot();

    /** Begins with a table of those that it was opened for; the one before was read to its end. */
    void begin(TableSpec table);

    /** The next bytes of the table; empty at its end. */
    Optional<byte[]> next();

    /** Rows of the table as the source counted them; valid after {@link #next} was empty. */
    long rows();

    /** Ends the read from another thread: a blocked call fails soon. */
    void cancel();

    @Override
    void close();
}
