package dev.godwit.node.changes;

import dev.godwit.node.shard.ChangeReader;
import dev.godwit.protocol.error.GodwitException;
import dev.godwit.protocol.table.Shard;
import dev.godwit.protocol.table.TableName;
import dev.godwit.protocol.table.TableSpec;
import java.time.Duration;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CompletionStage;
import org.apache.pekko.cluster.sharding.typed.javadsl.EntityRef;

/** The way to a migration's {@link ChangeCapture}, wherever it is. */
public final class ChangesByMessage implements ChangeReader {
    private static final Duration ANSWER = Duration.ofSeconds(8);

    private final EntityRef<ChangeCapture.Command> capture;

    public ChangesByMessage(EntityRef<ChangeCapture.Command> capture) {
        this.capture = capture;
    }

    @Override
    public CompletionStage<Announced> announce(TableSpec table, Shard shard) {
        return capture.<ChangeCapture.Answer>ask(replyTo -> new ChangeCapture.Announce(table, shard, replyTo), ANSWER)
                .thenCompose(answer -> answer.problem() == null
                        ? CompletableFuture.completedStage(new Announced(
                                answer.epoch(), answer.ticket(), answer.alreadyLanded(), answer.passedBy()))
                        : CompletableFuture.failedStage(new GodwitException(answer.problem())));
    }

    @Override
    public void landed(Announced announced, TableName table, String shard) {
        capture.tell(new ChangeCapture.Landed(announced.epoch(), table, shard));
    }

    @Override
    public void foundLanded(TableName table, String shard) {
        capture.tell(new ChangeCapture.FoundLanded(table, shard));
    }

    @Override
    public void gaveUp(Announced announced, TableName table, String shard) {
        capture.tell(new ChangeCapture.GaveUp(announced.epoch(), announced.ticket(), table, shard));
    }

    @Override
    public CompletionStage<Boolean> alive(Announced announced, TableName table, String shard) {
        return capture.ask(
                replyTo -> new ChangeCapture.Alive(announced.epoch(), announced.ticket(), table, shard, replyTo),
                ANSWER);
    }

    @Override
    public void altered(TableName table) {
        capture.tell(new ChangeCapture.Altered(table));
    }

    @Override
    public void mistrust(String why) {
        capture.tell(new ChangeCapture.Mistrust(why));
    }
}
