package dev.godwit.node.online;

import java.util.EnumMap;
import java.util.Locale;
import java.util.Map;
import java.util.concurrent.atomic.LongAdder;

/** What the writers have done so far. Threads may count at the same time. */
final class Tally {
    private final Map<Ending, LongAdder> endings = new EnumMap<>(Ending.class);
    private final Map<Kind, LongAdder> statements = new EnumMap<>(Kind.class);
    private final LongAdder rows = new LongAdder();

    /** How a transaction, or a try of one, ended. */
    enum Ending {
        COMMITTED,
        /** On purpose. */
        ABORTED,
        /** Something that was unique was there already, or something that was referred to was not. */
        REFUSED,
        /** It met another one, and was tried again. */
        RETRIED,
        /** It met others too often. */
        GIVEN_UP,
        /** The session was lost before it was known. */
        UNKNOWN,
        /** Its commit was in the log and not visible until it was released. Counted beside COMMITTED. */
        HUNG
    }

    Tally() {
        for (Ending ending : Ending.values()) {
            endings.put(ending, new LongAdder());
        }
        for (Kind kind : Kind.values()) {
            statements.put(kind, new LongAdder());
        }
    }

    void count(Ending ending) {
        endings.get(ending).increment();
    }

    /** Of a committed transaction: what was not rolled back to a savepoint. */
    void count(Kind kind, long rowsOfIt) {
        statements.get(kind).increment();
        rows.add(rowsOfIt);
    }

    long of(Ending ending) {
        return endings.get(ending).sum();
    }

    /** Statements in committed transactions. */
    long of(Kind kind) {
        return statements.get(kind).sum();
    }

    /** Rows that committed statements inserted, updated, deleted or locked; without what cascades and truncates did. */
    long rows() {
        return rows.sum();
    }

    @Override
    public String toString() {
        return words(endings) + "; " + rows() + " rows by " + words(statements);
    }

    private static String words(Map<? extends Enum<?>, LongAdder> counts) {
        return String.join(
                ", ",
                counts.entrySet().stream()
                        .filter(one -> one.getValue().sum() > 0)
                        .map(one -> one.getValue() + " "
                                + one.getKey().name().toLowerCase(Locale.ROOT).replace('_', ' '))
                        .toList());
    }
}
