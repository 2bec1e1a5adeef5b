package dev.godwit.node.postgres;

import dev.godwit.protocol.error.ErrorCode;
import dev.godwit.protocol.error.GodwitException;
import java.sql.Connection;
import java.sql.ResultSet;
import java.sql.SQLException;
import java.sql.Statement;
import java.util.Optional;

/**
 * Where pieces of large objects are copied to: a view whose trigger makes the object of each row as it comes. So the
 * stream is a shard's as any other, in the transaction of its claim; nothing is kept twice, and no lock is taken for an
 * object.
 */
final class LargeObjectLanding {
    static final String VIEW = TargetTables.SCHEMA + ".large_object";

    private static final String UNIQUE_VIOLATION = "23505";

    /** {@code INV_WRITE} of {@code lo_open}. */
    private static final int TO_WRITE = 0x20000;

    private static final String FUNCTION = """
            CREATE OR REPLACE FUNCTION godwit.put_large_object() RETURNS trigger LANGUAGE plpgsql AS $$
            DECLARE
              place bigint := NEW.pageno::bigint * %d;
              descriptor integer;
            BEGIN
              IF NEW.pageno = 0 THEN
                PERFORM pg_catalog.lo_from_bytea(NEW.loid, NEW.data);
              ELSIF pg_catalog.octet_length(NEW.data) = 0 THEN
                -- The object ends here, after a hole perhaps, and to write nothing would not make it as long.
                descriptor := pg_catalog.lo_open(NEW.loid, %d);
                PERFORM pg_catalog.lo_truncate64(descriptor, place);
                PERFORM pg_catalog.lo_close(descriptor);
              ELSE
                PERFORM pg_catalog.lo_put(NEW.loid, place, NEW.data);
              END IF;
              RETURN NEW;
            END $$""".formatted(LargeObjects.PAGE_BYTES, TO_WRITE);

    private LargeObjectLanding() {}

    /** Makes the view if it is not there; to be called with {@link TargetTables#LOCK_PREPARE}. */
    static void make(Connection target) throws SQLException {
        if (isThere(target)) {
            return;
        }
        try (Statement statement = target.createStatement()) {
            statement.execute("CREATE VIEW " + VIEW
                    + " AS SELECT NULL::oid AS loid, NULL::integer AS pageno, NULL::bytea AS data WHERE false");
            statement.execute(FUNCTION);
            statement.execute("CREATE TRIGGER put INSTEAD OF INSERT ON " + VIEW
                    + " FOR EACH ROW EXECUTE FUNCTION godwit.put_large_object()");
        }
    }

    /**
     * For a transaction that is to copy into the view. Under the replica role its trigger would not fire, and rows would
     * be counted and go nowhere; whoever was given that role by a setting of its database or user needs the right to
     * leave it.
     */
    static void begin(Connection target) throws SQLException {
        try (Statement statement = target.createStatement()) {
            boolean replica;
            try (ResultSet row = statement.executeQuery("SHOW session_replication_role")) {
                row.next();
                replica = row.getString(1).equals("replica");
            }
            if (replica) {
                statement.execute("SET LOCAL session_replication_role = origin");
            }
        }
    }

    static boolean isThere(Connection target) throws SQLException {
        try (Statement statement = target.createStatement();
                ResultSet row = statement.executeQuery("SELECT to_regclass('" + VIEW + "') IS NOT NULL")) {
            row.next();
            return row.getBoolean(1);
        }
    }

    /** An object of that oid was made in the target after it was seen to have none. */
    static Optional<GodwitException> taken(SQLException failure, String where) {
        return UNIQUE_VIOLATION.equals(failure.getSQLState())
                ? Optional.of(new GodwitException(
                        ErrorCode.TARGET_ROW_REFUSED,
                        "The target has a large object of its own under an oid of the source's.",
                        where,
                        "Let nobody else make large objects in the target; lo_unlink what was made, then resume."))
                : Optional.empty();
    }
}
