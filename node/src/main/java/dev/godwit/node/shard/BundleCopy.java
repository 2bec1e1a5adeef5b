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
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CompletionStage;
import java.util.zip.CRC32C;
import org.apache.pekko.actor.typed.ActorSystem;

/**
 * One try to carry a bundle of small tables: their rows in one transaction on either side, then what belongs to each
 * table. On one thread: what passes at a time is a row, and round trips take more time than bytes.
 *
 * <p>It fails as a whole. Which table it was, and what else to do about it, is found out when each is copied by itself.
 */
final class BundleCopy implements Carriage {
    /** A bundle that brings more is given up: its tables have grown since they were planned, and may be cut. */
    static final long MOST_BYTES = 256L << 20;

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
    private volatile BundleLanding landing;
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
        List<WorkOutcome.LandedTable> landed = new ArrayList<>();
        List<TableName> apart;
        CopyMeter.Stretch begun = CopyMeter.begin();
        try (BundleReader from =
                source.readBundle(order.tables(), order.sharedSnapshot().map(ShardWorker.SharedSnapshot::exported))) {
            reader = from;
            meter.onSource(begun.end());
            ShardCopy.requireSnapshot(order.sharedSnapshot(), from.snapshot());
            CopyMeter.Stretch claiming = CopyMeter.begin();
            try (BundleLanding to = target.land(new BundleOrder(
                    order.plan().name(), order.tables(), order.cluster(), order.node(), from.snapshot()))) {
                landing = to;
                meter.onTarget(claiming.end());
                apart = to.apart();
                to.there()
                        .forEach((table, claim) ->
                                landed.add(new WorkOutcome.LandedTable(table, claim.rows(), claim.bytes())));
                for (TableSpec table : to.claimed()) {
                    landed.add(copy(table, from, to));
                }
                requireGoingOn();
                CopyMeter.Stretch committing = CopyMeter.begin();
                writing.begun(committing.wallNanos());
                to.commit();
                writing.ended();
                meter.onCommit(committing.end());
            }
        }
        CopyMeter.Stretch finishing = CopyMeter.begin();
        target.finish(
                order.plan(),
                order.tables().stream()
                        .filter(table -> !apart.contains(table.name()))
                        .toList());
        meter.onTarget(finishing.end());
        return new WorkOutcome.BundleLanded(landed, apart);
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
        BundleLanding openLanding = landing;
        if (openReader != null) {
            openReader.cancel();
        }
        if (openLanding != null) {
            openLanding.cancel();
        }
    }
}
