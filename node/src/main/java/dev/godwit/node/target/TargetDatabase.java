package dev.godwit.node.target;

import dev.godwit.node.schema.Dumpable;
import dev.godwit.node.schema.NotCarried;
import dev.godwit.node.schema.SchemaObject;
import dev.godwit.node.schema.SchemaPlan;
import dev.godwit.node.source.SchemaSource;
import dev.godwit.node.source.SessionWaits;
import dev.godwit.protocol.error.Problem;
import dev.godwit.protocol.plan.Plan;
import dev.godwit.protocol.table.Shard;
import dev.godwit.protocol.table.TableName;
import dev.godwit.protocol.table.TableSpec;
import dev.godwit.protocol.table.Window;
import java.util.Collection;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.concurrent.Future;
import java.util.function.Function;
import java.util.function.Supplier;

/**
 * A target database as one node sees it. Every call blocks and may be made from any thread; all throw
 * {@link dev.godwit.protocol.error.GodwitException} with a code of category TARGET. Closing it ends its sessions.
 */
public interface TargetDatabase extends AutoCloseable {
    String identity();

    /** Everything about the target that would keep these tables from landing. Writes nothing. */
    List<Problem> check(Plan plan, List<TableSpec> tables);

    /** Whether a dumped schema can be restored into it. */
    Dumpable restorable();

    /**
     * Whether the target can take the source's schema (modes {@code dump} and {@code tables}), beside what
     * {@link #check} says of these tables. Writes nothing.
     */
    Acceptance accepts(Plan plan, List<TableSpec> tables, SchemaPlan source);

    /**
     * @param problems why rows could not land, or what could not be made later
     * @param leftOut what the source has and the target will not have
     */
    record Acceptance(List<Problem> problems, List<NotCarried> leftOut) {}

    /**
     * Enters the migration in the target, first writer wins, and makes Godwit's own tables there.
     *
     * @return the entry that is there now: equal to {@code entry} if nobody else was first
     */
    MigrationEntry enter(MigrationEntry entry);

    /** The migration's entry, if there is one. */
    Optional<MigrationEntry> entry(String migration);

    /**
     * Makes whatever rows need (modes {@code dump} and {@code tables}); then proves that each table is there, has the columns, and holds no
     * row that this migration has not claimed. For consistency {@code online} the indexes by which changes find their rows
     * are made too (mode {@code existing}: have to be there), and no other unique ones. Repeating it changes nothing.
     *
     * @param source what the source has; asked for where the target does not keep it yet, or where types are not built in
     * @throws dev.godwit.protocol.error.GodwitException with TARGET_NOT_EMPTY among others; where there are several
     *     problems, with the code of the first and the words of all
     */
    void prepare(Plan plan, List<TableSpec> tables, SchemaSource source);

    /**
     * Keeps a window of shards, first writer wins.
     *
     * @return the window of that name that is there now
     * @throws dev.godwit.protocol.error.GodwitException with SOURCE_TABLE_CHANGED where that one was cut by another key,
     *     or of another file of the table, than this planning of the table knows: its ranges would mean other rows
     */
    Window keep(String migration, TableSpec table, Window window);

    Optional<Window> window(String migration, TableName table, String name);

    /** The claims of these shards that are there; at most 10,000 ids a call. */
    Map<String, Claim> claims(String migration, TableName table, Collection<String> shards);

    /**
     * Writes the claim of a shard as retired and keeps its pieces as a window of its id, in one transaction.
     *
     * @return what the target says now: retired with the pieces that are kept there, or copied if somebody landed it
     */
    Retirement retire(
            String migration, TableName table, Shard shard, List<dev.godwit.protocol.table.ShardRange> pieces);

    /**
     * Starts to land a shard: opens a transaction and inserts the claim, waiting for whoever holds it, and ending a
     * holder that is not of a live worker of this cluster.
     */
    Landing land(ShardOrder order);

    /**
     * Starts to land small tables whole, all in one transaction: keeps their windows and inserts their claims. Who waits for
     * one of the claims finds this session as it finds that of a shard.
     *
     * @throws dev.godwit.protocol.error.GodwitException with TIMED_OUT if somebody else is landing one of them now
     */
    BundleLanding land(BundleOrder order);

    /**
     * Runs work that has a session of the target already, such as the end of a {@link BundleLanding}: beside the caller
     * where the budget of sessions has one more to give now, else before this returns.
     *
     * @return its end; cancelled if the target is closed meanwhile
     */
    <T> Future<T> beside(Supplier<T> work);

    /**
     * Compares the windows with the claims and flushes what is committed to disk. To be called once all shards are
     * reported as landed; several calls are harmless.
     *
     * @throws dev.godwit.protocol.error.GodwitException with TARGET_FAILED where a window itself is missing: which
     *     shards it had is not known, so it can't be answered as missing shards
     */
    Confirmation confirm(String migration, TableName table);

    /**
     * Makes what belongs to the table alone and comes after its rows: indexes, keys, checks, statistics (nothing in mode
     * {@code existing}). Repeating it changes nothing, and after a crash it goes on where it was.
     *
     * @throws dev.godwit.protocol.error.GodwitException with TARGET_KEY_NOT_UNIQUE among others, without the rows' values
     */
    void finish(Plan plan, TableSpec table);

    /**
     * Makes what comes after all tables: foreign keys, partitioned tables' indexes, positions of sequences; in mode {@code dump} also triggers,
     * rules and so on (nothing in mode {@code existing}). Repeating it changes nothing, and after a crash it goes on where it was.
     *
     * @param positions where sequences stand at the source now, by name
     * @return what was made in this call and does not hold, such as a foreign key with orphans
     */
    List<Problem> finish(Plan plan, Function<Collection<TableName>, Map<TableName, SchemaObject>> positions);

    /**
     * Sets sequences to where they stand at the source now, never back (nothing in mode {@code existing}).
     *
     * @param positions as with {@link #finish(Plan, Function)}
     */
    void carryPositions(Plan plan, Function<Collection<TableName>, Map<TableName, SchemaObject>> positions);

    /**
     * What is claimed under {@code migration} by anybody.
     *
     * @param exported name of an export of the one snapshot; empty if there is none
     * @param snapshot its text, since a source that was restarted gives out the same names again; empty if there is none
     */
    record MigrationEntry(
            String migration,
            String planDigest,
            String sourceIdentity,
            String cluster,
            String exported,
            String snapshot) {}

    /** The claim of a shard. */
    record Claim(String shard, boolean retired, long rows, long bytes, String node) {}

    /** Outcome of {@link #retire}. */
    sealed interface Retirement {
        record Retired(Window pieces) implements Retirement {}

        record Copied(Claim claim) implements Retirement {}
    }

    /**
     * What a worker is to land.
     *
     * @param cluster id of this cluster, to tell its own dead workers from another cluster's live ones
     * @param join how its snapshot meets the stream of changes; empty where there is none
     */
    record ShardOrder(
            String migration,
            TableSpec table,
            Shard shard,
            String cluster,
            String node,
            String snapshot,
            Optional<Join> join) {}

    /**
     * @param epoch of the takeover ({@link ChangeTarget#takeOver}) under which the shard was announced: under a later one it
     *     does not land, and fails with CAPTURE_TAKEN_OVER
     * @param lsn as {@link dev.godwit.node.source.RangeReader#lsn}
     */
    record Join(long epoch, long lsn) {}

    /** Which small tables a worker is to land together. */
    record BundleOrder(String migration, List<TableSpec> tables, String cluster, String node, String snapshot) {}

    /** Outcome of {@link #land(ShardOrder)}. */
    sealed interface Landing {
        /** The claim is inserted and not committed: write now. */
        record Open(LandingSession session) implements Landing {}

        /** Somebody has landed it. */
        record AlreadyThere(Claim claim) implements Landing {}

        /** Somebody has retired it; these are its pieces. */
        record Retired(Window pieces) implements Landing {}
    }

    /**
     * @param missing ids of shards that are in a window and have no claim, at most 10,000 of them; empty if all have
     * @param rows sum over the copied claims
     * @param bytes sum over the copied claims
     * @param shards number of copied claims
     */
    record Confirmation(List<String> missing, long rows, long bytes, long shards) {}

    /** Where the changes of a migration are applied, for consistency {@code online}. */
    ChangeTarget follow(Plan plan);

    /** What the sessions do now through which this node lands shards. */
    SessionWaits waits();

    /** Most sessions at once from now on; 2 or more. */
    void limit(int sessions);

    @Override
    void close();
}
