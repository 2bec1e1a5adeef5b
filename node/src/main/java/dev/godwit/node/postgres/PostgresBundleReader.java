package dev.godwit.node.postgres;

import dev.godwit.node.source.BundleReader;
import dev.godwit.protocol.error.ErrorCode;
import dev.godwit.protocol.error.GodwitException;
import dev.godwit.protocol.table.ShardRange;
import dev.godwit.protocol.table.TableSpec;
import java.io.IOException;
import java.sql.Connection;
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

    private final PostgresConnections connections;
    private final Connection pooled;
    private final PgConnection session;
    private final String snapshot;
    private final CopyPieces pieces;
    private final byte[] buffer = new byte[PIECE_BYTES];
    private String where;
    private boolean broken;
    private boolean closed;
    private volatile boolean cancelled;

    private PostgresBundleReader(
            PostgresConnections connections, Connection pooled, PgConnection session, String where, String snapshot) {
        this.connections = connections;
        this.pooled = pooled;
        this.session = session;
        this.pieces = new CopyPieces(session);
        this.where = where;
        this.snapshot = snapshot;
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
        Connection pooled = connections.take();
        try {
            PgConnection session = pooled.unwrap(PgConnection.class);
            SourceTransaction.begin(session, imported, ErrorCode.SNAPSHOT_NOT_READY, connections.place());
            lock(session, tables);
            if (imported.isPresent()) {
                compareFiles(session, tables);
            }
            return new PostgresBundleReader(connections, pooled, session, where, SourceTransaction.snapshot(session));
        } catch (SQLException e) {
            connections.discard(pooled);
            throw PostgresErrors.translate(e, connections.side(), where);
        } catch (RuntimeException e) {
            connections.discard(pooled);
            throw e;
        }
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
        return snapshot;
    }

    @Override
    public void begin(TableSpec table) {
        if (pieces.running()) {
            throw new IllegalStateException("the table before is not read to its end");
        }
        where = Sql.printable(table.name().text());
        try {
            pieces.begin(CopyReader.copySql(table, new ShardRange.Whole()));
        } catch (SQLException e) {
            throw failure(PostgresErrors.translate(e, connections.side(), where));
        }
    }

    @Override
    public Optional<byte[]> next() {
        try {
            int count = pieces.read(buffer);
            return count < 0 ? Optional.empty() : Optional.of(Arrays.copyOf(buffer, count));
        } catch (IOException e) {
            throw failure(PostgresErrors.translate(e, connections.side(), where));
        } catch (SQLException e) {
            throw failure(PostgresErrors.translate(e, connections.side(), where));
        }
    }

    @Override
    public long rows() {
        if (pieces.rows() < 0) {
            throw new IllegalStateException("rows are known at the end");
        }
        return pieces.rows();
    }

    private GodwitException failure(GodwitException failure) {
        broken = true;
        return cancelled ? SourceTransaction.cancelled(where) : failure;
    }

    @Override
    public void cancel() {
        cancelled = true;
        SourceTransaction.cutOff(session);
    }

    @Override
    public void close() {
        if (!closed) {
            closed = true;
            SourceTransaction.end(connections, session, pooled, !broken && !cancelled && !pieces.running());
        }
    }
}
