package dev.godwit.node.postgres;

import dev.godwit.node.postgres.ArchiveTable.Archive;
import dev.godwit.node.postgres.ArchiveTable.Kept;
import dev.godwit.node.postgres.SchemaArchive.Keep;
import dev.godwit.node.schema.SchemaDump.Part;
import dev.godwit.protocol.plan.Plan;
import dev.godwit.protocol.plan.PostgresAddress;
import dev.godwit.protocol.table.TableSpec;
import java.sql.Connection;
import java.sql.SQLException;
import java.sql.Statement;
import java.util.ArrayList;
import java.util.EnumSet;
import java.util.List;
import java.util.Objects;
import java.util.Set;

/**
 * Restores a migration's archive in mode {@code dump}: what comes before the rows, and what comes after indexes and keys.
 * Owners and grants are restored where the plan says so. Repeatable, also by several nodes at once.
 */
final class ArchiveBuild {
    private final TargetSessions sessions;
    private final PostgresAddress address;
    private final ClientProgramSearch programs;

    ArchiveBuild(TargetSessions sessions, PostgresAddress address, ClientProgramSearch programs) {
        this.sessions = sessions;
        this.programs = programs;
        this.address = address;
    }

    void beforeRows(Plan plan, List<TableSpec> tables) {
        restore(plan, Part.BEFORE_ROWS);
        sessions.durably(address.place(), TargetSessions.LONG, connection -> {
            makeLogged(connection, tables);
            return null;
        });
    }

    /** Materialised views are filled from rows and by functions, and event triggers are to fire for nothing of ours. */
    void atTheEnd(Plan plan) {
        String migration = plan.name();
        restore(plan, Part.AFTER_KEYS);
        unmarked(migration, Part.REFRESH).forEach(kept -> refresh(migration, kept));
        restore(plan, Part.LAST);
        sessions.durably(address.place(), TargetSessions.SHORT, connection -> {
            ArchiveTable.forget(connection, migration);
            return null;
        });
    }

    private List<Kept> unmarked(String migration, Part part) {
        return sessions.reading(address.place(), connection -> ArchiveTable.unmarked(connection, migration, part));
    }

    /** Tablespaces are the target's own. */
    private static Set<Keep> kept(Plan plan) {
        Set<Keep> kept = EnumSet.noneOf(Keep.class);
        if (plan.owners()) {
            kept.add(Keep.OWNERS);
        }
        if (plan.grants()) {
            kept.add(Keep.PRIVILEGES);
        }
        return kept;
    }

    private void restore(Plan plan, Part part) {
        String migration = plan.name();
        List<Kept> open = unmarked(migration, part);
        if (open.isEmpty()) {
            return;
        }
        Archive kept = sessions.reading(address.place(), connection -> ArchiveTable.read(connection, migration));
        int targetMajor = sessions.reading(
                address.place(), connection -> connection.getMetaData().getDatabaseMajorVersion());
        ClientPrograms fitting = ClientPrograms.fitting(programs, kept.sourceMajor(), targetMajor, address.place());
        try (SchemaArchive archive = SchemaArchive.open(fitting, kept.bytes())) {
            ArchiveRestore restore =
                    new ArchiveRestore(archive, SchemaDumps.objects(kept.objects()), address, sessions, kept(plan));
            for (Kept next : open) {
                restore.restore(chunk(archive, next), SchemaArchive.LONGEST);
                sessions.durably(address.place(), TargetSessions.SHORT, connection -> {
                    ArchiveTable.mark(connection, migration, next.place());
                    return null;
                });
            }
        }
    }

    private static ArchiveSelection.Chunk chunk(SchemaArchive archive, Kept kept) {
        return new ArchiveSelection.Chunk(
                kept.chunk().part() + " " + kept.place(),
                ArchiveSelection.Part.valueOf(kept.chunk().part().name()),
                kept.chunk().entries().stream()
                        .map(archive.contents().entries()::get)
                        .filter(Objects::nonNull)
                        .toList());
    }

    private void refresh(String migration, Kept kept) {
        sessions.durably(address.place(), TargetSessions.UNBOUNDED, connection -> {
            try (Statement statement = connection.createStatement()) {
                statement.execute(kept.chunk().statement());
            }
            ArchiveTable.mark(connection, migration, kept.place());
            return null;
        });
    }

    /** A claim would outlive the rows of an unlogged table. They become unlogged again at the end. */
    private static void makeLogged(Connection connection, List<TableSpec> tables) throws SQLException {
        String sql = "SELECT format('%I.%I', n.nspname, c.relname) FROM unnest(?::text[], ?::text[]) w(schema, name)"
                + " JOIN pg_namespace n ON n.nspname = w.schema JOIN pg_class c ON c.relnamespace = n.oid"
                + " AND c.relname = w.name WHERE c.relpersistence = 'u' AND c.relkind = 'r'";
        List<String> unlogged = new ArrayList<>();
        CatalogRows.named(
                connection, sql, tables.stream().map(TableSpec::name).toList(), row -> unlogged.add(row.getString(1)));
        for (String table : unlogged) {
            try (Statement statement = connection.createStatement()) {
                statement.execute("ALTER TABLE " + table + " SET LOGGED");
            }
        }
    }
}
