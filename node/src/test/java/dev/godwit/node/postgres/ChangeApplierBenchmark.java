package dev.godwit.node.postgres;

import dev.godwit.node.capture.Effect;
import dev.godwit.node.capture.Position;
import dev.godwit.node.postgres.TargetServer.Database;
import dev.godwit.node.target.ChangeTarget;
import dev.godwit.node.target.ChangeTarget.Applier;
import dev.godwit.protocol.plan.SchemaMode;
import java.lang.management.ManagementFactory;
import java.util.ArrayList;
import java.util.Collections;
import java.util.List;
import java.util.Random;
import java.util.function.IntFunction;

/**
 * How many changes a second one session applies, and what they cost this process. Not a test: run its main with the number
 * of rows, 200,000 by default. The server is one of this machine with its data in /tmp; its CPU is not counted.
 */
public final class ChangeApplierBenchmark {
    private static final int[] BATCHES = {1, 10, 100, 1_000, 10_000};
    private static final double NANOS = 1e9;

    private static long position;

    private ChangeApplierBenchmark() {}

    /** @param arguments rows of the table */
    public static void main(String[] arguments) {
        int rows = arguments.length > 0 ? Integer.parseInt(arguments[0]) : 200_000;
        Database database = TargetServer.database();
        database.run(
                "CREATE TABLE item (id bigint PRIMARY KEY, name text, amount numeric(12,2), at timestamptz, note text)");
        Changes item = Changes.of(database, "public", "item", "id");
        try (PostgresTarget target = new PostgresTarget(database.address(), "godwit test", 4)) {
            target.enter(TargetServer.entry("shop"));
            ChangeTarget follow = target.follow(TargetServer.plan("shop", SchemaMode.EXISTING, database));
            try (Applier applier = follow.applier(follow.takeOver().epoch(), List.of(item.table()))) {
                List<Integer> ids = new ArrayList<>();
                for (int id = 1; id <= rows; id++) {
                    ids.add(id);
                }
                for (int batch : BATCHES) {
                    int some = batch == 1 ? rows / 40 : batch == 10 ? rows / 10 : rows;
                    Collections.shuffle(ids, new Random(batch));
                    List<Integer> these = ids.subList(0, some);
                    measure("insert", applier, batch, these, id -> item.insert(row(id, "note " + id)));
                    measure("update", applier, batch, these, id -> item.update(row(id, "changed " + id)));
                    measure("delete", applier, batch, these, id -> item.delete("" + id, null, null, null, null));
                    database.run("VACUUM ANALYZE item");
                }
            }
        }
    }

    private static String[] row(int id, String note) {
        return new String[] {"" + id, "name of " + id, id + ".50", "2026-01-01 00:00:00.123456+00", note.repeat(5)};
    }

    private static void measure(
            String what, Applier applier, int batch, List<Integer> ids, IntFunction<Effect> change) {
        List<List<Effect>> batches = new ArrayList<>();
        for (int from = 0; from < ids.size(); from += batch) {
            List<Effect> effects = new ArrayList<>();
            ids.subList(from, Math.min(ids.size(), from + batch)).forEach(id -> effects.add(change.apply(id)));
            batches.add(effects);
        }
        long began = System.nanoTime();
        long cpu = ManagementFactory.getThreadMXBean().getCurrentThreadCpuTime();
        for (List<Effect> effects : batches) {
            applier.apply(effects, new Position(++position, 1));
        }
        double seconds = (System.nanoTime() - began) / NANOS;
        double cpuSeconds = (ManagementFactory.getThreadMXBean().getCurrentThreadCpuTime() - cpu) / NANOS;
        System.out.printf(
                "%-6s batch %6d: %8.0f rows/s, %6.2f microseconds of this thread's CPU a row%n",
                what, batch, ids.size() / seconds, cpuSeconds * 1e6 / ids.size());
    }
}
