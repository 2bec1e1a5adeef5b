package dev.godwit.node.changes;

import dev.godwit.node.capture.Effect;
import dev.godwit.node.capture.Position;
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

    /** @param upTo so many items of the queue hold these effects and all before */
    private record Queued(long upTo, Map<TableName, Count> counts) {}

    /** What one run counts. Owned by its reading thread. */
    final class OfRun {
        private final Deque<Queued> waiting = new ArrayDeque<>();
        private Map<TableName, Count> latest = new HashMap<>();

        private OfRun() {}

        /** @param position behind the change */
        void captured(StreamMessage.Change change, Position position) {
            ChangeTally.this.captured(change, position);
        }

        /** These are to be applied. */
        void queued(List<Effect> effects) {
            effects.forEach(effect -> count(effect, latest));
        }

        /**
         * @param put how many items were put into the queue so far
         * @param applied how many of these are durable in the target
         */
        void applied(long put, long applied) {
            if (!latest.isEmpty()) {
                waiting.add(new Queued(put, latest));
                latest = new HashMap<>();
            }
            while (!waiting.isEmpty() && waiting.peek().upTo() <= applied) {
                ChangeTally.this.applied(waiting.poll().counts());
            }
        }
    }

    private static void count(Effect effect, Map<TableName, Count> counts) {
        if (effect instanceof Effect.InsertRow insert) {
            of(insert.relation().name(), counts).inserted++;
        } else if (effect instanceof Effect.UpdateRow update) {
            of(update.relation().name(), counts).updated++;
        } else if (effect instanceof Effect.DeleteRow delete) {
            of(delete.relation().name(), counts).deleted++;
        } else if (effect instanceof Effect.EmptyRanges ranges) {
            of(ranges.table().name(), counts).truncated++;
        } else if (effect instanceof Effect.EmptyTables emptied) {
            emptied.tables().forEach(table -> of(table, counts).truncated++);
        }
    }

    private static Count of(TableName table, Map<TableName, Count> counts) {
        return counts.computeIfAbsent(table, name -> new Count());
    }

    private final Instant since;
    private final Map<TableName, Counts> tables = new HashMap<>();

    /** The tables in the order in which they were met. */
    private final List<TableName> met = new ArrayList<>();

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
        isFurther(applied);
        return new OfRun();
    }

    private boolean isFurther(Position position) {
        boolean further = position.compareTo(countedTo) > 0;
        countedTo = further ? position : countedTo;
        return further;
    }

    private Counts of(TableName table) {
        return tables.computeIfAbsent(table, name -> {
            met.add(name);
            return new Counts();
        });
    }

    private synchronized void captured(StreamMessage.Change change, Position position) {
        if (!isFurther(position)) {
            return;
        }
        if (change instanceof StreamMessage.Insert insert) {
            of(insert.relation().name()).captured.inserted++;
        } else if (change instanceof StreamMessage.Update update) {
            of(update.relation().name()).captured.updated++;
        } else if (change instanceof StreamMessage.Delete delete) {
            of(delete.relation().name()).captured.deleted++;
        } else if (change instanceof StreamMessage.Truncate truncate) {
            truncate.relations().forEach(relation -> of(relation.name()).captured.truncated++);
        }
    }

    private synchronized void applied(Map<TableName, Count> counts) {
        counts.forEach((table, count) -> of(table).applied.add(count));
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
