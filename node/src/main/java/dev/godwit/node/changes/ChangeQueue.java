package dev.godwit.node.changes;

import dev.godwit.node.capture.Effect;
import dev.godwit.node.capture.Position;
import java.time.Duration;
import java.util.ArrayDeque;
import java.util.ArrayList;
import java.util.Deque;
import java.util.List;

/**
 * What is judged and not yet durable in the target. One thread puts, one applies, one takes ahead what that one is to apply
 * next; bounded by bytes, which the one who puts has to ask for.
 *
 * <p>While the target is busy with a batch the next one is given out only when it is a large one: so it is made ready
 * meanwhile where much waits, and grows where little does.
 */
final class ChangeQueue {
    /** A batch ends at the first end of a transaction beyond these, and in the middle of one far beyond them. */
    private static final int BATCH_EFFECTS = 2_000;

    private static final long BATCH_BYTES = 4 << 20;
    private static final int FAR_BEYOND = 4;

    /**
     * @param position after the message that the effects come from
     * @param lsn up to where the stream was read then
     */
    record Item(List<Effect> effects, Position position, long lsn) {}

    /** What is applied in one transaction of the target. */
    record Batch(List<Effect> effects, Part part) {}

    /**
     * What a batch is of the queue, without its rows.
     *
     * @param position after its last item
     * @param lsn of its last item
     * @param items how many it takes
     * @param effects how many there are in them
     * @param marks its effects that are no changes of rows
     */
    record Part(Position position, long lsn, int items, int effects, List<Effect> marks) {}

    /** So many wait at most, however small they are: the collector of garbage moves what waits. */
    private static final int EFFECTS = 4 * BATCH_EFFECTS;

    private final long maxBytes;
    private final Deque<Item> items = new ArrayDeque<>();

    /** Taken, and not durable yet. */
    private final Deque<Part> underWay = new ArrayDeque<>();

    private long bytes;
    private long effectsHere;
    private long effects;
    private long put;
    private long applied;
    private boolean busy;
    private boolean ahead;
    private boolean closed;
    private volatile boolean hasRoom = true;

    ChangeQueue(long maxBytes) {
        this.maxBytes = maxBytes;
    }

    /** Whether the stream may be read on. */
    boolean hasRoom() {
        return hasRoom;
    }

    /** Never blocks: see {@link #hasRoom}. */
    synchronized void put(Item item) {
        boolean wasLarge = isLarge();
        items.add(item);
        put++;
        for (Effect effect : item.effects()) {
            bytes += effect.bytes();
        }
        effects += item.effects().size();
        effectsHere += item.effects().size();
        hasRoom = bytes < maxBytes && effectsHere < EFFECTS;
        if (items.size() == 1 || isLarge() != wasLarge) {
            notifyAll();
        }
    }

    private boolean isLarge() {
        return effectsHere >= BATCH_EFFECTS || bytes >= BATCH_BYTES;
    }

    /**
     * For the one who applies: waits for something, and has the target be busy with it. Null if there is nothing for so
     * long, it was closed, or the next batch was taken ahead.
     */
    synchronized Batch take(Duration atMost) throws InterruptedException {
        long until = System.nanoTime() + atMost.toNanos();
        while (items.isEmpty() && !ahead && !closed && waited(until)) {
            // Something may have come.
        }
        if (closed || ahead || items.isEmpty()) {
            return null;
        }
        begin();
        return batch();
    }

    /** For another one: waits for a large batch behind the one that the target is busy with; null as with {@link #take}. */
    synchronized Batch takeAhead(Duration atMost) throws InterruptedException {
        long until = System.nanoTime() + atMost.toNanos();
        while (!(busy && isLarge()) && !closed && waited(until)) {
            // Something may have come.
        }
        if (closed || !busy || !isLarge()) {
            return null;
        }
        ahead = true;
        return batch();
    }

    /** Waits for a change of state; false if no time is left for that. */
    private boolean waited(long until) throws InterruptedException {
        long left = (until - System.nanoTime()) / 1_000_000;
        if (left > 0) {
            wait(left);
        }
        return left > 0;
    }

    /** Whether a batch was taken ahead: it is the next one. */
    synchronized boolean isAhead() {
        return ahead;
    }

    /** The target is busy with the batch that was taken ahead. */
    synchronized void beginAhead() {
        ahead = false;
        begin();
    }

    private void begin() {
        busy = true;
        notifyAll();
    }

    /** The target is done with its batch. */
    synchronized void committed() {
        busy = false;
    }

    /** Whether another batch follows the one that the target is busy with, whatever comes. */
    synchronized boolean hasAnother() {
        return ahead || isLarge();
    }

    private Batch batch() {
        List<Effect> batch = new ArrayList<>();
        long size = 0;
        int count = 0;
        Item last = items.peek();
        while (!items.isEmpty()) {
            boolean full = batch.size() >= BATCH_EFFECTS || size >= BATCH_BYTES;
            boolean overfull = batch.size() >= FAR_BEYOND * BATCH_EFFECTS || size >= FAR_BEYOND * BATCH_BYTES;
            if (overfull || full && last.position().changes() == Position.WHOLE) {
                break;
            }
            last = items.poll();
            count++;
            batch.addAll(last.effects());
            for (Effect effect : last.effects()) {
                size += effect.bytes();
            }
        }
        bytes -= size;
        effectsHere -= batch.size();
        hasRoom = bytes < maxBytes && effectsHere < EFFECTS;
        Part part = new Part(last.position(), last.lsn(), count, batch.size(), marks(batch));
        underWay.add(part);
        return new Batch(batch, part);
    }

    private static List<Effect> marks(List<Effect> effects) {
        List<Effect> marks = new ArrayList<>(0);
        for (Effect effect : effects) {
            if (effect instanceof Effect.CaughtUp
                    || effect instanceof Effect.ColumnsAdded
                    || effect instanceof Effect.TableHalted) {
                marks.add(effect);
            }
        }
        return marks;
    }

    /** The oldest part that was not is durable in the target. */
    synchronized void applied(Part part) {
        underWay.remove();
        applied += part.items();
        effects -= part.effects();
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

    synchronized void close() {
        closed = true;
        notifyAll();
    }
}
