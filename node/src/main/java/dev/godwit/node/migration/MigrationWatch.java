package dev.godwit.node.migration;

import dev.godwit.node.lifecycle.MigrationLedger;
import dev.godwit.node.lifecycle.NextSteps;
import dev.godwit.node.lifecycle.Requests;
import dev.godwit.node.progress.Holdup;
import dev.godwit.node.progress.Pace;
import dev.godwit.node.progress.Volume;
import dev.godwit.protocol.error.Problem;
import dev.godwit.protocol.event.StoredMigration.PlannedTable;
import dev.godwit.protocol.status.Action;
import dev.godwit.protocol.status.CountedChanges;
import dev.godwit.protocol.status.Health;
import dev.godwit.protocol.status.MigrationStatus;
import dev.godwit.protocol.status.NodeStatus;
import dev.godwit.protocol.status.Phase;
import dev.godwit.protocol.status.TableState;
import dev.godwit.protocol.status.TableStatus;
import dev.godwit.protocol.table.TableName;
import java.time.Clock;
import java.time.Duration;
import java.time.Instant;
import java.util.ArrayList;
import java.util.Collection;
import java.util.Comparator;
import java.util.HashMap;
import java.util.HashSet;
import java.util.LinkedHashSet;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import java.util.TreeMap;
import java.util.function.Predicate;

/**
 * What a migration hears and need not keep: the latest report of each table and node, the pace, who holds the snapshot.
 * All of it comes in again after a start. Used by its actor's thread alone.
 */
final class MigrationWatch {
    private static final int REQUESTS_REMEMBERED = 100;

    /** Without a checkpoint for so long a migration is stalled. */
    static final Duration STALE_CHECKPOINT = Duration.ofSeconds(60);

    /** With no holder of the snapshot for so long, it is asked whether anybody still holds it. */
    static final Duration HOLDER_SILENCE = Duration.ofSeconds(8);

    /** Without a report for so long a node is not counted. */
    private static final Duration NODE_SILENCE = Duration.ofSeconds(6);

    /** A report that a table is paused is not believed for so long after it was resumed. */
    private static final Duration RESUME_TAKES = Duration.ofSeconds(5);

    private record Heard(NodeStatus status, long nanos) {}

    private final Clock clock;
    private final Predicate<TableName> inBundle;
    private final CaptureWatch capture;
    private final Pace pace = new Pace();
    private final Map<TableName, TableStatus> tables = new HashMap<>();
    private final Map<String, Heard> nodes = new TreeMap<>();
    private final Map<TableName, Long> resumedNanos = new HashMap<>();
    private final Set<String> foreigners = new HashSet<>();
    private Problem waitsFor;
    private long shardsSeen = -1;
    private Instant lastCheckpointAt;
    private Instant watchingSince;
    private long lastHolderNanos;
    private long lastSearchNanos;
    private boolean holderKnown;
    private final Set<String> requests = new LinkedHashSet<>();
    private boolean endNoted;
    private boolean runNoted;
    private int ticksSinceAsked;

    /** @param inBundle tells of a waiting table whether it is being carried in a bundle */
    MigrationWatch(Clock clock, Predicate<TableName> inBundle, CaptureWatch capture) {
        this.clock = clock;
        this.inBundle = inBundle;
        this.capture = capture;
        forget();
    }

    void forget() {
        pace.clear();
        tables.clear();
        nodes.clear();
        shardsSeen = -1;
        lastCheckpointAt = null;
        watchingSince = clock.instant();
        lastHolderNanos = System.nanoTime();
        lastSearchNanos = lastHolderNanos;
        holderKnown = false;
        endNoted = false;
        runNoted = false;
    }

    void heard(TableStatus status) {
        tables.put(TableName.parse(status.table()), status);
    }

    /** Whether this node was not heard of before. */
    boolean heard(NodeStatus status) {
        return nodes.put(status.node(), new Heard(status, System.nanoTime())) == null;
    }

    /** A node is gone; its last report, if it took part. */
    Optional<NodeStatus> gone(String node) {
        return Optional.ofNullable(nodes.remove(node)).map(Heard::status);
    }

    void waitsFor(Problem problem) {
        waitsFor = problem;
    }

    void holderHeard() {
        lastHolderNanos = System.nanoTime();
        holderKnown = true;
    }

    /** Begins the time anew after which a search is due. That does not make a holder known. */
    void searched() {
        lastSearchNanos = System.nanoTime();
    }

    /** Whether no holder was heard of and no search has ended for so long. */
    boolean searchIsDue(Duration silence) {
        return holderSilent(silence) && System.nanoTime() - lastSearchNanos > silence.toNanos();
    }

    boolean holderIsKnown() {
        return holderKnown && !holderSilent(HOLDER_SILENCE);
    }

    boolean holderSilent(Duration silence) {
        return System.nanoTime() - lastHolderNanos > silence.toNanos();
    }

    /** The node that is to take the snapshot: any will do, as long as all agree. */
    String taker() {
        return freshNodes().stream()
                .map(NodeStatus::node)
                .min(Comparator.naturalOrder())
                .orElse("");
    }

    boolean isNewForeigner(String cluster) {
        return foreigners.add(cluster);
    }

    void resumed(TableName table) {
        resumedNanos.put(table, System.nanoTime());
    }

    boolean justResumed(TableName table) {
        Long at = resumedNanos.get(table);
        return at != null && System.nanoTime() - at < RESUME_TAKES.toNanos();
    }

    /** Whether this request has come before, as far as the last ones are remembered. Outlives {@link #forget}. */
    boolean askedBefore(String request) {
        boolean again = !requests.add(request);
        if (requests.size() > REQUESTS_REMEMBERED) {
            requests.remove(requests.iterator().next());
        }
        return again;
    }

    void asked() {
        ticksSinceAsked = 0;
    }

    /** Whether it has ended, everybody knows, and nobody has asked for a while: then it need not stay in memory. */
    boolean restsInPeace(MigrationLedger ledger) {
        ticksSinceAsked = ledger.phase().ended() && !ledger.captureEndIsDue() ? ticksSinceAsked + 1 : 0;
        return ticksSinceAsked > 60;
    }

    /** Whether it is news that it runs; true once, until its end. Its next end is news then. */
    boolean firstTimeRuns() {
        boolean first = !runNoted;
        runNoted = true;
        endNoted = false;
        return first;
    }

    /** Whether the end is news; true once. */
    boolean firstTimeEnded() {
        boolean first = !endNoted;
        endNoted = true;
        runNoted = false;
        return first;
    }

    void tick(MigrationLedger ledger) {
        nodes.values().removeIf(heard -> System.nanoTime() - heard.nanos() > 10 * NODE_SILENCE.toNanos());
        Volume volume = Volume.of(tables(ledger));
        if (ledger.paused() || ledger.phase().ended()) {
            pace.clear();
        } else {
            boolean steps =
                    ledger.phase() == Phase.DRAFTED || ledger.phase() == Phase.CHECKED || ledger.schemaEndIsDue();
            waitsFor = steps ? waitsFor : null;
            pace.at(clock.millis(), volume.rows() + volume.liveRows(), volume.bytes() + volume.liveBytes());
        }
        if (shardsSeen >= 0 && volume.shardsDone() != shardsSeen) {
            lastCheckpointAt = clock.instant();
        }
        shardsSeen = volume.shardsDone();
    }

    private List<NodeStatus> freshNodes() {
        long now = System.nanoTime();
        return nodes.values().stream()
                .filter(heard -> now - heard.nanos() < NODE_SILENCE.toNanos())
                .map(Heard::status)
                .toList();
    }

    int workers() {
        return freshNodes().stream().mapToInt(NodeStatus::workers).sum();
    }

    /** Tables under way, those with the most left first. */
    List<TableName> running(MigrationLedger ledger) {
        return ledger.underWay().stream()
                .flatMap(table -> ledger.table(table).stream())
                .sorted(Comparator.comparingLong(this::bytesLeft).reversed())
                .map(table -> table.spec().name())
                .toList();
    }

    private long bytesLeft(PlannedTable table) {
        TableStatus status = tables.get(table.spec().name());
        long done = status == null ? 0 : status.bytes() + status.liveBytes();
        return Math.max(0, table.spec().estimatedBytes() - done);
    }

    List<TableStatus> tables(MigrationLedger ledger) {
        List<TableStatus> all = new ArrayList<>();
        for (PlannedTable table : ledger.tables()) {
            TableStatus heard = tables.get(table.spec().name());
            if (heard == null || !NextSteps.isUnderWay(table)) {
                TableStatus last = heard == null ? blank(table) : heard;
                all.add(withChanges(
                        table,
                        new TableStatus(
                                last.table(),
                                state(table),
                                table.shards() > 0 ? table.rows() : last.rows(),
                                table.shards() > 0 ? table.bytes() : last.bytes(),
                                0,
                                0,
                                last.estimatedRows(),
                                last.estimatedBytes(),
                                table.shards() > 0 ? table.shards() : last.shardsDone(),
                                0,
                                table.shards() > 0 ? 0 : last.shardsWaiting() + last.shardsRunning(),
                                last.allCut() || table.shards() > 0,
                                last.retries(),
                                table.problem())));
            } else {
                all.add(withChanges(table, heard));
            }
        }
        return all;
    }

    private TableStatus withChanges(PlannedTable table, TableStatus status) {
        CountedChanges counted = capture.counted(table.spec().name());
        return counted == null ? status : status.with(counted);
    }

    private TableState state(PlannedTable table) {
        boolean carried = table.state() == TableState.WAITING
                && inBundle.test(table.spec().name());
        return carried ? TableState.COPYING : table.state();
    }

    private static TableStatus blank(PlannedTable table) {
        return new TableStatus(
                table.spec().name().text(),
                table.state(),
                0,
                0,
                0,
                0,
                table.spec().estimatedRows(),
                table.spec().estimatedBytes(),
                0,
                0,
                0,
                false,
                0,
                table.problem());
    }

    MigrationStatus status(String name, MigrationLedger ledger) {
        List<TableStatus> all = tables(ledger);
        Volume volume = Volume.of(all);
        List<NodeStatus> fresh = freshNodes();
        long paused = all.stream().filter(t -> t.state() == TableState.PAUSED).count();
        int waiting = all.stream().mapToInt(TableStatus::shardsWaiting).sum();
        boolean moving = ledger.phase() == Phase.COPYING || ledger.phase() == Phase.INDEXING;
        String reason = reason(ledger, all, fresh, paused);
        Health health = health(ledger, all, fresh, reason, paused);
        long[] eta = moving
                ? pace.etaSeconds(Math.max(0, volume.estimatedBytes() - volume.bytes() - volume.liveBytes()))
                : new long[] {-1, -1};
        List<Problem> problems = new ArrayList<>(ledger.problems());
        ledger.schemaHalted().ifPresent(problems::add);
        ledger.captureHalted().ifPresent(problems::add);
        all.stream().map(TableStatus::problem).filter(p -> p != null).limit(100).forEach(problems::add);
        return new MigrationStatus(
                name,
                ledger.phase(),
                health,
                reason,
                moving ? Holdup.of(fresh, waiting) : null,
                ledger.plan().consistency().name().toLowerCase(Locale.ROOT),
                ledger.plan().schema() == null ? "" : ledger.plan().schema().word(),
                ledger.schemaReason(),
                "exactly-once",
                ledger.submittedAt(),
                lastCheckpointAt,
                volume.rows(),
                volume.bytes(),
                volume.liveRows(),
                volume.liveBytes(),
                volume.estimatedBytes(),
                moving ? pace.rowsPerSecond() : 0,
                moving ? pace.bytesPerSecond() : 0,
                eta[0],
                eta[1],
                all.size(),
                ledger.completedTables(),
                (int) paused,
                volume.shardsDone(),
                volume.shardsRunning(),
                volume.retries(),
                fresh,
                ledger.online() ? capture.status().orElse(null) : null,
                problems,
                ledger.slotAlarm().stream().toList(),
                Requests.allowed(ledger).stream().map(Action::word).toList());
    }

    private String reason(
            MigrationLedger ledger, Collection<TableStatus> all, List<NodeStatus> fresh, long pausedTables) {
        if (ledger.phase().ended() || ledger.paused()) {
            return "";
        }
        if (ledger.schemaHalted().isPresent()) {
            return ledger.schemaHalted().get().what();
        } else if (waitsFor != null) {
            return waitsFor.what();
        }
        Optional<String> changes = changesReason(ledger);
        if (changes.isPresent()) {
            return changes.get();
        }
        if (ledger.phase() != Phase.COPYING && ledger.phase() != Phase.INDEXING) {
            return "";
        }
        if (fresh.isEmpty()) {
            return "no node has reported yet";
        } else if (fresh.stream().noneMatch(NodeStatus::sourceReachable)) {
            return "no node reaches the source";
        } else if (fresh.stream().noneMatch(NodeStatus::targetReachable)) {
            return "no node reaches the target";
        } else if (pausedTables > 0) {
            return pausedTables + " tables are paused and wait for a person";
        }
        if (ledger.slotAlarm().isPresent()) {
            return ledger.slotAlarm().get().what();
        }
        boolean stale = Duration.between(lastProgress(), clock.instant()).compareTo(STALE_CHECKPOINT) > 0;
        boolean building = ledger.schemaEndIsDue()
                || all.stream().anyMatch(t -> t.state() == TableState.INDEXING || t.state() == TableState.CONFIRMING);
        return stale && !building
                ? "no shard has landed for "
                        + Duration.between(lastProgress(), clock.instant()).toSeconds() + " s"
                : "";
    }

    private Optional<String> changesReason(MigrationLedger ledger) {
        if (ledger.captureHalted().isPresent()) {
            return Optional.of(ledger.captureHalted().get().what());
        } else if (ledger.capture().isEmpty() || ledger.phase() == Phase.CHECKED) {
            return Optional.empty();
        }
        return capture.status()
                .map(status -> status.running()
                        ? ""
                        : status.problem() == null
                                ? "the reader of changes is beginning"
                                : status.problem().what())
                .or(() -> Optional.of("the reader of changes has not reported yet"))
                .filter(reason -> !reason.isEmpty());
    }

    private Instant lastProgress() {
        return lastCheckpointAt == null ? watchingSince : lastCheckpointAt;
    }

    private Health health(
            MigrationLedger ledger,
            Collection<TableStatus> all,
            List<NodeStatus> fresh,
            String reason,
            long pausedTables) {
        if (ledger.paused() || ledger.phase().ended()) {
            return Health.IDLE;
        }
        if (ledger.slotAlarm().filter(alarm -> alarm.what().equals(reason)).isPresent()) {
            return Health.DEGRADED;
        }
        boolean allOthersDone = pausedTables > 0 && pausedTables + ledger.completedTables() == all.size();
        if (!reason.isEmpty() && (pausedTables == 0 || allOthersDone)) {
            return Health.STALLED;
        }
        boolean partly = fresh.stream().anyMatch(n -> !n.sourceReachable() || !n.targetReachable());
        return pausedTables > 0 || partly || ledger.slotAlarm().isPresent() ? Health.DEGRADED : Health.RUNNING;
    }
}
