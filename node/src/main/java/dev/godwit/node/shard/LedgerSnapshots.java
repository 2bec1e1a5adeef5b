package dev.godwit.node.shard;

import java.util.function.Function;
import org.apache.pekko.persistence.typed.SnapshotAdapter;

/**
 * Keeps an entity's ledger in its journal's snapshots in a form that is wire format, as events are.
 *
 * @param <L> the ledger
 * @param <S> its stored form
 */
public record LedgerSnapshots<L, S>(Function<L, S> store, Class<S> stored, Function<S, L> restore)
        implements SnapshotAdapter<L> {
    @Override
    public Object toJournal(L ledger) {
        return store.apply(ledger);
    }

    @Override
    public L fromJournal(Object from) {
        return restore.apply(stored.cast(from));
    }
}
