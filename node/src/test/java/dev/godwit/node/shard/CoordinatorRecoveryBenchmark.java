package dev.godwit.node.shard;

import com.fasterxml.jackson.core.JsonProcessingException;
import com.fasterxml.jackson.databind.ObjectMapper;
import com.typesafe.config.Config;
import dev.godwit.node.config.NodeConfiguration;
import dev.godwit.node.config.NodeSettings;
import dev.godwit.node.config.StateStoreSettings;
import dev.godwit.node.join.StateStore;
import dev.godwit.protocol.plan.Plan;
import java.lang.management.ManagementFactory;
import java.sql.Connection;
import java.sql.DriverManager;
import java.sql.PreparedStatement;
import java.sql.ResultSet;
import java.sql.SQLException;
import java.time.Duration;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Properties;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CompletionStage;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicLong;
import java.util.concurrent.locks.LockSupport;
import java.util.function.Function;
import org.apache.pekko.actor.typed.ActorRef;
import org.apache.pekko.actor.typed.ActorSystem;
import org.apache.pekko.actor.typed.Props;
import org.apache.pekko.actor.typed.javadsl.Adapter;
import org.apache.pekko.actor.typed.javadsl.AskPattern;
import org.apache.pekko.actor.typed.javadsl.Behaviors;
import org.apache.pekko.pattern.Patterns;
import org.apache.pekko.persistence.typed.PersistenceId;

/**
 * How long a coordinator takes to recover, and how much heap it then holds, by the number of its finished shards. The
 * coordinator, its serializer and its journal in PostgreSQL are the real ones; the migration's databases are {@link
 * UnboundedTable}. Run by {@code load-tests/run coordinator}, which starts the server.
 *
 * <p>Arguments: shards that the coordinator itself lands, driven by commands; then numbers of shards whose journal is
 * written by {@link JournalFeeder}. One line of JSON on stdout for each.
 */
public final class CoordinatorRecoveryBenchmark {
    private static final Duration PATIENCE = Duration.ofMinutes(2);
    private static final int RECOVERIES = 15;
    private static final int WARM_UPS = 30;
    private static final long NOT_MEASURED = -1;
    private static final int HEAP_SAMPLE = 100;
    private static final int WORKERS = 8;

    private final ActorSystem<Void> system;
    private final StateStoreSettings store;
    private final UnboundedTable databases = new UnboundedTable();

    private CoordinatorRecoveryBenchmark(ActorSystem<Void> system, StateStoreSettings store) {
        this.system = system;
        this.store = store;
    }

    public static void main(String[] arguments) throws Exception {
        Config configuration = NodeConfiguration.load();
        NodeSettings settings = NodeConfiguration.settings(configuration);
        try (StateStore store = StateStore.open(settings.stateStore())) {
            store.prepare();
        }
        ActorSystem<Void> system = ActorSystem.create(
                Behaviors.empty(),
                NodeConfiguration.SYSTEM_NAME,
                NodeConfiguration.pekkoConfig(settings, configuration));
        try {
            CoordinatorRecoveryBenchmark benchmark = new CoordinatorRecoveryBenchmark(system, settings.stateStore());
            benchmark.run(arguments);
        } finally {
            system.terminate();
        }
        system.getWhenTerminated().toCompletableFuture().get(PATIENCE.toSeconds(), TimeUnit.SECONDS);
    }

    private void run(String... arguments) throws Exception {
        feed("warm", 640);
        for (int i = 0; i < WARM_UPS; i++) {
            recover("warm");
        }
        feed("warm-too", 640);
        heapOfOne("warm-too");
        int driven = Integer.parseInt(arguments[0]);
        double drivenSeconds = drive("driven", driven);
        // Its shards run, so its recovery writes: many at once would get in each other's way.
        report("driven", "the coordinator, by commands", driven, drivenSeconds, NOT_MEASURED);
        for (int i = 1; i < arguments.length; i++) {
            int shards = Integer.parseInt(arguments[i]);
            String migration = "fed-" + i;
            double seconds = feed(migration, shards);
            List<Long> heap = new ArrayList<>();
            for (int round = 0; round < 5; round++) {
                heap.add(heapOfOne(migration));
            }
            heap.sort(null);
            report(migration, "a window at once", shards, seconds, heap.get(heap.size() / 2));
        }
    }

    private static PersistenceId id(String migration) {
        return PersistenceId.of(ShardCoordinator.ENTITY_KEY.name(), migration);
    }

    private ActorRef<ShardCoordinator.Command> coordinator(String migration) {
        return system.systemActorOf(
                ShardCoordinator.create(id(migration), databases, (name, status, foreign) -> {}),
                "coordinator-" + migration + "-" + System.nanoTime(),
                Props.empty());
    }

    private static ShardCoordinator.Open open(String migration) {
        Plan plan = UnboundedTable.plan(migration);
        return new ShardCoordinator.Open(plan, UnboundedTable.table(), true, WORKERS, "0123456789ab", true);
    }

    /** The coordinator as it is, with workers that copy in no time. Returns the seconds. */
    private double drive(String migration, int shards) throws Exception {
        long started = System.nanoTime();
        ActorRef<ShardCoordinator.Command> coordinator = coordinator(migration);
        coordinator.tell(open(migration));
        AtomicLong left = new AtomicLong(shards);
        CompletableFuture<Void> done = new CompletableFuture<>();
        List<ActorRef<ShardWorker.Command>> workers = new ArrayList<>();
        for (int i = 0; i < WORKERS; i++) {
            workers.add(system.systemActorOf(
                    WorkerModel.create(coordinator, left, done), "model-" + migration + "-" + i, Props.empty()));
        }
        while (!done.isDone()) {
            coordinator.tell(open(migration)); // as the migration does, every second
            LockSupport.parkNanos(Duration.ofMillis(200).toNanos());
        }
        double seconds = (System.nanoTime() - started) / 1e9;
        for (ActorRef<ShardWorker.Command> worker : workers) {
            stop(worker);
        }
        stop(coordinator);
        awaitQuietJournal(migration);
        return seconds;
    }

    /** The same journal, written faster; at the end one window is open. Returns the seconds. */
    private double feed(String migration, int shards) throws Exception {
        long started = System.nanoTime();
        ActorRef<JournalFeeder.FeedWindow> feeder = system.systemActorOf(
                JournalFeeder.create(id(migration), migration), "feeder-" + migration, Props.empty());
        long done = 0;
        while (done < shards) {
            done = feedWindow(feeder, true);
        }
        feedWindow(feeder, false);
        double seconds = (System.nanoTime() - started) / 1e9;
        stop(feeder);
        awaitQuietJournal(migration);
        return seconds;
    }

    private long feedWindow(ActorRef<JournalFeeder.FeedWindow> feeder, boolean landed) throws Exception {
        return this.<JournalFeeder.FeedWindow, Long>ask(
                feeder, replyTo -> new JournalFeeder.FeedWindow(landed, replyTo));
    }

    /**
     * @param millis until it has answered a question, which it does once it has recovered
     * @param handingOutMillis until it has given out a shard, which it does once it has compared with the target
     * @param open shards that it holds one by one
     */
    private record Recovery(double millis, double handingOutMillis, int open) {}

    private Recovery recover(String migration) throws Exception {
        long started = System.nanoTime();
        ActorRef<ShardCoordinator.Command> coordinator = coordinator(migration);
        coordinator.tell(open(migration));
        int shards = openShards(coordinator);
        double millis = (System.nanoTime() - started) / 1e6;
        while (!(pull(coordinator) instanceof ShardWorker.WorkGiven)) {
            LockSupport.parkNanos(Duration.ofMillis(1).toNanos());
        }
        double handingOut = (System.nanoTime() - started) / 1e6;
        stop(coordinator);
        return new Recovery(millis, handingOut, shards);
    }

    /** Answered once it has recovered. */
    private int openShards(ActorRef<ShardCoordinator.Command> coordinator) throws Exception {
        return this.<ShardCoordinator.Command, ShardCoordinator.ShardList>ask(
                        coordinator, ShardCoordinator.ListShards::new)
                .shards()
                .size();
    }

    private ShardWorker.Command pull(ActorRef<ShardCoordinator.Command> coordinator) throws Exception {
        return ask(
                coordinator,
                replyTo -> new ShardCoordinator.PullWork(UnboundedTable.table().name(), "probe", "model", replyTo));
    }

    /**
     * Bytes of heap that one recovered coordinator holds: the mean of many that recover from the same journal, so that
     * what else happens in the JVM does not count. None of them writes, since no shard runs.
     */
    private long heapOfOne(String migration) throws Exception {
        List<ActorRef<ShardCoordinator.Command>> coordinators = new ArrayList<>();
        long before = heapBytes();
        for (int i = 0; i < HEAP_SAMPLE; i++) {
            ActorRef<ShardCoordinator.Command> coordinator = coordinator(migration);
            coordinator.tell(open(migration));
            openShards(coordinator);
            coordinators.add(coordinator);
        }
        long held = heapBytes() - before;
        for (ActorRef<ShardCoordinator.Command> coordinator : coordinators) {
            stop(coordinator);
        }
        return held / HEAP_SAMPLE;
    }

    /** Bytes of the heap that are in use after a collection. */
    private static long heapBytes() {
        for (int i = 0; i < 3; i++) {
            System.gc();
        }
        return ManagementFactory.getMemoryMXBean().getHeapMemoryUsage().getUsed();
    }

    private void report(String migration, String writer, int shards, double seconds, long heapBytes) throws Exception {
        List<Recovery> recoveries = new ArrayList<>();
        for (int i = 0; i < RECOVERIES; i++) {
            recoveries.add(recover(migration));
        }
        Map<String, Object> line = new LinkedHashMap<>();
        line.put("shards", shards);
        line.put("writer", writer);
        line.put("writeSeconds", seconds);
        line.put("openShards", recoveries.get(0).open());
        line.put("firstMillis", recoveries.get(0).millis());
        line.put("millis", median(recoveries, Recovery::millis));
        line.put(
                "worstMillis",
                recoveries.stream().mapToDouble(Recovery::millis).max().orElseThrow());
        line.put("handingOutMillis", median(recoveries, Recovery::handingOutMillis));
        line.put("heapBytes", heapBytes);
        kept(migration, line);
        print(line);
    }

    private static double median(List<Recovery> recoveries, Function<Recovery, Double> value) {
        List<Double> values = recoveries.stream().map(value).sorted().toList();
        return values.get(values.size() / 2);
    }

    private static void print(Map<String, Object> line) {
        try {
            System.out.println(new ObjectMapper().writeValueAsString(line));
            System.out.flush();
        } catch (JsonProcessingException e) {
            throw new IllegalStateException("numbers and words can be written", e);
        }
    }

    /** What journal and snapshots keep of this coordinator. */
    private void kept(String migration, Map<String, Object> line) throws SQLException {
        String sql = "SELECT count(*), coalesce(sum(pg_column_size(t)), 0), coalesce(max(sequence_number), 0) FROM ";
        try (Connection connection = connect()) {
            for (String table : List.of("event_journal", "snapshot")) {
                try (PreparedStatement statement = connection.prepareStatement(
                        sql + store.schema() + "." + table + " t WHERE persistence_id = ?")) {
                    statement.setString(1, id(migration).id());
                    try (ResultSet row = statement.executeQuery()) {
                        row.next();
                        line.put(table + "Rows", row.getLong(1));
                        line.put(table + "Bytes", row.getLong(2));
                        line.put(table + "Sequence", row.getLong(3));
                    }
                }
            }
        }
    }

    private Connection connect() throws SQLException {
        Properties properties = new Properties();
        properties.setProperty("user", store.user());
        if (store.password().isPresent()) {
            properties.setProperty("password", store.password().reveal());
        }
        return DriverManager.getConnection(store.url(), properties);
    }

    /** Events are deleted beside the coordinator's work, some time after a snapshot. */
    private void awaitQuietJournal(String migration) throws SQLException {
        Map<String, Object> before = new LinkedHashMap<>();
        Map<String, Object> now = new LinkedHashMap<>();
        do {
            before.clear();
            before.putAll(now);
            LockSupport.parkNanos(Duration.ofSeconds(1).toNanos());
            kept(migration, now);
        } while (!now.equals(before));
    }

    private <C, R> R ask(ActorRef<C> actor, org.apache.pekko.japi.function.Function<ActorRef<R>, C> question)
            throws Exception {
        CompletionStage<R> answer = AskPattern.ask(actor, question, PATIENCE, system.scheduler());
        return answer.toCompletableFuture().get(PATIENCE.toSeconds(), TimeUnit.SECONDS);
    }

    private static void stop(ActorRef<?> actor) throws Exception {
        Patterns.gracefulStop(Adapter.toClassic(actor), PATIENCE)
                .toCompletableFuture()
                .get(PATIENCE.toSeconds(), TimeUnit.SECONDS);
    }
}
