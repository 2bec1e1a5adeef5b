package dev.godwit.node.shard;

import dev.godwit.node.ledger.TableLedger;
import dev.godwit.protocol.event.StoredTable;
import dev.godwit.protocol.event.TableEvent;
import dev.godwit.protocol.event.TableEvent.ShardLanded;
import dev.godwit.protocol.event.TableEvent.ShardStarted;
import dev.godwit.protocol.event.TableEvent.TableOpened;
import dev.godwit.protocol.event.TableEvent.WindowCut;
import java.util.ArrayList;
import java.util.List;
import org.apache.pekko.actor.typed.ActorRef;
import org.apache.pekko.actor.typed.Behavior;
import org.apache.pekko.persistence.typed.PersistenceId;
import org.apache.pekko.persistence.typed.SnapshotAdapter;
import org.apache.pekko.persistence.typed.javadsl.CommandHandler;
import org.apache.pekko.persistence.typed.javadsl.EventHandler;
import org.apache.pekko.persistence.typed.javadsl.EventSourcedBehavior;
import org.apache.pekko.persistence.typed.javadsl.RetentionCriteria;

/**
 * Writes what a coordinator writes for a table of many shards, under the coordinator's own id, with the same events,
 * state, snapshots and deletions; only it persists a whole window's events at once, where a coordinator waits for the
 * journal twice for every shard. So a million shards take minutes and not an hour.
 */
final class JournalFeeder extends EventSourcedBehavior<JournalFeeder.FeedWindow, TableEvent, TableLedger> {
    /** A window's shards are cut, started and landed; or, if it is to stay open, only cut. */
    record FeedWindow(boolean landed, ActorRef<Long> replyTo) {}

    private final String migration;

    private JournalFeeder(PersistenceId id, String migration) {
        super(id);
        this.migration = migration;
    }

    static Behavior<FeedWindow> create(PersistenceId id, String migration) {
        return new JournalFeeder(id, migration);
    }

    @Override
    public TableLedger emptyState() {
        return TableLedger.empty();
    }

    @Override
    public EventHandler<TableLedger, TableEvent> eventHandler() {
        return TableLedger::apply;
    }

    @Override
    public SnapshotAdapter<TableLedger> snapshotAdapter() {
        return new SnapshotAdapter<>() {
            @Override
            public Object toJournal(TableLedger ledger) {
                return ledger.stored();
            }

            @Override
            public TableLedger fromJournal(Object from) {
                return TableLedger.of((StoredTable) from);
            }
        };
    }

    /** The coordinator's. */
    @Override
    public RetentionCriteria retentionCriteria() {
        return RetentionCriteria.snapshotEvery(500, 2).withDeleteEventsOnSnapshot();
    }

    @Override
    public CommandHandler<FeedWindow, TableEvent, TableLedger> commandHandler() {
        return newCommandHandlerBuilder()
                .forAnyState()
                .onCommand(
                        FeedWindow.class,
                        (ledger, command) -> Effect()
                                .persist(events(ledger, command.landed()))
                                .thenReply(command.replyTo(), TableLedger::shardsDone))
                .build();
    }

    private List<TableEvent> events(TableLedger ledger, boolean landed) {
        List<TableEvent> events = new ArrayList<>();
        if (!ledger.opened()) {
            events.add(new TableOpened(migration, UnboundedTable.table()));
        }
        String window = Integer.toString(ledger.windows());
        events.add(new WindowCut(window, ShardCoordinator.WINDOW_SHARDS, false));
        for (int i = 0; landed && i < ShardCoordinator.WINDOW_SHARDS; i++) {
            String shard = window + "." + i;
            events.add(new ShardStarted(shard, "worker-" + i % 4, "10.0.0.1:17355", 1));
            events.add(new ShardLanded(shard, 600_000, 128L << 20, 2_000, "10.0.0.1:17355@0123456789ab"));
        }
        return events;
    }
}
