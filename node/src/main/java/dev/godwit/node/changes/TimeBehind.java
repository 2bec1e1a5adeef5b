package dev.godwit.node.changes;

import java.util.ArrayDeque;
import java.util.Deque;

/**
 * How far behind the source the target is in time, by the source's clock alone. A mark is a moment of the source, and a place
 * in its log before which all is that was committed by then: so when the target has come to the place, it has all of that
 * moment. Marks come from commits in the stream, and from looks at the source, which know of commits that the stream has
 * not come to, and of a source that writes nothing for us. Not thread-safe.
 */
final class TimeBehind {
    private static final int MOST_MARKS = 4_096;

    /** Between marks of commits. */
    private static final long BETWEEN_MICROS = 20_000;

    private static final double MICROS_PER_SECOND = 1e6;

    private record Mark(long micros, long lsn) {}

    private final Deque<Mark> commits = new ArrayDeque<>();
    private final Deque<Mark> looks = new ArrayDeque<>();
    private long nowMicros;
    private long reachedMicros = -1;

    /**
     * A transaction in the stream.
     *
     * @param micros when it committed, microseconds since 1970
     * @param endLsn where its commit ends in the log
     */
    void committed(long micros, long endLsn) {
        if (commits.isEmpty() || micros - commits.peekLast().micros() >= BETWEEN_MICROS) {
            add(commits, new Mark(micros, endLsn));
        }
    }

    /**
     * The source was looked at.
     *
     * @param micros its clock, asked for before the place
     * @param lsn up to where its log was on its disk
     */
    void looked(long micros, long lsn) {
        nowMicros = micros;
        add(looks, new Mark(micros, lsn));
    }

    private static void add(Deque<Mark> marks, Mark mark) {
        if (marks.size() == MOST_MARKS) {
            boolean[] goes = new boolean[1];
            marks.removeIf(any -> goes[0] = !goes[0]); // less exact where much waits
        }
        marks.add(mark);
    }

    /** @param lsn the target has everything before it; negative: that is not known */
    void reached(long lsn) {
        take(commits, lsn);
        take(looks, lsn);
    }

    private void take(Deque<Mark> marks, long lsn) {
        while (lsn >= 0 && !marks.isEmpty() && marks.peek().lsn() <= lsn) {
            reachedMicros = Math.max(reachedMicros, marks.poll().micros());
        }
    }

    /** As of the last look; 0 if everything was there that the source had then; -1 if it is not known. */
    double seconds() {
        if (reachedMicros < 0) {
            return -1;
        }
        return looks.isEmpty() ? 0 : Math.max(0, (nowMicros - reachedMicros) / MICROS_PER_SECOND);
    }
}
