package dev.godwit.node.postgres;

import java.io.IOException;
import java.sql.SQLException;
import org.postgresql.copy.CopyOut;
import org.postgresql.core.CopyDataFrames;
import org.postgresql.jdbc.PgConnection;

/**
 * The bytes of one COPY TO STDOUT after the other in pieces as large as the caller's buffer, however wide a row is. Not
 * thread-safe; a session that failed in here is of no use any more.
 */
final class CopyPieces {
    private final PgConnection session;
    private final CopyDataFrames frames;

    /** Null while none runs. */
    private CopyOut copy;

    private byte[] leftover = new byte[0];
    private int leftoverAt;
    private long rows = -1;

    CopyPieces(PgConnection session) {
        this.session = session;
        this.frames = new CopyDataFrames(session.getQueryExecutor());
    }

    /** Begins a COPY; returns once the server has begun to send. The one before was read to its end. */
    void begin(String sql) throws SQLException {
        rows = -1;
        copy = session.getCopyAPI().copyOut(sql);
    }

    /** Whether a COPY was begun and not read to its end. */
    boolean running() {
        return copy != null;
    }

    /**
     * Fills the buffer as far as there is something.
     *
     * @param buffer not empty
     * @return how many bytes; fewer than there is room for only at the end, and -1 after it
     */
    int read(byte[] buffer) throws SQLException, IOException {
        int filled = 0;
        while (filled < buffer.length && copy != null) {
            filled += takeLeftover(buffer, filled);
            filled += frames.fill(buffer, filled);
            if (filled < buffer.length) {
                other();
            }
        }
        return filled == 0 ? -1 : filled;
    }

    /** Lets the driver take a message that is not CopyData: the end, an error, or a note in between. */
    private void other() throws SQLException {
        byte[] row = copy.readFromCopy();
        if (row == null) {
            rows = copy.getHandledRowCount();
            copy = null;
        } else {
            // After a note the driver reads on to the next row.
            leftover = row;
            leftoverAt = 0;
        }
    }

    private int takeLeftover(byte[] buffer, int offset) {
        int piece = Math.min(leftover.length - leftoverAt, buffer.length - offset);
        System.arraycopy(leftover, leftoverAt, buffer, offset, piece);
        leftoverAt += piece;
        if (leftoverAt == leftover.length) {
            leftover = new byte[0];
            leftoverAt = 0;
        }
        return piece;
    }

    /** Rows that the server has begun to send in all COPYs, and in the binary format one more for each; from any thread. */
    long rowsSoFar() {
        return frames.begun();
    }

    /** Rows as the server counted them; -1 before the end. */
    long rows() {
        return rows;
    }
}
