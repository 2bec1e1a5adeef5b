package dev.godwit.node.postgres;

import dev.godwit.node.postgres.ArchiveSelection.Chunk;
import dev.godwit.node.postgres.SchemaArchive.Keep;
import dev.godwit.node.postgres.TableOfContents.Entry;
import dev.godwit.protocol.error.ErrorCode;
import dev.godwit.protocol.error.GodwitException;
import dev.godwit.protocol.plan.PostgresAddress;
import java.sql.Connection;
import java.sql.ResultSet;
import java.sql.SQLException;
import java.sql.Statement;
import java.time.Duration;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.HashSet;
import java.util.List;
import java.util.Map;
import java.util.Set;

/**
 * Restores chunks of an archive into a target, each once, through crashes at any instant.
 *
 * <p><b>Why that holds.</b> {@code pg_restore} can't write a mark of ours in its transaction, so a mark of the caller's
 * may be missing for a chunk that is there. But a chunk is one transaction: all of it is there or nothing. So the
 * catalogs of the target tell. A chunk's <i>witnesses</i> are those entries that make an object which can't be there
 * before, in the source's catalogs as {@code pg_identify_object_as_address} names it, which is the same on both sides:
 *
 * <ul>
 *   <li>all witnesses are there: the chunk was restored;
 *   <li>none is: it was not, and is restored now;
 *   <li>some are: somebody else made them; TARGET_OBJECT_DIFFERS names one, and nothing is touched.
 * </ul>
 *
 * <p>A chunk without witnesses holds only what may be restored again: comments, grants, owners of sequences and the
 * like. Schemas and extensions are no witnesses, since a target may have them before: those that are there are left out.
 * What is made without being a witness or repeatable, such as a user mapping, is in a chunk with a witness.
 *
 * <p>Somebody else's objects are taken for restored ones where all witnesses of a chunk are there by name. So the target
 * is looked at before the first chunk, not by this class.
 *
 * <p>A program whose node was killed may still commit its chunk, later than the catalogs were read. It runs one chunk
 * and no other, and whoever restores that chunk at the same time waits for its transaction and then fails with what is
 * there already. So after every failure, and where it is not known whether COMMIT came through, the catalogs are read
 * again, and the chunk that is there is done. Nothing needs to be locked against others that restore the same archive.
 *
 * <p>The target's catalogs are read once for all chunks, and after failures: linear in the number of objects. Not
 * thread-safe.
 */
final class ArchiveRestore {
    /** Locks that one entry may need: of a table, its TOAST table, the index of that, its sequence; of a view its tables. */
    private static final int LOCKS_FOR_EACH = 16;

    private static final int FEWEST_AT_ONCE = 50;
    private static final int MOST_AT_ONCE = 5_000;

    private final SchemaArchive archive;
    private final ArchiveObjects objects;
    private final PostgresAddress target;
    private final TargetSessions sessions;
    private final Set<Keep> keep;
    private final Map<String, Set<ObjectAddress>> there = new HashMap<>();

    /** @param sessions of the same target */
    ArchiveRestore(
            SchemaArchive archive,
            ArchiveObjects objects,
            PostgresAddress target,
            TargetSessions sessions,
            Set<Keep> keep) {
        this.archive = archive;
        this.objects = objects;
        this.target = target;
        this.sessions = sessions;
        this.keep = Set.copyOf(keep);
    }

    /** How many entries fit into a transaction without using up the target's lock table; 50 to 5,000, by default 400. */
    static int entriesAtOnce(Connection target) throws SQLException {
        String sql =
                "SELECT current_setting('max_locks_per_transaction')::bigint * (current_setting('max_connections')::int"
                        + " + current_setting('max_prepared_transactions')::int)";
        try (Statement statement = target.createStatement();
                ResultSet row = statement.executeQuery(sql)) {
            row.next();
            return (int) Math.max(FEWEST_AT_ONCE, Math.min(MOST_AT_ONCE, row.getLong(1) / LOCKS_FOR_EACH));
        }
    }

    /**
     * Restores the chunk unless it is there. Chunks are restored in their order, one after the other.
     *
     * @param limit longest time
     * @return whether it was restored now
     * @throws GodwitException with TARGET_OBJECT_DIFFERS where the target has a part of it that another one made, or as
     *     {@link SchemaArchive#restore} says; calling it again is safe
     */
    boolean restore(Chunk chunk, Duration limit) {
        if (isThere(chunk)) {
            return false;
        }
        List<Entry> entries = missing(chunk);
        if (entries.isEmpty()) {
            return false;
        }
        try {
            archive.restore(entries, target, keep, limit);
        } catch (GodwitException e) {
            if (Thread.currentThread().isInterrupted()) {
                throw e;
            }
            there.clear();
            if (witnesses(chunk).isEmpty() || !isThere(chunk)) {
                throw e;
            }
        }
        entries.stream()
                .filter(this::hasAddress)
                .forEach(entry -> there.computeIfAbsent(where(entry), catalog -> new HashSet<>())
                        .add(objects.addresses().get(entry.id())));
        return true;
    }

    /**
     * Whether the target has the chunk; false for one without witnesses.
     *
     * @throws GodwitException with TARGET_OBJECT_DIFFERS where it has a part of it
     */
    boolean isThere(Chunk chunk) {
        Map<Boolean, List<Entry>> witnesses = new HashMap<>();
        read(chunk.entries());
        for (Entry entry : witnesses(chunk)) {
            witnesses.computeIfAbsent(isThere(entry), key -> new ArrayList<>()).add(entry);
        }
        List<Entry> found = witnesses.getOrDefault(true, List.of());
        List<Entry> lacking = witnesses.getOrDefault(false, List.of());
        if (!found.isEmpty() && !lacking.isEmpty()) {
            throw new GodwitException(
                    ErrorCode.TARGET_OBJECT_DIFFERS,
                    "The target has " + found.size() + " of the objects that are restored together, and lacks "
                            + lacking.size() + ", for example " + text(lacking.get(0))
                            + "; so something else made them.",
                    text(found.get(0)),
                    "Drop or rename those that are there, or use an empty target; then resume.");
        }
        return !found.isEmpty();
    }

    private List<Entry> witnesses(Chunk chunk) {
        return chunk.entries().stream().filter(objects::isWitness).toList();
    }

    /** Without schemas and extensions that are there, and comments on them: these need their owner. */
    private List<Entry> missing(Chunk chunk) {
        Set<Integer> before = new HashSet<>();
        chunk.entries().stream()
                .filter(entry -> entry.kind().mayBeThere() && isThere(entry))
                .forEach(entry -> before.add(entry.id()));
        return chunk.entries().stream()
                .filter(entry -> !before.contains(entry.id()))
                .filter(entry -> entry.kind() != ArchiveKind.COMMENT
                        || entry.dependsOn().stream().noneMatch(before::contains))
                .toList();
    }

    private boolean isThere(Entry entry) {
        return hasAddress(entry)
                && there.get(where(entry)).contains(objects.addresses().get(entry.id()));
    }

    private boolean hasAddress(Entry entry) {
        return objects.addresses().containsKey(entry.id());
    }

    private String text(Entry entry) {
        return objects.addresses().get(entry.id()).text();
    }

    /** Attachments of partitions are in no catalog that entries tell. */
    private static String where(Entry entry) {
        return entry.kind() == ArchiveKind.TABLE_ATTACH
                ? "pg_inherits"
                : entry.hasCatalog() ? entry.kind().catalog() : "";
    }

    private void read(List<Entry> entries) {
        Set<String> catalogs = new HashSet<>();
        entries.forEach(entry -> catalogs.add(where(entry)));
        catalogs.remove("");
        catalogs.removeAll(there.keySet());
        for (String catalog : catalogs) {
            Set<ObjectAddress> found = switch (catalog) {
                case "pg_inherits" -> sessions.reading(target.place(), ObjectAddress::allAttached);
                default -> sessions.reading(target.place(), connection -> ObjectAddress.all(connection, catalog));
            };
            there.put(catalog, found);
        }
    }
}
