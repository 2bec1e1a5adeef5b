package dev.godwit.node.postgres;

import dev.godwit.node.capture.StreamMessage;
import dev.godwit.node.source.ChangeStream;
import dev.godwit.protocol.error.ErrorCode;
import dev.godwit.protocol.error.GodwitException;
import dev.godwit.protocol.event.CaptureSlot;
import java.nio.ByteBuffer;
import java.sql.Connection;
import java.sql.SQLException;
import java.time.Duration;
import java.util.ArrayDeque;
import java.util.Deque;
import java.util.Optional;
import java.util.concurrent.atomic.AtomicLong;
import java.util.concurrent.locks.LockSupport;
import java.util.concurrent.locks.ReentrantLock;
import org.postgresql.copy.CopyDual;
import org.postgresql.jdbc.PgConnection;

/**
 * A slot of pgoutput that is read. The driver's own replication stream is passed over: it drops the server's KeepAlives,
 * and answers when it is read alone. Here a thread tells the server once a second what was acknowledged, also while the
 * owner is busy elsewhere, and asks how far it is. Little is read ahead, so memory is that of one message or a little more.
 */
final class PostgresChangeStream implements ChangeStream {
    /** After so long without a word of ours the server ends the session, so a stopped node does not keep the slot. */
    private static final Duration SILENCE = Duration.ofMinutes(2);

    /** The server answers each second, unless it works on one huge transaction: after so long it is gone. */
    private static final Duration SILENCE_OF_SERVER = Duration.ofMinutes(10);

    /** The first version with the option {@code messages}; the one after it is the first to keep empty transactions back. */
    private static final int TELLS_MESSAGES = 14;

    private static final Duration BETWEEN_STATUSES = Duration.ofSeconds(1);
    private static final int STATUS_BYTES = 1 + 4 * Long.BYTES + 1;
    private static final int KEEP_ALIVE_BYTES = 1 + 2 * Long.BYTES + 1;
    private static final int CHANGE_HEADER_BYTES = 1 + 3 * Long.BYTES;
    private static final int LSN_AT = 1;

    /** What is read together: of many small frames some tens, of large ones each by itself. */
    private static final int AHEAD_BYTES = 16 << 10;

    /** What a frame costs beside its bytes. */
    private static final int FRAME_BYTES = 32;

    private static final long SHORTEST_PAUSE_NANOS = 200_000;
    private static final long LONGEST_PAUSE_NANOS = 2_000_000;

    private final PgConnection session;
    private final CopyDual copy;
    private final String where;
    private final PgOutput decoder;
    private final long confirmedLsn;

    /** Guards the session. Fair, or the status would wait for a reader that never rests. */
    private final ReentrantLock using = new ReentrantLock(true);

    private final AtomicLong acknowledged;
    private final Thread statuses;

    /** Everything before was sent; never goes back. Written by the owner. */
    private volatile long toldLsn;

    private volatile boolean cancelled;
    private volatile boolean closed;
    private volatile GodwitException failedStatus;
    private final Deque<byte[]> frames = new ArrayDeque<>();
    private boolean inTransaction;
    private long heardNanos = System.nanoTime();

    private PostgresChangeStream(PgConnection session, CopyDual copy, String where, long confirmedLsn) {
        this.session = session;
        this.copy = copy;
        this.where = where;
        this.decoder = new PgOutput(where);
        this.confirmedLsn = confirmedLsn;
        this.acknowledged = new AtomicLong(confirmedLsn);
        this.toldLsn = confirmedLsn;
        this.statuses = new Thread(this::tellStatus, "godwit-change-status");
        this.statuses.setDaemon(true);
    }

    /**
     * As {@link dev.godwit.node.source.ChangeSource#open}.
     *
     * @param messages whether transactions that hold nothing but a logical message are sent too; servers that can't be asked
     *     for that send every transaction
     */
    static PostgresChangeStream open(PostgresConnections connections, CaptureSlot slot, boolean messages) {
        String where = connections.place() + ", slot " + slot.name();
        Connection replicating = connections.replicating(SILENCE);
        try {
            ServerIdentity.of(replicating).expect(slot, connections.place());
            new ReplicationSlot(replicating, slot.name(), connections.place()).usable();
            PgConnection session = replicating.unwrap(PgConnection.class);
            CopyDual copy = session.getCopyAPI()
                    .copyDual(command(
                            slot, messages && replicating.getMetaData().getDatabaseMajorVersion() >= TELLS_MESSAGES));
            // Only now nobody else can move it.
            long confirmed = confirmed(connections, slot);
            PostgresChangeStream stream = new PostgresChangeStream(session, copy, where, confirmed);
            stream.statuses.start();
            return stream;
        } catch (SQLException e) {
            end(replicating);
            throw ReplicationErrors.translate(e, where);
        } catch (RuntimeException e) {
            end(replicating);
            throw e;
        }
    }

    private static String command(CaptureSlot slot, boolean messages) {
        return "START_REPLICATION SLOT " + Sql.ident(slot.name())
                + " LOGICAL 0/0 (proto_version '1', publication_names " + Sql.literal(Sql.ident(slot.publication()))
                + (messages ? ", messages 'true'" : "") + ")";
    }

    private static long confirmed(PostgresConnections connections, CaptureSlot slot) throws SQLException {
        try (Connection asking = connections.take()) {
            long confirmed = new ReplicationSlot(asking, slot.name(), connections.place())
                    .usable()
                    .health()
                    .confirmedLsn();
            asking.rollback();
            return confirmed;
        }
    }

    /** A plain close would wait for the server to end the copy. */
    private static void end(Connection session) {
        try {
            session.abort(Runnable::run);
        } catch (SQLException e) {
            // It is gone already.
        }
    }

    @Override
    public long confirmedLsn() {
        return confirmedLsn;
    }

    @Override
    public Optional<StreamMessage> next(Duration atMost) {
        long begun = 0;
        long pause = SHORTEST_PAUSE_NANOS;
        while (true) {
            byte[] frame = frames.poll();
            if (frame == null) {
                begun = begun == 0 ? System.nanoTime() : begun;
                receive();
                frame = frames.poll();
            }
            if (frame != null) {
                Optional<StreamMessage> message = understand(frame);
                if (message.isPresent()) {
                    return message;
                }
                pause = SHORTEST_PAUSE_NANOS;
                // Much may come that means nothing to us: whoever asks has other things to do as well.
                begun = begun == 0 ? System.nanoTime() : begun;
                if (System.nanoTime() - begun > atMost.toNanos()) {
                    return Optional.empty();
                }
            } else if (failedStatus != null) {
                throw failedStatus; // only now: what the server said before it went is worth more
            }
            if (frame == null) {
                long left = atMost.toNanos() - (System.nanoTime() - begun);
                if (left <= 0) {
                    return Optional.empty();
                }
                if (Thread.currentThread().isInterrupted()) {
                    throw cancelled();
                }
                LockSupport.parkNanos(Math.min(left, pause));
                pause = Math.min(2 * pause, LONGEST_PAUSE_NANOS);
            }
        }
    }

    /** Takes what has come, but little ahead of the first. */
    private void receive() {
        using.lock();
        try {
            byte[] frame = copy.readFromCopy(false);
            for (int bytes = 0; frame != null; frame = bytes < AHEAD_BYTES ? copy.readFromCopy(false) : null) {
                frames.add(frame);
                bytes += frame.length + FRAME_BYTES;
            }
            if (!frames.isEmpty()) {
                heardNanos = System.nanoTime();
            } else if (!copy.isActive() || System.nanoTime() - heardNanos > SILENCE_OF_SERVER.toNanos()) {
                throw new GodwitException(
                        ErrorCode.SOURCE_UNREACHABLE,
                        "The source has ended the stream of changes, or does not answer any more.",
                        where,
                        "Check whether the server runs.");
            }
        } catch (SQLException e) {
            throw failure(e);
        } finally {
            using.unlock();
        }
    }

    private GodwitException failure(SQLException e) {
        return cancelled || closed ? cancelled() : ReplicationErrors.translate(e, where);
    }

    private GodwitException cancelled() {
        return new GodwitException(ErrorCode.SOURCE_FAILED, "The stream of changes was cancelled.", where, "");
    }

    private Optional<StreamMessage> understand(byte[] frame) {
        if (frame.length == KEEP_ALIVE_BYTES && frame[0] == 'k') {
            return keptAlive(ByteBuffer.wrap(frame).getLong(LSN_AT));
        }
        if (frame.length <= CHANGE_HEADER_BYTES || frame[0] != 'w') {
            throw PgOutput.wrong("a frame that replication does not have", where);
        }
        Optional<StreamMessage> message = decoder.decode(frame, CHANGE_HEADER_BYTES);
        if (message.isPresent()) {
            if (message.get() instanceof StreamMessage.Begin) {
                inTransaction = true;
            } else if (message.get() instanceof StreamMessage.Commit commit) {
                inTransaction = false;
                told(commit.endLsn());
            }
        }
        return message;
    }

    private Optional<StreamMessage> keptAlive(long lsn) {
        if (inTransaction || Long.compareUnsigned(lsn, toldLsn) <= 0) {
            return Optional.empty();
        }
        told(lsn);
        return Optional.of(new StreamMessage.KeepAlive(lsn));
    }

    private void told(long lsn) {
        if (Long.compareUnsigned(lsn, toldLsn) > 0) {
            toldLsn = lsn;
        }
    }

    @Override
    public void acknowledge(long lsn) {
        acknowledged.accumulateAndGet(lsn, (before, now) -> Long.compareUnsigned(now, before) > 0 ? now : before);
    }

    private void tellStatus() {
        while (!closed && !cancelled) {
            try {
                sendStatus();
            } catch (SQLException e) {
                failedStatus = failure(e);
                return;
            }
            LockSupport.parkNanos(BETWEEN_STATUSES.toNanos());
        }
    }

    /** Also asks for an answer: a KeepAlive, which tells how far the server is where it has nothing for us. */
    private void sendStatus() throws SQLException {
        long flushed = acknowledged.get();
        long received = Long.compareUnsigned(toldLsn, flushed) > 0 ? toldLsn : flushed;
        byte[] status = ByteBuffer.allocate(STATUS_BYTES)
                .put((byte) 'r')
                .putLong(received)
                .putLong(flushed)
                .putLong(flushed)
                .putLong(0) // our clock: nobody asks for it
                .put((byte) 1)
                .array();
        using.lock();
        try {
            copy.writeToCopy(status, 0, status.length);
            copy.flushCopy();
        } finally {
            using.unlock();
        }
    }

    @Override
    public void cancel() {
        cancelled = true;
        cutOff();
    }

    @Override
    public void close() {
        if (closed) {
            return;
        }
        if (!cancelled && failedStatus == null) {
            try {
                sendStatus(); // what was acknowledged last
            } catch (SQLException e) {
                // It is sent again then.
            }
        }
        closed = true;
        cutOff();
    }

    private void cutOff() {
        LockSupport.unpark(statuses);
        SourceTransaction.cutOff(session);
    }
}
