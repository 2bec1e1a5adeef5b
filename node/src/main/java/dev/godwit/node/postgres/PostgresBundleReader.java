package dev.godwit.node.postgres;

import dev.godwit.node.source.BundleReader;
import dev.godwit.protocol.error.ErrorCode;
import dev.godwit.protocol.error.GodwitException;
import dev.godwit.protocol.table.ShardRange;
import dev.godwit.protocol.table.TableSpec;
import java.sql.Connection;
import java.sql.PreparedStatement;
import java.sql.ResultSet;
import java.sql.SQLException;
import java.sql.Statement;
import java.util.List;
import java.util.Optional;
import java.util.stream.Collectors;
import org.postgresql.copy.CopyOut;
import org.postgresql.jdbc.PgConnection;

/**
 * Reads small tables one after the other in a read-only transaction of one snapshot. They are few rows each: that the
 * driver allocates every one of them does not count, the round trips do.
 */
final class PostgresBundleReader implements BundleReader {
    private final PostgresConnections connections;
    private final Connection pooled;
    private final PgConnection session;
    private final String snapshot;
    private CopyOut copy;
    private String where;
    private long rows = -1;
    private boolean broken;
    private boolean closed;
    private volatile boolean cancelled;

    private PostgresBundleReader(
            PostgresConnections connections, Connection pooled, PgConnection session, String where, String snapshot) {
        this.connections = connections;
        this.pooled = pooled;
        this.session = session;
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
        if (copy != null) {
            throw new IllegalStateException("the table before is not read to its end");
        }
        where = Sql.printable(table.name().text());
        rows = -1;
        try {
            copy = session.getCopyAPI().copyOut(CopyReader.copySql(table, new ShardRange.Whole()));
        } catch (SQLException e) {
            throw failure(e);
        }
    }

    @Override
    public Optional<byte[]> next() {
        try {
            byte[] row = copy.readFromCopy();
            if (row == null) {
                rows = copy.getHandledRowCount();
                copy = null;
            }
            return Optional.ofNullable(row);
        } catch (SQLException e) {
            throw failure(e);
        }
    }

    @Override
    public long rows() {
        if (rows < 0) {
            throw new IllegalStateException("rows are known at the end");
        }
        return rows;
    }

    private GodwitException failure(SQLException e) {
        broken = true;
        return cancelled ? SourceTransaction.cancelled(where) : PostgresErrors.translate(e, connections.side(), where);
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
            SourceTransaction.end(connections, session, pooled, !broken && !cancelled && copy == null);
        }
    }
}
