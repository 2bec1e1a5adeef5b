package dev.godwit.node.postgres;

import dev.godwit.protocol.table.ShardRange;
import dev.godwit.protocol.table.TableSpec;
import java.sql.Connection;
import java.sql.ResultSet;
import java.sql.SQLException;
import java.sql.Statement;

/**
 * The query that reads large objects in pieces. Both forms need memory for a piece or two, however large an object is,
 * and read in the snapshot of their transaction; holes of a whole piece do not travel.
 */
final class LargeObjectRead {
    private static final int FIRST_VERSION_WITH_MEMOIZE = 14;

    /** {@code INV_READ} of {@code lo_open}, {@code SEEK_END} of {@code lo_lseek64}. */
    private static final int TO_READ = 0x40000;

    private static final int FROM_THE_END = 2;

    private static final String OBJECTS = "(SELECT oid AS loid FROM pg_catalog.pg_largeobject_metadata) AS object";
    private static final String ZEROS = "decode(repeat('00', " + LargeObjects.PIECE_BYTES + "), 'hex')";

    private LargeObjectRead() {}

    /**
     * For the rest of the transaction: the plan must be made of nested loops over indexes, so that an object's pieces
     * come in their order and nothing is sorted or kept.
     *
     * @return a query of the columns {@code loid}, {@code pageno}, {@code data}
     */
    static String prepare(Connection session, TableSpec table, ShardRange range) throws SQLException {
        try (Statement statement = session.createStatement()) {
            statement.execute("SET LOCAL enable_seqscan = off");
            if (session.getMetaData().getDatabaseMajorVersion() >= FIRST_VERSION_WITH_MEMOIZE) {
                // It would remember how long one object is, and take it for the next one's length.
                statement.execute("SET LOCAL enable_memoize = off");
            }
        }
        String objects = Sql.predicate(table, range);
        return LargeObjects.pagesAreReadable(session) ? pages(objects, storedPageBytes(session)) : functions(objects);
    }

    private static int storedPageBytes(Connection session) throws SQLException {
        try (Statement statement = session.createStatement();
                ResultSet row = statement.executeQuery("SELECT current_setting('block_size')::int / 4")) {
            row.next();
            return row.getInt(1);
        }
    }

    /** From the stored pages, put together to pieces; gaps between the pages of a piece are filled with zeros. */
    private static String pages(String objects, int pageBytes) {
        return """
                SELECT object.loid, (piece.number * %1$d)::integer, coalesce(content.data, '')
                FROM %2$s
                CROSS JOIN LATERAL (SELECT generate_series(0, coalesce((
                    SELECT max(page.pageno) FROM pg_catalog.pg_largeobject page WHERE page.loid = object.loid), 0)
                  / %3$d) AS number) piece
                CROSS JOIN LATERAL (
                  SELECT substr(%4$s, 1, (min(pageno) - piece.number * %3$d) * %5$d) || string_agg(
                    CASE WHEN next IS NULL THEN data
                      ELSE data || substr(%4$s, 1, (next - pageno) * %5$d - octet_length(data)) END,
                    ''::bytea ORDER BY pageno) AS data
                  FROM (SELECT page.pageno, page.data, lead(page.pageno) OVER (ORDER BY page.pageno) AS next
                    FROM pg_catalog.pg_largeobject page WHERE page.loid = object.loid
                      AND page.pageno >= piece.number * %3$d AND page.pageno < (piece.number + 1) * %3$d) stored) content
                WHERE (%6$s) AND (piece.number = 0 OR content.data IS NOT NULL)""".formatted(
                        LargeObjects.PAGES_OF_A_PIECE,
                        OBJECTS,
                        LargeObjects.PIECE_BYTES / pageBytes,
                        ZEROS,
                        pageBytes,
                        objects);
    }

    /**
     * By the functions for everybody who may read an object. Each step of finding its length is made of the one before
     * and in its row, so that no plan can open an object twice or forget to close it.
     */
    private static String functions(String objects) {
        return """
                SELECT object.loid, (piece.number * %1$d)::integer, content.data
                FROM %2$s
                CROSS JOIN LATERAL (SELECT sought.bytes, pg_catalog.lo_close(sought.descriptor) AS closed FROM (
                  SELECT opened.descriptor, pg_catalog.lo_lseek64(opened.descriptor, 0, %3$d) AS bytes FROM (
                    SELECT pg_catalog.lo_open(object.loid, %4$d) AS descriptor OFFSET 0) opened OFFSET 0) sought
                  OFFSET 0) whole
                CROSS JOIN LATERAL (SELECT generate_series(0, greatest(whole.bytes - 1, 0) / %5$d) AS number) piece
                CROSS JOIN LATERAL (
                  SELECT pg_catalog.lo_get(object.loid, piece.number * %5$d, %5$d) AS data OFFSET 0) content
                WHERE (%6$s) AND whole.closed = 0 AND (piece.number = 0
                  OR piece.number = greatest(whole.bytes - 1, 0) / %5$d OR content.data <> %7$s)""".formatted(
                        LargeObjects.PAGES_OF_A_PIECE,
                        OBJECTS,
                        FROM_THE_END,
                        TO_READ,
                        LargeObjects.PIECE_BYTES,
                        objects,
                        ZEROS);
    }
}
