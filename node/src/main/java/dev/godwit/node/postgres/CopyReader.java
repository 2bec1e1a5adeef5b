package dev.godwit.node.postgres;

import dev.godwit.node.source.RangeReader;
import dev.godwit.protocol.error.ErrorCode;
import dev.godwit.protocol.error.GodwitException;
import dev.godwit.protocol.table.ColumnSpec;
import dev.godwit.protocol.table.ShardRange;
import dev.godwit.protocol.table.TableSpec;
import java.io.IOException;
import java.sql.Connection;
import java.sql.ResultSet;
import java.sql.SQLException;
import java.sql.Statement;
import java.util.Optional;
import org.postgresql.jdbc.PgConnection;

/**
 * Reads one range by {@code COPY (SELECT …) TO STDOUT} in a read-only transaction of one snapshot. The session goes
 * back to the pool only after a read to the end; otherwise it is cut off, since the rest of a table is not worth
 * reading for the sake of a session.
 */
final class CopyReader implements RangeReader {
    private final PostgresConnections connections;
    private final Connection pooled;
    private final PgConnection session;
    private final String where;
    private final String snapshot;
    private final String sql;
    private final CopyPieces pieces;
    private boolean begun;
    private boolean closed;
    private volatile boolean cancelled;

    private CopyReader(
            PostgresConnections connections,
            Connection pooled,
            PgConnection session,
            String where,
            String snapshot,
            String sql) {
        this.connections = connections;
        this.pooled = pooled;
        this.session = session;
        this.where = where;
        this.snapshot = snapshot;
        this.sql = sql;
        this.pieces = new CopyPieces(session);
    }

    /**
     * Begins the transaction. The COPY begins with the first {@link #read}: the server keeps even its word that it
     * began until it has some rows, which may take long, and a read can be cancelled while this call could not.
     *
     * @throws GodwitException with SNAPSHOT_NOT_READY where the exported snapshot is not there, SOURCE_TABLE_CHANGED
     *     where the table's file is another one and the range or the snapshot does not bear that, or as
     *     {@link PostgresErrors} says
     */
    static CopyReader start(
            PostgresConnections connections, TableSpec table, ShardRange range, Optional<String> imported) {
        String where = Sql.printable(table.name().text());
        Connection pooled = connections.take();
        try {
            PgConnection session = pooled.unwrap(PgConnection.class);
            SourceTransaction.begin(session, imported, ErrorCode.SNAPSHOT_NOT_READY, connections.place());
            String query;
            if (LargeObjects.are(table.name())) {
                query = LargeObjectRead.prepare(session, table, range);
            } else {
                lockAndCompareFile(session, table, range, imported.isPresent(), where);
                query = query(table, range);
            }
            String snapshot = SourceTransaction.snapshot(session);
            return new CopyReader(connections, pooled, session, where, snapshot, copySql(table, query));
        } catch (SQLException e) {
            connections.discard(pooled);
            throw PostgresErrors.translate(e, connections.side(), where);
        } catch (RuntimeException e) {
            connections.discard(pooled);
            throw e;
        }
    }

    /**
     * Blocks mean something only in the file that they were planned for. An older snapshot sees a table as empty that
     * was truncated since, and as rewritten what was altered since: that shows by the file, too.
     */
    private static void lockAndCompareFile(
            PgConnection session, TableSpec table, ShardRange range, boolean sharedSnapshot, String where)
            throws SQLException {
        String name = Sql.table(table.name());
        try (Statement statement = session.createStatement()) {
            // Who holds a lock against readers for longer is altering the table; the caller tries again.
            statement.execute(SourceTransaction.LOCK_PATIENCE);
            if (range instanceof ShardRange.Keys) {
                // Row comparisons make the planner guess; a part of a table is never better read whole.
                statement.execute("SET LOCAL enable_seqscan = off");
            }
            statement.execute("LOCK TABLE ONLY " + name + " IN ACCESS SHARE MODE");
            if (!sharedSnapshot && !(range instanceof ShardRange.Blocks)) {
                return;
            }
            try (ResultSet row = statement.executeQuery(
                    "SELECT pg_relation_filenode(" + Sql.literal(name) + "::regclass)::bigint")) {
                row.next();
                if (row.getLong(1) != table.fileNode()) {
                    throw SourceTransaction.anotherFile(where);
                }
            }
        }
    }

    private static String query(TableSpec table, ShardRange range) {
        return "SELECT "
                + Sql.idents(table.columns().stream().map(ColumnSpec::name).toList())
                + " FROM ONLY "
                + Sql.table(table.name())
                + " WHERE "
                + Sql.predicate(table, range);
    }

    /** Of a table that is not the large objects. */
    static String copySql(TableSpec table, ShardRange range) {
        return copySql(table, query(table, range));
    }

    private static String copySql(TableSpec table, String query) {
        return "COPY (" + query + ") TO STDOUT (FORMAT " + (table.binary() ? "binary" : "text") + ")";
    }

    @Override
    public String snapshot() {
        return snapshot;
    }

    @Override
    public int read(byte[] buffer) {
        if (buffer.length == 0) {
            throw new IllegalArgumentException("the buffer is empty");
        }
        try {
            if (!begun) {
                pieces.begin(sql);
                begun = true;
            }
            return pieces.read(buffer);
        } catch (IOException e) {
            throw failure(PostgresErrors.translate(e, connections.side(), where));
        } catch (SQLException e) {
            throw failure(PostgresErrors.translate(e, connections.side(), where));
        }
    }

    private GodwitException failure(GodwitException failure) {
        return cancelled ? SourceTransaction.cancelled(where) : failure;
    }

    @Override
    public long rowsSoFar() {
        return pieces.rowsSoFar();
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
        cancelled = true;
        SourceTransaction.cutOff(session);
    }

    @Override
    public void close() {
        if (!closed) {
            closed = true;
            SourceTransaction.end(connections, session, pooled, pieces.rows() >= 0 && !cancelled);
        }
    }
}
