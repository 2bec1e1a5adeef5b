package dev.godwit.node.shard;

import dev.godwit.node.access.Databases;
import dev.godwit.node.ledger.AfterFailure;
import dev.godwit.node.ledger.TableLedger;
import dev.godwit.node.shard.ShardCoordinator.Command;
import dev.godwit.node.split.ShardSize;
import dev.godwit.protocol.error.Problem;
import dev.godwit.protocol.event.StoredTable.OpenShard;
import dev.godwit.protocol.status.ShardState;
import dev.godwit.protocol.status.ShardStatus;
import dev.godwit.protocol.status.TableState;
import dev.godwit.protocol.status.TableStatus;
import dev.godwit.protocol.table.CutMethod;
import dev.godwit.protocol.table.Shard;
import dev.godwit.protocol.table.ShardRange;
import dev.godwit.protocol.table.TableSpec;
import dev.godwit.protocol.table.Window;
import java.time.Duration;
import java.util.Collection;
import java.util.EnumMap;
import java.util.EnumSet;
import java.util.HashMap;
import java.util.HashSet;
import java.util.List;
import java.util.Map;
import java.util.OptionalLong;
import java.util.Set;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.Executor;
import java.util.concurrent.ThreadLocalRandom;
import java.util.function.Supplier;
import org.apache.pekko.actor.typed.javadsl.ActorContext;

/**
 * What a coordinator has in hand and need not keep: the ranges of open shards, when it last heard of each, which steps
 * run. All of it comes back from the target and from the workers after a start. Used by its actor's thread alone.
 */
final class CoordinatorWork {
    /** A shard of which nothing was heard for so long is handed out again. */
    static final Duration SILENCE = Duration.ofSeconds(30);

    /** A step that asks the databases; at most one of each kind at once. */
    enum Step {
        RECOLLECT,
        CUT,
        RETIRE,
        CONFIRM,
        KEYS
    }

    private record Live(long rows, long bytes, long heardNanos) {
        static final Live NOTHING = new Live(0, 0, 0);
    }

    private record Pause(int failures, long untilNanos) {}

    private final ActorContext<Command> context;
    private final Databases databases;
    private final ShardCoordinator.Owner owner;
    private final Executor blocking;
    private ShardCoordinator.Open open;
    private long openedNanos = System.nanoTime();
    private TableDesk desk;
    private boolean recollected;
    private ShardSize size;
    private TableState reported;
    private String foreignCluster = "";
    private final Map<String, ShardRange> ranges = new HashMap<>();
    private final Map<String, Live> live = new HashMap<>();
    private final Map<String, Long> notBeforeNanos = new HashMap<>();
    private final OthersFirst othersFirst = new OthersFirst();
    private final Set<String> retiring = new HashSet<>();
    private final Set<String> unsplittable = new HashSet<>();
    private final Set<Step> running = EnumSet.noneOf(Step.class);
    private final Map<Step, Pause> pauses = new EnumMap<>(Step.class);

    CoordinatorWork(ActorContext<Command> context, Databases databases, ShardCoordinator.Owner owner) {
        this.context = context;
        this.databases = databases;
        this.owner = owner;
        this.blocking = BlockingDispatcher.of(context.getSystem());
    }

    /** After a recovery nothing in hand is trusted. */
    void forget() {
        recollected = false;
        ranges.clear();
        live.clear();
        notBeforeNanos.clear();
        othersFirst.clear();
        retiring.clear();
        running.clear();
        pauses.clear();
    }

    void open(ShardCoordinator.Open command) {
        if (open == null) {
            desk = new TableDesk(command.plan(), command.table(), databases);
        }
        desk.plan(command.plan());
        long shardBytes = command.plan().limits().shardBytes();
        if (size == null || size.planBytes() != shardBytes) {
            size = ShardSize.of(shardBytes);
        }
        open = command;
        openedNanos = System.nanoTime();
    }

    /** Whether the migration has not asked for this table for so long that it need not stay in memory. */
    boolean isForgotten(TableLedger ledger) {
        return System.nanoTime() - openedNanos > SILENCE.toNanos() && ledger.running() == 0 && running.isEmpty();
    }

    boolean handsOut(TableLedger ledger) {
        return open != null && open.active() && recollected && ledger.halted().isEmpty();
    }

    /** Whether shards are being made ready, so that it is worth asking again at once. */
    boolean hasMoreSoon(TableLedger ledger) {
        boolean works = open == null || open.active() && ledger.halted().isEmpty();
        return works && !ledger.allCut() && pauses.isEmpty();
    }

    /** Starts what is to be done next, if it is not being done. */
    void proceed(TableLedger ledger) {
        if (open == null || !ledger.opened()) {
            return;
        }
        if (ledger.state() != reported) {
            report(ledger); // news of a state don't wait for the next tick
        }
        if (!recollected) {
            List<String> shards = ledger.open().stream().map(OpenShard::id).toList();
            start(Step.RECOLLECT, "", () -> new ShardCoordinator.Recollected(desk.recollect(shards)));
        } else if (!open.active() || ledger.halted().isPresent() || ledger.keysBuilt()) {
            return;
        } else if (ledger.confirmed() && !open.oneMoment()) {
            return;
        } else if (ledger.confirmed()) {
            start(Step.KEYS, "", () -> {
                desk.finish();
                return new ShardCoordinator.KeysEnded();
            });
        } else if (ledger.landed()) {
            start(Step.CONFIRM, "", () -> new ShardCoordinator.ConfirmEnded(desk.confirm()));
        } else if (!ledger.allCut() && ledger.waiting() < Math.max(8, open.workers())) {
            int number = ledger.windows();
            long doneBytes = ledger.bytes();
            ShardSize sizeNow = size;
            start(
                    Step.CUT,
                    "",
                    () -> new ShardCoordinator.WindowReady(
                            number, desk.cut(number, sizeNow, doneBytes, ShardCoordinator.WINDOW_SHARDS)));
        }
    }

    private void start(Step step, String shard, Supplier<Command> call) {
        Pause pause = pauses.get(step);
        boolean rests = pause != null && System.nanoTime() - pause.untilNanos() < 0;
        if (step == Step.RETIRE || (!rests && running.add(step))) {
            context.pipeToSelf(CompletableFuture.supplyAsync(call, blocking), (answer, failure) -> {
                if (failure == null) {
                    return answer;
                }
                return new ShardCoordinator.StepFailed(step, shard, Problem.of(failure, place()));
            });
        }
    }

    private String place() {
        return open.plan().name() + ", table " + open.table().name();
    }

    void stepEnded(Step step) {
        running.remove(step);
        pauses.remove(step);
    }

    AfterFailure stepFailed(ShardCoordinator.StepFailed failed) {
        running.remove(failed.step());
        if (failed.step() == Step.RETIRE) {
            // The shard is still held for running by nobody that speaks: it is released after the silence.
            retiring.remove(failed.shard());
        }
        Pause before = pauses.get(failed.step());
        int failures = before == null ? 1 : before.failures() + 1;
        AfterFailure after = AfterFailure.of(
                failed.problem().code(), failures, ThreadLocalRandom.current().nextDouble());
        Duration pause = after instanceof AfterFailure.TryAgain again ? again.pause() : Duration.ZERO;
        pauses.put(failed.step(), new Pause(failures, System.nanoTime() + pause.toNanos()));
        if (after instanceof AfterFailure.PauseTable) {
            pauses.remove(failed.step());
        }
        return after;
    }

    /** An answer to a question of before a recovery may lack shards that the journal holds for open now. */
    void recollected(TableLedger ledger, TableDesk.Recollection recollection) {
        stepEnded(Step.RECOLLECT);
        ranges.putAll(recollection.ranges());
        recollected = ledger.open().stream().allMatch(shard -> ranges.containsKey(shard.id()));
        long now = System.nanoTime();
        recollection.ranges().keySet().forEach(id -> live.putIfAbsent(id, new Live(0, 0, now)));
    }

    void recollectAgain() {
        recollected = false;
    }

    void addRanges(Window window) {
        window.shards().forEach(shard -> ranges.put(shard.id(), shard.range()));
    }

    boolean mayStart(OpenShard shard, String node) {
        Long notBefore = notBeforeNanos.get(shard.id());
        return shard.node() == null
                && !othersFirst.passes(shard.id(), node)
                && ranges.containsKey(shard.id())
                && !retiring.contains(shard.id())
                && (notBefore == null || System.nanoTime() - notBefore >= 0);
    }

    ShardWorker.WorkGiven given(TableLedger ledger, String shard, int attempt) {
        // The source may have added columns since the ledger was begun.
        TableSpec table = open == null ? ledger.table() : open.table();
        boolean splittable = table.method() != CutMethod.WHOLE
                && !unsplittable.contains(shard)
                && !(ranges.get(shard) instanceof ShardRange.NullKeys);
        long aimedBytes = Math.max(size.aimedBytes(), size.toTravelled(desk.leastDiskBytes()));
        return new ShardWorker.WorkGiven(table, new Shard(shard, ranges.get(shard)), attempt, aimedBytes, splittable);
    }

    void heardOf(String shard, long rows, long bytes) {
        live.put(shard, new Live(rows, bytes, System.nanoTime()));
    }

    void landed(TableLedger ledger, String shard, WorkOutcome.Landed landed) {
        endedTry(shard);
        notBeforeNanos.remove(shard);
        othersFirst.forget(shard);
        ShardRange range = ranges.remove(shard);
        if (open == null) {
            return; // recovered a moment ago: how it was cut, and which cluster this is, comes with the next Open
        }
        if (landed.durationMillis() > 0) {
            OptionalLong diskBytes = range == null ? OptionalLong.empty() : desk.diskBytes(range);
            size = diskBytes.isPresent()
                    ? size.onLanded(landed.bytes(), landed.durationMillis(), diskBytes.getAsLong())
                    : size.onLanded(landed.bytes(), landed.durationMillis());
        }
        int at = landed.node().indexOf('@');
        if (at >= 0 && !landed.node().substring(at + 1).equals(open.cluster())) {
            foreignCluster = landed.node().substring(at + 1);
        }
    }

    void endedTry(String shard) {
        live.remove(shard);
    }

    void backOff(String shard, Duration pause) {
        endedTry(shard);
        notBeforeNanos.put(shard, System.nanoTime() + pause.toNanos());
    }

    /** Where there are other nodes, they are let try the shard: its own may have lost its way to a database. */
    void preferOthers(OpenShard shard) {
        if (Members.names(context.getSystem()).size() > 1) {
            othersFirst.pass(shard.id(), shard.node());
        }
    }

    void clearBackOff() {
        notBeforeNanos.clear();
        othersFirst.clear();
        pauses.clear();
    }

    boolean isRetiring(String shard) {
        return retiring.contains(shard);
    }

    void retire(String id, long bytesSeen) {
        ShardRange range = ranges.get(id);
        if (range != null && retiring.add(id)) {
            endedTry(id);
            ShardSize sizeNow = size;
            start(
                    Step.RETIRE,
                    id,
                    () -> desk.retire(new Shard(id, range), bytesSeen, sizeNow)
                            .<Command>map(retirement -> new ShardCoordinator.RetireEnded(id, retirement))
                            .orElseGet(() -> new ShardCoordinator.CannotBeCut(id)));
        }
    }

    void adoptPieces(String id) {
        if (open != null && retiring.add(id)) {
            endedTry(id);
            start(Step.RETIRE, id, () -> new ShardCoordinator.RetireEnded(id, desk.retired(id)));
        }
    }

    void retireEnded(String shard) {
        stepEnded(Step.RETIRE);
        retiring.remove(shard);
        ranges.remove(shard);
    }

    void cannotBeCut(String shard) {
        stepEnded(Step.RETIRE);
        retiring.remove(shard);
        unsplittable.add(shard);
    }

    /** Shards that are said to run and of which nothing was heard for too long. */
    List<OpenShard> silent(TableLedger ledger) {
        long now = System.nanoTime();
        Collection<OpenShard> shards = ledger.open();
        return shards.stream()
                .filter(shard -> shard.node() != null && !retiring.contains(shard.id()))
                .filter(shard -> {
                    Live heard = live.computeIfAbsent(shard.id(), id -> new Live(0, 0, now));
                    return now - heard.heardNanos() > SILENCE.toNanos();
                })
                .toList();
    }

    void report(TableLedger ledger) {
        if (open != null) {
            reported = ledger.state();
            owner.tableReports(ledger.migration(), status(ledger), foreignCluster);
        }
    }

    private TableStatus status(TableLedger ledger) {
        long liveRows = 0;
        long liveBytes = 0;
        for (OpenShard shard : ledger.open()) {
            Live now = liveOf(shard);
            liveRows += now.rows();
            liveBytes += now.bytes();
        }
        return new TableStatus(
                ledger.table().name().text(),
                ledger.state(),
                ledger.rows(),
                ledger.bytes(),
                liveRows,
                liveBytes,
                ledger.table().estimatedRows(),
                ledger.table().estimatedBytes(),
                ledger.shardsDone(),
                ledger.running(),
                ledger.waiting(),
                ledger.allCut(),
                ledger.retries(),
                ledger.halted().orElse(null));
    }

    private Live liveOf(OpenShard shard) {
        return shard.node() == null ? Live.NOTHING : live.getOrDefault(shard.id(), Live.NOTHING);
    }

    List<ShardStatus> shards(TableLedger ledger) {
        return ledger.open().stream().map(this::status).toList();
    }

    private ShardStatus status(OpenShard shard) {
        Long notBefore = notBeforeNanos.get(shard.id());
        boolean rests = notBefore != null && System.nanoTime() - notBefore < 0;
        ShardState state =
                shard.node() != null ? ShardState.RUNNING : rests ? ShardState.BACKING_OFF : ShardState.WAITING;
        return new ShardStatus(
                shard.id(),
                describe(ranges.get(shard.id())),
                state,
                shard.node() == null ? "" : shard.node(),
                shard.attempts(),
                liveOf(shard).bytes(),
                liveOf(shard).rows(),
                shard.lastProblem());
    }

    private static String describe(ShardRange range) {
        if (range == null) {
            return "";
        } else if (range instanceof ShardRange.Blocks blocks) {
            return "blocks " + blocks.from() + " to " + (blocks.to() < 0 ? "the end" : blocks.to());
        } else if (range instanceof ShardRange.Keys keys) {
            return "keys " + (keys.from() == null ? "from the first" : keys.from()) + " to "
                    + (keys.to() == null ? "the last" : keys.to());
        }
        return range instanceof ShardRange.NullKeys ? "keys with NULL" : "the whole table";
    }
}
