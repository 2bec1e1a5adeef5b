package dev.godwit.node.changes;

import dev.godwit.node.target.ChangeTarget;
import java.time.Duration;
import java.util.concurrent.atomic.AtomicLong;
import java.util.function.Consumer;

/** Applies batch by batch, on a thread of its own, until it is told to stop or a batch fails. */
final class ApplyLoop implements Runnable {
    private static final Duration LOOK = Duration.ofMillis(200);

    private final ChangeTarget.Applier applier;
    private final ChangeQueue queue;
    private final Consumer<ChangeQueue.Batch> applied;
    private final Consumer<Throwable> failed;
    private final AtomicLong inserted = new AtomicLong();
    private final AtomicLong updated = new AtomicLong();
    private final AtomicLong deleted = new AtomicLong();
    private volatile boolean stopping;

    /** @param applied told on this thread, after the batch is durable */
    ApplyLoop(
            ChangeTarget.Applier applier,
            ChangeQueue queue,
            Consumer<ChangeQueue.Batch> applied,
            Consumer<Throwable> failed) {
        this.applier = applier;
        this.queue = queue;
        this.applied = applied;
        this.failed = failed;
    }

    @Override
    public void run() {
        try (applier) {
            while (!stopping) {
                ChangeQueue.Batch batch = queue.take(LOOK);
                if (batch != null) {
                    apply(batch);
                }
            }
        } catch (InterruptedException e) {
            Thread.currentThread().interrupt();
        } catch (RuntimeException | Error e) {
            if (!stopping) {
                failed.accept(e);
            }
        }
    }

    private void apply(ChangeQueue.Batch batch) {
        if (!batch.effects().isEmpty()) {
            ChangeTarget.Counts counts = applier.apply(batch.effects(), batch.position());
            inserted.addAndGet(counts.inserted());
            updated.addAndGet(counts.updated());
            deleted.addAndGet(counts.deleted());
        }
        queue.applied(batch);
        applied.accept(batch);
    }

    long inserted() {
        return inserted.get();
    }

    long updated() {
        return updated.get();
    }

    long deleted() {
        return deleted.get();
    }

    /** From any thread; a call of the target that is under way is ended. */
    void stop() {
        stopping = true;
        queue.close();
        applier.cancel();
    }
}
