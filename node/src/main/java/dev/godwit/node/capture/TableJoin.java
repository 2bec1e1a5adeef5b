package dev.godwit.node.capture;

import dev.godwit.protocol.table.ShardRange;
import dev.godwit.protocol.table.TableSpec;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.TreeMap;

/**
 * What changes on one table mean, range by range. A change has one side or two: an update that moves a row's key leaves one
 * range and arrives in another, and each side is judged by its own. Rows that had to be read by themselves are ranges of
 * one key, which lie in others and go before them. Not thread-safe.
 */
final class TableJoin {
    private final TableShape shape;
    private final Backlog.Meter meter;

    /** Null where the table has no key, or one that is compared at the source alone: it is one range then. */
    private final KeyOrder order;

    private final RangeMap ranges = new RangeMap();
    private final TreeMap<Key, Held> rows = new TreeMap<>();
    private final Map<String, Held> inFlight = new HashMap<>();
    private int unsettled;
    private boolean abandoned;

    TableJoin(TableSpec spec, Backlog.Meter meter) {
        this.shape = new TableShape(spec);
        this.meter = meter;
        boolean ordered = !spec.keyColumns().isEmpty()
                && spec.keyColumns().stream().allMatch(column -> KeyOrder.canCompare(spec.typeOf(column), true));
        this.order = ordered ? KeyOrder.of(spec) : null;
    }

    TableSpec spec() {
        return shape.spec();
    }

    TableShape shape() {
        return shape;
    }

    /** Whether everything that was announced has landed and is settled. */
    boolean isSettled() {
        return unsettled == 0;
    }

    boolean isInFlight(String shard) {
        return inFlight.containsKey(shard);
    }

    List<ChangeJoin.Waiting> waiting() {
        return inFlight.values().stream()
                .map(held -> new ChangeJoin.Waiting(
                        spec().name(), held.shard(), backlog(held).bytes()))
                .toList();
    }

    // ---- ranges

    private Held held(String shard, ShardRange range, Stand stand) {
        if (range instanceof ShardRange.Keys keys) {
            Key from = keys.from() == null ? null : order().key(keys.from());
            Key to = keys.to() == null ? null : order().key(keys.to());
            if (from != null && to != null && from.compareTo(to) >= 0) {
                throw new IllegalArgumentException("a range of keys ends above where it begins");
            }
            return new Held(shard, range, from, to, stand);
        } else if (range instanceof ShardRange.Blocks) {
            throw new IllegalArgumentException("changes do not say in which block they are");
        } else if (range instanceof ShardRange.NullKeys) {
            order();
        }
        return new Held(shard, range, null, null, stand);
    }

    private KeyOrder order() {
        if (order == null) {
            throw new IllegalArgumentException("the table has no key that can be compared here");
        }
        return order;
    }

    Announcement announce(String shard, ShardRange range, Set<Long> passedBy) {
        Held known = inFlight.get(shard);
        if (known != null) {
            // Whichever of its tries lands: what the older one has to see, this one sees as well.
            return known.range().equals(range) ? new Announcement.Accepted(passedBy) : new Announcement.Overlaps();
        }
        Held held = held(shard, range, new Stand.InFlight(new Backlog(meter), passedBy));
        List<Held> overlapping = ranges.overlapping(held);
        if (overlapping.isEmpty()) {
            ranges.put(held);
            inFlight.put(shard, held);
            unsettled++;
            return new Announcement.Accepted(passedBy);
        }
        return overlapping.size() == 1 && isPart(held, overlapping.get(0))
                ? new Announcement.AlreadyLanded()
                : new Announcement.Overlaps();
    }

    private static boolean isPart(Held held, Held of) {
        if (!of.isSettled()) {
            return of.stand().hasLanded() && held.shard().equals(of.shard());
        }
        boolean sameKind = held.range().getClass() == of.range().getClass();
        return sameKind && (!(held.range() instanceof ShardRange.Keys) || of.contains(held));
    }

    /** A shard of before the takeover; null if a later one holds the same row. */
    Held restored(JoinedShard shard) {
        Taken taken = Taken.of(shard.snapshot(), shard.lsn());
        if (shard.isOneKey()) {
            return restoredRow(shard, taken);
        }
        Stand stand = shard.caughtUp() ? new Stand.Landed(taken) : new Stand.Behind(taken, new Backlog(meter));
        Held held = held(shard.shard(), shard.range(), stand);
        if (!ranges.overlapping(held).isEmpty()) {
            throw new IllegalArgumentException("shards that have landed overlap");
        }
        ranges.put(held);
        unsettled++;
        return held;
    }

    /** A row may have been read several times: the last one counts. */
    private Held restoredRow(JoinedShard shard, Taken taken) {
        Key key = order().key(((ShardRange.Keys) shard.range()).from());
        Held before = rows.get(key);
        if (before != null && before.stand() instanceof Stand.Landed landed && !taken.isAfter(landed.taken())) {
            return null;
        }
        return putRow(key, new Stand.Landed(taken));
    }

    private Held putRow(Key key, Stand stand) {
        Held row = new Held(null, JoinedShard.oneKey(key.texts()), key, key, stand);
        if (rows.put(key, row) == null) {
            unsettled++;
        }
        return row;
    }

    /** It has surely not landed. */
    void gaveUp(String shard) {
        Held held = inFlight.remove(shard);
        if (held != null) {
            ((Stand.InFlight) held.stand()).backlog().clear();
            ranges.remove(held);
            unsettled--;
        }
    }

    /** All that its snapshot can have seen is behind us. One that has been replaced meanwhile is passed over. */
    void settle(Held held) {
        if (!held.isRow()) {
            ranges.settle(held);
            unsettled--;
        } else if (rows.get(held.from()) == held) {
            rows.remove(held.from());
            unsettled--;
        }
    }

    boolean isAbandoned() {
        return abandoned;
    }

    /** Lets go of all that waits, for good. */
    void abandon() {
        abandoned = true;
        for (Held held : ranges.all()) {
            if (held.stand() instanceof Stand.InFlight flight) {
                flight.backlog().clear();
            } else if (held.stand() instanceof Stand.Behind behind) {
                behind.backlog().clear();
            }
        }
    }

    // ---- changes

    /**
     * Judges one change.
     *
     * @param done as with {@link Stand#judge}
     */
    void on(StreamMessage.Change change, Committed by, boolean done, Outcome out) {
        if (change instanceof StreamMessage.Insert insert) {
            arrive(at(insert.row()), insert, by, done, out);
        } else if (change instanceof StreamMessage.Delete delete) {
            leave(at(delete.old()), delete, by, done, out);
        } else if (change instanceof StreamMessage.Update update) {
            update(update, by, done, out);
        } else {
            empty(ranges.all(), (StreamMessage.Truncate) change, by, done, out);
        }
    }

    private void update(StreamMessage.Update update, Committed by, boolean done, Outcome out) {
        Tuple row = update.row();
        Tuple old = update.old() == null ? row : update.old();
        if (update.old() != null) {
            // Values of other columns than the identity's mean nothing in an old tuple that is not whole.
            row = update.relation().identity() == Relation.Identity.FULL
                    ? row.completedBy(old)
                    : row.completedBy(old, shape.keyPlaces());
        }
        Held from = at(old);
        Held to = row == old ? from : at(row);
        Stand.Verdict left = verdict(from, by, done);
        Stand.Verdict arrived = verdict(to, by, done);
        if (left == Stand.Verdict.APPLY && arrived == Stand.Verdict.APPLY) {
            out.add(new Effect.UpdateRow(update.relation(), old, hasNoKey(), update.row()));
        } else if (from == to && left == Stand.Verdict.KEEP) {
            backlog(from).add(update, by);
        } else if (from != to) {
            leave(from, new StreamMessage.Delete(update.relation(), old), by, done, out);
            arrive(to, new StreamMessage.Insert(update.relation(), row), by, done, out);
        }
    }

    private void leave(Held from, StreamMessage.Delete delete, Committed by, boolean done, Outcome out) {
        Stand.Verdict verdict = verdict(from, by, done);
        if (verdict == Stand.Verdict.KEEP) {
            backlog(from).add(delete, by);
        } else if (verdict == Stand.Verdict.APPLY) {
            out.add(new Effect.DeleteRow(delete.relation(), delete.old(), hasNoKey()));
        }
    }

    private void arrive(Held to, StreamMessage.Insert insert, Committed by, boolean done, Outcome out) {
        Stand.Verdict verdict = verdict(to, by, done);
        if (verdict == Stand.Verdict.KEEP) {
            backlog(to).add(insert, by);
        } else if (verdict == Stand.Verdict.APPLY && insert.row().hasUnchanged()) {
            read(insert.relation(), order.key(texts(insert.row())), out);
        } else if (verdict == Stand.Verdict.APPLY) {
            out.add(new Effect.InsertRow(insert.relation(), insert.row()));
        }
    }

    /** It is read after all that is behind us: until then nothing that comes matters to this key. */
    private void read(Relation relation, Key key, Outcome out) {
        putRow(key, new Stand.Reading());
        out.read(new Effect.ReadRow(spec(), relation, key.texts()));
    }

    private void empty(List<Held> all, StreamMessage.Truncate truncate, Committed by, boolean done, Outcome out) {
        List<Held> emptied = new ArrayList<>();
        for (Held held : all) {
            Stand.Verdict verdict = verdict(held, by, done);
            if (verdict == Stand.Verdict.KEEP) {
                backlog(held).add(truncate, by);
            } else if (verdict == Stand.Verdict.APPLY) {
                emptied.add(held);
            }
        }
        if (emptied.isEmpty()) {
            return;
        }
        if (ranges.isAll(emptied, spec().keyNullable())) {
            out.emptied(spec().name());
        } else {
            out.add(new Effect.EmptyRanges(
                    spec(), emptied.stream().map(Held::range).toList()));
        }
        readAgainWhatStays(emptied, relation(truncate), by, done, out);
    }

    /** Rows that were read after the table was emptied, and lie in ranges that go now. */
    private void readAgainWhatStays(List<Held> emptied, Relation relation, Committed by, boolean done, Outcome out) {
        for (Map.Entry<Key, Held> row : List.copyOf(rows.entrySet())) {
            boolean goes = emptied.contains(ranges.at(row.getKey()));
            boolean isRead = row.getValue().stand() instanceof Stand.Reading;
            if (goes && !isRead && verdict(row.getValue(), by, done) == Stand.Verdict.DROP) {
                read(relation, row.getKey(), out);
            }
        }
    }

    private Relation relation(StreamMessage.Truncate truncate) {
        return truncate.relations().stream()
                .filter(relation -> relation.name().equals(spec().name()))
                .findFirst()
                .orElseThrow();
    }

    private boolean hasNoKey() {
        return spec().keyColumns().isEmpty();
    }

    private static Stand.Verdict verdict(Held held, Committed by, boolean done) {
        return held == null ? Stand.Verdict.DROP : held.stand().judge(by, done);
    }

    private static Backlog backlog(Held held) {
        return held.stand() instanceof Stand.InFlight flight
                ? flight.backlog()
                : ((Stand.Behind) held.stand()).backlog();
    }

    /** The range that holds this row; null if none does. */
    private Held at(Tuple row) {
        if (ranges.whole() != null || order == null) {
            return ranges.whole();
        }
        for (int place : shape.keyPlaces()) {
            if (row.isNull(place)) {
                if (!spec().keyNullable()) {
                    throw new ShapeChanged(
                            spec().name(), "has sent a row without its key: its replica identity is another one now");
                }
                return ranges.nullKeys();
            }
        }
        Held every = rows.isEmpty() ? ranges.every() : null;
        if (every != null) {
            return every;
        }
        Key key = order.key(texts(row));
        Held alone = rows.get(key);
        return alone != null ? alone : ranges.at(key);
    }

    private List<String> texts(Tuple row) {
        int[] places = shape.keyPlaces();
        List<String> texts = new ArrayList<>(places.length);
        for (int place : places) {
            texts.add(row.text(place));
        }
        return texts;
    }

    // ---- landing

    /** The shard has landed, unless that was told before: what has waited for it is judged by its snapshot. */
    Held landed(String shard, Taken taken, Outcome out) {
        Held held = inFlight.remove(shard);
        if (held == null) {
            return null;
        }
        Stand.InFlight flight = (Stand.InFlight) held.stand();
        if (!flight.passedBy().stream().allMatch(taken.snapshot()::sees)) {
            throw new IllegalStateException("a shard has landed whose snapshot does not see what it must");
        }
        caughtUp(held, taken, flight.backlog(), out);
        return held;
    }

    /** The stream has come to where the target was at the takeover. */
    void reached(Held held, Outcome out) {
        Stand.Behind behind = (Stand.Behind) held.stand();
        caughtUp(held, behind.taken(), behind.backlog(), out);
    }

    private void caughtUp(Held held, Taken taken, Backlog backlog, Outcome out) {
        held.stand(new Stand.Landed(taken));
        for (Backlog.Entry entry = backlog.poll(); entry != null; entry = backlog.poll()) {
            if (entry.change() instanceof StreamMessage.Truncate truncate) {
                empty(List.of(held), truncate, entry.by(), false, out);
                out.endOfChange();
            } else {
                on(entry.change(), entry.by(), false, out);
            }
        }
        out.add(new Effect.CaughtUp(spec().name(), held.shard()));
    }

    /** The row that was to be read has been read; null if none was. */
    Held read(List<String> key, Taken taken) {
        Held row = rows.get(order().key(key));
        if (row == null || !(row.stand() instanceof Stand.Reading)) {
            return null;
        }
        row.stand(new Stand.Landed(taken));
        return row;
    }
}
