package dev.godwit.node.postgres;

import dev.godwit.node.source.RangeReader;
import dev.godwit.protocol.error.GodwitException;
import dev.godwit.protocol.table.ColumnSpec;
import dev.godwit.protocol.table.ShardRange;
import dev.godwit.protocol.table.TableName;
import dev.godwit.protocol.table.TableSpec;
import java.sql.ResultSet;
import java.sql.SQLException;
import java.sql.Statement;
import java.util.List;
import java.util.Optional;
import org.postgresql.jdbc.PgConnection;

/** Reads one range by {@code COPY (SELECT …) TO STDOUT} in a read-only transaction of one snapshot. */
final class CopyReader implements RangeReader {
    private final ReadSession session;
    private final TableName table;
    private final String where;
    private final String sql;
    private final CopyPieces pieces;
    private boolean begun;

    private CopyReader(ReadSession session, TableName table, String where, String sql) {
        this.session = session;
        this.table = table;
        this.where = where;
        this.sql = sql;
        this.pieces = new CopyPieces(session.connection());
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
        return ReadSession.begin(connections, imported, where, session -> {
            if (LargeObjects.are(table.name())) {
                String query = LargeObjectRead.prepare(session.connection(), table, range);
                return new CopyReader(session, table.name(), where, copySql(table, '(' + query + ')'));
            }
            lockAndCompareFile(session.connection(), table, range, imported.isPresent(), where);
            return new CopyReader(session, table.name(), where, copySql(table, range));
        });
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
    private static String copySql(TableSpec table, ShardRange range) {
        return copySql(table, '(' + query(table, range) + ')');
    }

    /**
     * Of a whole table, and of no view. There is no query: of a small table, planning it takes longer than reading. COPY
     * reads no rows of inheriting tables.
     */
    static String copySql(TableSpec table) {
        List<String> columns = table.columns().stream().map(ColumnSpec::name).toList();
        return copySql(table, Sql.table(table.name()) + (columns.isEmpty() ? "" : " (" + Sql.idents(columns) + ')'));
    }

    private static String copySql(TableSpec table, String from) {
        return "COPY " + from + " TO STDOUT (FORMAT " + (table.binary() ? "binary" : "text") + ")";
    }

    @Override
    public String snapshot() {
        return session.snapshot();
    }

    @Override
    public long lsn() {
        return session.reading(where, () -> WalPosition.inserted(session.connection()));
    }

    @Override
    public List<ColumnSpec> columns() {
        return session.reading(where, () -> AlteredTables.columns(session.connection(), table));
    }

    @Override
    public long flushedLsn() {
        return session.reading(where, () -> WalPosition.flushed(session.connection()));
    }

    @Override
    public int read(byte[] buffer) {
        if (buffer.length == 0) {
            throw new IllegalArgumentException("the buffer is empty");
        }
        return session.reading(where, () -> {
            if (!begun) {
                pieces.begin(sql);
                begun = true;
            }
            return pieces.read(buffer);
        });
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
        session.cancel();
    }

    @Override
    public void close() {
        session.close(pieces.rows() >= 0);
    }
}
