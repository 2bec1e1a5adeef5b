package dev.godwit.node.lifecycle;

import dev.godwit.protocol.table.TableName;
import dev.godwit.protocol.table.TableSpec;
import java.util.ArrayList;
import java.util.Deque;
import java.util.List;

/**
 * Which tables are carried in bundles: where there are many small ones, the round trips and the journal's writes of a
 * table by itself cost far more than its rows. Pure.
 */
public final class Bundles {
    /** A table that is bigger goes by itself. */
    static final long SMALL_BYTES = 1L << 20;

    /** With no more small tables than this each may as well go by itself. */
    static final int FEW = 32;

    /** Most tables of one bundle: each costs both servers locks until its transaction ends. */
    static final int MOST_TABLES = 64;

    /** Most bytes of one bundle, as estimated. */
    static final long MOST_BYTES = 16L << 20;

    /** Most columns of one bundle, so that it fits into a message. */
    static final int MOST_COLUMNS = 4_000;

    private Bundles() {}

    /** Whether a table is so small that it may go in a bundle. Large objects are read and written in a way of their own. */
    public static boolean isSmall(TableSpec table) {
        return table.estimatedBytes() <= SMALL_BYTES && !table.name().equals(TableName.LARGE_OBJECTS);
    }

    /** Whether so many small tables are worth bundles. */
    public static boolean areWorthIt(int smallTables) {
        return smallTables > FEW;
    }

    /** Takes the next bundle off the queue: at least one table, if there is one. */
    public static List<TableSpec> next(Deque<TableSpec> queue) {
        List<TableSpec> bundle = new ArrayList<>();
        long bytes = 0;
        int columns = 0;
        while (!queue.isEmpty() && bundle.size() < MOST_TABLES) {
            TableSpec table = queue.peek();
            bytes += table.estimatedBytes();
            columns += table.columns().size();
            if (!bundle.isEmpty() && (bytes > MOST_BYTES || columns > MOST_COLUMNS)) {
                break;
            }
            bundle.add(queue.poll());
        }
        return bundle;
    }
}
