package dev.godwit.node.ledger;

import dev.godwit.protocol.error.Problem;
import dev.godwit.protocol.event.StoredTable;
import dev.godwit.protocol.event.StoredTable.OpenShard;
import dev.godwit.protocol.event.TableEvent;
import dev.godwit.protocol.event.TableEvent.ClaimsConfirmed;
import dev.godwit.protocol.event.TableEvent.KeysBuilt;
import dev.godwit.protocol.event.TableEvent.ShardFailed;
import dev.godwit.protocol.event.TableEvent.ShardLanded;
import dev.godwit.protocol.event.TableEvent.ShardRetired;
import dev.godwit.protocol.event.TableEvent.ShardStarted;
import dev.godwit.protocol.event.TableEvent.ShardsReleased;
import dev.godwit.protocol.event.TableEvent.ShardsReopened;
import dev.godwit.protocol.event.TableEvent.TableContinued;
import dev.godwit.protocol.event.TableEvent.TableHalted;
import dev.godwit.protocol.event.TableEvent.TableOpened;
import dev.godwit.protocol.event.TableEvent.WindowCut;
import dev.godwit.protocol.status.TableState;
import dev.godwit.protocol.table.TableSpec;
import java.util.Collection;
import java.util.Collections;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;

/**
 * The outcome of every shard of one table, as far as it must be remembered: the open shards one by one, the done ones as
 * sums. What is cut and not open is done, so a table of a million finished shards takes no more room than an empty one.
 *
 * <p>Changes by {@link #apply} alone. An event that does not fit what is there changes nothing: it is a repetition. That
 * is one about a shard that is not open, a window out of turn, the failure of another try than the running one, and a
 * confirmation while shards are open. Not thread-safe; owned by one coordinator.
 *
 * <pre>
 *            WindowCut / ShardRetired (pieces) / ShardsReopened
 *                 |
 *                 v      ShardStarted
 *              WAITING ---------------> RUNNING --ShardLanded--> done
 *                 ^                        |  \--ShardRetired--> its pieces wait
 *                 |                        |
 *                 +--- ShardFailed, ShardsReleased
 * </pre>
 */
public final class TableLedger {
    private String migration;
    private TableSpec table;
    private int windows;
    private boolean allCut;
    private final Map<String, OpenShard> open = new LinkedHashMap<>();
    private long rows;
    private long bytes;
    private long shardsDone;
    private long retries;
    private Problem halted;
    private boolean confirmed;
    private boolean keysBuilt;

    /** A ledger of no table yet. */
    public static TableLedger empty() {
        return new TableLedger();
    }

    public static TableLedger of(StoredTable stored) {
        TableLedger ledger = new TableLedger();
        ledger.migration = stored.migration();
        ledger.table = stored.table();
        ledger.windows = stored.windows();
        ledger.allCut = stored.allCut();
        stored.open().forEach(shard -> ledger.open.put(shard.id(), shard));
        ledger.rows = stored.rows();
        ledger.bytes = stored.bytes();
        ledger.shardsDone = stored.shardsDone();
        ledger.retries = stored.retries();
        ledger.halted = stored.halted();
        ledger.confirmed = stored.confirmed();
        ledger.keysBuilt = stored.keysBuilt();
        return ledger;
    }

    public StoredTable stored() {
        return new StoredTable(
                migration,
                table,
                windows,
                allCut,
                List.copyOf(open.values()),
                rows,
                bytes,
                shardsDone,
                retries,
                halted,
                confirmed,
                keysBuilt);
    }

    /** Takes an event in and returns this ledger. */
    public TableLedger apply(TableEvent event) {
        if (event instanceof TableOpened e) {
            migration = e.migration();
            table = e.table();
        } else if (event instanceof WindowCut e) {
            if (e.window().equals(Integer.toString(windows)) && !allCut) {
                windows++;
                allCut = e.last();
                addPieces(e.window(), e.shards());
            }
        } else if (event instanceof ShardStarted e) {
            open.computeIfPresent(
                    e.shard(),
                    (id, s) -> new OpenShard(id, e.worker(), e.node(), e.attempt(), s.failures(), s.lastProblem()));
        } else if (event instanceof ShardLanded e) {
            if (open.remove(e.shard()) != null) {
                rows += e.rows();
                bytes += e.bytes();
                shardsDone++;
            }
        } else if (event instanceof ShardFailed e) {
            OpenShard tried = open.get(e.shard());
            if (tried != null && tried.node() != null && tried.attempts() == e.attempt()) {
                retries++;
                open.put(tried.id(), failed(tried, e.problem()));
            }
        } else if (event instanceof ShardsReleased e) {
            e.shards().forEach(this::release);
        } else if (event instanceof ShardRetired e) {
            if (open.remove(e.shard()) != null) {
                addPieces(e.shard(), e.pieces());
            }
        } else if (event instanceof ShardsReopened e) {
            if (landed() && !confirmed) {
                rows -= e.rows();
                bytes -= e.bytes();
                shardsDone -= e.shards().size();
                e.shards().forEach(id -> open.put(id, waiting(id)));
            }
        } else if (event instanceof TableHalted e) {
            halted = e.problem();
        } else if (event instanceof TableContinued) {
            halted = null;
            open.replaceAll((id, s) -> new OpenShard(id, s.worker(), s.node(), s.attempts(), 0, s.lastProblem()));
        } else if (event instanceof ClaimsConfirmed e) {
            if (landed()) {
                confirmed = true;
                rows = e.rows();
                bytes = e.bytes();
                shardsDone = e.shards();
            }
        } else if (event instanceof KeysBuilt) {
            keysBuilt = true;
        }
        return this;
    }

    private void addPieces(String window, int count) {
        for (int i = 0; i < count; i++) {
            String id = window + "." + i;
            open.put(id, waiting(id));
        }
    }

    private void release(String id) {
        open.computeIfPresent(id, (i, s) -> new OpenShard(i, null, null, s.attempts(), s.failures(), s.lastProblem()));
    }

    private static OpenShard failed(OpenShard shard, Problem problem) {
        return new OpenShard(shard.id(), null, null, shard.attempts(), shard.failures() + 1, problem);
    }

    private static OpenShard waiting(String id) {
        return new OpenShard(id, null, null, 0, 0, null);
    }

    public boolean opened() {
        return table != null;
    }

    public String migration() {
        return migration;
    }

    public TableSpec table() {
        return table;
    }

    /** How many windows were cut: the number of the next one. */
    public int windows() {
        return windows;
    }

    public boolean allCut() {
        return allCut;
    }

    /** The open shards in the order in which they are handed out. */
    public Collection<OpenShard> open() {
        return Collections.unmodifiableCollection(open.values());
    }

    public Optional<OpenShard> open(String id) {
        return Optional.ofNullable(open.get(id));
    }

    public long rows() {
        return rows;
    }

    public long bytes() {
        return bytes;
    }

    public long shardsDone() {
        return shardsDone;
    }

    public long retries() {
        return retries;
    }

    public Optional<Problem> halted() {
        return Optional.ofNullable(halted);
    }

    public boolean confirmed() {
        return confirmed;
    }

    public boolean keysBuilt() {
        return keysBuilt;
    }

    public int running() {
        return (int) open.values().stream().filter(s -> s.node() != null).count();
    }

    public int waiting() {
        return open.size() - running();
    }

    /** Whether every shard is reported as landed, so that the claims are to be compared. */
    public boolean landed() {
        return allCut && open.isEmpty();
    }

    public TableState state() {
        if (keysBuilt) {
            return TableState.COMPLETED;
        } else if (halted != null) {
            return TableState.PAUSED;
        } else if (confirmed) {
            return TableState.INDEXING;
        } else if (landed()) {
            return TableState.CONFIRMING;
        } else {
            return opened() ? TableState.COPYING : TableState.WAITING;
        }
    }
}
