package dev.godwit.node.shard;

import dev.godwit.protocol.table.Shard;
import dev.godwit.protocol.table.TableName;
import dev.godwit.protocol.table.TableSpec;
import java.util.Set;
import java.util.concurrent.CompletionStage;

/**
 * The way of those who copy shards to the one who reads the source's changes, where the plan's consistency is online. A
 * shard is announced before its snapshot is taken, and what became of the try is told as soon as it is known for sure.
 */
public interface ChangeReader {
    /** @return fails with CAPTURE_NOT_READY where nobody reads now */
    CompletionStage<Announced> announce(TableSpec table, Shard shard);

    /** The try has landed the shard; lost messages do no harm. */
    void landed(Announced announced, TableName table, String shard);

    /** The shard was found to be landed by somebody else. */
    void foundLanded(TableName table, String shard);

    /** The try has not landed the shard and never will. */
    void gaveUp(Announced announced, TableName table, String shard);

    /** The try goes on; to be told every few seconds. False if it can't land the shard any more. */
    CompletionStage<Boolean> alive(Announced announced, TableName table, String shard);

    /** The table has other columns at the source than are known: nothing is read of it until it is known again. */
    void altered(TableName table);

    /** What the reader holds for landed is not in the target: it has to begin again. */
    void mistrust(String why);

    /**
     * @param epoch under which the shard may land
     * @param ticket of this try
     * @param alreadyLanded whether the reader knows the shard as landed: nothing is announced then
     * @param passedBy transactions that the shard's snapshot must see
     */
    record Announced(long epoch, long ticket, boolean alreadyLanded, Set<Long> passedBy) {
        public Announced {
            passedBy = Set.copyOf(passedBy);
        }
    }
}
