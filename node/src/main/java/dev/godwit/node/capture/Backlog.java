package dev.godwit.node.capture;

import java.util.ArrayDeque;
import java.util.Deque;

/** Changes that wait for one shard to land, in the stream's order. */
final class Backlog {
    /** A change, and whose it is. */
    record Entry(StreamMessage.Change change, Committed by) {}

    /** Sum over the backlogs of one join. */
    static final class Meter {
        private long bytes;

        long bytes() {
            return bytes;
        }
    }

    private static final long OVERHEAD_BYTES = 64;

    private final Meter meter;
    private final Deque<Entry> entries = new ArrayDeque<>();
    private long bytes;

    Backlog(Meter meter) {
        this.meter = meter;
    }

    void add(StreamMessage.Change change, Committed by) {
        entries.add(new Entry(change, by));
        count(change.bytes() + OVERHEAD_BYTES);
    }

    /** The oldest, taken out; null if there is none. */
    Entry poll() {
        Entry entry = entries.poll();
        if (entry != null) {
            count(-entry.change().bytes() - OVERHEAD_BYTES);
        }
        return entry;
    }

    void clear() {
        entries.clear();
        count(-bytes);
    }

    long bytes() {
        return bytes;
    }

    private void count(long more) {
        bytes += more;
        meter.bytes += more;
    }
}
