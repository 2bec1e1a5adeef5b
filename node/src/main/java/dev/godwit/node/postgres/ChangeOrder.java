package dev.godwit.node.postgres;

import dev.godwit.node.capture.Effect;
import dev.godwit.node.capture.Tuple;
import dev.godwit.protocol.table.TableName;
import java.util.ArrayList;
import java.util.BitSet;
import java.util.Collection;
import java.util.HashMap;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.TreeMap;

/**
 * Puts changes together that one statement can make. A change that meets an earlier one in a value of a unique key comes
 * in a later statement; others may change places. An update of a row that was inserted or updated before becomes a part of
 * that, where it leaves the keys alone.
 */
final class ChangeOrder {
    /** In the order in which changes that do not meet each other are made: what frees values comes first. */
    enum Kind {
        DELETE("delete"),
        UPDATE("update"),
        INSERT("insert");

        private final String word;

        Kind(String word) {
            this.word = word;
        }

        String word() {
            return word;
        }
    }

    /** What is done by one statement, or some. */
    sealed interface Step {}

    /**
     * Changes that one statement makes.
     *
     * @param sent places of the columns that the new rows hold; of a delete none
     * @param whole whether the row is found by all its columns; it is one change then
     * @param changes of one relation
     */
    record Rows(Kind kind, ChangedRelation relation, BitSet sent, boolean whole, List<Change> changes)
            implements Step {}

    /** What empties tables or ranges. */
    record Empty(Effect effect) implements Step {}

    /** A change of a row, with those of the same row that have become a part of it. */
    static final class Change {
        private final Kind kind;
        private final Tuple old;
        private Tuple row;
        private int updates;

        Change(Kind kind, Tuple old, Tuple row) {
            this.kind = kind;
            this.old = old;
            this.row = row;
        }

        /** Null for an insert. */
        Tuple old() {
            return old;
        }

        /** Null for a delete. */
        Tuple row() {
            return row;
        }

        /** How many updates have become a part of it. */
        int updates() {
            return updates;
        }

        long bytes() {
            return (old == null ? 0 : old.bytes()) + (row == null ? 0 : row.bytes());
        }

        private void add(Tuple update) {
            row = update.completedBy(row);
            updates++;
        }
    }

    /** Equality is written out: the quick compiler of nodes makes little of what records come with. */
    private record Group(Kind kind, ChangedRelation relation, BitSet sent) {
        @Override
        public boolean equals(Object other) {
            return other instanceof Group its
                    && kind == its.kind
                    && relation == its.relation
                    && (sent == its.sent || sent.equals(its.sent));
        }

        @Override
        public int hashCode() {
            return (System.identityHashCode(relation) * 31 + kind.ordinal()) * 31 + sent.hashCode();
        }
    }

    /** What came last to a value of a unique key. */
    private record Last(int level, Change change) {}

    private static final class Table {
        private int barrier = -1;
        private int last = -1;
        private final Map<Long, Last> met = new HashMap<>();
    }

    /** What is known of a change when its level is found: the rows that it holds may still grow. */
    private record Placed(ChangedRelation relation, Change change) {}

    private static final class Level {
        private final List<Step> alone = new ArrayList<>();
        private final List<Placed> rows = new ArrayList<>();
    }

    private final Map<TableName, Table> tables = new HashMap<>();
    private final TreeMap<Integer, Level> levels = new TreeMap<>();

    private Table table(TableName name) {
        return tables.computeIfAbsent(name, any -> new Table());
    }

    private Level level(int level) {
        return levels.computeIfAbsent(level, any -> new Level());
    }

    void insert(ChangedRelation relation, Tuple row) {
        place(relation, new Change(Kind.INSERT, null, row));
    }

    void update(ChangedRelation relation, Tuple old, Tuple row) {
        Table table = table(relation.table().name());
        if (relation.isSameKey(old, row)) {
            Last before = table.met.get(relation.fingerprint(old));
            if (before != null && before.level > table.barrier && isOf(before.change, relation, old, row)) {
                before.change.add(row);
                return;
            }
        }
        place(relation, new Change(Kind.UPDATE, old, row));
    }

    /** Whether that change has left the very row that this one updates, and this one leaves its keys as they are. */
    private static boolean isOf(Change before, ChangedRelation relation, Tuple old, Tuple row) {
        return before.kind != Kind.DELETE
                && before.row.size() == row.size()
                && relation.isSameKey(before.row, old)
                && relation.leavesKeys(before.row, row);
    }

    void delete(ChangedRelation relation, Tuple old) {
        place(relation, new Change(Kind.DELETE, old, null));
    }

    private void place(ChangedRelation relation, Change change) {
        Table table = table(relation.table().name());
        List<Long> meets = new ArrayList<>();
        if (change.old != null) {
            meets.add(relation.fingerprint(change.old));
            meets.addAll(relation.knowsOld() ? relation.otherFingerprints(change.old) : List.of());
        }
        if (change.row != null) {
            meets.add(relation.fingerprint(keyOf(relation, change)));
            meets.addAll(relation.otherFingerprints(change.row));
        }
        if (!relation.hasKey()) {
            meets.remove(relation.fingerprint(change.row)); // rows without a key meet nothing by it
        }
        int level = table.barrier + 1;
        for (Long met : meets) {
            Last last = table.met.get(met);
            level = Math.max(level, last == null ? 0 : last.level + 1);
        }
        Last mine = new Last(level, change);
        meets.forEach(met -> table.met.put(met, mine));
        table.last = Math.max(table.last, level);
        level(level).rows.add(new Placed(relation, change));
    }

    /** A key that the row does not hold is still the old one. */
    private static Tuple keyOf(ChangedRelation relation, Change change) {
        for (int place : relation.keyPlaces()) {
            if (change.row.isUnchanged(place)) {
                return change.row.completedBy(change.old);
            }
        }
        return change.row;
    }

    /** A change of a row that is found by all its columns: between all that is before and all that is after it. */
    void whole(ChangedRelation relation, Kind kind, Tuple old, Tuple row) {
        Step step = new Rows(kind, relation, sent(row), true, List.of(new Change(kind, old, row)));
        alone(List.of(relation.table().name()), step);
    }

    /** What empties these tables, or parts of them: between all that is before and all that is after it. */
    void empty(Collection<TableName> names, Effect effect) {
        alone(names, new Empty(effect));
    }

    private void alone(Collection<TableName> names, Step step) {
        int level = names.stream().mapToInt(name -> table(name).last + 1).max().orElse(0);
        for (TableName name : names) {
            table(name).barrier = level;
            table(name).last = level;
        }
        level(level).alone.add(step);
    }

    /** All of it, in an order in which it may be done. */
    List<Step> steps() {
        List<Step> steps = new ArrayList<>();
        for (Level level : levels.values()) {
            steps.addAll(level.alone);
            Map<Group, List<Change>> groups = new LinkedHashMap<>();
            for (Placed placed : level.rows) {
                Group group = new Group(placed.change.kind, placed.relation, sent(placed));
                groups.computeIfAbsent(group, any -> new ArrayList<>()).add(placed.change);
            }
            for (Kind kind : Kind.values()) {
                groups.forEach((group, changes) -> {
                    if (group.kind == kind) {
                        steps.add(new Rows(kind, group.relation, group.sent, false, changes));
                    }
                });
            }
        }
        return steps;
    }

    /** An update that leaves the key alone need not send it twice. */
    private static BitSet sent(Placed placed) {
        Change change = placed.change;
        ChangedRelation relation = placed.relation;
        boolean withoutKey = change.kind == Kind.UPDATE && relation.isSameKey(change.old, change.row);
        if (change.row != null && !change.row.hasUnchanged()) {
            return withoutKey ? relation.allButKey() : relation.all();
        }
        BitSet sent = sent(change.row);
        return withoutKey ? relation.butKey(sent) : sent;
    }

    private static BitSet sent(Tuple row) {
        BitSet sent = new BitSet();
        for (int place = 0; row != null && place < row.size(); place++) {
            sent.set(place, !row.isUnchanged(place));
        }
        return sent;
    }
}
