package dev.godwit.load.kills;

import java.util.Random;

/**
 * One kill, as it follows from the seed.
 *
 * @param all whether all nodes are killed at once; then the migration is of consistency frozen, else of snapshot
 * @param node which one, in the order of their start; without meaning if all are
 * @param share of a migration's usual time at which it happens, from 0 to 1
 */
record Kill(int number, boolean all, int node, double share) {
    /** Of so many kills one is of all nodes. */
    private static final int ALL_OF = 5;

    static Kill of(long seed, int number, int nodes) {
        Random random = new Random(seed * 1_000_003 + number);
        random.nextInt(); // neighbouring seeds give neighbouring first numbers
        return new Kill(number, random.nextInt(ALL_OF) == 0, random.nextInt(nodes), random.nextDouble());
    }

    String consistency() {
        return all ? "frozen" : "snapshot";
    }
}
