package dev.godwit.node.capture;

import dev.godwit.protocol.table.ShardRange;
import dev.godwit.protocol.table.TableName;
import dev.godwit.protocol.table.TableSpec;
import java.util.ArrayList;
import java.util.Collection;
import java.util.Comparator;
import java.util.HashMap;
import java.util.HashSet;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.PriorityQueue;
import java.util.Set;

/**
 * Joins the stream of changes with the snapshots of the shards: says of each change what it means for the target, so that
 * at the end the target has each of them once. Knows no time and asks nobody; one thread at a time.
 *
 * <p>A change made by transaction {@code x} on a key whose range is
 * <ul>
 *   <li>not announced: is dropped. The range's snapshot will be taken later, and must see {@code x}: until {@code x} is known
 *       to be visible, it is among what {@link #announce} answers;
 *   <li>in flight: waits until the range has landed;
 *   <li>landed with snapshot {@code S}: is dropped if {@code S} sees {@code x}, else applied.
 * </ul>
 *
 * <p>What a call returns belongs into one transaction of the target, together with {@link #position()} after the call, and in
 * the order of the calls. Each {@link Effect.ReadRow} in it is to be answered by {@link #rowRead} before anything else is
 * asked here. After a failure of anything a new join is made of what the target holds.
 *
 * <p>After a start the stream first sends what the target has already. Until it comes to the target's
 * position nothing comes out and nothing is announced.
 */
public final class ChangeJoin {
    private record ShardKey(TableName table, String shard) {}

    private record Unsettled(TableJoin table, Held held, long lsn) {}

    /** A shard that changes wait for. */
    public record Waiting(TableName table, String shard, long bufferedBytes) {}

    private final Map<TableName, TableJoin> tables = new HashMap<>();
    private final Map<Long, TableJoin> byOid = new HashMap<>();
    private final Backlog.Meter buffered = new Backlog.Meter();
    private final PassedBy passedBy;
    private final Set<String> ignoredOrigins;
    private final Position target;
    private final PriorityQueue<Unsettled> unsettled = new PriorityQueue<>(Comparator.comparingLong(Unsettled::lsn));

    /** Where shards were announced whose changes may be asked for again; the oldest first. */
    private final Map<ShardKey, Long> announcedAt = new LinkedHashMap<>();

    /** Had landed before the takeover, and not caught up. */
    private final List<Unsettled> behind = new ArrayList<>();

    /** To be answered before anything else is asked. */
    private final Set<Effect.ReadRow> reads = new HashSet<>();

    /** Tables of the stream that are none of ours any more, by their oid at the source. */
    private final Set<Long> strangers = new HashSet<>();

    private Position position = Position.START;
    private boolean reached;

    /** The open transaction; null between two. */
    private Committed current;

    private boolean ignored;

    /** Everything that committed before this place is behind us, and what is in front of us commits here or later. */
    private long horizon;

    private long acknowledged;
    private long readRows;

    /**
     * @param applied everything up to here is in the target, except in shards that have not caught up
     * @param landed every shard that has landed, and rows that were read by themselves
     * @param confirmedLsn where the slot was acknowledged when it was opened
     * @param tables all of the migration
     * @param xid a 64-bit id of about now, such as the xmax of a snapshot
     * @param ignoredOrigins transactions that have come to the source by these replications are passed over
     */
    public ChangeJoin(
            Position applied,
            Collection<JoinedShard> landed,
            long confirmedLsn,
            Collection<TableSpec> tables,
            long xid,
            Set<String> ignoredOrigins) {
        this.target = applied;
        this.passedBy = new PassedBy(xid);
        this.ignoredOrigins = Set.copyOf(ignoredOrigins);
        this.horizon = confirmedLsn;
        this.acknowledged = confirmedLsn;
        tables.forEach(table -> this.tables.put(table.name(), new TableJoin(table, buffered)));
        landed.forEach(this::restore);
        settle();
    }

    /** As the other, with no origin to be ignored. */
    public ChangeJoin(
            Position applied,
            Collection<JoinedShard> landed,
            long confirmedLsn,
            Collection<TableSpec> tables,
            long xid) {
        this(applied, landed, confirmedLsn, tables, xid, Set.of());
    }

    private void restore(JoinedShard shard) {
        TableJoin table = tables.get(shard.table());
        if (table == null) {
            return;
        }
        Held held = table.restored(shard);
        if (held == null) {
            return;
        }
        Unsettled restored = new Unsettled(table, held, shard.lsn());
        if (shard.caughtUp()) {
            unsettled.add(restored);
        } else {
            behind.add(restored);
            announcedAt.put(new ShardKey(shard.table(), shard.shard()), acknowledged);
        }
    }

    // ---- the stream

    /**
     * Takes the next message.
     *
     * @return what it means for the target; empty as a rule for all but changes
     * @throws ShapeChanged if the message concerns a table that the source has altered; nothing is taken then
     */
    public List<Effect> on(StreamMessage message) {
        checkNothingToRead();
        Outcome out = new Outcome();
        if (message instanceof StreamMessage.Begin begin) {
            begin(begin);
        } else if (message instanceof StreamMessage.Origin origin) {
            ignored = ignoredOrigins.contains(origin.name());
        } else if (message instanceof StreamMessage.Change change) {
            change(change, out);
        } else if (message instanceof StreamMessage.Commit commit) {
            position = new Position(commit.commitLsn(), Position.WHOLE);
            current = null;
            moveTo(commit.endLsn());
        } else if (message instanceof StreamMessage.KeepAlive alive && current == null) {
            moveTo(alive.lsn());
        }
        if (!reached && (position.compareTo(target) >= 0 || current == null && horizon > target.commitLsn())) {
            reach(out);
        }
        return ended(out);
    }

    private void begin(StreamMessage.Begin begin) {
        current = new Committed(passedBy.wide(begin.xid()), begin.commitLsn());
        ignored = false;
        position = new Position(begin.commitLsn(), 0);
        passedBy.add(current.xid(), begin.commitLsn());
        moveTo(begin.commitLsn());
    }

    private void change(StreamMessage.Change change, Outcome out) {
        if (current == null) {
            throw new IllegalStateException("a change outside of a transaction");
        }
        List<Relation> relations = relations(change);
        if (relations.stream().anyMatch(relation -> strangers.contains(relation.oid()))) {
            relations = relations.stream()
                    .filter(relation -> !strangers.contains(relation.oid()))
                    .toList();
        }
        Set<TableJoin> concerned = Shapes.check(relations, tables, byOid);
        Position before = position;
        position = new Position(current.commitLsn(), position.changes() + 1);
        if (!ignored) {
            try {
                concerned.forEach(table -> table.on(change, current, !reached, out));
            } catch (ShapeChanged e) {
                position = before; // it may be told again
                throw e;
            }
            out.endOfChange();
        }
    }

    private static List<Relation> relations(StreamMessage.Change change) {
        if (change instanceof StreamMessage.Insert insert) {
            return List.of(insert.relation());
        } else if (change instanceof StreamMessage.Update update) {
            return List.of(update.relation());
        } else if (change instanceof StreamMessage.Delete delete) {
            return List.of(delete.relation());
        }
        return ((StreamMessage.Truncate) change).relations();
    }

    private void reach(Outcome out) {
        reached = true;
        for (Unsettled shard : behind) {
            shard.table().reached(shard.held(), out);
            unsettled.add(shard);
        }
        behind.clear();
        settle();
    }

    private void moveTo(long lsn) {
        horizon = Math.max(horizon, lsn);
        settle();
    }

    private void settle() {
        while (!unsettled.isEmpty() && unsettled.peek().lsn() <= horizon) {
            Unsettled shard = unsettled.poll();
            shard.table().settle(shard.held());
        }
    }

    private List<Effect> ended(Outcome out) {
        reads.addAll(out.reads());
        return out.effects();
    }

    private void checkNothingToRead() {
        if (!reads.isEmpty()) {
            throw new IllegalStateException("a row is to be read first");
        }
    }

    /**
     * The place behind the last message: what the target has when all that came out so far is in it. Not before the target's
     * own place.
     */
    public Position position() {
        return position.compareTo(target) > 0 ? position : target;
    }

    /** Whether the stream has come to where the target was at the takeover: shards may be announced. */
    public boolean hasReached() {
        return reached;
    }

    // ---- shards

    /**
     * A worker is about to take a snapshot for a shard. Told again for a shard in flight, for another try, it goes on as
     * before.
     *
     * @throws IllegalArgumentException if it is not a range of which changes can be told to be in it
     */
    public Announcement announce(TableName table, String shard, ShardRange range) {
        if (!reached) {
            return new Announcement.NotYet();
        }
        if (known(table).isAbandoned()) {
            return new Announcement.Abandoned();
        }
        Announcement answer = known(table).announce(shard, range, passedBy.ids());
        if (answer instanceof Announcement.Accepted) {
            announcedAt.putIfAbsent(new ShardKey(table, shard), place());
        }
        return answer;
    }

    /** A transaction that commits before this place is not asked for by what begins now. */
    private long place() {
        return current == null ? horizon : current.commitLsn();
    }

    /**
     * A shard is in the target. Told again, or of a shard that is not in flight here, it changes nothing.
     *
     * @param snapshot that it was read with
     * @param lsn asked for after the snapshot was taken, as {@link JoinedShard#lsn}
     * @throws IllegalStateException if the snapshot does not see what it must: the target is wrong
     */
    public List<Effect> landed(TableName table, String shard, String snapshot, long lsn) {
        checkNothingToRead();
        Outcome out = new Outcome();
        TableJoin join = known(table);
        if (join.isAbandoned()) {
            return List.of();
        }
        Held held = join.landed(shard, Taken.of(snapshot, lsn), out);
        if (held != null) {
            unsettled.add(new Unsettled(join, held, lsn));
            settle();
        }
        return ended(out);
    }

    /** No try of this shard can land any more, or it was cut again: what waits for it is in every snapshot to come. */
    public void gaveUp(TableName table, String shard) {
        TableJoin join = known(table);
        if (join.isInFlight(shard)) {
            join.gaveUp(shard);
            announcedAt.remove(new ShardKey(table, shard));
        }
    }

    /** {@link Effect.CaughtUp} of this shard is durable in the target. */
    public void caughtUp(TableName table, String shard) {
        announcedAt.remove(new ShardKey(table, shard));
    }

    /**
     * The row that was asked for, as a snapshot sees it that was taken after that.
     *
     * @param values in the order of the columns of {@link #spec}, NULL as null; empty if there is no such row
     * @return what stands for {@code asked}, in the same transaction of the target; empty if the snapshot does not see
     *     enough: the row is to be read once more
     */
    public Optional<List<Effect>> rowRead(
            Effect.ReadRow asked, Optional<List<String>> values, String snapshot, long lsn) {
        Taken taken = Taken.of(snapshot, lsn);
        if (!passedBy.allSeenBy(taken.snapshot())) {
            return Optional.empty();
        }
        if (!reads.remove(asked)) {
            throw new IllegalArgumentException("nobody has asked for this row");
        }
        TableName name = asked.table().name();
        TableJoin table = known(name);
        unsettled.add(new Unsettled(table, table.read(asked.key(), taken), lsn));
        List<Effect> effects = new ArrayList<>(2);
        Relation relation = table.shape().whole(asked.relation());
        values.ifPresent(
                row -> effects.add(new Effect.InsertRow(relation, table.shape().tuple(relation, row))));
        effects.add(new Effect.KeyLanded(
                new JoinedShard(name, nextRow(), JoinedShard.oneKey(asked.key()), snapshot, lsn, true)));
        settle();
        return Optional.of(effects);
    }

    /** A name for the ages: a place in the stream, and that it is not the first there. Shards' names begin with a digit. */
    private String nextRow() {
        return "row." + Long.toHexString(position.commitLsn()) + "." + position.changes() + "." + readRows++;
    }

    /** From now on this table's changes mean nothing: what the target has of it stays as it is, and is wrong. */
    public void abandon(TableName table) {
        known(table).abandon();
        reads.removeIf(read -> read.table().name().equals(table));
        announcedAt.keySet().removeIf(key -> key.table().equals(table));
        behind.removeIf(shard -> shard.table().spec().name().equals(table));
        unsettled.removeIf(shard -> shard.table().spec().name().equals(table));
    }

    /**
     * The table has further columns at the end from now on; told again it changes nothing. A shard or a row of it that is read
     * is to be read with them.
     */
    public void follow(TableSpec table) {
        known(table.name()).shape().follow(table);
    }

    /** The table as it is known now. */
    public TableSpec spec(TableName table) {
        return known(table).spec();
    }

    /** Whether it is one of the migration's, and its changes are followed. */
    public boolean follows(TableName table) {
        TableJoin join = tables.get(table);
        return join != null && !join.isAbandoned();
    }

    /** From now on what the stream tells of the table of this oid at the source is passed over. */
    public void passOver(long oid) {
        strangers.add(oid);
    }

    private TableJoin known(TableName table) {
        TableJoin join = tables.get(table);
        if (join == null) {
            throw new IllegalArgumentException("not a table of the migration: " + table);
        }
        return join;
    }

    // ---- the source

    /**
     * What has become visible at the source. To be told at a steady pace while {@link #waitsForVisibility}: it bounds what
     * is remembered, and what the source has to keep.
     *
     * @param snapshot text of one that was taken a moment ago
     */
    public void visible(String snapshot) {
        passedBy.visible(Visibility.of(snapshot));
    }

    /** Whether there are transactions behind us of which it is not known whether they are visible. */
    public boolean waitsForVisibility() {
        return passedBy.size() > 0;
    }

    /**
     * Up to where the slot may be acknowledged: nothing before it will be asked for again.
     *
     * @param durable what the target has; empty: all that came out of here
     * @return a place in the source's log; never goes back
     */
    public long mayAcknowledge(Optional<Position> durable) {
        long safe = Math.min(place(), passedBy.oldestCommitLsn());
        if (durable.isPresent()) {
            Position has = durable.get();
            // The slot sends what begins at the acknowledged place or behind it.
            safe = Math.min(safe, has.changes() == Position.WHOLE ? has.commitLsn() + 1 : has.commitLsn());
        }
        if (!announcedAt.isEmpty()) {
            safe = Math.min(safe, announcedAt.values().iterator().next());
        }
        acknowledged = Math.max(acknowledged, safe);
        return acknowledged;
    }

    // ---- what can be asked

    /** Bytes of changes that wait for shards in flight. */
    public long bufferedBytes() {
        return buffered.bytes();
    }

    /** The shards in flight. */
    public List<Waiting> inFlight() {
        List<Waiting> waiting = new ArrayList<>();
        tables.values().forEach(table -> waiting.addAll(table.waiting()));
        return waiting;
    }

    /**
     * Whether all shards of the table that were ever announced have landed, and the stream is beyond the moments at which
     * they were read: when what came out so far is in the target, all of the table's rows are of one moment.
     */
    public boolean settled(TableName table) {
        TableJoin join = known(table);
        return reached && !join.isAbandoned() && join.isSettled();
    }
}
