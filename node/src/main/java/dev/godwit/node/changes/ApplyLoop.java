package dev.godwit.node.changes;

import dev.godwit.node.target.ChangeTarget;
import dev.godwit.node.target.ChangeTarget.Durability;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.SynchronousQueue;
import java.util.concurrent.TimeUnit;
import java.util.function.Consumer;

/**
 * Applies batch by batch until it is told to stop or a batch fails. Two threads: one has the target do them; while that is
 * busy the other makes the next large batch ready, so that the target need not wait for it.
 *
 * <p>The target need not make a batch durable by itself while others follow: the next one that is durable makes all before
 * it so. Only then are they told to be applied.
 */
final class ApplyLoop {
    private static final Duration LOOK = Duration.ofMillis(200);

    /** So long batches wait to be made durable while others follow. */
    private static final Duration NOT_DURABLE = Duration.ofMillis(500);

    private record Ready(ChangeQueue.Batch batch, ChangeTarget.Prepared prepared) {}

    private final ChangeTarget.Applier applier;
    private final ChangeQueue queue;
    private final Consumer<ChangeQueue.Part> applied;
    private final Consumer<Throwable> failed;
    private final SynchronousQueue<Ready> handover = new SynchronousQueue<>();
    private volatile boolean stopping;

    /** Owned by the thread that applies. */
    private final List<ChangeQueue.Part> notDurable = new ArrayList<>();

    private long durableNanos = System.nanoTime();

    /**
     * @param applied told on a thread of the loop, in order, after the part is durable
     * @param failed told on a thread of the loop
     */
    ApplyLoop(
            ChangeTarget.Applier applier,
            ChangeQueue queue,
            Consumer<ChangeQueue.Part> applied,
            Consumer<Throwable> failed) {
        this.applier = applier;
        this.queue = queue;
        this.applied = applied;
        this.failed = failed;
    }

    void start() {
        start(this::prepareAhead, "godwit-changes-prepare");
        start(this::apply, "godwit-changes-apply");
    }

    private static void start(Runnable work, String name) {
        Thread thread = new Thread(work, name);
        thread.setDaemon(true);
        thread.start();
    }

    private interface Step {
        void run() throws InterruptedException;
    }

    private void repeat(Step step) {
        try {
            while (!stopping) {
                step.run();
            }
        } catch (InterruptedException e) {
            Thread.currentThread().interrupt();
        } catch (RuntimeException | Error e) {
            if (!stopping) {
                failed.accept(e);
            }
        }
    }

    private void prepareAhead() {
        repeat(() -> {
            ChangeQueue.Batch batch = queue.takeAhead(LOOK);
            if (batch != null) {
                Ready ready = ready(batch);
                while (!stopping && !handover.offer(ready, LOOK.toMillis(), TimeUnit.MILLISECONDS)) {
                    // The target is still busy.
                }
            }
        });
    }

    private Ready ready(ChangeQueue.Batch batch) {
        return new Ready(batch, applier.prepare(batch.effects()));
    }

    private void apply() {
        try (applier) {
            repeat(() -> {
                Ready ready = next();
                if (ready != null) {
                    apply(ready);
                }
            });
        }
    }

    /** Null if there is nothing for a while. */
    private Ready next() throws InterruptedException {
        if (!queue.isAhead()) {
            ChangeQueue.Batch batch = queue.take(LOOK);
            return batch == null ? null : ready(batch);
        }
        Ready ready = handover.poll(LOOK.toMillis(), TimeUnit.MILLISECONDS);
        if (ready != null) {
            queue.beginAhead();
        }
        return ready;
    }

    private void apply(Ready ready) {
        Durability durability = durability();
        if (!ready.batch().effects().isEmpty() || !notDurable.isEmpty()) {
            applier.apply(ready.prepared(), ready.batch().part().position(), durability);
        }
        queue.committed();
        notDurable.add(ready.batch().part());
        if (durability == Durability.NOW) {
            notDurable.forEach(queue::applied);
            notDurable.forEach(applied);
            notDurable.clear();
            durableNanos = System.nanoTime();
        }
    }

    private Durability durability() {
        boolean longAgo = System.nanoTime() - durableNanos > NOT_DURABLE.toNanos();
        return queue.hasAnother() && !longAgo ? Durability.WITH_LATER : Durability.NOW;
    }

    /** From any thread; a call of the target that is under way is ended. */
    void stop() {
        stopping = true;
        queue.close();
        applier.cancel();
    }
}
