package dev.godwit.node.changes;

import dev.godwit.node.capture.Announcement;
import dev.godwit.node.capture.ChangeJoin;
import dev.godwit.node.capture.Effect;
import dev.godwit.node.capture.JoinedShard;
import dev.godwit.node.capture.Position;
import dev.godwit.node.capture.ShapeChanged;
import dev.godwit.node.capture.StreamMessage;
import dev.godwit.node.capture.Visibility;
import dev.godwit.node.shard.ChangeReader.Announced;
import dev.godwit.node.source.ChangeSource;
import dev.godwit.node.source.ChangeStream;
import dev.godwit.node.target.ChangeTarget;
import dev.godwit.protocol.error.ErrorCode;
import dev.godwit.protocol.error.GodwitException;
import dev.godwit.protocol.table.Shard;
import dev.godwit.protocol.table.TableName;
import dev.godwit.protocol.table.TableSpec;
import java.time.Duration;
import java.util.HashMap;
import java.util.HashSet;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Queue;
import java.util.Set;
import java.util.concurrent.ConcurrentLinkedQueue;
import java.util.function.Consumer;

/**
 * One run of the reader of a migration's changes, from its takeover in the target until it is stopped or something fails;
 * after a failure nothing of it counts but what the target holds, and the next run begins with a takeover. Two threads: one
 * reads the stream and judges, and is the only one that touches the join; the other applies ({@link ChangeApplier}).
 *
 * <p>What others want of the join is put to the first thread as a request, and done between two messages.
 */
final class ChangeRun {
    /** Changes that wait for shards in flight; beyond that the stream waits until one has landed. */
    static final long MAX_BUFFERED_BYTES = 48L << 20;

    /** Changes that wait for the target. */
    static final long MAX_QUEUED_BYTES = 16L << 20;

    /** A try that is in flight and tells nothing for so long is lost: all that is in flight is begun anew then. */
    private static final Duration PATIENCE = Duration.ofMinutes(2);

    private static final Duration NEXT = Duration.ofMillis(20);
    private static final Duration LOOK = Duration.ofSeconds(1);
    private static final Duration LONG_UNHEARD = Duration.ofSeconds(5);

    /** The ends of it, as one node has them. */
    record Ends(ChangeSource source, ChangeTarget target, ChangeSource.Slot slot, List<TableSpec> tables) {}

    private final Ends ends;
    private final Consumer<Throwable> failed;
    private final Queue<Runnable> requests = new ConcurrentLinkedQueue<>();
    private final ChangeQueue queue = new ChangeQueue(MAX_QUEUED_BYTES);
    private final Map<ShardKey, Tries> tries = new HashMap<>();
    private final Map<TableName, Long> settledAt = new HashMap<>();

    /** Written once, before it is ready. */
    private volatile ChangeTarget.Takeover takeover;

    private ChangeStream stream;
    private ChangeJoin join;
    private Position durable = Position.START;
    private long lastTicket;
    private long lsn;
    private long commitMicros;
    private boolean putInTransaction;
    private long lookedNanos;

    private volatile ChangeApplier applier;
    private volatile boolean stopping;
    private volatile boolean ready;
    private volatile long reachedLsn = -1;
    private volatile RunState state = RunState.NONE;

    /**
     * @param failed told once, on whatever thread, unless it was stopped before
     */
    ChangeRun(Ends ends, Consumer<Throwable> failed) {
        this.ends = ends;
        this.failed = failed;
    }

    void start() {
        Thread reading = new Thread(this::read, "godwit-changes-read");
        reading.setDaemon(true);
        reading.start();
    }

    /** From any thread. What is being applied may still be committed. */
    void stop() {
        stopping = true;
        ChangeApplier open = applier;
        if (open != null) {
            open.stop();
        }
    }

    private void fail(Throwable why) {
        if (!stopping) {
            stop();
            failed.accept(why);
        }
    }

    private void read() {
        try {
            begin();
            loop();
        } catch (ShapeChanged e) {
            fail(new GodwitException(
                    ErrorCode.SOURCE_TABLE_CHANGED,
                    e.getMessage(),
                    e.table().text(),
                    "Undo the change at the source before the table is written again and resume, or begin a migration under"
                            + " a new name."));
        } catch (RuntimeException | Error e) {
            fail(e);
        } finally {
            stop();
            if (stream != null) {
                stream.close();
            }
        }
    }

    private void begin() {
        // The slot first: whoever reads it now must be gone before anything is taken from him.
        stream = ends.source().open(ends.slot());
        takeover = ends.target().takeOver();
        ChangeSource.Moment moment = ends.source().moment();
        requireFit(moment);
        durable = takeover.applied();
        join = new ChangeJoin(
                takeover.applied(),
                takeover.landed(),
                stream.confirmedLsn(),
                ends.tables(),
                Visibility.of(moment.snapshot()).xmax());
        join.visible(moment.snapshot());
        applier = new ChangeApplier(
                ends.target().applier(takeover.epoch(), ends.tables()),
                queue,
                batch -> requests.add(() -> applied(batch)),
                this::fail);
        Thread applying = new Thread(applier, "godwit-changes-apply");
        applying.setDaemon(true);
        applying.start();
        if (stopping) {
            applier.stop();
        }
        ready = true;
    }

    private void loop() {
        while (!stopping) {
            Runnable request;
            while ((request = requests.poll()) != null) {
                request.run();
            }
            look();
            if (!mayReadOn()) {
                rest();
                continue;
            }
            stream.next(NEXT).ifPresent(this::on);
        }
    }

    private boolean mayReadOn() {
        return queue.hasRoom() && join.bufferedBytes() <= MAX_BUFFERED_BYTES;
    }

    /** Nobody may land such a shard any more, nor wait for it: only another epoch makes sure of that. */
    private void requireAlive(long now) {
        for (Map.Entry<ShardKey, Tries> shard : tries.entrySet()) {
            if (now - shard.getValue().heardNanos > PATIENCE.toNanos()) {
                throw new GodwitException(
                        ErrorCode.CAPTURE_NOT_READY,
                        "Nothing was heard for " + PATIENCE.toMinutes() + " minutes of a shard that was announced.",
                        shard.getKey().table().text() + ", shard "
                                + shard.getKey().shard(),
                        "Nothing: what is in flight is copied anew.");
            }
        }
    }

    /** A sign of life of a try. Answers whether it may still land the shard. From any thread. */
    boolean alive(long epoch, long ticket, TableName table, String shard) {
        requests.add(() -> {
            Tries its = tries.get(new ShardKey(table, shard));
            if (its != null && epoch == takeover.epoch() && its.tickets.contains(ticket)) {
                its.heardNanos = System.nanoTime();
            }
        });
        return epoch == takeover.epoch();
    }

    private static void rest() {
        try {
            Thread.sleep(2);
        } catch (InterruptedException e) {
            Thread.currentThread().interrupt();
        }
    }

    private void on(StreamMessage message) {
        if (message instanceof StreamMessage.Begin begin) {
            commitMicros = begin.commitMicros();
        } else if (message instanceof StreamMessage.Commit commit) {
            lsn = commit.endLsn();
        } else if (message instanceof StreamMessage.KeepAlive alive) {
            lsn = Long.compareUnsigned(alive.lsn(), lsn) > 0 ? alive.lsn() : lsn;
        }
        put(join.on(message));
        if (message instanceof StreamMessage.Commit && putInTransaction) {
            // Where a batch may end without cutting a transaction.
            queue.put(new ChangeQueue.Item(List.of(), join.position(), lsn, commitMicros));
            putInTransaction = false;
        }
    }

    private void put(List<Effect> effects) {
        if (!effects.isEmpty()) {
            putInTransaction = true;
            queue.put(new ChangeQueue.Item(
                    RowsReadAgain.resolved(ends.source(), join, takeover.epoch(), effects),
                    join.position(),
                    lsn,
                    commitMicros));
        }
    }

    private void applied(ChangeQueue.Batch batch) {
        durable = batch.position();
        reachedLsn = tries.isEmpty() ? Math.max(reachedLsn, batch.lsn()) : reachedLsn;
        for (Effect effect : batch.effects()) {
            if (effect instanceof Effect.CaughtUp caughtUp) {
                join.caughtUp(caughtUp.table(), caughtUp.shard());
            }
        }
        noteReached();
    }

    /** Once a second: what has become visible, who has landed unheard, how the slot does; and the acknowledgement. */
    private void look() {
        long now = System.nanoTime();
        if (now - lookedNanos < LOOK.toNanos()) {
            return;
        }
        lookedNanos = now;
        ChangeSource.Moment moment = ends.source().moment();
        join.visible(moment.snapshot());
        lookForLanded(now);
        requireAlive(now);
        acknowledge();
        Optional<ChangeSource.SlotHealth> health = ends.source().health();
        state = new RunState(
                moment.lsn(),
                reachedLsn,
                queue.effectsWaiting(),
                queue.waitingSinceMicros(),
                tries.size(),
                oldestSnapshotSeconds(now),
                applier.inserted(),
                applier.updated(),
                applier.deleted(),
                health);
    }

    private double oldestSnapshotSeconds(long now) {
        long oldest =
                tries.values().stream().mapToLong(its -> its.sinceNanos).min().orElse(now);
        return (now - oldest) / 1e9;
    }

    private boolean noteReached() {
        boolean allApplied = queue.put() == queue.applied();
        if (allApplied && join.bufferedBytes() == 0) {
            reachedLsn = lsn;
        }
        return allApplied;
    }

    /** Fails where another has taken over: what it needs must not be thrown away by us. */
    private void acknowledge() {
        boolean allApplied = noteReached();
        long safe = join.mayAcknowledge(allApplied ? Optional.empty() : Optional.of(durable));
        ends.target().acknowledge(takeover.epoch(), safe);
        stream.acknowledge(safe);
    }

    /**
     * The slot, the source's log and the target must be of one history: a target that was put back, a slot that was made
     * anew or moved by somebody, or a source that was put back, would lose changes without a word.
     */
    private void requireFit(ChangeSource.Moment moment) {
        boolean fresh = takeover.acknowledged() == 0;
        boolean slotIsAhead =
                fresh ? hasSomething() : Long.compareUnsigned(stream.confirmedLsn(), takeover.acknowledged()) > 0;
        long furthest = Math.max(takeover.applied().commitLsn(), takeover.acknowledged());
        for (JoinedShard shard : takeover.landed()) {
            furthest = Math.max(furthest, shard.lsn());
        }
        if (slotIsAhead || moment.lsn() < furthest) {
            throw new GodwitException(
                    ErrorCode.SOURCE_SLOT_LOST,
                    slotIsAhead
                            ? "The replication slot is further than what the target has: changes are missing."
                            : "The source's log ends before what the target has: the source was put back.",
                    "slot " + ends.slot().name(),
                    "Start a migration under a new name, into empty tables.");
        }
        ends.target().acknowledge(takeover.epoch(), stream.confirmedLsn());
    }

    private boolean hasSomething() {
        return !takeover.landed().isEmpty() || takeover.applied().compareTo(Position.START) > 0;
    }

    /** A message that a shard has landed may be lost with its node. */
    private void lookForLanded(long now) {
        Map<TableName, Set<String>> asked = new HashMap<>();
        tries.forEach((shard, its) -> {
            if (now - its.askedNanos > LONG_UNHEARD.toNanos()) {
                its.askedNanos = now;
                asked.computeIfAbsent(shard.table(), table -> new HashSet<>()).add(shard.shard());
            }
        });
        asked.forEach(this::lookForLanded);
    }

    private void lookForLanded(TableName table, Set<String> shards) {
        ends.target().landed(table, shards).forEach(this::joined);
    }

    private void joined(JoinedShard shard) {
        if (tries.remove(new ShardKey(shard.table(), shard.shard())) != null) {
            put(join.landed(shard.table(), shard.shard(), shard.snapshot(), shard.lsn()));
        }
    }

    private record ShardKey(TableName table, String shard) {}

    /** The tries of one shard that may still land it. */
    private static final class Tries {
        private final Set<Long> tickets = new HashSet<>();
        private final long sinceNanos = System.nanoTime();
        private long askedNanos = sinceNanos;
        private long heardNanos = sinceNanos;
    }

    /** Asks for a shard to be announced; the answer comes on another thread, or never if this run ends before. */
    void announce(TableSpec table, Shard shard, Consumer<Announced> answer, Consumer<GodwitException> refusal) {
        requests.add(() -> {
            // What is visible by now need not be told: it keeps the answer short.
            join.visible(ends.source().moment().snapshot());
            Announcement told = join.announce(table.name(), shard.id(), shard.range());
            if (told instanceof Announcement.Accepted accepted) {
                answer.accept(new Announced(takeover.epoch(), ticket(table, shard), false, accepted.passedBy()));
            } else if (told instanceof Announcement.AlreadyLanded) {
                answer.accept(new Announced(takeover.epoch(), 0, true, Set.of()));
            } else {
                refusal.accept(notReady());
                if (told instanceof Announcement.Overlaps) {
                    throw overlaps(table, shard);
                }
            }
        });
    }

    private long ticket(TableSpec table, Shard shard) {
        long ticket = ++lastTicket;
        settledAt.remove(table.name());
        tries.computeIfAbsent(new ShardKey(table.name(), shard.id()), key -> new Tries())
                .tickets
                .add(ticket);
        return ticket;
    }

    private static GodwitException overlaps(TableSpec table, Shard shard) {
        return new GodwitException(
                ErrorCode.CAPTURE_NOT_READY,
                "A shard overlaps another one that is on its way: what is on its way is begun anew.",
                table.name().text() + ", shard " + shard.id(),
                "");
    }

    static GodwitException notReady() {
        return new GodwitException(
                ErrorCode.CAPTURE_NOT_READY, "The reader of the source's changes has not begun yet.", "", "");
    }

    /** Whether announcements are answered. */
    boolean isReady() {
        return ready && !stopping;
    }

    /** The snapshot is what the target has kept: somebody else may have landed the shard. */
    void landed(long epoch, TableName table, String shard) {
        requests.add(() -> {
            if (epoch == takeover.epoch()) {
                lookForLanded(table, Set.of(shard));
            }
        });
    }

    void foundLanded(TableName table, String shard) {
        requests.add(() -> lookForLanded(table, Set.of(shard)));
    }

    /** As long as another try may land the shard, it stays in flight. */
    void gaveUp(long epoch, long ticket, TableName table, String shard) {
        requests.add(() -> {
            ShardKey key = new ShardKey(table, shard);
            Tries its = tries.get(key);
            if (epoch == takeover.epoch() && its != null && its.tickets.remove(ticket) && its.tickets.isEmpty()) {
                tries.remove(key);
                join.gaveUp(table, shard);
            }
        });
    }

    /** Which of these tables, of which no shard is missing, hold one moment of the source: told on another thread. */
    void inOneMoment(Set<TableName> tables, Consumer<Set<TableName>> answer) {
        requests.add(() -> {
            Set<TableName> found = new HashSet<>();
            for (TableName table : tables) {
                if (!join.settled(table)) {
                    settledAt.remove(table);
                } else if (queue.applied() >= settledAt.computeIfAbsent(table, name -> queue.put())) {
                    found.add(table);
                }
            }
            answer.accept(found);
        });
    }

    /** Up to where all that was committed at the source is in the target; -1 if that is not known. */
    long reachedLsn() {
        return isReady() ? reachedLsn : -1;
    }

    RunState state() {
        return state;
    }
}
