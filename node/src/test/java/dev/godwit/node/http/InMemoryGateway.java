package dev.godwit.node.http;

import dev.godwit.node.migration.MigrationGateway;
import dev.godwit.protocol.error.ErrorCode;
import dev.godwit.protocol.error.GodwitException;
import dev.godwit.protocol.event.MigrationEvent;
import dev.godwit.protocol.plan.Plan;
import dev.godwit.protocol.status.Action;
import dev.godwit.protocol.status.CaptureStatus;
import dev.godwit.protocol.status.ChangeCounts;
import dev.godwit.protocol.status.CountedChanges;
import dev.godwit.protocol.status.Health;
import dev.godwit.protocol.status.InFlight;
import dev.godwit.protocol.status.Limit;
import dev.godwit.protocol.status.LimitStatus;
import dev.godwit.protocol.status.MigrationStatus;
import dev.godwit.protocol.status.NodeStatus;
import dev.godwit.protocol.status.Phase;
import dev.godwit.protocol.status.ShardState;
import dev.godwit.protocol.status.ShardStatus;
import dev.godwit.protocol.status.SyncStatus;
import dev.godwit.protocol.status.TableState;
import dev.godwit.protocol.status.TableStatus;
import dev.godwit.protocol.table.TableName;
import java.time.Instant;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CompletionStage;
import java.util.concurrent.ConcurrentSkipListMap;
import java.util.concurrent.CopyOnWriteArrayList;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.function.Supplier;
import org.apache.pekko.NotUsed;
import org.apache.pekko.stream.javadsl.Source;

/** The port's contract in memory, so that the routes can be tried without a cluster. */
final class InMemoryGateway implements MigrationGateway {
    static final Instant BEGIN = Instant.parse("2026-11-21T01:02:03Z");

    final AtomicInteger lists = new AtomicInteger();
    final List<String> calls = new CopyOnWriteArrayList<>();
    private final Map<String, Plan> plans = new ConcurrentSkipListMap<>();
    private final Map<String, MigrationStatus> statuses = new ConcurrentSkipListMap<>();
    private volatile Supplier<CompletionStage<List<MigrationStatus>>> listing;
    private volatile Source<NumberedEvent, NotUsed> live = Source.never();
    private volatile List<NumberedEvent> journal = new ArrayList<>();

    /** Lets list() answer what the supplier gives. */
    void listingBy(Supplier<CompletionStage<List<MigrationStatus>>> supplier) {
        listing = supplier;
    }

    void put(MigrationStatus status) {
        statuses.put(status.name(), status);
    }

    /** The events that are there, after which {@code further} ones come. */
    void journal(int events, Source<NumberedEvent, NotUsed> further) {
        List<NumberedEvent> numbered = new ArrayList<>();
        for (int number = 1; number <= events; number++) {
            numbered.add(event(number));
        }
        journal = numbered;
        live = further;
    }

    static NumberedEvent event(long number) {
        return new NumberedEvent(number, new MigrationEvent.MigrationPaused("http 127.0.0.1", BEGIN));
    }

    @Override
    public CompletionStage<MigrationStatus> submit(Plan plan, String by) {
        calls.add("submit " + plan.name() + " by " + by);
        Plan before = plans.putIfAbsent(plan.name(), plan);
        if (before != null && !before.equals(plan)) {
            return failed(ErrorCode.PLAN_CONFLICT, "Another plan has this name.", plan.name());
        }
        statuses.putIfAbsent(plan.name(), status(plan.name(), Phase.DRAFTED));
        return status(plan.name());
    }

    @Override
    public CompletionStage<List<MigrationStatus>> list() {
        lists.incrementAndGet();
        return listing == null ? CompletableFuture.completedFuture(List.copyOf(statuses.values())) : listing.get();
    }

    @Override
    public CompletionStage<MigrationStatus> status(String migration) {
        calls.add("status " + migration);
        MigrationStatus status = statuses.get(migration);
        return status == null
                ? failed(ErrorCode.MIGRATION_NOT_FOUND, "There is no migration of that name.", migration)
                : CompletableFuture.completedFuture(status);
    }

    @Override
    public CompletionStage<List<TableStatus>> tables(String migration) {
        return status(migration).thenApply(status -> List.of(table("public.orders"), table("public.a\\.b")));
    }

    @Override
    public CompletionStage<List<ShardStatus>> shards(String migration, TableName table) {
        calls.add("shards " + table.schema() + " | " + table.name());
        if (table.name().equals("missing")) {
            return failed(ErrorCode.TABLE_NOT_FOUND, "The migration has no such table.", table.text());
        }
        return status(migration)
                .thenApply(status ->
                        List.of(new ShardStatus("w1-0", "[1, 9)", ShardState.BACKING_OFF, "", 2, 5, 6, null)));
    }

    @Override
    public CompletionStage<SyncStatus> sync(String migration, long lsn) {
        return CompletableFuture.completedStage(new SyncStatus(migration, lsn < 0 ? 4711 : lsn, lsn >= 0, null));
    }

    @Override
    public CompletionStage<MigrationStatus> act(String migration, Action action, String by) {
        calls.add("act " + migration + " " + action + " by " + by);
        return status(migration)
                .thenCompose(status -> status.phase().ended()
                        ? failed(ErrorCode.ACTION_NOT_ALLOWED_NOW, "The migration has ended.", migration)
                        : CompletableFuture.completedFuture(status));
    }

    @Override
    public CompletionStage<MigrationStatus> completeWithoutHalted(String migration, String by) {
        calls.add("complete " + migration + " without halted by " + by);
        return status(migration);
    }

    @Override
    public Source<NumberedEvent, NotUsed> events(String migration, long after) {
        calls.add("events " + migration + " after " + after);
        List<NumberedEvent> unseen =
                journal.stream().filter(event -> event.number() > after).toList();
        return Source.from(unseen).concat(live);
    }

    static MigrationStatus status(String name, Phase phase) {
        NodeStatus node = new NodeStatus(
                "127.0.0.1:2551",
                "http://127.0.0.1:7080",
                4,
                3,
                new InFlight(1, 0, 4, 5, false),
                0.2,
                0.6,
                0.1,
                -1,
                0,
                0.5,
                9,
                8,
                true,
                true,
                true);
        return new MigrationStatus(
                name,
                phase,
                Health.RUNNING,
                "",
                new LimitStatus(Limit.TARGET, 0.6, "writes wait 60 % of the time"),
                "snapshot",
                "tables",
                "",
                "exactly-once",
                BEGIN,
                BEGIN.plusSeconds(60),
                1_000,
                64_000,
                10,
                640,
                128_000,
                12.5,
                800.0,
                70,
                90,
                5,
                2,
                1,
                11,
                3,
                4,
                List.of(node),
                new CaptureStatus(
                        true,
                        "n",
                        4096,
                        3,
                        0.5,
                        2,
                        new CountedChanges(new ChangeCounts(17, 18, 19, 20), new ChangeCounts(7, 8, 9, 10)),
                        BEGIN,
                        "reserved",
                        65536,
                        1 << 30,
                        1.5,
                        null),
                List.of(),
                List.of(),
                List.of("pause", "cancel"));
    }

    private static TableStatus table(String name) {
        return new TableStatus(name, TableState.COPYING, 1, 2, 3, 4, -1, 6, 7, 8, 9, false, 10, null);
    }

    private static <T> CompletionStage<T> failed(ErrorCode code, String what, String where) {
        return CompletableFuture.failedFuture(new GodwitException(code, what, where, "Do something else."));
    }
}
