package dev.godwit.node.shard;

import java.util.ArrayDeque;
import java.util.Deque;
import java.util.Optional;
import java.util.Queue;
import java.util.concurrent.locks.Condition;
import java.util.concurrent.locks.ReentrantLock;

/**
 * The buffers between the thread that reads a shard and the one that writes it. At most so many are made; the one that
 * was written last is filled next, while it is still in the processor's cache. Thread-safe.
 */
final class CopyBuffers {
    /** Bytes that were read. */
    record Chunk(byte[] data, int length) {}

    private final int most;
    private final int bytes;
    private final ReentrantLock lock = new ReentrantLock();
    private final Condition emptied = lock.newCondition();
    private final Condition filled = lock.newCondition();
    private final Deque<byte[]> empty = new ArrayDeque<>();
    private final Queue<Chunk> full = new ArrayDeque<>();
    private int made;
    private boolean ended;
    private boolean broken;

    /**
     * @param most buffers; 1 or more
     * @param bytes of each
     */
    CopyBuffers(int most, int bytes) {
        this.most = most;
        this.bytes = bytes;
    }

    /** The reader waits for a buffer to fill; empty once the copy is broken off. */
    Optional<byte[]> empty() {
        lock.lock();
        try {
            while (!broken && empty.isEmpty() && made == most) {
                emptied.awaitUninterruptibly();
            }
            if (broken) {
                return Optional.empty();
            }
            if (empty.isEmpty()) {
                made++;
                return Optional.of(new byte[bytes]);
            }
            return Optional.of(empty.pop());
        } finally {
            lock.unlock();
        }
    }

    /** The reader hands over what it has read. */
    void put(Chunk chunk) {
        lock.lock();
        try {
            full.add(chunk);
            filled.signal();
        } finally {
            lock.unlock();
        }
    }

    /** The reader has read all. */
    void end() {
        lock.lock();
        try {
            ended = true;
            filled.signal();
        } finally {
            lock.unlock();
        }
    }

    /** The writer waits for the next chunk; empty after the last one, or once the copy is broken off. */
    Optional<Chunk> take() {
        lock.lock();
        try {
            while (!broken && !ended && full.isEmpty()) {
                filled.awaitUninterruptibly();
            }
            return broken ? Optional.empty() : Optional.ofNullable(full.poll());
        } finally {
            lock.unlock();
        }
    }

    /** The writer gives a buffer back that it has written. */
    void giveBack(Chunk written) {
        lock.lock();
        try {
            empty.push(written.data());
            emptied.signal();
        } finally {
            lock.unlock();
        }
    }

    /** Neither side waits any longer; what was read and not yet written is dropped. */
    void breakOff() {
        lock.lock();
        try {
            broken = true;
            emptied.signal();
            filled.signal();
        } finally {
            lock.unlock();
        }
    }
}
