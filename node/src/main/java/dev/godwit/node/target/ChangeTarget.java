package dev.godwit.node.target;

import dev.godwit.node.capture.Effect;
import dev.godwit.node.capture.JoinedShard;
import dev.godwit.node.capture.Position;
import dev.godwit.protocol.table.TableName;
import dev.godwit.protocol.table.TableSpec;
import java.util.Collection;
import java.util.List;
import java.util.Map;

/** Where the changes of one migration are applied, in one target. Calls block and may be made from any thread. */
public interface ChangeTarget {
    /**
     * Takes the changes over from whoever applied them before: from now on no shard lands and no change is applied that was
     * begun under an earlier epoch. Durable.
     */
    Takeover takeOver();

    /**
     * Notes, durably, up to where the slot is going to be acknowledged: a slot that is further, or a target that was put back
     * behind it, is noticed by that at the next takeover.
     *
     * @throws dev.godwit.protocol.error.GodwitException with CAPTURE_TAKEN_OVER under a later epoch
     */
    void acknowledge(long epoch, long lsn);

    /** Those of these shards that have landed by now. */
    List<JoinedShard> landed(TableName table, Collection<String> shards);

    /** Whether the columns that were added to this table at the source are in the target's too, or can be added there. */
    boolean canFollow(TableSpec table);

    /**
     * A session that applies changes under this epoch; one at a time.
     *
     * @param tables what is known of the migration's tables
     */
    Applier applier(long epoch, List<TableSpec> tables);

    /**
     * @param epoch one more than that of any earlier takeover; 1 for the first
     * @param applied everything up to here is done in the target, except in shards that have not caught up
     * @param acknowledged up to where the slot may have been acknowledged; 0 if it was not yet
     * @param landed every shard that has landed
     * @param halted tables whose changes are not followed any more, each with a sentence why
     */
    record Takeover(
            long epoch, Position applied, long acknowledged, List<JoinedShard> landed, Map<TableName, String> halted) {}

    /** Effects and what an applier has made of them beforehand. Of use to that applier alone, and once. */
    interface Prepared {}

    /** When a transaction that is committed has to be on the target's disks, and wherever else it waits for. */
    enum Durability {
        /** When the call returns; with all that was committed before. */
        NOW,
        /** With a later one that is durable. A server that falls may lose it, with its position, but nothing before it alone. */
        WITH_LATER
    }

    /** Owned by one thread, except {@link #cancel}, and {@link #prepare}, which is another's. */
    interface Applier extends AutoCloseable {
        /**
         * Does what can be done without the target, also while that is busy with what was prepared before.
         *
         * @param effects of one transaction of the target
         */
        Prepared prepare(List<Effect> effects);

        /**
         * Does all of it in one transaction, with the position; in the order of the list wherever the order can matter.
         *
         * @param upTo the position after it
         * @throws dev.godwit.protocol.error.GodwitException with CAPTURE_TAKEN_OVER where another has taken over;
         *     CHANGE_DOES_NOT_FIT where a row that must be there is not, or one is there that must not be: nothing of
         *     the transaction is done then; otherwise of category TARGET
         */
        Counts apply(Prepared prepared, Position upTo, Durability durability);

        /** Both at once, durably. */
        default Counts apply(List<Effect> effects, Position upTo) {
            return apply(prepare(effects), upTo, Durability.NOW);
        }

        /** Ends a blocked {@link #apply} from another thread. */
        void cancel();

        @Override
        void close();
    }

    /** How many rows were inserted, updated and deleted. */
    record Counts(long inserted, long updated, long deleted) {
        public Counts plus(Counts other) {
            return new Counts(inserted + other.inserted, updated + other.updated, deleted + other.deleted);
        }
    }
}
