package dev.godwit.node.migration;

import dev.godwit.protocol.event.MigrationEvent;
import dev.godwit.protocol.plan.Plan;
import dev.godwit.protocol.status.Action;
import dev.godwit.protocol.status.MigrationStatus;
import dev.godwit.protocol.status.ShardStatus;
import dev.godwit.protocol.status.SyncStatus;
import dev.godwit.protocol.status.TableStatus;
import dev.godwit.protocol.table.TableName;
import java.util.List;
import java.util.concurrent.CompletionStage;
import org.apache.pekko.NotUsed;
import org.apache.pekko.stream.javadsl.Source;

/**
 * What may be asked of migrations, on any node. Stages fail with {@link dev.godwit.protocol.error.GodwitException}:
 * MIGRATION_NOT_FOUND, TABLE_NOT_FOUND, PLAN_CONFLICT, ACTION_NOT_ALLOWED_NOW, CLUSTER_NOT_READY,
 * STATE_STORE_UNREACHABLE or TIMED_OUT.
 */
public interface MigrationGateway {
    /** Hands in a plan. The same plan again resumes what is left to do. Answers once the plan is durable. */
    CompletionStage<MigrationStatus> submit(Plan plan, String by);

    /** All migrations of the state store, by name. */
    CompletionStage<List<MigrationStatus>> list();

    CompletionStage<MigrationStatus> status(String migration);

    /** All tables, the biggest first. */
    CompletionStage<List<TableStatus>> tables(String migration);

    /** The shards of a table that are cut and not yet done. */
    CompletionStage<List<ShardStatus>> shards(String migration, TableName table);

    /**
     * Whether everything that was committed at the source before a place in its log is in every target. Answered after some
     * seconds at most, also where it is not so yet.
     *
     * @param lsn that place; negative: where the log ends now
     */
    CompletionStage<SyncStatus> sync(String migration, long lsn);

    CompletionStage<MigrationStatus> act(String migration, Action action, String by);

    /** As {@code act} with COMPLETE, without tables whose changes are not followed any more. */
    CompletionStage<MigrationStatus> completeWithoutHalted(String migration, String by);

    /**
     * The events with numbers above {@code after}, then new ones as they come; ends when the migration has
     * ended, and not at a failure after which it began anew.
     *
     * @param after number of the last event that the caller has seen, 0 for none
     */
    Source<NumberedEvent, NotUsed> events(String migration, long after);

    /** An event and its number in the journal, 1 and up, without gaps. */
    record NumberedEvent(long number, MigrationEvent event) {}
}
