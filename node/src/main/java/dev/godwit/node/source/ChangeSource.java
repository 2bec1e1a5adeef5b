package dev.godwit.node.source;

import dev.godwit.protocol.error.ErrorCode;
import dev.godwit.protocol.error.GodwitException;
import dev.godwit.protocol.event.CaptureSlot;
import dev.godwit.protocol.table.TableName;
import dev.godwit.protocol.table.TableSpec;
import java.time.Duration;
import java.util.List;
import java.util.Map;
import java.util.Optional;

/**
 * Change capture of one migration at the source: its publication and its replication slot, both named after the migration.
 * Calls block and may be made from any thread.
 */
public interface ChangeSource {
    /**
     * Makes the publication of exactly these tables, then the slot, and waits until every transaction has ended that may
     * have committed before the slot's first position without being visible yet. Repeating it changes nothing: a slot
     * that is there stays as it is.
     *
     * @param known the slot as it was made first; empty if the migration has none yet
     * @throws dev.godwit.protocol.error.GodwitException with SOURCE_SLOT_LOST where {@code known} is not there any more, or
     *     is of another system or timeline; SOURCE_BUSY_TRANSACTIONS, to be tried again, while transactions hold it up
     */
    CaptureSlot prepare(List<TableSpec> tables, Optional<CaptureSlot> known);

    /**
     * Reads the slot from where it was acknowledged last. One reader at a time has it.
     *
     * @throws dev.godwit.protocol.error.GodwitException with SOURCE_SLOT_LOST as {@link #prepare}; SOURCE_SLOT_BUSY where
     *     another session reads it
     */
    ChangeStream open(CaptureSlot slot);

    /** {@code pg_current_snapshot()} of now, and a WAL position that was inserted before or with it. */
    Moment moment();

    /** Writes a transaction into the source's log that changes nothing: the stream tells of its commit. */
    void beat();

    /** How the slot does; empty if it is not there. */
    Optional<SlotHealth> health();

    /** The name that the table of this oid has now; empty if there is none. */
    Optional<TableName> nameOf(long oid);

    /** Those of these tables that are not as they are known. */
    Map<TableName, Alteration> altered(List<TableSpec> known);

    /**
     * The row of this key as it is now.
     *
     * @throws dev.godwit.protocol.error.GodwitException with SOURCE_TABLE_CHANGED where the table has other columns
     * @param key the key's values as text, in the order of {@link TableSpec#keyColumns}
     * @return values in the order of the table's columns
     */
    RowNow row(TableSpec table, List<String> key);

    /** Drops the slot and the publication, if they are there. Only a person's word may lead here. */
    void drop();

    /**
     * @param snapshot text of a snapshot
     * @param lsn {@code pg_current_wal_insert_lsn()}, asked for after the snapshot was taken: whatever it sees committed
     *     before that
     */
    record Moment(String snapshot, long lsn) {}

    /**
     * @param values texts in the order of the table's columns, NULL as null; empty if there is no such row
     * @param moment of the snapshot in which it was read
     */
    record RowNow(Optional<List<String>> values, Moment moment) {}

    /**
     * @param active whether somebody reads it now
     * @param walStatus {@code reserved}, {@code extended}, {@code unreserved} or {@code lost}; empty before version 13
     * @param retainedBytes how much WAL is kept for it
     * @param safeBytes how much may still be written before it is lost; -1: no limit, or not known
     * @param confirmedLsn up to where it was acknowledged
     * @param atMicros when that was asked for by the source's clock, microseconds since 1970
     * @param flushedLsn up to where the source's log was on its disk then, or a moment later
     */
    record SlotHealth(
            boolean active,
            String walStatus,
            long retainedBytes,
            long safeBytes,
            long confirmedLsn,
            long atMicros,
            long flushedLsn) {}

    /** What is thrown where new snapshots do not see what the stream has sent already. */
    static GodwitException tooEarly(Duration waited, String where) {
        return new GodwitException(
                ErrorCode.SOURCE_SNAPSHOT_TOO_EARLY,
                "Commits that the source has sent already are not visible after " + waited.toSeconds() + " s.",
                where,
                "Look for commits that wait for a synchronous standby.");
    }
}
