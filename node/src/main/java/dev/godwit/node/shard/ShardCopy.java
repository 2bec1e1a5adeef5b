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
import java.util.Deque;
import java.util.Locale;
import java.util.Optional;
import java.util.Set;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CompletionException;
import java.util.concurrent.CompletionStage;
import java.util.concurrent.ConcurrentLinkedDeque;
import java.util.concurrent.Executor;
import java.util.zip.CRC32C;
import org.apache.pekko.Done;
import org.apache.pekko.actor.typed.ActorSystem;
import org.apache.pekko.stream.ActorAttributes;
import org.apache.pekko.stream.Attributes;
import org.apache.pekko.stream.javadsl.Flow;
import org.apache.pekko.stream.javadsl.Keep;
import org.apache.pekko.stream.javadsl.Sink;
import org.apache.pekko.stream.javadsl.Source;

/**
 * One try to copy one shard: a stream from a reader to a landing session. Reading and writing keep a thread each from the
 * first byte to the last; between them stand at most as many buffers as the sink has granted, and these are used again, so
 * that a row of any size passes in pieces.
 *
 * <p>Order: the reader's transaction first (its snapshot goes into the claim), then the claim, then the bytes, then the
 * commit.
 */
final class ShardCopy implements Carriage {
    /** Bytes of one buffer. Large enough that the cost of a stream element is lost in it. */
    static final int BUFFER_BYTES = 256 << 10;

    /** What one try needs to know. */
    record Order(
            String migration,
            TableSpec table,
            Shard shard,
            String cluster,
            String node,
            Optional<ShardWorker.SharedSnapshot> sharedSnapshot,
            long aimedBytes,
            boolean splittable,
            Optional<ChangeReader> changes) {}

    private record Chunk(byte[] data, int length) {}

    private final SourceDatabase source;
    private final TargetDatabase target;
    private final Order order;
    private final int buffers;
    private final CopyMeter meter;
    /** The one that was written last is filled next, while it is still in the processor's cache. */
    private final Deque<byte[]> free = new ConcurrentLinkedDeque<>();

    private final JoinedRead join;

    /** Whether COMMIT was sent and nobody knows what became of it. */
    private volatile boolean unknown;

    private volatile boolean committed;

    private final WriteWatch writing = new WriteWatch();
    private final CRC32C digest = new CRC32C();
    private volatile RangeReader reader;
    private volatile LandingSession session;
    private volatile boolean cancelled;
    private volatile long bytes;
    private long startedNanos;

    /** @param grantedBytes memory that the sink has granted to this try */
    ShardCopy(SourceDatabase source, TargetDatabase target, Order order, long grantedBytes, CopyMeter meter) {
        this.source = source;
        this.target = target;
        this.order = order;
        this.buffers = (int) Math.max(3, grantedBytes / BUFFER_BYTES);
        this.meter = meter;
        this.join = new JoinedRead(order.changes(), order.table(), order.shard());
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
        if (writing.stalls()) {
            cancel();
        }
        join.tellAlive(this::cancel);
    }

    @Override
    public CompletionStage<WorkOutcome> start(ActorSystem<?> system) {
        Executor blocking = BlockingDispatcher.of(system);
        startedNanos = System.nanoTime();
        meter.onBegin();
        return CompletableFuture.supplyAsync(this::open, blocking)
                .thenCompose(opened -> opened.isPresent()
                        ? CompletableFuture.completedStage(opened.get())
                        : stream(system).thenApplyAsync(done -> commit(), blocking))
                .exceptionallyAsync(this::outcomeOf, blocking)
                .thenApplyAsync(this::closed, blocking);
    }

    /** Opens both ends; answers the outcome if there is nothing to copy. */
    private Optional<WorkOutcome> open() {
        if (join.announce()) {
            return Optional.of(landedBefore());
        }
        CopyMeter.Stretch begun = CopyMeter.begin();
        reader = join.read(this::read);
        meter.onSource(begun.end());
        CopyMeter.Stretch read = CopyMeter.begin();
        Landing landing = target.land(new ShardOrder(
                order.migration(),
                order.table(),
                order.shard(),
                order.cluster(),
                order.node(),
                reader.snapshot(),
                join.join()));
        meter.onTarget(read.end());
        if (landing instanceof Landing.AlreadyThere there) {
            join.foundLanded();
            return Optional.of(landed(there.claim()));
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

    private static WorkOutcome landed(TargetDatabase.Claim claim) {
        return new WorkOutcome.Landed(claim.rows(), claim.bytes(), 0, claim.node());
    }

    /** The target has the last word on it. */
    private WorkOutcome landedBefore() {
        String shard = order.shard().id();
        TargetDatabase.Claim claim = target.claims(
                        order.migration(), order.table().name(), Set.of(shard))
                .get(shard);
        if (claim == null || claim.retired()) {
            join.mistrust();
            throw JoinedRead.notReady();
        }
        return landed(claim);
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

    private CompletionStage<Done> stream(ActorSystem<?> system) {
        Source<Chunk, ?> read = Source.unfoldResource(() -> reader, this::next, open -> {})
                .addAttributes(ActorAttributes.dispatcher(BlockingDispatcher.COPY));
        Sink<Chunk, CompletionStage<Done>> write = Flow.of(Chunk.class)
                .map(this::write)
                .toMat(Sink.ignore(), Keep.right())
                .addAttributes(ActorAttributes.dispatcher(BlockingDispatcher.COPY))
                .addAttributes(Attributes.inputBuffer(1, Integer.highestOneBit(Math.max(1, buffers - 2))));
        return read.async().toMat(write, Keep.right()).run(system);
    }

    private Optional<Chunk> next(RangeReader from) {
        byte[] buffer = free.poll();
        if (buffer == null) {
            buffer = new byte[BUFFER_BYTES];
        }
        CopyMeter.Stretch begun = CopyMeter.begin();
        int count = from.read(buffer);
        CopyMeter.Stretch read = begun.end();
        if (count < 0) {
            meter.onSource(read);
            return Optional.empty();
        }
        long before = System.nanoTime();
        digest.update(buffer, 0, count);
        meter.onRead(count, read, System.nanoTime() - before);
        long sum = bytes + count;
        bytes = sum;
        if (order.splittable()
                && TooBig.shouldRetire(sum, order.aimedBytes(), (System.nanoTime() - startedNanos) / 1_000_000)) {
            throw new TooBigOnTheWay();
        }
        return Optional.of(new Chunk(buffer, count));
    }

    private Done write(Chunk chunk) {
        CopyMeter.Stretch begun = CopyMeter.begin();
        writing.begun(begun.wallNanos());
        session.write(chunk.data(), 0, chunk.length());
        writing.ended();
        meter.onTarget(begun.end());
        free.push(chunk.data());
        return Done.getInstance();
    }

    private WorkOutcome commit() {
        long rows = reader.rows();
        String text = text(digest);
        join.awaitFlushed(reader, source::flushLog);
        CopyMeter.Stretch begun = CopyMeter.begin();
        unknown = true; // an error in it is an answer, and thrown
        LandingSession.Commit commit = session.commit(rows, bytes, text);
        unknown = commit == LandingSession.Commit.UNKNOWN;
        committed = commit == LandingSession.Commit.COMMITTED;
        meter.onCommit(begun.end());
        return switch (commit) {
            case COMMITTED ->
                new WorkOutcome.Landed(rows, bytes, (System.nanoTime() - startedNanos) / 1_000_000, order.node());
            case NOT_COMMITTED ->
                failed("the connection to the target broke at COMMIT, and the claim is not there: nothing was written");
            case UNKNOWN ->
                failed("the connection to the target broke at COMMIT and the target does not answer: the claim will"
                        + " tell");
        };
    }

    /** As it is kept in the claim. */
    static String text(CRC32C digest) {
        return String.format(Locale.ROOT, "crc32c:%08x", digest.getValue());
    }

    private WorkOutcome failed(String what) {
        return new WorkOutcome.Failed(new Problem(ErrorCode.TARGET_UNREACHABLE, what, place(), ""));
    }

    private WorkOutcome outcomeOf(Throwable thrown) {
        unknown &= !(cause(thrown) instanceof GodwitException);
        if (cause(thrown) instanceof TooBigOnTheWay) {
            return new WorkOutcome.TooBig(bytes);
        } else if (writing.stalled()) {
            return WriteWatch.notTaken(place());
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
        WorkOutcome ended = closeBoth(outcome);
        if (committed) {
            join.landed();
        } else if (!(outcome instanceof WorkOutcome.Landed) && !unknown) {
            join.gaveUp();
        }
        return ended;
    }

    private WorkOutcome closeBoth(WorkOutcome outcome) {
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
