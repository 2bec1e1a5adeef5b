package org.postgresql.core;

import java.io.IOException;
import java.lang.invoke.MethodHandles;
import java.lang.invoke.VarHandle;
import java.util.Arrays;

/**
 * The CopyData messages of a running COPY TO STDOUT as one stream of bytes. The driver's own {@code CopyOut} makes an
 * array of every row; a row of 200 MB would stand in memory whole, and small ones cost an allocation each. It stands in
 * the driver's package since {@code QueryExecutorBase.pgStream} is protected. Two private fields are reached too: the
 * driver has no setting for how much it asks of the socket at once, which is 8 KiB.
 *
 * <p>Not thread-safe, and only valid while the session is inside COPY TO STDOUT.
 */
public final class CopyDataFrames {
    /** How much the socket is asked for at once, in bytes, from a session's first COPY on for as long as it lives. */
    static final int READ_BYTES = 64 << 10;

    private static final int COPY_DATA = 'd';

    private static final VarHandle INPUT = field(PGStream.class, "pgInput", VisibleBufferedInputStream.class);
    private static final VarHandle BUFFER = field(VisibleBufferedInputStream.class, "buffer", byte[].class);

    private final PGStream stream;
    private int leftOfFrame;
    private long begun;
    private volatile long begunSeen;

    public CopyDataFrames(QueryExecutor executor) {
        this.stream = ((QueryExecutorBase) executor).pgStream;
        VisibleBufferedInputStream input = (VisibleBufferedInputStream) INPUT.get(stream);
        if (input.getBuffer().length < READ_BYTES) {
            BUFFER.set(input, Arrays.copyOf(input.getBuffer(), READ_BYTES)); // what it holds stays where it is
        }
    }

    private static VarHandle field(Class<?> owner, String name, Class<?> type) {
        try {
            return MethodHandles.privateLookupIn(owner, MethodHandles.lookup()).findVarHandle(owner, name, type);
        } catch (ReflectiveOperationException e) {
            throw new IllegalStateException("this driver has no " + owner.getSimpleName() + "." + name, e);
        }
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
