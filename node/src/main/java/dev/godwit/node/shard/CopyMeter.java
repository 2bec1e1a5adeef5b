package dev.godwit.node.shard;

import java.lang.management.ManagementFactory;
import java.lang.management.ThreadMXBean;
import java.util.concurrent.atomic.LongAdder;

/** What the workers of one migration on one node spend their time on. Thread-safe. */
public final class CopyMeter {
    private static final ThreadMXBean THREADS = ManagementFactory.getThreadMXBean();

    private final LongAdder bytes = new LongAdder();
    private final LongAdder readNanos = new LongAdder();
    private final LongAdder writeNanos = new LongAdder();
    private final LongAdder readerNanos = new LongAdder();
    private final LongAdder writerNanos = new LongAdder();
    private final LongAdder commits = new LongAdder();
    private final LongAdder commitNanos = new LongAdder();
    private int running;
    private long shardNanos;
    private long countedNanos = System.nanoTime();
    private volatile boolean sourceReachable = true;

    /**
     * All of these only grow. A shard is read and written by a thread each; time is wall-clock time in nanoseconds, of all
     * shards together.
     *
     * @param shardNanos shards under way
     * @param bytes that were read from the source
     * @param readNanos readers waited for the source
     * @param writeNanos writers waited for the target, for claims and commits too
     * @param readerNanos readers computed
     * @param writerNanos writers computed
     * @param commits shards that were committed
     * @param commitNanos which that took, from the last byte on
     */
    public record Totals(
            long shardNanos,
            long bytes,
            long readNanos,
            long writeNanos,
            long readerNanos,
            long writerNanos,
            long commits,
            long commitNanos) {}

    /** Begins to measure a call that may wait. */
    static Stretch begin() {
        return new Stretch(System.nanoTime(), cpuNanos());
    }

    /**
     * A part of a thread's time, from its beginning.
     *
     * @param wallNanos of {@link System#nanoTime}
     * @param cpuNanos of the thread; 0 where that is not known, and all time is then taken for waiting
     */
    record Stretch(long wallNanos, long cpuNanos) {
        /** What has passed since. */
        Stretch end() {
            long wall = System.nanoTime() - wallNanos;
            return new Stretch(wall, Math.min(wall, CopyMeter.cpuNanos() - cpuNanos));
        }

        long waitedNanos() {
            return wallNanos - cpuNanos;
        }
    }

    private static long cpuNanos() {
        return THREADS.isCurrentThreadCpuTimeSupported() ? Math.max(0, THREADS.getCurrentThreadCpuTime()) : 0;
    }

    /**
     * @param read what was read took
     * @param digestNanos what was computed over it took beside
     */
    void onRead(long count, Stretch read, long digestNanos) {
        bytes.add(count);
        readNanos.add(read.waitedNanos());
        readerNanos.add(read.cpuNanos() + digestNanos);
    }

    /**
     * A table that one thread has read and written row by row. A thread's processor time is too dear to be asked for each row,
     * so what was waited is divided as the time of the calls was.
     */
    void onTable(long count, Stretch copied, long readCallsNanos, long writeCallsNanos) {
        bytes.add(count);
        double read = readCallsNanos / Math.max(1.0, (double) readCallsNanos + writeCallsNanos);
        long waitedForSource = (long) (copied.waitedNanos() * read);
        readNanos.add(waitedForSource);
        writeNanos.add(copied.waitedNanos() - waitedForSource);
        readerNanos.add(copied.cpuNanos());
    }

    void onSource(Stretch asked) {
        readNanos.add(asked.waitedNanos());
    }

    /** @param written what a write, or another call to the target, took */
    void onTarget(Stretch written) {
        writeNanos.add(written.waitedNanos());
        writerNanos.add(written.cpuNanos());
    }

    void onCommit(Stretch committed) {
        onTarget(committed);
        commits.increment();
        commitNanos.add(committed.wallNanos());
    }

    synchronized void onBegin() {
        count();
        running++;
    }

    synchronized void onEnd() {
        count();
        running--;
    }

    private void count() {
        long now = System.nanoTime();
        shardNanos += (now - countedNanos) * running;
        countedNanos = now;
    }

    /** Shards that are being copied now. */
    public synchronized int running() {
        return running;
    }

    void onSource(boolean reachable) {
        sourceReachable = reachable;
    }

    /** Whether the last use of the source worked. */
    public boolean sourceReachable() {
        return sourceReachable;
    }

    public synchronized Totals totals() {
        count();
        return new Totals(
                shardNanos,
                bytes.sum(),
                readNanos.sum(),
                writeNanos.sum(),
                readerNanos.sum(),
                writerNanos.sum(),
                commits.sum(),
                commitNanos.sum());
    }
}
