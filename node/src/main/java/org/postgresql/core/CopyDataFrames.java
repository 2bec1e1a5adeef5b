package org.postgresql.core;

import java.io.IOException;

/**
 * The CopyData messages of a running COPY TO STDOUT as one stream of bytes. The driver's own {@code CopyOut} makes an
 * array of every row; a row of 200 MB would stand in memory whole, and small ones cost an allocation each. It stands in
 * the driver's package since {@code QueryExecutorBase.pgStream} is protected.
 *
 * <p>Not thread-safe, and only valid while the session is inside COPY TO STDOUT.
 */
public final class CopyDataFrames {
    private static final int COPY_DATA = 'd';

    private final PGStream stream;
    private int leftOfFrame;
    private long begun;
    private volatile long begunSeen;

    public CopyDataFrames(QueryExecutor executor) {
        this.stream = ((QueryExecutorBase) executor).pgStream;
    }

    /**
     * Fills the buffer from {@code offset} as far as CopyData goes on; blocks until it is full or another message
     * comes, which is left in the stream for the driver.
     *
     * @return how many bytes, 0 or more; fewer than there was room for only where another message comes
     */
    public int fill(byte[] buffer, int offset) throws IOException {
        int at = offset;
        while (at < buffer.length) {
            if (leftOfFrame == 0) {
                if (stream.peekChar() != COPY_DATA) {
                    break;
                }
                stream.receiveChar();
                leftOfFrame = stream.receiveInteger4() - Integer.BYTES;
                begun++;
            }
            int piece = Math.min(leftOfFrame, buffer.length - at);
            stream.receive(buffer, at, piece);
            leftOfFrame -= piece;
            at += piece;
        }
        begunSeen = begun; // once a call: a volatile write per row would be felt
        return at - offset;
    }

    /** Messages begun so far, which is rows, and in the binary format one more at the end; from any thread. */
    public long begun() {
        return begunSeen;
    }
}
