package dev.godwit.node.capture;

import dev.godwit.protocol.table.TableName;
import java.util.ArrayList;
import java.util.List;

/**
 * Effects of one call, in order. Rows that have to be read come at the end: what comes of their keys meanwhile they hold
 * anyway.
 */
final class Outcome {
    private final List<Effect> effects = new ArrayList<>(2);
    private final List<Effect.ReadRow> reads = new ArrayList<>(0);
    private final List<TableName> emptied = new ArrayList<>(0);

    void add(Effect effect) {
        effects.add(effect);
    }

    void read(Effect.ReadRow read) {
        reads.add(read);
    }

    /** The whole table goes, together with others that the same message empties. */
    void emptied(TableName table) {
        emptied.add(table);
    }

    /** Ends a message. */
    void endOfChange() {
        if (!emptied.isEmpty()) {
            effects.add(new Effect.EmptyTables(emptied));
            emptied.clear();
        }
    }

    List<Effect.ReadRow> reads() {
        return reads;
    }

    List<Effect> effects() {
        if (reads.isEmpty()) {
            return effects;
        }
        List<Effect> all = new ArrayList<>(effects);
        all.addAll(reads);
        return all;
    }
}
