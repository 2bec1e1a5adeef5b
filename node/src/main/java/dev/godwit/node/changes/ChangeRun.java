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
import dev.godwit.protocol.error.Problem;
import dev.godwit.protocol.event.CaptureSlot;
import dev.godwit.protocol.table.Shard;
import dev.godwit.protocol.table.TableName;
import dev.godwit.protocol.table.TableSpec;
import java.time.Duration;
import java.util.List;
import java.util.Optional;
import java.util.Queue;
import java.util.Set;
import java.util.concurrent.ConcurrentLinkedQueue;
import java.util.concurrent.atomic.AtomicBoolean;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.function.Consumer;

/**
 * One run of the reader of a migration's changes, from its takeover in the target until it is stopped or something fails;
 * after a failure nothing of it counts but what the target holds, and the next run begins with a takeover. One thread
 * reads the stream and judges, and is the only one that touches the join; others apply ({@link ApplyLoop}).
 *
 * <p>What others want of the join is put to the first thread as a request, and done between two messages.
 */
final class ChangeRun {
    /** Changes that wait for shards in flight; beyond that the stream waits until one has landed. */
    static final long MAX_BUFFERED_BYTES = 48L << 20;

    /** Changes that wait for the target. */
    static final long MAX_QUEUED_BYTES = 16L << 20;

    private static final Duration NEXT = Duration.ofMillis(20);
    private static final long LOOK_NANOS = Duration.ofSeconds(1).toNanos();

    /**
     * The ends of it, as one node has them.
     *
     * @param follows whether columns that the source adds are taken over
     * @param heartbeat between two marks that are written at the source; zero: none is
     */
    record Ends(
            ChangeSource source,
            ChangeTarget target,
            CaptureSlot slot,
            List<TableSpec> tables,
            boolean follows,
            Duration heartbeat) {
        List<TableName> names() {
            return tables.stream().map(TableSpec::name).toList();
        }
    }

    private final Ends ends;
    private final ChangeTally tally;
    private final Consumer<Throwable> failed;
    private final Queue<Runnable> requests = new ConcurrentLinkedQueue<>();
    private final ChangeQueue queue = new ChangeQueue(MAX_QUEUED_BYTES);
    private final ShardTries tries = new ShardTries();
    private final TimeBehind behind = new TimeBehind();

    /** Written once, before it is ready. */
    private volatile ChangeTarget.Takeover takeover;

    private ChangeTally.OfRun counts;
    private ChangeStream stream;
    private ChangeJoin join;
    private Alterations alterations;
    private TableNews tables;
    private Position durable = Position.START;
    private long lsn;
    private long commitMicros;
    private boolean putInTransaction;
    private long lookedNanos;
    private long beatNanos = System.nanoTime();

    private final AtomicBoolean failing = new AtomicBoolean();
    private volatile ApplyLoop applier;
    private volatile boolean stopping;
    private volatile boolean ready;
    private volatile long reachedLsn = -1;
    private volatile RunState state = RunState.NONE;
    private volatile Optional<Problem> halted = Optional.empty();
    private final AtomicInteger looks = new AtomicInteger();

    /** Looks that are done, and how much had been put into the queue by the last of them. */
    private int looksDone;

    private long lookedPut;
    private long itemsApplied;

    /**
     * @param tally goes on from run to run
     * @param failed told once, on whatever thread, unless it was stopped before
     */
    ChangeRun(Ends ends, ChangeTally tally, Consumer<Throwable> failed) {
        this.ends = ends;
        this.tally = tally;
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
        ApplyLoop open = applier;
        if (open != null) {
            open.stop();
        }
    }

    private void fail(Throwable why) {
        if (!stopping && !failing.getAndSet(true)) {
            stop();
            failed.accept(why);
        }
    }

    private void read() {
        try {
            begin();
            loop();
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
        OneHistory.require(
                takeover, stream.confirmedLsn(), moment.lsn(), ends.slot().name());
        ends.target().acknowledge(takeover.epoch(), stream.confirmedLsn());
        durable = takeover.applied();
        counts = tally.begin(takeover.applied());
        join = new ChangeJoin(
                takeover.applied(),
                takeover.landed(),
                stream.confirmedLsn(),
                ends.tables(),
                Visibility.of(moment.snapshot()).xmax());
        join.visible(moment.snapshot());
        alterations = new Alterations(ends.source(), ends.target(), ends.follows(), join, takeover.halted());
        tables = new TableNews(join, queue, alterations);
        halted = alterations.summary();
        applier = new ApplyLoop(
                ends.target().applier(takeover.epoch(), ends.tables()),
                queue,
                part -> requests.add(() -> applied(part)),
                this::fail);
        applier.start();
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

    /** A sign of life of a try. Answers whether it may still land the shard. From any thread. */
    boolean alive(long epoch, long ticket, TableName table, String shard) {
        requests.add(() -> {
            if (epoch == takeover.epoch()) {
                tries.alive(table, shard, ticket);
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
            behind.committed(commitMicros, lsn);
        } else if (message instanceof StreamMessage.KeepAlive alive) {
            lsn = Long.compareUnsigned(alive.lsn(), lsn) > 0 ? alive.lsn() : lsn;
        }
        put(judged(message));
        if (message instanceof StreamMessage.Change change) {
            counts.captured(change, join.position());
        }
        if (message instanceof StreamMessage.Commit && putInTransaction) {
            // Where a batch may end without cutting a transaction.
            queue.put(new ChangeQueue.Item(List.of(), join.position(), lsn));
            putInTransaction = false;
        }
    }

    /** Each look at an altered table follows or halts it, and one that is followed may be halted by the next. */
    private List<Effect> judged(StreamMessage message) {
        while (true) {
            try {
                return join.on(message);
            } catch (ShapeChanged e) {
                put(
                        join.follows(e.table())
                                ? alterations.inStream(e.table(), e.getMessage())
                                : alterations.stranger(e.oid(), ends.names()));
            }
        }
    }

    /** Looks whether tables are still what they were. From any thread. */
    void lookAt(List<TableName> suspects) {
        looks.incrementAndGet();
        requests.add(() -> {
            put(alterations.look(suspects));
            looksDone++;
            lookedPut = queue.put();
            noteReached();
        });
    }

    /** Whether every look that was asked for is done, and what it led to is in the target, and in {@link #halted}. */
    boolean hasLooked() {
        return looks.get() == 0;
    }

    /** What is wrong with tables whose changes are not followed any more, in one problem. */
    Optional<Problem> halted() {
        return halted;
    }

    private void put(List<Effect> effects) {
        if (!effects.isEmpty()) {
            putInTransaction = true;
            List<Effect> resolved = RowsReadAgain.resolved(ends.source(), join, alterations, takeover.epoch(), effects);
            queue.put(new ChangeQueue.Item(resolved, join.position(), lsn));
            counts.queued(resolved);
        }
    }

    private void applied(ChangeQueue.Part part) {
        itemsApplied += part.items();
        durable = part.position();
        reachedLsn = tries.isEmpty() ? Math.max(reachedLsn, part.lsn()) : reachedLsn;
        alterations.applied(part.marks());
        halted = alterations.summary();
        for (Effect effect : part.marks()) {
            if (effect instanceof Effect.CaughtUp caughtUp) {
                join.caughtUp(caughtUp.table(), caughtUp.shard());
            }
        }
        noteReached();
    }

    /** Once a second: what has become visible, who has landed unheard, how the slot does; and the acknowledgement. */
    private void look() {
        long now = System.nanoTime();
        if (now - lookedNanos < LOOK_NANOS) {
            return;
        }
        lookedNanos = now;
        ChangeSource.Moment moment = ends.source().moment();
        join.visible(moment.snapshot());
        tries.toLookFor(now).forEach(this::lookForLanded);
        tries.requireAlive(now);
        acknowledge();
        Optional<ChangeSource.SlotHealth> health = ends.source().health();
        health.ifPresent(slot -> behind.looked(slot.atMicros(), slot.flushedLsn()));
        behind.reached(reachedLsn);
        beat(now);
        state = new RunState(
                moment.lsn(),
                reachedLsn,
                queue.effectsWaiting(),
                behind.seconds(),
                tries.size(),
                tries.oldestSeconds(now),
                health);
    }

    private void beat(long now) {
        if (!ends.heartbeat().isZero() && now - beatNanos >= ends.heartbeat().toNanos()) {
            beatNanos = now;
            ends.source().beat();
        }
    }

    private boolean noteReached() {
        counts.applied(queue.put(), queue.applied());
        if (looksDone > 0 && itemsApplied >= lookedPut) {
            looks.addAndGet(-looksDone);
            looksDone = 0;
        }
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

    private void lookForLanded(TableName table, Set<String> shards) {
        ends.target().landed(table, shards).forEach(this::joined);
    }

    private void joined(JoinedShard shard) {
        if (tries.landed(shard.table(), shard.shard())) {
            put(join.landed(shard.table(), shard.shard(), shard.snapshot(), shard.lsn()));
        }
    }

    /** Asks for a shard to be announced; the answer comes on another thread, or never if this run ends before. */
    void announce(TableSpec table, Shard shard, Consumer<Announced> answer, Consumer<GodwitException> refusal) {
        requests.add(() -> {
            // What is visible by now need not be told: it keeps the answer short.
            join.visible(ends.source().moment().snapshot());
            if (join.follows(table.name()) && !join.spec(table.name()).columns().equals(table.columns())) {
                put(alterations.look(List.of(table.name())));
                refusal.accept(notReady()); // whoever asks will soon know the table as it is
                return;
            }
            Announcement told = join.announce(table.name(), shard.id(), shard.range());
            if (told instanceof Announcement.Accepted accepted) {
                tables.unsettled(table.name());
                long ticket = tries.announced(table.name(), shard.id());
                answer.accept(new Announced(takeover.epoch(), ticket, false, accepted.passedBy()));
            } else if (told instanceof Announcement.Abandoned) {
                refusal.accept(new GodwitException(alterations.problem(table.name())));
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
            if (epoch == takeover.epoch() && tries.gaveUp(table, shard, ticket)) {
                join.gaveUp(table, shard);
            }
        });
    }

    /** Which of these tables, of which no shard is missing, hold one moment of the source: told on another thread. */
    void inOneMoment(Set<TableName> asked, Consumer<TableNews.News> answer) {
        requests.add(() -> answer.accept(tables.of(asked)));
    }

    /** Up to where all that was committed at the source is in the target; -1 if that is not known. */
    long reachedLsn() {
        return isReady() ? reachedLsn : -1;
    }

    RunState state() {
        return state;
    }
}
