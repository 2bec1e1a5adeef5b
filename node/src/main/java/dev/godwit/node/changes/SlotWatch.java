package dev.godwit.node.changes;

import dev.godwit.node.access.Databases;
import dev.godwit.node.changes.ChangeCapture.Command;
import dev.godwit.node.changes.ChangeCapture.Run;
import dev.godwit.node.shard.BlockingDispatcher;
import dev.godwit.node.source.ChangeSource.SlotHealth;
import dev.godwit.protocol.error.ErrorCode;
import dev.godwit.protocol.error.Problem;
import java.time.Duration;
import java.util.Optional;
import java.util.concurrent.CompletableFuture;
import org.apache.pekko.actor.typed.javadsl.ActorContext;

/** How the slot does while nobody reads it: just then it fills up. Used by its actor's thread alone. */
final class SlotWatch {
    private static final Duration EVERY = Duration.ofSeconds(2);

    /** @param failed whether the source has not said anything */
    record Seen(Optional<SlotHealth> health, boolean failed) implements Command {}

    private final ActorContext<Command> context;
    private final Databases databases;
    private final String migration;
    private Optional<SlotHealth> health = Optional.empty();
    private boolean gone;
    private boolean looking;
    private long lookedNanos = System.nanoTime() - EVERY.toNanos();

    SlotWatch(ActorContext<Command> context, Databases databases, String migration) {
        this.context = context;
        this.databases = databases;
        this.migration = migration;
    }

    void lookIfDue(Run wanted) {
        if (looking || System.nanoTime() - lookedNanos < EVERY.toNanos()) {
            return;
        }
        looking = true;
        lookedNanos = System.nanoTime();
        context.pipeToSelf(
                CompletableFuture.supplyAsync(
                        () -> databases
                                .source(wanted.plan())
                                .capture(wanted.plan())
                                .health(),
                        BlockingDispatcher.of(context.getSystem())),
                (found, failure) -> new Seen(failure == null ? found : Optional.empty(), failure != null));
    }

    void seen(Seen message) {
        looking = false;
        health = message.health();
        gone = health.isEmpty() && !message.failed();
    }

    /** Somebody reads it again. */
    void forget() {
        health = Optional.empty();
        gone = false;
    }

    /** Empty where that is not known. */
    Optional<SlotHealth> health() {
        return health;
    }

    /** That there is nothing to read any more; null if there is, or that is not known. */
    Problem lost(Run wanted) {
        boolean givenUp = health.filter(slot -> slot.walStatus().equals("lost")).isPresent();
        return gone || givenUp
                ? new Problem(
                        ErrorCode.SOURCE_SLOT_LOST,
                        "The source has given up the replication slot "
                                + wanted.slot().name() + ", or it was dropped: what changed since is not known.",
                        migration,
                        "Start a migration under a new name, into empty tables.")
                : null;
    }
}
