package dev.godwit.node.postgres;

import dev.godwit.protocol.plan.Plan;
import dev.godwit.protocol.table.ColumnSpec;
import dev.godwit.protocol.table.CutMethod;
import dev.godwit.protocol.table.TableName;
import dev.godwit.protocol.table.TableSpec;
import java.sql.Connection;
import java.sql.ResultSet;
import java.sql.SQLException;
import java.sql.Statement;
import java.util.List;
import java.util.Optional;

/**
 * The large objects of a database as one more table of a migration: {@code pg_catalog.pg_largeobject}, cut by ranges of
 * oids, so that what holds of tables holds of them. Its rows are pieces of objects of at most {@link #PIECE_BYTES};
 * every object has a first piece, an empty one too, and all pieces of an object are in one shard, the first in front.
 */
final class LargeObjects {
    static final TableName NAME = TableName.LARGE_OBJECTS;

    /** A row for each object. Everybody may read it. */
    private static final TableName EACH = new TableName("pg_catalog", "pg_largeobject_metadata");

    /** Places of pieces are counted in these, as servers with blocks of 8 kB store objects. */
    static final int PAGE_BYTES = 2048;

    static final int PAGES_OF_A_PIECE = 128;
    static final int PIECE_BYTES = PAGES_OF_A_PIECE * PAGE_BYTES;

    /**
     * What making an object costs a target beside its bytes, as bytes: without it a million objects of a few bytes would
     * look like one shard's work.
     */
    static final long COST_BYTES = 2048;

    private static final String OBJECT = "loid";
    private static final List<ColumnSpec> COLUMNS = List.of(
            new ColumnSpec(OBJECT, "oid"), new ColumnSpec("pageno", "integer"), new ColumnSpec("data", "bytea"));

    private LargeObjects() {}

    static boolean are(TableName table) {
        return NAME.equals(table);
    }

    static boolean areAmong(List<TableSpec> tables) {
        return tables.stream().anyMatch(table -> are(table.name()));
    }

    /** The table to ask whether there is a row: the large objects' own is not for everybody's eyes. */
    static TableName readable(TableName table) {
        return are(table) ? EACH : table;
    }

    /** What a coordinator must know of them; empty where the plan does not mean them, or there are none. */
    static Optional<TableSpec> spec(Connection source, Plan plan) throws SQLException {
        if (!plan.largeObjects()) {
            return Optional.empty();
        }
        String sql = "SELECT (SELECT count(*) FROM " + Sql.table(EACH) + "), pg_table_size(" + regclass(NAME)
                + ") + pg_table_size(" + regclass(EACH) + ")";
        try (Statement statement = source.createStatement();
                ResultSet row = statement.executeQuery(sql)) {
            row.next();
            long objects = row.getLong(1);
            long bytes = row.getLong(2);
            return objects == 0 ? Optional.empty() : Optional.of(spec(plan, objects, bytes));
        }
    }

    private static TableSpec spec(Plan plan, long objects, long diskBytes) {
        long bytes = diskBytes + objects * COST_BYTES;
        return new TableSpec(
                NAME,
                COLUMNS,
                List.of(OBJECT),
                false,
                bytes <= plan.limits().shardBytes() ? CutMethod.WHOLE : CutMethod.KEY,
                true,
                bytes,
                objects + diskBytes / PIECE_BYTES,
                0);
    }

    /**
     * The table whose rows are sampled in place of the large objects: their pages, which weigh what the objects do, or,
     * where the role may not read those, a row for each object.
     */
    static TableSpec sampled(Connection source, TableSpec table) throws SQLException {
        if (!are(table.name()) || pagesAreReadable(source)) {
            return table;
        }
        return new TableSpec(
                EACH,
                List.of(new ColumnSpec("oid", "oid")),
                List.of("oid"),
                false,
                table.method(),
                true,
                table.estimatedBytes(),
                table.estimatedRows(),
                table.fileNode());
    }

    /** Superusers may, members of pg_read_all_data, and whoever was granted it; then no object is out of reach. */
    static boolean pagesAreReadable(Connection source) throws SQLException {
        try (Statement statement = source.createStatement();
                ResultSet row =
                        statement.executeQuery("SELECT has_table_privilege(" + regclass(NAME) + ", 'SELECT')")) {
            row.next();
            return row.getBoolean(1);
        }
    }

    private static String regclass(TableName table) {
        return Sql.literal(Sql.table(table)) + "::regclass";
    }
}
