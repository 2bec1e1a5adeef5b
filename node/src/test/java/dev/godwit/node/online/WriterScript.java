package dev.godwit.node.online;

import java.util.ArrayList;
import java.util.List;
import java.util.SplittableRandom;

/** What one writer does, transaction after transaction: it follows from the seed and the writer's number alone. Pure. */
final class WriterScript {
    private static final int THOUSAND = 1000;

    /** A truncate of one in so many is of a table that is not tiny. */
    private static final int BIG_TRUNCATES = 12;

    /** More of them than a server's process keeps in its shared memory. */
    private static final int MANY_SAVEPOINTS = 80;

    private final List<LoadTable> tables;
    private final int pauseMillis;
    private final SplittableRandom random;
    private final int weights;

    /** @param pauseMillis between transactions, the mean */
    WriterScript(long seed, int writer, List<LoadTable> tables, int pauseMillis) {
        this.tables = tables;
        this.pauseMillis = pauseMillis;
        this.random = new SplittableRandom(seed * 1_000_003 + writer);
        this.weights = tables.stream().mapToInt(LoadTable::weight).sum();
    }

    Transaction next() {
        int drawn = random.nextInt(THOUSAND);
        List<Step> steps = new ArrayList<>();
        boolean aborted = false;
        if (drawn < 3) {
            truncates(steps);
        } else if (drawn < 13) {
            rests(steps);
            aborted = random.nextInt(4) == 0;
        } else if (drawn < 16) {
            manySavepoints(steps);
        } else if (drawn < 120) {
            savepoints(steps);
        } else {
            changes(steps, 1 + random.nextInt(random.nextInt(4) == 0 ? 10 : 3));
            aborted = drawn >= 920;
        }
        return new Transaction(steps, aborted, pauseMillis == 0 ? 0 : random.nextInt(2 * pauseMillis + 1));
    }

    private void changes(List<Step> steps, int count) {
        for (int i = 0; i < count; i++) {
            steps.addAll(table().next(random));
        }
    }

    private LoadTable table() {
        int drawn = random.nextInt(weights);
        for (LoadTable table : tables) {
            drawn -= table.weight();
            if (drawn < 0) {
                return table;
            }
        }
        throw new IllegalStateException();
    }

    /** Before and after it other changes of the same table. */
    private void truncates(List<Step> steps) {
        LoadTable table = random.nextInt(BIG_TRUNCATES) == 0
                ? tables.get(random.nextInt(tables.size()))
                : tables.get(tables.size() - 1);
        steps.addAll(table.next(Kind.INSERT, random));
        steps.addAll(table.next(Kind.TRUNCATE, random));
        for (int i = random.nextInt(8); i > 0; i--) {
            steps.addAll(table.next(Kind.INSERT, random));
        }
    }

    /** It takes its time between its changes. */
    private void rests(List<Step> steps) {
        for (int i = 2 + random.nextInt(4); i > 0; i--) {
            changes(steps, 1);
            int millis = 50 + random.nextInt(500);
            steps.add(new Step(Kind.REST, "SELECT pg_sleep(" + millis / 1e3 + ")", false));
        }
    }

    private void manySavepoints(List<Step> steps) {
        for (int i = 0; i < MANY_SAVEPOINTS; i++) {
            steps.add(new Step(Kind.SAVEPOINT, "SAVEPOINT s", false));
            steps.addAll(tables.get(0).next(Kind.UPDATE, random));
            steps.add(new Step(Kind.RELEASE, "RELEASE SAVEPOINT s", false));
        }
    }

    /** Some are rolled back to, with all that was done since, others are released; they nest. */
    private void savepoints(List<Step> steps) {
        changes(steps, random.nextInt(3));
        nested(steps, 1);
        changes(steps, random.nextInt(3));
    }

    private void nested(List<Step> steps, int depth) {
        for (int i = 1 + random.nextInt(2); i > 0; i--) {
            String name = "s" + depth;
            List<Step> inside = new ArrayList<>();
            inside.add(new Step(Kind.SAVEPOINT, "SAVEPOINT " + name, false));
            changes(inside, 1 + random.nextInt(3));
            if (depth < 3 && random.nextInt(3) == 0) {
                nested(inside, depth + 1);
            }
            if (random.nextBoolean()) {
                inside.forEach(step -> steps.add(new Step(step.kind(), step.sql(), true)));
                steps.add(new Step(Kind.ROLLBACK_TO, "ROLLBACK TO SAVEPOINT " + name, false));
            } else {
                steps.addAll(inside);
                steps.add(new Step(Kind.RELEASE, "RELEASE SAVEPOINT " + name, false));
            }
        }
    }
}
