package dev.godwit.node.migration;

import dev.godwit.node.progress.AdaptiveLimit;
import dev.godwit.node.shard.CopyMeter;
import dev.godwit.node.source.SessionWaits;
import dev.godwit.node.target.SessionBudget;
import dev.godwit.protocol.status.InFlight;
import java.time.Duration;
import java.util.ArrayDeque;
import java.util.Deque;
import java.util.Optional;

/**
 * How one migration loads this node and its databases: measures where shards wait, and allows as much of the budget of
 * sessions as brings something. Used by its actor's thread alone, the meter excepted.
 */
final class CopyLoad {
    /** How often {@link #adapt} wants to be called. */
    static final Duration ADAPT = Duration.ofMillis(500);

    /** Shares are of so long. */
    private static final long SHARES_NANOS = Duration.ofSeconds(5).toNanos();

    /** How often the databases are asked what their sessions wait for, while that matters. */
    private static final long LOOK_NANOS = Duration.ofSeconds(2).toNanos();

    /** A look counts for so long. */
    private static final long LOOKED_NANOS = Duration.ofSeconds(12).toNanos();

    /** With the machine's processors so busy a session waits for a node that is ready to run, and no network holds it. */
    private static final double BUSY_MACHINE = 0.9;

    /** Where a side is waited for less, it does not hold anybody. */
    private static final double LOOK_SHARE = 0.4;

    private static final double NANOS_PER_SECOND = 1e9;

    /** Which side of a copy is looked at. */
    enum End {
        SOURCE,
        TARGET
    }

    /**
     * Shares of the time of shards, 0 to 1; those of the network -1 where that is not known.
     *
     * @param read waited for the source
     * @param write waited for the target
     * @param busy computed
     */
    record Shares(double read, double write, double busy, double sourceNetwork, double targetNetwork) {}

    private record At(long nanos, CopyMeter.Totals totals) {}

    private record Look(long nanos, SessionWaits waits) {}

    private final CopyMeter meter = new CopyMeter();
    private final SessionBudget budget;
    private final AdaptiveLimit limit;
    private final Deque<At> past = new ArrayDeque<>();
    private final Deque<Look> sourceLooks = new ArrayDeque<>();
    private final Deque<Look> targetLooks = new ArrayDeque<>();
    private long lookedNanos = System.nanoTime();
    private boolean looking;
    private At adapted;
    private long busyNanos;

    CopyLoad(SessionBudget budget) {
        this.budget = budget;
        SessionBudget.Use use = budget.use();
        this.limit = new AdaptiveLimit(use.ceiling());
        this.adapted = now();
        this.busyNanos = use.busyNanos();
        budget.allow(limit.level());
    }

    private At now() {
        return new At(System.nanoTime(), meter.totals());
    }

    CopyMeter meter() {
        return meter;
    }

    /** Measures, and allows more or less. */
    void adapt() {
        At now = now();
        SessionBudget.Use use = budget.use();
        double nanos = now.nanos() - adapted.nanos();
        if (nanos < ADAPT.toNanos() / 2.0) {
            return; // after a pause of this process, several calls come at once
        }
        CopyMeter.Totals before = adapted.totals();
        CopyMeter.Totals after = now.totals();
        limit.ceiling(use.ceiling());
        limit.measured(new AdaptiveLimit.Reading(
                nanos / NANOS_PER_SECOND,
                after.bytes() - before.bytes(),
                (use.busyNanos() - busyNanos) / nanos,
                (after.shardNanos() - before.shardNanos()) / nanos,
                use.builds(),
                after.commits() - before.commits(),
                (after.commitNanos() - before.commitNanos()) / NANOS_PER_SECOND,
                (after.readNanos() - before.readNanos()) / NANOS_PER_SECOND));
        budget.allow(limit.level());
        adapted = now;
        busyNanos = use.busyNanos();
        past.addLast(now);
        while (now.nanos() - past.peekFirst().nanos() > SHARES_NANOS) {
            past.removeFirst();
        }
    }

    InFlight inFlight() {
        SessionBudget.Use use = budget.use();
        int ceiling = use.ceiling();
        return new InFlight(
                use.builds(), use.buildsWaiting(), Math.min(ceiling, limit.level()), ceiling, limit.scales());
    }

    Shares shares() {
        At to = now();
        CopyMeter.Totals after = to.totals();
        CopyMeter.Totals before = past.isEmpty() ? after : past.peekFirst().totals();
        double time = after.shardNanos() - before.shardNanos();
        return new Shares(
                share(after.readNanos() - before.readNanos(), time),
                share(after.writeNanos() - before.writeNanos(), time),
                share(
                        Math.max(
                                after.readerNanos() - before.readerNanos(), after.writerNanos() - before.writerNanos()),
                        time),
                network(sourceLooks, to.nanos()),
                network(targetLooks, to.nanos()));
    }

    /**
     * The end that is waited for longer, if its database is to be asked now what its sessions wait for; then {@link #looked}
     * has to follow.
     */
    Optional<End> endToLookAt(double machineShare) {
        Shares shares = shares();
        long now = System.nanoTime();
        boolean wanted = !looking
                && now - lookedNanos >= LOOK_NANOS
                && meter.running() > 0
                && machineShare < BUSY_MACHINE
                && Math.max(shares.read(), shares.write()) >= LOOK_SHARE;
        if (!wanted) {
            return Optional.empty();
        }
        looking = true;
        lookedNanos = now;
        return Optional.of(shares.read() >= shares.write() ? End.SOURCE : End.TARGET);
    }

    /** @param waits null if the database has not said */
    void looked(End end, SessionWaits waits) {
        looking = false;
        if (waits != null) {
            (end == End.SOURCE ? sourceLooks : targetLooks).addLast(new Look(System.nanoTime(), waits));
        }
    }

    private static double network(Deque<Look> looks, long now) {
        while (!looks.isEmpty() && now - looks.peekFirst().nanos() > LOOKED_NANOS) {
            looks.removeFirst();
        }
        double carrying =
                looks.stream().mapToInt(look -> look.waits().carrying()).sum();
        double forNode = looks.stream().mapToInt(look -> look.waits().forNode()).sum();
        return carrying == 0 ? -1 : share(forNode, carrying);
    }

    private static double share(double part, double of) {
        return of <= 0 ? 0 : Math.max(0, Math.min(1, part / of));
    }
}
