package dev.godwit.load.apply;

import dev.godwit.load.carrier.Route;
import java.sql.Connection;
import java.sql.PreparedStatement;
import java.sql.ResultSet;
import java.sql.SQLException;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.locks.LockSupport;

/**
 * Rows that are written to the source one after the other, and looked for in the target: when each was committed there,
 * and when it was seen here. Their commits are waited for. Used by one thread.
 */
final class Marks implements AutoCloseable {
    /** So long nobody looks: a figure is too high by half of this, on average. */
    private static final long LOOK_NANOS = TimeUnit.MILLISECONDS.toNanos(2);

    private static final Duration PATIENCE = Duration.ofMinutes(30);

    private final Connection source;
    private final Connection target;
    private final PreparedStatement mark;
    private final PreparedStatement look;
    private long last;

    /** The marks of both sides are read first: they go on from there. */
    Marks(Route route) throws SQLException {
        source = route.source().connect(route.database());
        target = route.target().connect(route.database());
        mark = source.prepareStatement("INSERT INTO " + ChangeLoad.MARKS + " VALUES (?)");
        look = target.prepareStatement("SELECT coalesce(max(id), 0) FROM " + ChangeLoad.MARKS);
        try (PreparedStatement before =
                        source.prepareStatement("SELECT coalesce(max(id), 0) FROM " + ChangeLoad.MARKS);
                ResultSet row = before.executeQuery()) {
            row.next();
            last = row.getLong(1);
        }
    }

    private void mark() throws SQLException {
        mark.setLong(1, ++last);
        mark.executeUpdate();
    }

    private long seen() throws SQLException {
        try (ResultSet row = look.executeQuery()) {
            row.next();
            return row.getLong(1);
        }
    }

    /** Makes one and waits until it is in the target. What was committed before it, a follower that keeps the order has by then. */
    void awaitOne() throws SQLException {
        mark();
        long deadline = System.nanoTime() + PATIENCE.toNanos();
        while (seen() < last) {
            if (System.nanoTime() > deadline) {
                throw new IllegalStateException("the changes did not arrive in " + PATIENCE);
            }
            LockSupport.parkNanos(LOOK_NANOS);
        }
    }

    /**
     * Makes one in each interval, whether the one before has arrived or not.
     *
     * @return milliseconds from each one's commit, as its session heard of it, until it was seen
     */
    List<Double> latencies(Duration during, Duration interval) throws SQLException {
        long first = last + 1;
        long began = System.nanoTime();
        List<Long> committed = new ArrayList<>();
        List<Double> latencies = new ArrayList<>();
        int count = (int) (during.toNanos() / interval.toNanos());
        while (latencies.size() < count) {
            long now = System.nanoTime();
            if (committed.size() < count && now - began >= committed.size() * interval.toNanos()) {
                mark();
                committed.add(System.nanoTime());
            }
            long seen = seen();
            long at = System.nanoTime();
            while (first + latencies.size() <= seen) {
                latencies.add((at - committed.get(latencies.size())) / 1e6);
            }
            if (at - began > during.toNanos() + PATIENCE.toNanos()) {
                throw new IllegalStateException("the changes did not arrive in " + PATIENCE);
            }
            LockSupport.parkNanos(LOOK_NANOS);
        }
        return latencies;
    }

    @Override
    public void close() throws SQLException {
        source.close();
        target.close();
    }
}
