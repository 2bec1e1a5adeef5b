package dev.godwit.load.online;

import java.util.Comparator;
import java.util.List;
import java.util.Random;
import java.util.stream.Stream;

/**
 * One migration with its kills, as they follow from the seed.
 *
 * @param loadSeed of what is written
 * @param hanging whether some commits are in the source's log long before they are visible
 * @param kills in the order of their moments
 */
record Round(int number, long loadSeed, boolean hanging, List<Kill> kills) {
    private static final int MOST_KILLS = 3;

    /** One of so many rounds has commits that hang. */
    private static final int HANGING_OF = 4;

    /**
     * @param share of a migration's usual time at which it happens, from 0 to 1.2: the last ones are in step
     * @param node which one, in the order of their start
     */
    record Kill(double share, int node) {}

    static Round of(long seed, int number, int nodes) {
        Random random = new Random(seed * 1_000_003 + number);
        random.nextInt(); // neighbouring seeds give neighbouring first numbers
        long loadSeed = random.nextInt(1_000_000);
        boolean hanging = random.nextInt(HANGING_OF) == 0;
        List<Kill> kills = Stream.generate(() -> new Kill(random.nextDouble() * 1.2, random.nextInt(nodes)))
                .limit(1 + random.nextInt(MOST_KILLS))
                .sorted(Comparator.comparingDouble(Kill::share))
                .toList();
        return new Round(number, loadSeed, hanging, kills);
    }
}
