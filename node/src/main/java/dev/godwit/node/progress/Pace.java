package dev.godwit.node.progress;

import java.util.ArrayDeque;
import java.util.Deque;

/**
 * How fast rows and bytes come in, and how long the rest will take. Fed about once a second; remembers two minutes. Not
 * thread-safe.
 */
public final class Pace {
    private static final long REMEMBERED_MILLIS = 120_000;
    private static final long RATE_MILLIS = 10_000;
    private static final long LEAST_FOR_ETA_MILLIS = 5_000;

    private record Point(long millis, long rows, long bytes) {}

    private final Deque<Point> points = new ArrayDeque<>();

    /**
     * @param rows rows so far, those under way included
     * @param bytes bytes so far, those under way included
     */
    public void at(long millis, long rows, long bytes) {
        points.addLast(new Point(millis, rows, bytes));
        while (millis - points.peekFirst().millis() > REMEMBERED_MILLIS) {
            points.removeFirst();
        }
    }

    /** Forgets all, as after a pause. */
    public void clear() {
        points.clear();
    }

    public double rowsPerSecond() {
        Point from = since(RATE_MILLIS);
        Point to = points.peekLast();
        return from == to ? 0 : Math.max(0, perSecond(to.rows() - from.rows(), to.millis() - from.millis()));
    }

    public double bytesPerSecond() {
        Point from = since(RATE_MILLIS);
        Point to = points.peekLast();
        return from == to ? 0 : bytesPerSecond(from, to);
    }

    /**
     * Seconds for the rest, at the fastest and at the slowest pace that a tenth of the remembered time showed, widened
     * by a tenth.
     *
     * @return low and high; both -1 if there is no ground for an estimate
     */
    public long[] etaSeconds(long bytesLeft) {
        Point first = points.peekFirst();
        Point last = points.peekLast();
        if (first == null || last.millis() - first.millis() < LEAST_FOR_ETA_MILLIS) {
            return new long[] {-1, -1};
        }
        double overall = bytesPerSecond(first, last);
        if (overall <= 0) {
            return new long[] {-1, -1};
        }
        double fastest = overall;
        double slowest = overall;
        long step = Math.max(2_000, (last.millis() - first.millis()) / 5);
        Point from = first;
        for (Point point : points) {
            if (point.millis() - from.millis() >= step) {
                double rate = bytesPerSecond(from, point);
                fastest = Math.max(fastest, rate);
                slowest = Math.min(slowest, Math.max(rate, overall / 4));
                from = point;
            }
        }
        return new long[] {(long) (bytesLeft / fastest * 0.9), (long) Math.ceil(bytesLeft / slowest * 1.1)};
    }

    private static double bytesPerSecond(Point from, Point to) {
        return Math.max(0, perSecond(to.bytes() - from.bytes(), to.millis() - from.millis()));
    }

    private static double perSecond(long count, long millis) {
        return millis <= 0 ? 0 : count * 1000.0 / millis;
    }

    private Point since(long millis) {
        Point last = points.peekLast();
        if (last == null) {
            return null;
        }
        for (Point point : points) {
            if (last.millis() - point.millis() <= millis) {
                return point;
            }
        }
        return last;
    }
}
