package dev.godwit.node.changes;

import dev.godwit.node.capture.Effect;
import dev.godwit.node.capture.Position;
import java.time.Duration;
import java.util.ArrayDeque;
import java.util.ArrayList;
import java.util.Deque;
import java.util.List;

/** What is judged and not yet applied. One thread puts, one takes; bounded by bytes, which the one who puts has to ask for. */
final class ChangeQueue {
    /** A batch ends at the first end of a transaction beyond these, and in the middle of one far beyond them. */
    private static final int BATCH_EFFECTS = 2_000;

    private static final long BATCH_BYTES = 4 << 20;
    private static final int FAR_BEYOND = 4;

    /**
     * @param position after the message that the effects come from
     * @param lsn up to where the stream was read then
     * @param commitMicros when the transaction committed
     */
    record Item(List<Effect> effects, Position position, long lsn, long commitMicros) {}

    /**
     * @param items how many of the queue it takes
     * @param since when the oldest transaction in it committed, microseconds since 1970
     */
    record Batch(List<Effect> effects, Position position, long lsn, int items, long since) {}

    private final long maxBytes;
    private final Deque<Item> items = new ArrayDeque<>();
    private long bytes;
    private long effects;
    private long put;
    private long applied;
    private long oldestUnderWay;
    private boolean closed;

    ChangeQueue(long maxBytes) {
        this.maxBytes = maxBytes;
    }

    /** Whether the stream may be read on. */
    synchronized boolean hasRoom() {
        return bytes < maxBytes;
    }

    /** Never blocks: see {@link #hasRoom}. */
    synchronized void put(Item item) {
        items.add(item);
        put++;
        bytes += item.effects().stream().mapToLong(Effect::bytes).sum();
        effects += item.effects().size();
        notifyAll();
    }

    /** Waits for something to apply; null if there is nothing for so long, or it was closed. */
    synchronized Batch take(Duration atMost) throws InterruptedException {
        long until = System.nanoTime() + atMost.toNanos();
        while (items.isEmpty() && !closed) {
            long left = (until - System.nanoTime()) / 1_000_000;
            if (left <= 0) {
                return null;
            }
            wait(left);
        }
        return closed ? null : batch();
    }

    private Batch batch() {
        List<Effect> batch = new ArrayList<>();
        long size = 0;
        int count = 0;
        Item last = items.peek();
        long since = last.commitMicros();
        while (!items.isEmpty()) {
            boolean full = batch.size() >= BATCH_EFFECTS || size >= BATCH_BYTES;
            boolean overfull = batch.size() >= FAR_BEYOND * BATCH_EFFECTS || size >= FAR_BEYOND * BATCH_BYTES;
            if (overfull || full && last.position().changes() == Position.WHOLE) {
                break;
            }
            last = items.poll();
            count++;
            batch.addAll(last.effects());
            size += last.effects().stream().mapToLong(Effect::bytes).sum();
        }
        bytes -= size;
        oldestUnderWay = since;
        return new Batch(batch, last.position(), last.lsn(), count, since);
    }

    /** The batch is durable in the target. */
    synchronized void applied(Batch batch) {
        applied += batch.items();
        effects -= batch.effects().size();
        oldestUnderWay = 0;
    }

    /** How many items were put so far. */
    synchronized long put() {
        return put;
    }

    /** How many of these are durable in the target. */
    synchronized long applied() {
        return applied;
    }

    synchronized long effectsWaiting() {
        return effects;
    }

    /** When the oldest transaction committed that is not applied; 0 if there is none. */
    synchronized long waitingSinceMicros() {
        if (oldestUnderWay != 0) {
            return oldestUnderWay;
        }
        return items.isEmpty() ? 0 : items.peek().commitMicros();
    }

    synchronized void close() {
        closed = true;
        notifyAll();
    }
}
