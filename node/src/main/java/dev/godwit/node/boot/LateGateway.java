package dev.godwit.node.boot;

import dev.godwit.node.migration.MigrationGateway;
import dev.godwit.protocol.error.ErrorCode;
import dev.godwit.protocol.error.GodwitException;
import dev.godwit.protocol.plan.Plan;
import dev.godwit.protocol.status.Action;
import dev.godwit.protocol.status.MigrationStatus;
import dev.godwit.protocol.status.ShardStatus;
import dev.godwit.protocol.status.SyncStatus;
import dev.godwit.protocol.status.TableStatus;
import dev.godwit.protocol.table.TableName;
import java.util.List;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CompletionStage;
import java.util.function.Function;
import org.apache.pekko.NotUsed;
import org.apache.pekko.stream.javadsl.Source;

/** Answers CLUSTER_NOT_READY until the node is in the cluster and the real gateway is there. */
final class LateGateway implements MigrationGateway {
    private volatile MigrationGateway gateway;

    void set(MigrationGateway ready) {
        gateway = ready;
    }

    private static GodwitException notReady() {
        return new GodwitException(
                ErrorCode.CLUSTER_NOT_READY, "this node is not in the cluster yet", "", "try again in some seconds");
    }

    private <T> CompletionStage<T> ask(Function<MigrationGateway, CompletionStage<T>> question) {
        MigrationGateway ready = gateway;
        return ready == null ? CompletableFuture.failedStage(notReady()) : question.apply(ready);
    }

    @Override
    public CompletionStage<MigrationStatus> submit(Plan plan, String by) {
        return ask(ready -> ready.submit(plan, by));
    }

    @Override
    public CompletionStage<List<MigrationStatus>> list() {
        return ask(MigrationGateway::list);
    }

    @Override
    public CompletionStage<MigrationStatus> status(String migration) {
        return ask(ready -> ready.status(migration));
    }

    @Override
    public CompletionStage<List<TableStatus>> tables(String migration) {
        return ask(ready -> ready.tables(migration));
    }

    @Override
    public CompletionStage<List<ShardStatus>> shards(String migration, TableName table) {
        return ask(ready -> ready.shards(migration, table));
    }

    @Override
    public CompletionStage<SyncStatus> sync(String migration, long lsn) {
        return ask(ready -> ready.sync(migration, lsn));
    }

    @Override
    public CompletionStage<MigrationStatus> act(String migration, Action action, String by) {
        return ask(ready -> ready.act(migration, action, by));
    }

    @Override
    public CompletionStage<MigrationStatus> completeWithoutHalted(String migration, String by) {
        return ask(ready -> ready.completeWithoutHalted(migration, by));
    }

    @Override
    public Source<NumberedEvent, NotUsed> events(String migration, long after) {
        MigrationGateway ready = gateway;
        return ready == null ? Source.failed(notReady()) : ready.events(migration, after);
    }
}
