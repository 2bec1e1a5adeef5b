package dev.godwit.node.shard;

import dev.godwit.node.source.BundleReader;
import dev.godwit.node.source.SourceDatabase;
import dev.godwit.node.target.BundleLanding;
import dev.godwit.node.target.TargetDatabase;
import dev.godwit.node.target.TargetDatabase.BundleOrder;
import dev.godwit.protocol.error.ErrorCode;
import dev.godwit.protocol.error.GodwitException;
import dev.godwit.protocol.plan.Plan;
import dev.godwit.protocol.table.TableName;
import dev.godwit.protocol.table.TableSpec;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import java.util.Set;
import java.util.concurrent.CancellationException;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CompletionStage;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.Future;
import java.util.zip.CRC32C;
import org.apache.pekko.actor.typed.ActorSystem;

/**
 * One try to carry a bundle of small tables: their rows are read in one transaction of the source and land some tables at a
 * time, with what belongs to them, while those of the next ones are read. On one thread and, where there is a session for it,
 * one more: what passes at a time is a row, and round trips take more time than bytes.
 *
 * <p>It fails as a whole, though some of its tables may have landed then. Which table it was, and what else to do about it,
 * is found out when each is copied by itself.
 */
final class BundleCopy implements Carriage {
    /** A bundle that brings more is given up: its tables have grown since they were planned, and may be cut. */
    static final long MOST_BYTES = 256L << 20;

    /** Tables that land in one transaction. */
    private static final int TOGETHER = 16;

    /** What one try needs to know. */
    record Order(
            Plan plan,
            List<TableSpec> tables,
            String cluster,
            String node,
            Optional<ShardWorker.SharedSnapshot> sharedSnapshot) {}

    private final SourceDatabase source;
    private final TargetDatabase target;
    private final Order order;
    private final CopyMeter meter;
    private final WriteWatch writing = new WriteWatch();
    private volatile BundleReader reader;
    /** Those that have not ended: two at most. */
    private final Set<BundleLanding> landings = ConcurrentHashMap.newKeySet();

    private volatile boolean cancelled;
    private volatile long bytes;
    private volatile long rows;
    private long readNanos;
    private long writeNanos;

    BundleCopy(SourceDatabase source, TargetDatabase target, Order order, CopyMeter meter) {
        this.source = source;
        this.target = target;
        this.order = order;
        this.meter = meter;
    }

    @Override
    public CompletionStage<WorkOutcome> start(ActorSystem<?> system) {
        meter.onBegin();
        return CompletableFuture.supplyAsync(this::carry, BlockingDispatcher.of(system))
                .exceptionally(this::outcomeOf)
                .thenApply(outcome -> {
                    meter.onEnd();
                    return outcome;
                });
    }

    private WorkOutcome carry() {
        CopyMeter.Stretch begun = CopyMeter.begin();
        try (BundleReader from =
                source.readBundle(order.tables(), order.sharedSnapshot().map(ShardWorker.SharedSnapshot::exported))) {
            reader = from;
            meter.onSource(begun.end());
            ShardCopy.requireSnapshot(order.sharedSnapshot(), from.snapshot());
            return carry(from);
        }
    }

    private WorkOutcome carry(BundleReader from) {
        List<WorkOutcome.LandedTable> landed = new ArrayList<>();
        List<TableName> apart = new ArrayList<>();
        Future<Void> ending = CompletableFuture.completedFuture(null);
        try {
            for (int begin = 0; begin < order.tables().size(); begin += TOGETHER) {
                BundleLanding to = open(
                        order.tables().subList(begin, Math.min(order.tables().size(), begin + TOGETHER)), from);
                try {
                    landed.addAll(copy(from, to));
                    apart.addAll(to.apart());
                    await(ending);
                } catch (RuntimeException e) {
                    close(to);
                    throw e;
                }
                ending = target.beside(() -> end(to));
            }
        } catch (RuntimeException e) {
            awaitWhatever(ending);
            throw e;
        }
        await(ending);
        return new WorkOutcome.BundleLanded(landed, apart);
    }

    private BundleLanding open(List<TableSpec> tables, BundleReader from) {
        CopyMeter.Stretch claiming = CopyMeter.begin();
        BundleLanding to = target.land(
                new BundleOrder(order.plan().name(), tables, order.cluster(), order.node(), from.snapshot()));
        landings.add(to);
        meter.onTarget(claiming.end());
        return to;
    }

    private void close(BundleLanding to) {
        landings.remove(to);
        to.close();
    }

    private List<WorkOutcome.LandedTable> copy(BundleReader from, BundleLanding to) {
        List<WorkOutcome.LandedTable> landed = new ArrayList<>();
        to.there()
                .forEach((table, claim) -> landed.add(new WorkOutcome.LandedTable(table, claim.rows(), claim.bytes())));
        for (TableSpec table : to.claimed()) {
            landed.add(copy(table, from, to));
        }
        return landed;
    }

    /** Beside the rows of the next tables: what is made here waits for the target's disk time and again. */
    private Void end(BundleLanding to) {
        try {
            requireGoingOn();
            if (order.plan().schema().makesTables()) {
                CopyMeter.Stretch finishing = CopyMeter.begin();
                to.finish();
                meter.onTarget(finishing.end());
            }
            requireGoingOn();
            CopyMeter.Stretch committing = CopyMeter.begin();
            to.commit();
            meter.onCommit(committing.end());
            return null;
        } finally {
            close(to);
        }
    }

    private static void await(Future<Void> ending) {
        try {
            ending.get();
        } catch (ExecutionException e) {
            throw e.getCause() instanceof RuntimeException cause ? cause : new IllegalStateException(e.getCause());
        } catch (CancellationException e) {
            throw new GodwitException(ErrorCode.TARGET_UNREACHABLE, "The target was closed from this node.", "", "");
        } catch (InterruptedException e) {
            Thread.currentThread().interrupt();
            throw new IllegalStateException("interrupted while a bundle landed", e);
        }
    }

    /** For a bundle that has failed: what still lands of it has landed before anybody tries it again. */
    private static void awaitWhatever(Future<Void> ending) {
        try {
            await(ending);
        } catch (RuntimeException e) {
            // The first failure is told.
        }
    }

    private WorkOutcome.LandedTable copy(TableSpec table, BundleReader from, BundleLanding to) {
        requireGoingOn();
        CRC32C digest = new CRC32C();
        long sum = 0;
        CopyMeter.Stretch begun = CopyMeter.begin();
        readNanos = 0;
        writeNanos = 0;
        from.begin(table);
        to.begin(table);
        for (Optional<byte[]> piece = read(from); piece.isPresent(); piece = read(from)) {
            digest.update(piece.get());
            sum += piece.get().length;
            bytes += piece.get().length;
            if (bytes > MOST_BYTES) {
                throw new GodwitException(
                        ErrorCode.SOURCE_TABLE_CHANGED,
                        "The tables of a bundle are far bigger than planned.",
                        table.name().text(),
                        "");
            }
            write(to, piece.get());
        }
        to.end(from.rows(), sum, ShardCopy.text(digest));
        rows += from.rows();
        meter.onTable(sum, begun.end(), readNanos, writeNanos);
        return new WorkOutcome.LandedTable(table.name(), from.rows(), sum);
    }

    private Optional<byte[]> read(BundleReader from) {
        long before = System.nanoTime();
        Optional<byte[]> piece = from.next();
        readNanos += System.nanoTime() - before;
        return piece;
    }

    private void write(BundleLanding to, byte[] piece) {
        long before = System.nanoTime();
        writing.begun(before);
        to.write(piece);
        writing.ended();
        writeNanos += System.nanoTime() - before;
    }

    private void requireGoingOn() {
        if (cancelled) {
            throw new GodwitException(ErrorCode.TIMED_OUT, "The bundle was given back.", "", "");
        }
    }

    private WorkOutcome outcomeOf(Throwable thrown) {
        if (writing.stalled()) {
            return WriteWatch.notTaken(place());
        }
        return cancelled ? new WorkOutcome.GivenBack() : ShardCopy.failed(thrown, place());
    }

    private String place() {
        return order.plan().name() + ", " + order.tables().size() + " small tables";
    }

    @Override
    public long rows() {
        return rows;
    }

    @Override
    public long bytes() {
        return bytes;
    }

    @Override
    public void giveUpIfStalled() {
        if (writing.stalls()) {
            cancel();
        }
    }

    @Override
    public void cancel() {
        cancelled = true;
        BundleReader openReader = reader;
        if (openReader != null) {
            openReader.cancel();
        }
        landings.forEach(BundleLanding::cancel);
    }
}
