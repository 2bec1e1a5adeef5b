package dev.godwit.node.shard;

import java.time.Duration;
import java.util.HashMap;
import java.util.Map;

/**
 * Which node a shard is not given to for a while, since it failed there and something could not be reached: that node may
 * have lost its way to a database, and others are let try. Used by its coordinator's thread alone.
 */
final class OthersFirst {
    private static final Duration A_WHILE = Duration.ofSeconds(30);

    private record Passed(String node, long untilNanos) {}

    private final Map<String, Passed> passed = new HashMap<>();

    void pass(String shard, String node) {
        passed.put(shard, new Passed(node, System.nanoTime() + A_WHILE.toNanos()));
    }

    boolean passes(String shard, String node) {
        Passed its = passed.get(shard);
        return its != null && its.node().equals(node) && System.nanoTime() - its.untilNanos() < 0;
    }

    void forget(String shard) {
        passed.remove(shard);
    }

    void clear() {
        passed.clear();
    }
}
