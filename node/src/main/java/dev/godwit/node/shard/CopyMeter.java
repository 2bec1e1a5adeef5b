package dev.godwit.node.shard;

import java.util.concurrent.atomic.AtomicInteger;
import java.util.concurrent.atomic.LongAdder;

/** What the workers of one migration on one node spend their time on. Thread-safe. */
public final class CopyMeter {
    private final LongAdder bytes = new LongAdder();
    private final LongAdder readNanos = new LongAdder();
    private final LongAdder writeNanos = new LongAdder();
    private final AtomicInteger running = new AtomicInteger();
    private volatile boolean sourceReachable = true;

    void onRead(long count, long nanos) {
        bytes.add(count);
        readNanos.add(nanos);
    }

    void onWrite(long nanos) {
        writeNanos.add(nanos);
    }

    void onBegin() {
        running.incrementAndGet();
    }

    void onEnd() {
        running.decrementAndGet();
    }

    /** Shards that are being copied now. */
    public int running() {
        return running.get();
    }

    void onSource(boolean reachable) {
        sourceReachable = reachable;
    }

    /** Whether the last use of the source worked. */
    public boolean sourceReachable() {
        return sourceReachable;
    }

    /** Bytes that were read from the source. */
    public long bytes() {
        return bytes.sum();
    }

    /** Time in which reads waited for the source. */
    public long readNanos() {
        return readNanos.sum();
    }

    /** Time in which writes waited for the target. */
    public long writeNanos() {
        return writeNanos.sum();
    }
}
