package dev.godwit.node.target;

import dev.godwit.node.target.TargetDatabase.Claim;
import dev.godwit.protocol.plan.Plan;
import dev.godwit.protocol.table.TableName;
import dev.godwit.protocol.table.TableSpec;
import java.util.List;
import java.util.Map;

/**
 * The transaction in which small tables land together, each whole, with a window of one shard and a claim of its own.
 * Not thread-safe, except {@link #cancel()}. Closing it before {@link #commit} rolls back.
 */
public interface BundleLanding extends AutoCloseable {
    /** Those that this transaction has claimed: their rows are to be written now, one table after the other. */
    List<TableSpec> claimed();

    /** Claims of those that somebody has landed before. */
    Map<TableName, Claim> there();

    /** Those that are cut or claimed in another way, and can't land whole. */
    List<TableName> apart();

    /** Begins to write a table's rows. */
    void begin(TableSpec table);

    /** Passes on bytes of the table in COPY's format. Blocks while the target does not take them. */
    void write(byte[] bytes);

    /**
     * Ends the table that was begun last.
     *
     * @param rows rows that the source counted; as many must have been taken
     * @param bytes bytes that travelled
     * @param digest of the bytes in passing, for example {@code crc32c:1a2b3c4d}
     */
    void end(long rows, long bytes, String digest);

    /**
     * Makes what belongs to the tables alone and comes after their rows, of those that are claimed and those that are there:
     * indexes, keys, checks, statistics. To be called once all rows are written, and not in mode {@code existing}. Where it
     * fails, nothing is said about which table's object that was: {@link TargetDatabase#finish(Plan, TableSpec)} will.
     *
     * @throws dev.godwit.protocol.error.GodwitException with TARGET_KEY_NOT_UNIQUE among others, without the rows' values
     */
    void finish();

    /**
     * Completes the claims, notes that the tables are confirmed, and commits; returns once that is on the target's disk.
     *
     * @throws dev.godwit.protocol.error.GodwitException with TARGET_UNREACHABLE also where nobody knows what became of it:
     *     the claims tell the next one who tries
     */
    void commit();

    /** Ends the session from another thread: a blocked call fails soon. */
    void cancel();

    @Override
    void close();
}
