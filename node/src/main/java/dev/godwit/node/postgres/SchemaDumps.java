package dev.godwit.node.postgres;

import dev.godwit.node.postgres.ArchiveSelection.Part;
import dev.godwit.node.postgres.MaterialisedViews.Refresh;
import dev.godwit.node.postgres.TableOfContents.Entry;
import dev.godwit.node.schema.Dumpable;
import dev.godwit.node.schema.SchemaDump;
import dev.godwit.node.schema.SchemaDump.ArchivedObject;
import dev.godwit.node.schema.SchemaDump.Chunk;
import dev.godwit.node.schema.SchemaPlan;
import dev.godwit.protocol.error.ErrorCode;
import dev.godwit.protocol.error.GodwitException;
import dev.godwit.protocol.error.Problem;
import dev.godwit.protocol.plan.Plan;
import dev.godwit.protocol.plan.PostgresAddress;
import java.sql.Connection;
import java.sql.SQLException;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.HashSet;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Set;

/** Takes a source's schema into an archive, with all that has to be known to restore it without asking the source. */
final class SchemaDumps {
    /** It is held in memory while it is taken and restored. */
    private static final int MOST_BYTES = 128 << 20;

    private static final String UNREADABLE = """
            SELECT format('%I.%I', n.nspname, c.relname) FROM pg_class c JOIN pg_namespace n ON n.oid = c.relnamespace
            WHERE c.relkind IN ('r', 'p') AND c.relpersistence <> 't'
              AND n.nspname !~ '^pg_' AND n.nspname <> 'information_schema'
              AND NOT EXISTS (SELECT FROM pg_depend d WHERE d.classid = 'pg_class'::regclass AND d.objid = c.oid
                AND d.deptype = 'e')
              AND NOT (has_schema_privilege(n.oid, 'USAGE') AND has_table_privilege(c.oid, 'SELECT'))
            ORDER BY 1""";

    private SchemaDumps() {}

    /** Why the node has no programs that fit; empty if it has. */
    static Optional<Problem> unfit(ClientProgramSearch search, int sourceMajor, int targetMajor, String where) {
        try {
            ClientPrograms.fitting(search, sourceMajor, targetMajor, where);
            return Optional.empty();
        } catch (GodwitException e) {
            return Optional.of(e.problem());
        }
    }

    /** Whether client programs can dump this database: they lock every table, also those that a plan excludes. */
    static Dumpable dumpable(Connection source, PostgresAddress address) throws SQLException {
        List<String> unreadable = new ArrayList<>();
        CatalogRows.all(source, UNREADABLE, row -> unreadable.add(row.getString(1)));
        List<Problem> obstacles = new ArrayList<>(LibpqAddress.obstacles(address));
        if (!unreadable.isEmpty()) {
            obstacles.add(
                    new Problem(
                            ErrorCode.SOURCE_PRIVILEGE_MISSING,
                            "pg_dump locks every table of the database, and the user may not read " + unreadable.size()
                                    + " of them: " + Amount.names(unreadable) + ".",
                            address.place(),
                            "Grant the source's user USAGE on these schemas and SELECT on these tables, or use schema: tables."));
        }
        return new Dumpable(source.getMetaData().getDatabaseMajorVersion(), obstacles);
    }

    static SchemaDump take(
            Connection source,
            ClientProgramSearch search,
            Plan plan,
            SchemaPlan schema,
            int targetMajor,
            int entriesAtOnce)
            throws SQLException {
        PostgresAddress address = plan.source().postgres();
        ClientPrograms programs = ClientPrograms.fitting(
                search, source.getMetaData().getDatabaseMajorVersion(), targetMajor, address.place());
        byte[] bytes = SchemaArchive.dump(programs, address, SchemaArchive.LONGEST, MOST_BYTES);
        try (SchemaArchive archive = SchemaArchive.open(programs, bytes)) {
            ArchiveObjects objects = ArchiveObjects.read(source, archive.contents());
            ArchiveSelection selection = new ArchiveSelection(archive.contents(), objects, plan, schema);
            List<Chunk> chunks = new ArrayList<>(chunks(selection, Part.BEFORE_ROWS, entriesAtOnce));
            chunks.addAll(chunks(selection, Part.AFTER_KEYS, entriesAtOnce));
            for (Refresh refresh : MaterialisedViews.refreshes(source, selection.materialisedViews())) {
                chunks.add(new Chunk(SchemaDump.Part.REFRESH, List.of(), refresh.statement()));
            }
            chunks.addAll(chunks(selection, Part.LAST, entriesAtOnce));
            return new SchemaDump(bytes, chunks, archived(objects), selection.notCarried());
        }
    }

    private static List<Chunk> chunks(ArchiveSelection selection, Part part, int entriesAtOnce) {
        return selection.chunks(part, entriesAtOnce).stream()
                .map(chunk -> new Chunk(
                        SchemaDump.Part.valueOf(part.name()),
                        chunk.entries().stream().map(Entry::id).toList(),
                        ""))
                .toList();
    }

    private static List<ArchivedObject> archived(ArchiveObjects objects) {
        List<ArchivedObject> archived = new ArrayList<>();
        objects.addresses()
                .forEach((entry, address) -> archived.add(new ArchivedObject(
                        entry,
                        address.type(),
                        address.names(),
                        address.arguments(),
                        objects.shown().contains(entry))));
        return archived;
    }

    /** What {@link #take} knew of the source when it took these. */
    static ArchiveObjects objects(List<ArchivedObject> archived) {
        Map<Integer, ObjectAddress> addresses = new HashMap<>();
        Set<Integer> shown = new HashSet<>();
        for (ArchivedObject object : archived) {
            addresses.put(object.entry(), new ObjectAddress(object.type(), object.names(), object.arguments()));
            if (object.shows()) {
                shown.add(object.entry());
            }
        }
        return new ArchiveObjects(addresses, Map.of(), shown, Map.of(), Map.of());
    }
}
