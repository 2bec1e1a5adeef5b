package dev.godwit.node.shard;

import dev.godwit.node.source.RangeReader;
import dev.godwit.node.source.SourceDatabase;
import dev.godwit.node.split.TooBig;
import dev.godwit.node.target.LandingSession;
import dev.godwit.node.target.TargetDatabase;
import dev.godwit.node.target.TargetDatabase.Landing;
import dev.godwit.node.target.TargetDatabase.ShardOrder;
import dev.godwit.protocol.error.ErrorCode;
import dev.godwit.protocol.error.GodwitException;
import dev.godwit.protocol.error.Problem;
import dev.godwit.protocol.table.Shard;
import dev.godwit.protocol.table.TableSpec;
import java.time.Duration;
import java.util.Locale;
import java.util.Optional;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CompletionException;
import java.util.concurrent.CompletionStage;
import java.util.concurrent.Executor;
import java.util.concurrent.atomic.AtomicReference;
import java.util.zip.CRC32C;
import org.apache.pekko.actor.typed.ActorSystem;

/**
 * One try to copy one shard: from a reader to a landing session. Reading runs on a thread of the blocking dispatcher,
 * writing on one of its own; between them stand at most as many buffers as the sink has granted, and these are used
 * again, so that a row of any size passes in pieces.
 *
 * <p>Order: the reader's transaction first (its snapshot goes into the claim), then the claim, then the bytes, then the
 * commit.
 */
final class ShardCopy implements Carriage {
    /** Bytes of one buffer. Large enough that the cost of handing it over is lost in it. */
    static final int BUFFER_BYTES = 256 << 10;

    /** A write that the target has not taken for so long is given up: its network may be a black hole. */
    static final Duration STALL = Duration.ofSeconds(120);

    /** What one try needs to know. */
    record Order(
            String migration,
            TableSpec table,
            Shard shard,
            String cluster,
            String node,
            Optional<ShardWorker.SharedSnapshot> sharedSnapshot,
            long aimedBytes,
            boolean splittable) {}

    private final SourceDatabase source;
    private final TargetDatabase target;
    private final Order order;
    private final CopyBuffers buffers;
    private final CopyMeter meter;
    private final CRC32C digest = new CRC32C();

    /** Why the bytes do not pass any more: the first of what either side has met. */
    private final AtomicReference<Throwable> failure = new AtomicReference<>();

    private volatile RangeReader reader;
    private volatile LandingSession session;
    private volatile boolean cancelled;
    private volatile long bytes;
    /** Since when a write waits; 0 while none does. */
    private volatile long writingSinceNanos;

    private volatile boolean stalled;
    private long startedNanos;

    /** @param grantedBytes memory that the sink has granted to this try */
    ShardCopy(SourceDatabase source, TargetDatabase target, Order order, long grantedBytes, CopyMeter meter) {
        this.source = source;
        this.target = target;
        this.order = order;
        this.buffers = new CopyBuffers((int) Math.max(3, grantedBytes / BUFFER_BYTES), BUFFER_BYTES);
        this.meter = meter;
    }

    @Override
    public long bytes() {
        return bytes;
    }

    @Override
    public long rows() {
        RangeReader open = reader;
        return open == null ? 0 : open.rowsSoFar();
    }

    @Override
    public void cancel() {
        cancelled = true;
        RangeReader openReader = reader;
        LandingSession openSession = session;
        if (openReader != null) {
            openReader.cancel();
        }
        if (openSession != null) {
            openSession.cancel();
        }
    }

    @Override
    public void giveUpIfStalled() {
        long since = writingSinceNanos;
        if (since != 0 && System.nanoTime() - since > STALL.toNanos()) {
            stalled = true;
            cancel();
        }
    }

    @Override
    public CompletionStage<WorkOutcome> start(ActorSystem<?> system) {
        Executor blocking = BlockingDispatcher.of(system);
        startedNanos = System.nanoTime();
        meter.onBegin();
        return CompletableFuture.supplyAsync(this::open, blocking)
                .thenApplyAsync(opened -> opened.orElseGet(this::copy), blocking)
                .exceptionallyAsync(this::outcomeOf, blocking)
                .thenApplyAsync(this::closed, blocking);
    }

    /** Opens both ends; answers the outcome if there is nothing to copy. */
    private Optional<WorkOutcome> open() {
        reader = read();
        Landing landing = target.land(new ShardOrder(
                order.migration(), order.table(), order.shard(), order.cluster(), order.node(), reader.snapshot()));
        if (landing instanceof Landing.AlreadyThere there) {
            TargetDatabase.Claim claim = there.claim();
            return Optional.of(new WorkOutcome.Landed(claim.rows(), claim.bytes(), 0, claim.node()));
        } else if (landing instanceof Landing.Retired retired) {
            return Optional.of(
                    new WorkOutcome.AlreadyRetired(retired.pieces().ranges().size()));
        }
        session = ((Landing.Open) landing).session();
        if (cancelled) {
            return Optional.of(new WorkOutcome.GivenBack());
        }
        return Optional.empty();
    }

    private RangeReader read() {
        RangeReader opened = source.read(
                order.table(), order.shard().range(), order.sharedSnapshot().map(ShardWorker.SharedSnapshot::exported));
        try {
            requireSnapshot(order.sharedSnapshot(), opened.snapshot());
            return opened;
        } catch (GodwitException e) {
            opened.close();
            throw e;
        }
    }

    /**
     * A source that was restarted gives out the same names again, for other snapshots. Whether the one that is wanted is
     * lost then, only the migration can tell, who knows all its holders.
     */
    static void requireSnapshot(Optional<ShardWorker.SharedSnapshot> wanted, String opened) {
        if (wanted.isPresent() && !wanted.get().text().equals(opened)) {
            throw new GodwitException(
                    ErrorCode.SNAPSHOT_NOT_READY, "The name of the shared snapshot means another one now.", "", "");
        }
    }

    /**
     * Passes all bytes and commits. The writer has a thread of its own: were both the dispatcher's, then many readers
     * at once could hold all its threads, each waiting for a writer that waits for a thread.
     */
    private WorkOutcome copy() {
        CompletableFuture<Void> written = CompletableFuture.runAsync(this::writeAll, ShardCopy::onThreadOfItsOwn);
        readAll();
        written.join();
        if (failure.get() != null) {
            throw new CompletionException(failure.get());
        }
        return commit();
    }

    private static void onThreadOfItsOwn(Runnable writing) {
        Thread thread = new Thread(writing, "godwit-shard-writer");
        thread.setDaemon(true);
        thread.start();
    }

    private void readAll() {
        try {
            for (Optional<byte[]> buffer = buffers.empty(); buffer.isPresent(); buffer = buffers.empty()) {
                Optional<CopyBuffers.Chunk> chunk = next(reader, buffer.get());
                if (chunk.isEmpty()) {
                    break;
                }
                buffers.put(chunk.get());
            }
            buffers.end();
        } catch (RuntimeException | Error e) {
            breakOff(e);
        }
    }

    private void writeAll() {
        try {
            for (Optional<CopyBuffers.Chunk> chunk = buffers.take(); chunk.isPresent(); chunk = buffers.take()) {
                write(chunk.get());
                buffers.giveBack(chunk.get());
            }
        } catch (RuntimeException | Error e) {
            breakOff(e);
            reader.cancel(); // it may be waiting for the source
        }
    }

    private void breakOff(Throwable why) {
        failure.compareAndSet(null, why);
        buffers.breakOff();
    }

    private Optional<CopyBuffers.Chunk> next(RangeReader from, byte[] buffer) {
        long before = System.nanoTime();
        int count = from.read(buffer);
        long after = System.nanoTime();
        if (count < 0) {
            return Optional.empty();
        }
        meter.onRead(count, after - before);
        digest.update(buffer, 0, count);
        long sum = bytes + count;
        bytes = sum;
        if (order.splittable()
                && TooBig.shouldRetire(sum, order.aimedBytes(), (System.nanoTime() - startedNanos) / 1_000_000)) {
            throw new TooBigOnTheWay();
        }
        return Optional.of(new CopyBuffers.Chunk(buffer, count));
    }

    private void write(CopyBuffers.Chunk chunk) {
        long before = System.nanoTime();
        writingSinceNanos = before;
        session.write(chunk.data(), 0, chunk.length());
        writingSinceNanos = 0;
        meter.onWrite(System.nanoTime() - before);
    }

    private WorkOutcome commit() {
        long rows = reader.rows();
        String text = String.format(Locale.ROOT, "crc32c:%08x", digest.getValue());
        return switch (session.commit(rows, bytes, text)) {
            case COMMITTED ->
                new WorkOutcome.Landed(rows, bytes, (System.nanoTime() - startedNanos) / 1_000_000, order.node());
            case NOT_COMMITTED ->
                failed("the connection to the target broke at COMMIT, and the claim is not there: nothing was written");
            case UNKNOWN ->
                failed("the connection to the target broke at COMMIT and the target does not answer: the claim will"
                        + " tell");
        };
    }

    private WorkOutcome failed(String what) {
        return new WorkOutcome.Failed(new Problem(ErrorCode.TARGET_UNREACHABLE, what, place(), ""));
    }

    static WorkOutcome notTaken(String place) {
        return new WorkOutcome.Failed(new Problem(
                ErrorCode.TARGET_UNREACHABLE,
                "the target has taken no byte for " + STALL.toSeconds() + " s: the try was given up",
                place,
                ""));
    }

    private WorkOutcome outcomeOf(Throwable thrown) {
        if (cause(thrown) instanceof TooBigOnTheWay) {
            return new WorkOutcome.TooBig(bytes);
        } else if (stalled) {
            return notTaken(place());
        }
        return cancelled ? new WorkOutcome.GivenBack() : failed(thrown, place());
    }

    /** @param place what was tried */
    static WorkOutcome failed(Throwable thrown, String place) {
        Throwable cause = cause(thrown);
        if (cause instanceof GodwitException e) {
            Problem p = e.problem();
            return new WorkOutcome.Failed(new Problem(p.code(), p.what(), place + " " + p.where(), p.fix()));
        }
        // Only the type: the message of an unknown exception may hold a row's value.
        return new WorkOutcome.Failed(new Problem(
                ErrorCode.INTERNAL, "copying failed with " + cause.getClass().getName(), place, ""));
    }

    private static Throwable cause(Throwable thrown) {
        return thrown instanceof CompletionException && thrown.getCause() != null ? thrown.getCause() : thrown;
    }

    private String place() {
        return order.migration() + ", table " + order.table().name() + ", shard "
                + order.shard().id();
    }

    private WorkOutcome closed(WorkOutcome outcome) {
        meter.onEnd();
        LandingSession openSession = session;
        RangeReader openReader = reader;
        try (openSession;
                openReader) {
            return outcome;
        } catch (RuntimeException e) {
            return outcome; // what could not be closed is broken, and its pool evicts it
        }
    }

    private static final class TooBigOnTheWay extends RuntimeException {
        private static final long serialVersionUID = 1L;

        TooBigOnTheWay() {
            super("the shard is too big", null, false, false);
        }
    }
}
