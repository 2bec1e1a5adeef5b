package dev.godwit.node.postgres;

import dev.godwit.node.schema.SchemaDump;
import dev.godwit.node.schema.SchemaDump.ArchivedObject;
import dev.godwit.node.schema.SchemaDump.Chunk;
import dev.godwit.node.schema.SchemaDump.Part;
import java.sql.Connection;
import java.sql.PreparedStatement;
import java.sql.ResultSet;
import java.sql.SQLException;
import java.util.ArrayList;
import java.util.List;

/**
 * A migration's archive, kept in the target from its beginning to its end: any node restores the rest of it, from the same
 * bytes. A chunk's mark may be missing where the chunk is there, which {@link ArchiveRestore} sees.
 */
final class ArchiveTable {
    private static final int AT_ONCE = 500;

    private ArchiveTable() {}

    /** @param place in the order in which they are restored; 0 and up */
    record Kept(int place, Chunk chunk) {}

    /** Keeps an archive in place of what is kept under the migration's name. */
    static void keep(Connection connection, String migration, int sourceMajor, SchemaDump dump) throws SQLException {
        forget(connection, migration);
        try (PreparedStatement statement = connection.prepareStatement(
                "INSERT INTO godwit.archive (migration, source_major, bytes) VALUES (?, ?, ?)")) {
            statement.setString(1, migration);
            statement.setInt(2, sourceMajor);
            statement.setBytes(3, dump.archive());
            statement.executeUpdate();
        }
        try (PreparedStatement statement = connection.prepareStatement("INSERT INTO godwit.archive_chunk"
                + " (migration, place, part, entries, statement) VALUES (?, ?, ?, ?, ?)")) {
            for (int place = 0; place < dump.chunks().size(); place++) {
                Chunk chunk = dump.chunks().get(place);
                statement.setString(1, migration);
                statement.setInt(2, place);
                statement.setString(3, chunk.part().name());
                statement.setArray(
                        4, connection.createArrayOf("int4", chunk.entries().toArray()));
                statement.setString(5, chunk.statement());
                statement.executeUpdate();
            }
        }
        objects(connection, migration, dump.objects());
    }

    private static void objects(Connection connection, String migration, List<ArchivedObject> objects)
            throws SQLException {
        try (PreparedStatement statement = connection.prepareStatement("INSERT INTO godwit.archive_object"
                + " (migration, entry, type, names, arguments, shows) VALUES (?, ?, ?, ?, ?, ?)")) {
            int waiting = 0;
            for (ArchivedObject object : objects) {
                statement.setString(1, migration);
                statement.setInt(2, object.entry());
                statement.setString(3, object.type());
                statement.setArray(
                        4, connection.createArrayOf("text", object.names().toArray()));
                statement.setArray(
                        5, connection.createArrayOf("text", object.arguments().toArray()));
                statement.setBoolean(6, object.shows());
                statement.addBatch();
                if (++waiting % AT_ONCE == 0) {
                    statement.executeBatch();
                }
            }
            statement.executeBatch();
        }
    }

    /** The archive may hold secrets, so it goes as soon as it is not needed. */
    static void forget(Connection connection, String migration) throws SQLException {
        for (String table : List.of("archive", "archive_chunk", "archive_object")) {
            try (PreparedStatement statement =
                    connection.prepareStatement("DELETE FROM godwit." + table + " WHERE migration = ?")) {
                statement.setString(1, migration);
                statement.executeUpdate();
            }
        }
    }

    /** Chunks of the part that have no mark, in order. */
    static List<Kept> unmarked(Connection connection, String migration, Part part) throws SQLException {
        List<Kept> chunks = new ArrayList<>();
        try (PreparedStatement statement =
                connection.prepareStatement("SELECT place, entries, statement FROM godwit.archive_chunk"
                        + " WHERE migration = ? AND part = ? AND made_at IS NULL ORDER BY place")) {
            statement.setString(1, migration);
            statement.setString(2, part.name());
            try (ResultSet row = statement.executeQuery()) {
                while (row.next()) {
                    List<Integer> entries =
                            List.of((Integer[]) row.getArray("entries").getArray());
                    chunks.add(new Kept(row.getInt("place"), new Chunk(part, entries, row.getString("statement"))));
                }
            }
        }
        return chunks;
    }

    static void mark(Connection connection, String migration, int place) throws SQLException {
        try (PreparedStatement statement = connection.prepareStatement(
                "UPDATE godwit.archive_chunk SET made_at = now() WHERE migration = ? AND place = ?")) {
            statement.setString(1, migration);
            statement.setInt(2, place);
            statement.executeUpdate();
        }
    }

    record Archive(int sourceMajor, byte[] bytes, List<ArchivedObject> objects) {}

    static Archive read(Connection connection, String migration) throws SQLException {
        List<ArchivedObject> objects = new ArrayList<>();
        try (PreparedStatement statement = connection.prepareStatement(
                "SELECT entry, type, names, arguments, shows FROM godwit.archive_object WHERE migration = ?")) {
            statement.setString(1, migration);
            try (ResultSet row = statement.executeQuery()) {
                while (row.next()) {
                    objects.add(new ArchivedObject(
                            row.getInt("entry"),
                            row.getString("type"),
                            CatalogRows.texts(row, "names"),
                            CatalogRows.texts(row, "arguments"),
                            row.getBoolean("shows")));
                }
            }
        }
        try (PreparedStatement statement =
                connection.prepareStatement("SELECT source_major, bytes FROM godwit.archive WHERE migration = ?")) {
            statement.setString(1, migration);
            try (ResultSet row = statement.executeQuery()) {
                return row.next()
                        ? new Archive(row.getInt(1), row.getBytes(2), objects)
                        : new Archive(0, new byte[0], objects);
            }
        }
    }
}
