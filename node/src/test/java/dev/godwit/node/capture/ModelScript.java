package dev.godwit.node.capture;

import java.util.ArrayList;
import java.util.Arrays;
import java.util.HashSet;
import java.util.List;
import java.util.Map;
import java.util.Random;
import java.util.Set;
import java.util.TreeMap;

/**
 * What is written at the source of a model, and how its table is cut.
 *
 * @param identity of the table's replica identity: DEFAULT or FULL
 * @param bounds between the ranges, which are one more; {@code whole}: one range of kind Whole instead
 * @param rows at the beginning
 * @param transactions in the order of their commits
 * @param firstXid 64 bits
 */
record ModelScript(
        Relation.Identity identity,
        boolean whole,
        List<Integer> bounds,
        Map<Integer, Row> rows,
        List<List<Op>> transactions,
        long firstXid) {
    /** The next but one has other upper 32 bits. */
    private static final long BEFORE_AN_EPOCH = (7L << 32) - 2;

    /** @param big a value that is stored out of line */
    record Row(String value, String big) {}

    sealed interface Op {
        Set<Integer> keys();

        /** What the table is after it. */
        void apply(Map<Integer, Row> rows);
    }

    record Insert(int key, Row row) implements Op {
        @Override
        public Set<Integer> keys() {
            return Set.of(key);
        }

        @Override
        public void apply(Map<Integer, Row> rows) {
            if (rows.putIfAbsent(key, row) != null) {
                throw new IllegalStateException("a script that cannot be");
            }
        }
    }

    /** @param big null: not touched */
    record Update(int key, int toKey, String value, String big) implements Op {
        @Override
        public Set<Integer> keys() {
            return key == toKey ? Set.of(key) : Set.of(key, toKey);
        }

        @Override
        public void apply(Map<Integer, Row> rows) {
            Row old = rows.remove(key);
            if (old == null || rows.put(toKey, new Row(value, big == null ? old.big() : big)) != null) {
                throw new IllegalStateException("a script that cannot be");
            }
        }
    }

    record Delete(int key) implements Op {
        @Override
        public Set<Integer> keys() {
            return Set.of(key);
        }

        @Override
        public void apply(Map<Integer, Row> rows) {
            if (rows.remove(key) == null) {
                throw new IllegalStateException("a script that cannot be");
            }
        }
    }

    record Truncate() implements Op {
        @Override
        public Set<Integer> keys() {
            return Set.of();
        }

        @Override
        public void apply(Map<Integer, Row> rows) {
            rows.clear();
        }
    }

    /** A table of two ranges, cut at 10; key 1 is in the lower, 11 in the upper one. */
    @SafeVarargs
    static ModelScript of(Map<Integer, Row> rows, List<Op>... transactions) {
        return new ModelScript(
                Relation.Identity.DEFAULT,
                false,
                List.of(10),
                new TreeMap<>(rows),
                Arrays.asList(transactions),
                BEFORE_AN_EPOCH);
    }

    /** The same with fewer transactions. */
    ModelScript onlyFirst(int count) {
        return new ModelScript(identity, whole, bounds, rows, transactions.subList(0, count), firstXid);
    }

    static Row row(String value) {
        return new Row(value, value + " big");
    }

    static ModelScript random(Random random) {
        int keys = 2 + random.nextInt(9);
        boolean whole = random.nextInt(10) == 0;
        List<Integer> bounds = new ArrayList<>();
        for (int key = 1; key < keys; key++) {
            if (random.nextInt(3) == 0) {
                bounds.add(key);
            }
        }
        Map<Integer, Row> first = new TreeMap<>();
        for (int key = 0; key < keys; key++) {
            if (random.nextBoolean()) {
                first.put(key, row("first" + key));
            }
        }
        Map<Integer, Row> now = new TreeMap<>(first);
        List<List<Op>> transactions = new ArrayList<>();
        int truncates = random.nextInt(3);
        for (int left = 1 + random.nextInt(14); left > 0; left--) {
            List<Op> ops = new ArrayList<>();
            if (truncates > 0 && random.nextInt(8) == 0) {
                truncates--;
                add(new Truncate(), ops, now);
            }
            for (int more = random.nextInt(4); more >= 0; more--) {
                add(randomOp(random, keys, now, transactions.size() + "." + more), ops, now);
            }
            transactions.add(ops);
        }
        return new ModelScript(
                random.nextInt(3) == 0 ? Relation.Identity.FULL : Relation.Identity.DEFAULT,
                whole,
                bounds,
                first,
                transactions,
                BEFORE_AN_EPOCH - random.nextInt(8));
    }

    private static void add(Op op, List<Op> ops, Map<Integer, Row> now) {
        op.apply(now);
        ops.add(op);
    }

    private static Op randomOp(Random random, int keys, Map<Integer, Row> now, String value) {
        int key = random.nextInt(keys);
        if (!now.containsKey(key)) {
            return new Insert(key, row(value));
        }
        if (random.nextInt(4) == 0) {
            return new Delete(key);
        }
        int to = random.nextInt(keys);
        boolean moves = random.nextBoolean() && !now.containsKey(to);
        return new Update(key, moves ? to : key, value, random.nextBoolean() ? null : value + " big");
    }

    /** Whether the later one cannot go on before the earlier one is seen by everybody: it waits for its locks. */
    boolean conflict(int earlier, int later) {
        Set<Integer> touched = new HashSet<>();
        for (Op op : transactions.get(earlier)) {
            if (op instanceof Truncate) {
                return true;
            }
            touched.addAll(op.keys());
        }
        for (Op op : transactions.get(later)) {
            if (op instanceof Truncate || op.keys().stream().anyMatch(touched::contains)) {
                return true;
            }
        }
        return false;
    }
}
