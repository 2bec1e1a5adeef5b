package dev.godwit.node.source;

import dev.godwit.node.schema.Dumpable;
import dev.godwit.node.schema.SchemaDump;
import dev.godwit.node.schema.SchemaObject;
import dev.godwit.node.schema.SchemaPlan;
import dev.godwit.protocol.error.Problem;
import dev.godwit.protocol.plan.Plan;
import dev.godwit.protocol.table.ShardRange;
import dev.godwit.protocol.table.TableName;
import dev.godwit.protocol.table.TableSpec;
import java.util.Collection;
import java.util.List;
import java.util.Map;
import java.util.Optional;

/**
 * A source database as one node sees it. Every call blocks and may be made from any thread; all throw
 * {@link dev.godwit.protocol.error.GodwitException} with a code of category SOURCE. Closing it ends its sessions.
 */
public interface SourceDatabase extends AutoCloseable {
    /** System identifier and database: the same for every session, different for every other database. */
    String identity();

    /** Everything about the source that would keep the plan from working: settings, privileges, kinds of tables. */
    List<Problem> check(Plan plan);

    /** The tables that the plan's patterns name, the biggest first. */
    List<TableSpec> tables(Plan plan);

    /** All that the plan's tables are made of, and what of the plan's patterns is not carried, as the catalogs say now. */
    SchemaPlan schema(Plan plan);

    /** Whether its schema can be dumped: version, and what this user may not read. */
    Dumpable dumpable();

    /** The whole schema as an archive of the source's own programs, as {@link SchemaSource#dump} tells. */
    SchemaDump dump(Plan plan, SchemaPlan schema, int targetMajor, int entriesAtOnce);

    /** Where these sequences stand now; one that is gone, or that the user may not read, is not among it. */
    Map<TableName, SchemaObject> positions(Collection<TableName> sequences);

    /**
     * Keys of the table with the bytes of their rows, in the source's order of keys, by sampling blocks.
     *
     * @param wanted about how many; 1 or more. All rows are taken where the table has no more
     */
    List<KeySample> sample(TableSpec table, int wanted);

    /**
     * Keys within a range, by reading the range's part of the table; for ranges that are cut again.
     *
     * @param within a range of kind Keys
     * @param wanted about how many; 1 or more
     */
    List<KeySample> sample(TableSpec table, ShardRange.Keys within, int wanted);

    /** How many blocks the table's main file has now. */
    long blocks(TableName table);

    /**
     * Starts to read a range: a transaction of its own with its own snapshot, or with the imported one.
     *
     * @param snapshot name of an exported snapshot
     */
    RangeReader read(TableSpec table, ShardRange range, Optional<String> snapshot);

    /**
     * Starts to read whole tables in one transaction. All of them are locked against being altered.
     *
     * @param tables at most some hundred: each costs the source a lock until the end
     * @param snapshot name of an exported snapshot
     */
    BundleReader readBundle(List<TableSpec> tables, Optional<String> snapshot);

    /** Takes a snapshot, holds it and exports it. */
    HeldSnapshot hold();

    /**
     * Imports a snapshot, holds it and exports it again.
     *
     * @param exported name of somebody's export
     * @throws dev.godwit.protocol.error.GodwitException with SNAPSHOT_LOST if nobody holds that export any more; any
     *     other code leaves open whether somebody does
     */
    HeldSnapshot hold(String exported);

    /**
     * Lets the source write its log to disk up to now, by a transaction that changes nothing: a server that rests keeps the
     * end of its log in memory for some seconds.
     */
    void flushLog();

    /** Change capture of a migration, for consistency {@code online}. */
    ChangeSource capture(Plan plan);

    /** What the sessions do now through which this node reads. */
    SessionWaits waits();

    /** Most sessions for reads and questions at once from now on; held snapshots come on top. 2 or more. */
    void limit(int sessions);

    @Override
    void close();
}
