package dev.godwit.node.postgres;

import dev.godwit.node.source.BundleReader;
import dev.godwit.protocol.error.GodwitException;
import dev.godwit.protocol.table.TableSpec;
import java.sql.PreparedStatement;
import java.sql.ResultSet;
import java.sql.SQLException;
import java.sql.Statement;
import java.util.Arrays;
import java.util.List;
import java.util.Optional;
import java.util.stream.Collectors;
import org.postgresql.jdbc.PgConnection;

/**
 * Reads small tables one after the other in a read-only transaction of one snapshot. What is small on disk may hold rows
 * that are not, since values are stored compressed: so no row stands in memory whole.
 */
final class PostgresBundleReader implements BundleReader {
    /** Most of these tables are one piece. */
    static final int PIECE_BYTES = 64 << 10;

    private final ReadSession session;
    private final CopyPieces pieces;
    private final byte[] buffer = new byte[PIECE_BYTES];

    /** The table that is read. */
    private String where = "";

    private PostgresBundleReader(ReadSession session) {
        this.session = session;
        this.pieces = new CopyPieces(session.connection());
    }

    /**
     * Begins the transaction and locks the tables.
     *
     * @throws GodwitException with SNAPSHOT_NOT_READY where the exported snapshot is not there, SOURCE_TABLE_CHANGED where a
     *     table's file is another one and the snapshot does not bear that, or as {@link PostgresErrors} says
     */
    static PostgresBundleReader start(
            PostgresConnections connections, List<TableSpec> tables, Optional<String> imported) {
        String where = tables.size() + " small tables from "
                + Sql.printable(tables.get(0).name().text());
        return ReadSession.begin(connections, imported, where, session -> {
            lock(session.connection(), tables);
            if (imported.isPresent()) {
                compareFiles(session.connection(), tables);
            }
            return new PostgresBundleReader(session);
        });
    }

    private static void lock(PgConnection session, List<TableSpec> tables) throws SQLException {
        String names = tables.stream()
                .map(table -> "ONLY " + Sql.table(table.name()))
                .collect(Collectors.joining(", ", "LOCK TABLE ", " IN ACCESS SHARE MODE"));
        try (Statement statement = session.createStatement()) {
            // Who holds a lock against readers for longer is altering a table; it is tried again, in the end alone.
            statement.execute(SourceTransaction.LOCK_PATIENCE + ";" + names);
        }
    }

    /** An older snapshot sees a table as empty that was truncated since, and as rewritten what was altered since. */
    private static void compareFiles(PgConnection session, List<TableSpec> tables) throws SQLException {
        String sql = "SELECT name FROM unnest(?::text[], ?::bigint[]) t(name, file)"
                + " WHERE pg_relation_filenode(name::regclass)::bigint IS DISTINCT FROM file LIMIT 1";
        try (PreparedStatement statement = session.prepareStatement(sql)) {
            statement.setArray(
                    1,
                    session.createArrayOf(
                            "text",
                            tables.stream().map(t -> Sql.table(t.name())).toArray()));
            statement.setArray(
                    2,
                    session.createArrayOf(
                            "int8", tables.stream().map(TableSpec::fileNode).toArray()));
            try (ResultSet row = statement.executeQuery()) {
                if (row.next()) {
                    throw SourceTransaction.anotherFile(Sql.printable(row.getString(1)));
                }
            }
        }
    }

    @Override
    public String snapshot() {
        return session.snapshot();
    }

    @Override
    public void begin(TableSpec table) {
        if (pieces.running()) {
            throw new IllegalStateException("the table before is not read to its end");
        }
        where = Sql.printable(table.name().text());
        session.reading(where, () -> {
            pieces.begin(CopyReader.copySql(table));
            return table;
        });
    }

    @Override
    public Optional<byte[]> next() {
        int count = session.reading(where, () -> pieces.read(buffer));
        return count < 0 ? Optional.empty() : Optional.of(Arrays.copyOf(buffer, count));
    }

    @Override
    public long rows() {
        if (pieces.rows() < 0) {
            throw new IllegalStateException("rows are known at the end");
        }
        return pieces.rows();
    }

    @Override
    public void cancel() {
        session.cancel();
    }

    @Override
    public void close() {
        session.close(!pieces.running());
    }
}
