package dev.godwit.node.target;

import java.util.ArrayDeque;
import java.util.ArrayList;
import java.util.Deque;
import java.util.List;
import java.util.function.LongSupplier;

/**
 * How many sessions of one target shards and index builds may use at once on one node. There is one budget for both, since
 * both press on the same server. Thread-safe; nobody waits in here: who gets no turn now is called when there is one.
 *
 * <p>While shards are to be copied, builds get half of what is allowed, and shards get the rest and what builds leave; when
 * there is nothing to copy, builds get all. Of each kind one may run whenever a session is free, however little is allowed:
 * so neither waits for the other's end. Where the plan leaves a node a single session, they take turns.
 */
public final class SessionBudget {
    private final LongSupplier nanos;
    private final Deque<Turn> waiting = new ArrayDeque<>();
    private int mostCopies;
    private int sessions;
    private int allowed;
    private int copies;
    private int builds;
    private int copiesWaiting;
    private boolean buildEndedLast;
    private long busyNanos;
    private long countedNanos;
    private Runnable whenRoom = () -> {};

    /**
     * All of it is allowed at first.
     *
     * @param mostCopies shards at once; 0 or more
     * @param sessions shards and builds together; 1 or more
     */
    public SessionBudget(int mostCopies, int sessions) {
        this(mostCopies, sessions, System::nanoTime);
    }

    SessionBudget(int mostCopies, int sessions, LongSupplier nanos) {
        this.nanos = nanos;
        this.countedNanos = nanos.getAsLong();
        this.mostCopies = mostCopies;
        this.sessions = Math.max(1, sessions);
        this.allowed = this.sessions;
    }

    /** A build's place in the queue, later its turn. */
    public static final class Turn {
        private final Runnable start;

        private Turn(Runnable start) {
            this.start = start;
        }
    }

    /**
     * What is used of it.
     *
     * @param mostCopies shards at once by the plan
     * @param sessions shards and builds together by the plan
     * @param allowed shards and builds together now
     * @param copies turns of shards that are out
     * @param copiesWaiting workers that wait for one
     * @param builds builds under way
     * @param buildsWaiting builds that wait for their turn
     * @param busyNanos turns that were out so far, multiplied by their time
     */
    public record Use(
            int mostCopies,
            int sessions,
            int allowed,
            int copies,
            int copiesWaiting,
            int builds,
            int buildsWaiting,
            long busyNanos) {
        /** Shards and builds together that could run now if everything was allowed. */
        public int ceiling() {
            return Math.min(sessions, mostCopies + builds + buildsWaiting);
        }
    }

    /** Other ceilings from now on; turns that are out stay so. */
    public void resize(int copiesNow, int sessionsNow) {
        change(() -> {
            mostCopies = copiesNow;
            sessions = Math.max(1, sessionsNow);
        });
    }

    /** How many of the sessions may be used from now on; 1 or more. */
    public void allow(int most) {
        change(() -> allowed = Math.max(1, most));
    }

    /** Who is told when shards may get turns that they did not get before; from any thread, and sometimes for nothing. */
    public void whenRoom(Runnable told) {
        change(() -> whenRoom = told);
    }

    /** How many workers wait: while there are any, builds don't get everything. */
    public void copiesWaiting(int count) {
        boolean news;
        synchronized (this) {
            news = copiesWaiting != count;
        }
        if (news) {
            change(() -> copiesWaiting = count);
        }
    }

    /** Takes a turn for a shard, if there is one; every one that is taken is followed by a {@link #copyEnded}. */
    public synchronized boolean tryCopy() {
        if (!mayCopy()) {
            return false;
        }
        count();
        copies++;
        return true;
    }

    public void copyEnded() {
        change(() -> {
            copies--;
            buildEndedLast = false;
        });
    }

    /**
     * Queues a build. Its start is called, at once or later and from any thread, when it has its turn; then
     * {@link #buildEnded} has to follow.
     *
     * @param start must not block
     */
    public Turn build(Runnable start) {
        Turn turn = new Turn(start);
        change(() -> waiting.add(turn));
        return turn;
    }

    /** @return whether it had not begun; it will not then */
    public synchronized boolean withdraw(Turn turn) {
        return waiting.remove(turn);
    }

    public void buildEnded() {
        change(() -> {
            builds--;
            buildEndedLast = true;
        });
    }

    public synchronized Use use() {
        count();
        return new Use(mostCopies, sessions, allowed, copies, copiesWaiting, builds, waiting.size(), busyNanos);
    }

    private void change(Runnable what) {
        List<Turn> begin = new ArrayList<>();
        Runnable told;
        synchronized (this) {
            count();
            what.run();
            while (mayBuild()) {
                begin.add(waiting.poll());
                builds++;
            }
            told = copiesWaiting > 0 && mayCopy() ? whenRoom : null;
        }
        // Outside of the lock: nobody knows what these do.
        begin.forEach(turn -> turn.start.run());
        if (told != null) {
            told.run();
        }
    }

    private void count() {
        long now = nanos.getAsLong();
        busyNanos += (now - countedNanos) * (copies + builds);
        countedNanos = now;
    }

    /** Builds that wait go first: they were looked at when the session became free. */
    private boolean mayCopy() {
        if (copies >= mostCopies || copies + builds >= sessions) {
            return false;
        }
        return copies == 0 || copies + builds < allowed;
    }

    private boolean mayBuild() {
        boolean copying = copies + copiesWaiting > 0;
        if (waiting.isEmpty() || copies + builds >= sessions) {
            return false;
        } else if (builds == 0) {
            return sessions > 1 || !copying || !buildEndedLast;
        }
        return copies + builds < allowed && (!copying || builds < shareOfBuilds());
    }

    private int shareOfBuilds() {
        return Math.max(1, allowed / 2);
    }
}
