package dev.godwit.node.migration;

import dev.godwit.node.ledger.AfterFailure;
import dev.godwit.node.lifecycle.Bundles;
import dev.godwit.node.lifecycle.MigrationLedger;
import dev.godwit.node.shard.ShardCoordinator;
import dev.godwit.node.shard.ShardWorker;
import dev.godwit.node.shard.WorkOutcome;
import dev.godwit.protocol.error.ErrorCode;
import dev.godwit.protocol.error.Problem;
import dev.godwit.protocol.error.Retry;
import dev.godwit.protocol.event.MigrationEvent;
import dev.godwit.protocol.event.MigrationEvent.CopiedTable;
import dev.godwit.protocol.event.MigrationEvent.TableStarted;
import dev.godwit.protocol.event.MigrationEvent.TablesCompleted;
import dev.godwit.protocol.event.StoredMigration.PlannedTable;
import dev.godwit.protocol.status.TableState;
import dev.godwit.protocol.table.TableName;
import dev.godwit.protocol.table.TableSpec;
import java.time.Duration;
import java.time.Instant;
import java.util.ArrayDeque;
import java.util.ArrayList;
import java.util.Deque;
import java.util.HashMap;
import java.util.HashSet;
import java.util.Iterator;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.concurrent.ThreadLocalRandom;
import java.util.function.Predicate;

/**
 * Hands small tables out in bundles, and takes in what became of them. Who has which is in memory alone: what is done is
 * known by the claims, so a bundle that is handed out twice, after a restart say, lands once. A bundle that fails for
 * another reason than a database that can't be reached falls apart, and each of its tables begins by itself, with a
 * coordinator of its own. Used by the migration's thread alone.
 */
final class BundleDesk {
    /** What workers ask for when they ask for small tables: no table can have this name. */
    static final TableName NAME = new TableName("", "small tables");

    /** A bundle of which nothing was heard for so long is handed out again. */
    private static final Duration SILENCE = Duration.ofSeconds(30);

    /** Tries of a bundle that somebody else seems to be landing. */
    private static final int MOST_HELD = 5;

    /** Tables that may be under way or paused by themselves before bundles that fail wait instead of falling apart. */
    private static final int MOST_BY_THEMSELVES = 64;

    /** A bundle and who has it. */
    private static final class Bundle {
        /** Told as the shard's, in what workers and the desk say to each other. */
        final String id;

        final List<TableSpec> tables;
        String worker;
        String node;
        int attempt;
        int failures;
        long heardNanos;
        long notBeforeNanos = System.nanoTime();

        Bundle(String id, List<TableSpec> tables) {
            this.id = id;
            this.tables = tables;
        }

        boolean isOf(String hisWorker, String hisNode) {
            return hisWorker.equals(worker) && hisNode.equals(node);
        }
    }

    private final Deque<TableSpec> queue = new ArrayDeque<>();
    private final Map<String, Bundle> handedOut = new HashMap<>();
    private final Deque<Bundle> again = new ArrayDeque<>();
    private final Set<TableName> inHand = new HashSet<>();
    private boolean filled;
    private int number;

    /** What a worker tells whoever hands it work, as a message to the migration. */
    static Migration.Message message(ShardCoordinator.Command command) {
        if (command instanceof ShardCoordinator.PullWork pull) {
            return new Migration.PullBundle(pull);
        } else if (command instanceof ShardCoordinator.Progress progress) {
            return new Migration.BundleProgress(progress);
        }
        return new Migration.BundleFinished((ShardCoordinator.Finished) command);
    }

    /** After a recovery all is asked of the ledger anew. */
    void forget() {
        queue.clear();
        handedOut.clear();
        again.clear();
        inHand.clear();
        filled = false;
    }

    /** Whether there are, or may come to be, bundles to hand out. */
    boolean hasWork(MigrationLedger ledger) {
        fill(ledger);
        return !queue.isEmpty() || !again.isEmpty() || !handedOut.isEmpty();
    }

    /** Whether a table is in a bundle that is under way. */
    boolean holds(TableName table) {
        return inHand.contains(table);
    }

    private void fill(MigrationLedger ledger) {
        if (!filled && !ledger.tables().isEmpty()) {
            filled = true;
            ledger.tables().stream()
                    .filter(table -> table.state() == TableState.WAITING && ledger.goesInBundle(table.spec()))
                    .forEach(table -> queue.add(table.spec()));
        }
    }

    /** @param active whether anything is to be handed out now */
    void pull(MigrationLedger ledger, ShardCoordinator.PullWork command, boolean active) {
        Bundle bundle = active ? next(ledger, command.worker(), command.node()) : null;
        if (bundle == null) {
            command.replyTo().tell(new ShardWorker.NothingNow(NAME, false));
            return;
        }
        bundle.worker = command.worker();
        bundle.node = command.node();
        bundle.attempt++;
        bundle.heardNanos = System.nanoTime();
        handedOut.put(bundle.id, bundle);
        bundle.tables.forEach(table -> inHand.add(table.name()));
        command.replyTo().tell(new ShardWorker.BundleGiven(NAME, bundle.id, bundle.attempt, bundle.tables));
    }

    /** A worker has one thing at a time: if it asks, it does not have the bundle that it was given. */
    private Bundle next(MigrationLedger ledger, String worker, String node) {
        fill(ledger);
        for (Bundle bundle : handedOut.values()) {
            if (bundle.isOf(worker, node)) {
                return bundle;
            }
        }
        for (Iterator<Bundle> bundles = again.iterator(); bundles.hasNext(); ) {
            Bundle bundle = bundles.next();
            if (System.nanoTime() - bundle.notBeforeNanos >= 0) {
                bundles.remove();
                return bundle;
            }
        }
        while (!queue.isEmpty()) {
            // Begun by itself meanwhile: the first table of all does, if there are only small ones.
            List<TableSpec> tables = Bundles.next(queue).stream()
                    .filter(table -> isOpen(ledger, table.name()))
                    .toList();
            if (!tables.isEmpty()) {
                // The time keeps an answer to a bundle of before a restart from passing for one of now.
                return new Bundle(Long.toHexString(System.nanoTime()) + '.' + number++, tables);
            }
        }
        return null;
    }

    void heard(ShardCoordinator.Progress command) {
        Bundle bundle = handedOut.get(command.shard());
        if (bundle != null && bundle.attempt == command.attempt()) {
            bundle.heardNanos = System.nanoTime();
        }
    }

    /** What follows from an outcome. What landed has landed, whoever did it and whenever it was handed out. */
    List<MigrationEvent> ended(MigrationLedger ledger, ShardCoordinator.Finished command, Instant now) {
        Bundle bundle = handedOut.get(command.shard());
        if (command.outcome() instanceof WorkOutcome.BundleLanded landed) {
            takeBack(bundle);
            return landed(ledger, landed, now);
        }
        if (bundle == null || bundle.attempt != command.attempt()) {
            return List.of();
        }
        takeBack(bundle);
        if (!(command.outcome() instanceof WorkOutcome.Failed failed)) {
            again.add(bundle);
            return List.of();
        }
        bundle.failures++;
        if (triesTogether(failed.problem(), bundle.failures) || !mayFallApart(ledger)) {
            pause(bundle, failed.problem().code());
            return List.of();
        }
        return apart(ledger, bundle.tables.stream().map(TableSpec::name).toList(), now);
    }

    /** Once what follows from it is durable. */
    static void acknowledge(ShardCoordinator.Finished command) {
        command.replyTo().tell(new ShardWorker.Acknowledged(NAME, command.shard(), command.attempt()));
    }

    private static boolean triesTogether(Problem problem, int failures) {
        return problem.code() == ErrorCode.TIMED_OUT
                ? failures < MOST_HELD
                : problem.code().retry() == Retry.UNTIL_IT_WORKS;
    }

    private static boolean mayFallApart(MigrationLedger ledger) {
        long paused = ledger.tables().stream()
                .filter(table -> table.state() == TableState.PAUSED)
                .count();
        return paused + ledger.underWay().size() < MOST_BY_THEMSELVES;
    }

    private void pause(Bundle bundle, ErrorCode code) {
        AfterFailure after = AfterFailure.of(
                code, bundle.failures, ThreadLocalRandom.current().nextDouble());
        Duration pause =
                after instanceof AfterFailure.TryAgain tryAgain ? tryAgain.pause() : AfterFailure.LONGEST_PAUSE;
        bundle.notBeforeNanos = System.nanoTime() + pause.toNanos();
        again.add(bundle);
    }

    private static List<MigrationEvent> landed(MigrationLedger ledger, WorkOutcome.BundleLanded landed, Instant now) {
        List<CopiedTable> news = landed.tables().stream()
                .filter(table -> isOpen(ledger, table.table()))
                .map(table -> new CopiedTable(table.table(), table.rows(), table.bytes()))
                .toList();
        List<MigrationEvent> events = new ArrayList<>();
        if (!news.isEmpty()) {
            events.add(new TablesCompleted(news, now));
        }
        events.addAll(apart(ledger, landed.apart(), now));
        return events;
    }

    /** One that has begun by itself meanwhile is its coordinator's. */
    private static boolean isOpen(MigrationLedger ledger, TableName table) {
        return ledger.table(table)
                .map(PlannedTable::state)
                .filter(TableState.WAITING::equals)
                .isPresent();
    }

    private static List<MigrationEvent> apart(MigrationLedger ledger, List<TableName> tables, Instant now) {
        return tables.stream()
                .filter(table -> isOpen(ledger, table))
                .<MigrationEvent>map(table -> new TableStarted(table, now))
                .toList();
    }

    private void takeBack(Bundle bundle) {
        if (bundle != null && handedOut.remove(bundle.id) != null) {
            bundle.worker = null;
            bundle.node = null;
            bundle.tables.forEach(table -> inHand.remove(table.name()));
        }
    }

    /** What a node that is gone was carrying is handed out again. */
    void nodeGone(String node) {
        takeBackIf(bundle -> node.equals(bundle.node));
    }

    void tick() {
        long now = System.nanoTime();
        takeBackIf(bundle -> now - bundle.heardNanos > SILENCE.toNanos());
    }

    private void takeBackIf(Predicate<Bundle> lost) {
        for (Bundle bundle : List.copyOf(handedOut.values())) {
            if (lost.test(bundle)) {
                takeBack(bundle);
                again.add(bundle);
            }
        }
    }
}
