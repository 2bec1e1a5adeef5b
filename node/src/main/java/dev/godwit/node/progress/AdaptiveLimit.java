package dev.godwit.node.progress;

/**
 * How many shards and builds a node keeps in flight: finds out by trying. Begins low and doubles while that brings more;
 * then holds, tries a little more or, where sessions bring less each than fewer did, a little less, and keeps what was
 * better by more than noise. Trials that brought nothing come ever more seldom, so it does not swing. Where commits or reads
 * take much longer than they did with as many in flight, somebody else loads the databases, and it makes way.
 *
 * <p>Decides by its readings alone, of which it wants about two a second; asks no clock. Not thread-safe.
 */
public final class AdaptiveLimit {
    private static final int LOW = 2;

    /** Of a high ceiling the half would not be low any more. */
    private static final int NOT_LOW = 8;

    /** New sessions have to be opened before they count. */
    private static final double SETTLE_SECONDS = 0.7;

    /** So long a level is measured; a shard's beginning and end are evened out. */
    private static final double WINDOW_SECONDS = 3;

    /** Doubling at the start is measured for so long only: a migration may last for seconds. */
    private static final double START_SECONDS = 0.4;

    /** Less is noise. */
    private static final double GAIN = 0.04;

    /** In readings that differ much more is noise: so many standard errors of their mean. */
    private static final double ERRORS = 2;

    /** Twice as many that bring less than this part are too many at a glance. */
    private static final double CLEARLY_LESS = 0.9;

    /** Less in flight must bring so much of what more in flight brings. */
    private static final double AS_GOOD = 0.98;

    /** From here on down a session brings clearly less than those before did. */
    private static final double SCALES = 0.7;

    /** A level that brings so much less than it did is not known any more. */
    private static final double DROP = 0.6;

    /** So many times what they took before, commits and reads say that a database is under pressure. */
    private static final double SLOWER = 2.5;

    /** Commits of less are not judged: one that meets a checkpoint takes as much. */
    private static final double COMMIT_FLOOR_SECONDS = 0.2;

    /** With less of a level in flight there was too little work to judge it. */
    private static final double FILLED = 0.8;

    /** Slower reads tell of pressure only where less than this part of what was brought is brought now. */
    private static final double LESS_IS_READ = 0.8;

    /** With so many builds more or fewer beside them, what shards bring can't be compared. */
    private static final double OTHER_BUILDS = 0.5;

    private static final double FIRST_PAUSE_SECONDS = 5;
    private static final double LONGEST_PAUSE_SECONDS = 160;

    /**
     * What happened since the reading before.
     *
     * @param seconds since then; more than 0
     * @param bytes that were copied
     * @param inFlight shards and builds that had their turn, on the average
     * @param shards shards that were copied, on the average
     * @param builds builds among them now
     * @param commits shards that were committed
     * @param commitSeconds what their commits took, in all
     * @param readSeconds time in which reads waited for the source, of all shards together
     */
    public record Reading(
            double seconds,
            double bytes,
            double inFlight,
            double shards,
            int builds,
            long commits,
            double commitSeconds,
            double readSeconds) {}

    private enum Mode {
        STARTING,
        HOLDING,
        TRYING_MORE,
        TRYING_LESS
    }

    private int ceiling;
    private int level;
    private Mode mode = Mode.STARTING;
    private boolean begun;

    /** Before a trial, or before it was doubled. */
    private int cameFrom;

    /** Of the level that is held; null if it is not known. */
    private Level known;

    /** The most that a session of a level below this one has brought, in bytes a second; NaN if that is not known. */
    private double bestOfSession = Double.NaN;

    /** What the last trial said: that fewer bring as much, or that more bring nothing. */
    private boolean flat;

    /** What less in flight has to reach: so many small steps down do not add up. */
    private double bar;

    private double settling;
    private final LevelWindow window = new LevelWindow();

    private double untilMore = FIRST_PAUSE_SECONDS;
    private double pauseOfMore = FIRST_PAUSE_SECONDS;
    private double untilLess = 2 * FIRST_PAUSE_SECONDS;
    private double pauseOfLess = 2 * FIRST_PAUSE_SECONDS;

    /** @param ceiling 1 or more */
    public AdaptiveLimit(int ceiling) {
        this.ceiling = Math.max(1, ceiling);
        this.level = Math.min(this.ceiling, Math.max(LOW, Math.min(NOT_LOW, this.ceiling / 2)));
    }

    /** How many may be in flight now; 1 to the ceiling. */
    public int level() {
        return level;
    }

    /**
     * Whether it is at the ceiling, and sessions up to there bring nearly as much each as few of them did. False too where
     * they seem to bring more: then the few were measured while all was still beginning, and it is not known.
     */
    public boolean scales() {
        return mode == Mode.HOLDING
                && level == ceiling
                && known != null
                && known.rate() / level >= SCALES * bestOfSession
                && known.rate() / level <= bestOfSession / SCALES;
    }

    /** Another ceiling; the level goes with it where the ceiling was reached. */
    public void ceiling(int most) {
        int now = Math.max(1, most);
        if (now == ceiling) {
            return;
        }
        boolean wasReached = level == ceiling && mode != Mode.STARTING;
        ceiling = now;
        if (level > now || wasReached) {
            hold(now);
        }
    }

    public void measured(Reading reading) {
        untilMore -= reading.seconds();
        untilLess -= reading.seconds();
        if (reading.builds() > 0 && reading.shards() == 0) {
            // Builds alone have no source to wait for, and what they bring is not seen: the ceiling is theirs.
            hold(ceiling);
        } else if (!begun) {
            begun = reading.bytes() > 0; // in a part of the time only
        } else if (reading.inFlight() < FILLED * level) {
            tooLittleWork();
        } else {
            measure(reading);
        }
    }

    private void measure(Reading reading) {
        settling -= reading.seconds();
        if (settling >= 0) {
            return;
        }
        window.add(reading);
        if (window.seconds() >= (mode == Mode.STARTING ? START_SECONDS : WINDOW_SECONDS)) {
            Level now = window.level();
            window.clear();
            decide(now);
        }
    }

    private void tooLittleWork() {
        window.clear();
        if (mode == Mode.TRYING_MORE || mode == Mode.TRYING_LESS) {
            back();
        }
    }

    private void decide(Level now) {
        if (mode != Mode.STARTING && known != null && Math.abs(now.builds() - known.builds()) > OTHER_BUILDS) {
            // What shards brought beside fewer builds says nothing about it.
            forget();
            known = now;
            return;
        }
        switch (mode) {
            case STARTING -> start(now);
            case HOLDING -> holding(now);
            case TRYING_MORE -> triedMore(now);
            case TRYING_LESS -> triedLess(now);
        }
    }

    private void start(Level now) {
        if (known != null && now.rate() < CLEARLY_LESS * known.rate()) {
            hold(cameFrom);
            flat = true;
        } else if (known != null && now.rate() < (1 + GAIN) * known.rate()) {
            // Twice as many have brought nothing: but this was a glance, and going back may cost more than staying.
            mode = Mode.HOLDING;
            known = null;
            flat = true;
            untilLess = 0;
        } else if (level == ceiling) {
            hold(level);
            known = now;
        } else {
            bestOfSession = bestOf(now, level);
            known = now;
            cameFrom = level;
            level = Math.min(ceiling, 2 * level);
            settling = SETTLE_SECONDS;
        }
    }

    private void holding(Level now) {
        if (known == null) {
            known = now;
        } else if (isSlower(now.commitSeconds(), Math.max(known.commitSeconds(), COMMIT_FLOOR_SECONDS))
                || isSlower(now.readSecondsPerByte(), known.readSecondsPerByte())
                        && now.rate() < LESS_IS_READ * known.rate()) {
            makeWay();
            return;
        } else if (now.rate() < DROP * known.rate()) {
            forget();
            known = now;
            return;
        } else {
            known = known.with(now);
        }
        bar = Math.max(bar, known.rate());
        if (level < ceiling && untilMore <= 0) {
            attempt(Mode.TRYING_MORE, Math.min(ceiling, level + step()));
        } else if (level > 1 && untilLess <= 0 && isFlat()) {
            attempt(Mode.TRYING_LESS, level - step());
        }
    }

    private int step() {
        return Math.max(1, level / 4);
    }

    /** Whether fewer may do: also where sessions of fewer have brought clearly more each. */
    private boolean isFlat() {
        return flat || known.rate() / level < SCALES * bestOfSession;
    }

    /** Not where one of the two is not known. */
    private static boolean isSlower(double now, double before) {
        return now > SLOWER * before && before > 0;
    }

    private void attempt(Mode trial, int wanted) {
        cameFrom = level;
        mode = trial;
        level = wanted;
        settling = SETTLE_SECONDS;
    }

    private void triedMore(Level now) {
        if (now.rate() >= (1 + Math.max(GAIN, ERRORS * now.error())) * known.rate()) {
            bestOfSession = bestOf(known, cameFrom);
            hold(level);
            known = now;
            flat = false;
            untilMore = 0;
            pauseOfMore = FIRST_PAUSE_SECONDS;
            untilLess = Math.max(untilLess, 4 * FIRST_PAUSE_SECONDS);
        } else {
            back();
            flat = true;
            pauseOfMore = Math.min(LONGEST_PAUSE_SECONDS, 2 * pauseOfMore);
            untilMore = pauseOfMore;
        }
    }

    private void triedLess(Level now) {
        if (now.rate() >= AS_GOOD * Math.max(bar, known.rate())) {
            double keep = bar;
            hold(level);
            bar = keep;
            known = now;
            flat = true;
            untilLess = FIRST_PAUSE_SECONDS;
            untilMore = Math.max(untilMore, 4 * FIRST_PAUSE_SECONDS);
        } else {
            back();
            flat = false;
            pauseOfLess = Math.min(LONGEST_PAUSE_SECONDS, 2 * pauseOfLess);
            untilLess = pauseOfLess;
        }
    }

    private void back() {
        Level before = known;
        double keep = bar;
        hold(cameFrom);
        known = before;
        bar = keep;
    }

    private void makeWay() {
        forget();
        hold(Math.max(1, level * 3 / 4));
    }

    /** What was learnt is not so any more. */
    private void forget() {
        if (mode == Mode.TRYING_MORE || mode == Mode.TRYING_LESS) {
            level = cameFrom;
        }
        known = null;
        bestOfSession = Double.NaN;
        flat = false;
        bar = 0;
        mode = Mode.HOLDING;
        pauseOfMore = FIRST_PAUSE_SECONDS;
        pauseOfLess = 2 * FIRST_PAUSE_SECONDS;
        untilMore = pauseOfMore;
        untilLess = pauseOfLess;
        window.clear();
    }

    private void hold(int wanted) {
        level = wanted;
        mode = Mode.HOLDING;
        known = null;
        bar = 0;
        settling = SETTLE_SECONDS;
        window.clear();
    }

    private double bestOf(Level of, int sessions) {
        double each = of.rate() / sessions;
        return Double.isNaN(bestOfSession) ? each : Math.max(bestOfSession, each);
    }
}
