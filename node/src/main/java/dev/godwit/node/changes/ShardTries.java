package dev.godwit.node.changes;

import dev.godwit.protocol.error.ErrorCode;
import dev.godwit.protocol.error.GodwitException;
import dev.godwit.protocol.table.TableName;
import java.time.Duration;
import java.util.HashMap;
import java.util.HashSet;
import java.util.Map;
import java.util.Set;

/**
 * The shards in flight, and the tries of each that may still land it. A shard leaves when it has landed, or when every try
 * of it was given up: one of which nobody knows keeps it here. Used by one thread.
 */
final class ShardTries {
    /** A shard of which nothing was heard for so long is lost: all that is in flight is begun anew then. */
    private static final Duration PATIENCE = Duration.ofMinutes(2);

    /** After so long the target is asked whether a shard has landed: the word of it may be lost with its node. */
    private static final Duration LONG_UNHEARD = Duration.ofSeconds(5);

    private record Key(TableName table, String shard) {}

    private static final class Tries {
        private final Set<Long> tickets = new HashSet<>();
        private final long sinceNanos = System.nanoTime();
        private long askedNanos = sinceNanos;
        private long heardNanos = sinceNanos;
    }

    private final Map<Key, Tries> shards = new HashMap<>();
    private long lastTicket;

    /** One more try of a shard; its ticket. */
    long announced(TableName table, String shard) {
        long ticket = ++lastTicket;
        shards.computeIfAbsent(new Key(table, shard), key -> new Tries())
                .tickets
                .add(ticket);
        return ticket;
    }

    /** A sign of life. */
    void alive(TableName table, String shard, long ticket) {
        Tries its = shards.get(new Key(table, shard));
        if (its != null && its.tickets.contains(ticket)) {
            its.heardNanos = System.nanoTime();
        }
    }

    /** Whether it was in flight. */
    boolean landed(TableName table, String shard) {
        return shards.remove(new Key(table, shard)) != null;
    }

    /** Whether that was the last try, so that nobody can land the shard any more. */
    boolean gaveUp(TableName table, String shard, long ticket) {
        Key key = new Key(table, shard);
        Tries its = shards.get(key);
        boolean last = its != null && its.tickets.remove(ticket) && its.tickets.isEmpty();
        if (last) {
            shards.remove(key);
        }
        return last;
    }

    /** Shards for which the target is to be asked now; each of them again after a while. */
    Map<TableName, Set<String>> toLookFor(long nowNanos) {
        Map<TableName, Set<String>> unheard = new HashMap<>();
        shards.forEach((shard, its) -> {
            if (nowNanos - its.askedNanos > LONG_UNHEARD.toNanos()) {
                its.askedNanos = nowNanos;
                unheard.computeIfAbsent(shard.table(), table -> new HashSet<>()).add(shard.shard());
            }
        });
        return unheard;
    }

    /** Nobody may land a lost shard any more, nor wait for it: only another epoch makes sure of that. */
    void requireAlive(long nowNanos) {
        for (Map.Entry<Key, Tries> shard : shards.entrySet()) {
            if (nowNanos - shard.getValue().heardNanos > PATIENCE.toNanos()) {
                throw new GodwitException(
                        ErrorCode.CAPTURE_NOT_READY,
                        "Nothing was heard for " + PATIENCE.toMinutes() + " minutes of a shard that was announced.",
                        shard.getKey().table().text() + ", shard "
                                + shard.getKey().shard(),
                        "Nothing: what is in flight is copied anew.");
            }
        }
    }

    int size() {
        return shards.size();
    }

    boolean isEmpty() {
        return shards.isEmpty();
    }

    /** Age of the oldest announcement; 0 if there is none. */
    double oldestSeconds(long nowNanos) {
        long oldest =
                shards.values().stream().mapToLong(its -> its.sinceNanos).min().orElse(nowNanos);
        return (nowNanos - oldest) / 1e9;
    }
}
