package dev.godwit.node.changes;

import dev.godwit.node.capture.Effect;
import dev.godwit.node.capture.Position;
import dev.godwit.node.capture.Relation;
import dev.godwit.node.capture.StreamMessage;
import dev.godwit.protocol.Wire;
import dev.godwit.protocol.status.ChangeCounts;
import dev.godwit.protocol.status.CountedChanges;
import dev.godwit.protocol.table.TableName;
import java.time.Instant;
import java.util.ArrayDeque;
import java.util.ArrayList;
import java.util.Deque;
import java.util.HashMap;
import java.util.List;
import java.util.Map;

/**
 * Counts what is captured and applied, table by table, over the runs of a reader on one node. What the stream sends again
 * is counted once: a place in it means the same change for ever. Thread-safe.
 */
public final class ChangeTally {
    /** What was counted of one table. */
    public record OfTable(TableName table, CountedChanges changes) implements Wire {}

    private static final class Count {
        private long inserted;
        private long updated;
        private long deleted;
        private long truncated;

        private void add(Count other) {
            inserted += other.inserted;
            updated += other.updated;
            deleted += other.deleted;
            truncated += other.truncated;
        }

        private ChangeCounts now() {
            return new ChangeCounts(inserted, updated, deleted, truncated);
        }
    }

    private static final class Counts {
        private final Count captured = new Count();
        private final Count applied = new Count();

        private CountedChanges now() {
            return new CountedChanges(captured.now(), applied.now());
        }
    }

    /** Counts by table; most often it is the table of before. */
    private static final class ByTable {
        private final Map<TableName, Count> counts = new HashMap<>();
        private Relation latest;
        private Count ofLatest;

        private Count of(Relation relation) {
            if (relation != latest) {
                latest = relation;
                ofLatest = of(relation.name());
            }
            return ofLatest;
        }

        private Count of(TableName table) {
            return counts.computeIfAbsent(table, name -> new Count());
        }

        private void add(StreamMessage.Change change) {
            if (change instanceof StreamMessage.Insert insert) {
                of(insert.relation()).inserted++;
            } else if (change instanceof StreamMessage.Update update) {
                of(update.relation()).updated++;
            } else if (change instanceof StreamMessage.Delete delete) {
                of(delete.relation()).deleted++;
            } else if (change instanceof StreamMessage.Truncate truncate) {
                truncate.relations().forEach(relation -> of(relation.name()).truncated++);
            }
        }

        private void add(Effect effect) {
            if (effect instanceof Effect.InsertRow insert) {
                of(insert.relation()).inserted++;
            } else if (effect instanceof Effect.UpdateRow update) {
                of(update.relation()).updated++;
            } else if (effect instanceof Effect.DeleteRow delete) {
                of(delete.relation()).deleted++;
            } else if (effect instanceof Effect.EmptyRanges ranges) {
                of(ranges.table().name()).truncated++;
            } else if (effect instanceof Effect.EmptyTables emptied) {
                emptied.tables().forEach(table -> of(table).truncated++);
            }
        }
    }

    /** @param upTo so many items of the queue hold these effects and all before */
    private record Queued(long upTo, ByTable counts) {}

    /** What one run counts. Owned by its reading thread; told to the others when {@link #applied} is called. */
    final class OfRun {
        private final Deque<Queued> waiting = new ArrayDeque<>();
        private ByTable captured = new ByTable();
        private ByTable queued = new ByTable();
        private Position to;

        private OfRun(Position to) {
            this.to = to;
        }

        /** @param position behind the change */
        void captured(StreamMessage.Change change, Position position) {
            if (position.compareTo(to) > 0) {
                to = position;
                captured.add(change);
            }
        }

        /** These are to be applied. */
        void queued(List<Effect> effects) {
            for (Effect effect : effects) {
                queued.add(effect);
            }
        }

        /**
         * @param put how many items were put into the queue so far
         * @param applied how many of these are durable in the target
         */
        void applied(long put, long applied) {
            if (!captured.counts.isEmpty()) {
                ChangeTally.this.captured(this);
                captured = new ByTable();
            }
            if (!queued.counts.isEmpty()) {
                waiting.add(new Queued(put, queued));
                queued = new ByTable();
            }
            while (!waiting.isEmpty() && waiting.peek().upTo() <= applied) {
                ChangeTally.this.applied(waiting.poll().counts());
            }
        }
    }

    private final Instant since;
    private final Map<TableName, Counts> tables = new HashMap<>();

    /** The tables in the order in which they were met. */
    private final List<TableName> met = new ArrayList<>();

    private OfRun current;
    private Position countedTo = Position.START;
    private int next;

    /** @param since when it begins */
    ChangeTally(Instant since) {
        this.since = since;
    }

    Instant since() {
        return since;
    }

    /** @param applied what the target has when a run begins: it is not ours to count */
    synchronized OfRun begin(Position applied) {
        countedTo = applied.compareTo(countedTo) > 0 ? applied : countedTo;
        current = new OfRun(countedTo);
        return current;
    }

    private Counts of(TableName table) {
        return tables.computeIfAbsent(table, name -> {
            met.add(name);
            return new Counts();
        });
    }

    /** A run that another has followed counts nothing any more: the other is sent the same. */
    private synchronized void captured(OfRun run) {
        if (run == current) {
            countedTo = run.to;
            run.captured.counts.forEach((table, count) -> of(table).captured.add(count));
        }
    }

    private synchronized void applied(ByTable done) {
        done.counts.forEach((table, count) -> of(table).applied.add(count));
    }

    synchronized CountedChanges total() {
        return tables.values().stream().map(Counts::now).reduce(CountedChanges.NONE, CountedChanges::plus);
    }

    /** The next tables in turn, so that each is told in time however many there are. */
    synchronized List<OfTable> next(int most) {
        int count = Math.min(most, met.size());
        List<OfTable> told = new ArrayList<>(count);
        for (int i = 0; i < count; i++) {
            next = next < met.size() ? next : 0;
            TableName table = met.get(next++);
            told.add(new OfTable(table, tables.get(table).now()));
        }
        return told;
    }
}
