package dev.godwit.node.postgres;

import java.sql.Connection;
import java.sql.PreparedStatement;
import java.sql.ResultSet;
import java.sql.SQLException;
import java.sql.Statement;
import java.util.List;
import java.util.Set;

/**
 * Godwit's own tables in a target, in the schema {@code godwit}. The state store may use a schema of that name in the
 * same database: names differ, and making the schema is repeated where the other one was a moment earlier.
 */
final class TargetTables {
    static final String SCHEMA = "godwit";

    /** First key of every advisory lock of a target: "godw" in ASCII. The second says what for. */
    static final int LOCK_SPACE = 0x676f6477;

    /** What tables need, and what is kept about it, is made by one at a time; tables themselves by several. */
    static final int LOCK_PREPARE = 2;

    private static final int LOCK_OWN_TABLES = 1;
    private static final int TRIES = 5;

    /** Somebody without our lock made the schema, a table or its row type at the same time. */
    private static final Set<String> MADE_BY_SOMEBODY_ELSE = Set.of("23505", "42P06", "42P07", "42710");

    static final List<String> TABLES = List.of(
            "migration",
            "cut",
            "claim",
            "target_table",
            "schema",
            "object",
            "archive",
            "archive_chunk",
            "archive_object",
            "capture",
            "applied",
            "joined",
            "halted");

    /** Those that every version has made. */
    private static final int OLDEST = 9;

    private static final List<String> DDL =
            List.of("""
            CREATE TABLE IF NOT EXISTS godwit.migration (
              migration text PRIMARY KEY,
              plan_digest text NOT NULL,
              source_identity text NOT NULL,
              cluster text NOT NULL,
              exported text NOT NULL,
              snapshot text NOT NULL,
              entered_at timestamptz NOT NULL DEFAULT now())""", """
            CREATE TABLE IF NOT EXISTS godwit.cut (
              migration text,
              source_table text,
              name text,
              ranges text NOT NULL,
              shards integer NOT NULL CHECK (shards > 0),
              last boolean NOT NULL,
              kept_at timestamptz NOT NULL DEFAULT now(),
              cut_by text NOT NULL DEFAULT '',
              PRIMARY KEY (migration, source_table, name))""", """
            CREATE TABLE IF NOT EXISTS godwit.claim (
              migration text,
              source_table text,
              shard text,
              outcome text NOT NULL CHECK (outcome IN ('copied', 'retired')),
              lower_bound text,
              upper_bound text,
              source_snapshot text NOT NULL,
              rows bigint,
              bytes bigint,
              digest text,
              node text,
              committed_at timestamptz,
              PRIMARY KEY (migration, source_table, shard))""", """
            CREATE TABLE IF NOT EXISTS godwit.target_table (
              migration text,
              source_table text,
              made boolean NOT NULL,
              prepared_at timestamptz NOT NULL DEFAULT now(),
              confirmed_at timestamptz,
              PRIMARY KEY (migration, source_table))""", """
            CREATE TABLE IF NOT EXISTS godwit.schema (
              migration text PRIMARY KEY,
              source_major integer NOT NULL,
              kept_at timestamptz NOT NULL DEFAULT now())""", """
            CREATE TABLE IF NOT EXISTS godwit.object (
              migration text,
              place integer,
              section text NOT NULL,
              kind text NOT NULL,
              object_schema text NOT NULL,
              object_name text NOT NULL,
              source_table text,
              statements text[] NOT NULL,
              made_at timestamptz,
              PRIMARY KEY (migration, place))""", """
            CREATE INDEX IF NOT EXISTS object_of_table ON godwit.object (migration, source_table)
              WHERE section = 'AFTER'""", """
            CREATE TABLE IF NOT EXISTS godwit.archive (
              migration text PRIMARY KEY,
              source_major integer NOT NULL,
              bytes bytea NOT NULL)""", """
            CREATE TABLE IF NOT EXISTS godwit.archive_chunk (
              migration text,
              place integer,
              part text NOT NULL,
              entries integer[] NOT NULL,
              statement text NOT NULL,
              made_at timestamptz,
              PRIMARY KEY (migration, place))""", """
            CREATE TABLE IF NOT EXISTS godwit.archive_object (
              migration text,
              entry integer,
              type text NOT NULL,
              names text[] NOT NULL,
              arguments text[] NOT NULL,
              shows boolean NOT NULL,
              PRIMARY KEY (migration, entry))""", """
            CREATE TABLE IF NOT EXISTS godwit.capture (
              migration text PRIMARY KEY,
              epoch bigint NOT NULL,
              acknowledged pg_lsn NOT NULL DEFAULT '0/0')""", """
            CREATE TABLE IF NOT EXISTS godwit.applied (
              migration text PRIMARY KEY,
              commit_lsn pg_lsn NOT NULL,
              changes bigint NOT NULL,
              at timestamptz NOT NULL)""", """
            CREATE TABLE IF NOT EXISTS godwit.joined (
              migration text,
              source_table text,
              shard text,
              range text NOT NULL,
              snapshot text NOT NULL,
              lsn pg_lsn NOT NULL,
              claimed boolean NOT NULL,
              caught_up boolean NOT NULL,
              PRIMARY KEY (migration, source_table, shard))""", """
            CREATE TABLE IF NOT EXISTS godwit.halted (
              migration text,
              source_table text,
              why text NOT NULL,
              at timestamptz NOT NULL,
              PRIMARY KEY (migration, source_table))""");

    private TargetTables() {}

    /** Whether there are those that tell what an earlier run has done, by whatever version. */
    static boolean present(Connection connection) throws SQLException {
        return present(connection, TABLES.subList(0, OLDEST));
    }

    /** Whether all of them are there. */
    static boolean complete(Connection connection) throws SQLException {
        return present(connection, TABLES);
    }

    private static boolean present(Connection connection, List<String> tables) throws SQLException {
        String sql = """
                SELECT count(*) FROM pg_class c JOIN pg_namespace n ON n.oid = c.relnamespace
                WHERE n.nspname = ? AND c.relname = ANY (?) AND c.relkind = 'r'""";
        try (PreparedStatement statement = connection.prepareStatement(sql)) {
            statement.setString(1, SCHEMA);
            statement.setArray(2, connection.createArrayOf("text", tables.toArray()));
            try (ResultSet rows = statement.executeQuery()) {
                rows.next();
                return rows.getInt(1) == tables.size();
            }
        }
    }

    /** Makes those that are missing, in transactions of its own; many nodes may do so at once. */
    static void make(Connection connection) throws SQLException {
        for (int tries = 1; ; tries++) {
            try {
                if (!complete(connection)) {
                    lock(connection, LOCK_OWN_TABLES);
                    createMissing(connection);
                }
                connection.commit();
                return;
            } catch (SQLException e) {
                connection.rollback();
                if (tries == TRIES || !MADE_BY_SOMEBODY_ELSE.contains(String.valueOf(e.getSQLState()))) {
                    throw e;
                }
            }
        }
    }

    /** Waits for an advisory lock and keeps it until the transaction ends. */
    static void lock(Connection connection, int purpose) throws SQLException {
        try (PreparedStatement statement = connection.prepareStatement("SELECT pg_advisory_xact_lock(?, ?)")) {
            statement.setInt(1, LOCK_SPACE);
            statement.setInt(2, purpose);
            statement.execute();
        }
    }

    /** The same for many, in this order. */
    static void lock(Connection connection, List<Integer> purposes) throws SQLException {
        try (PreparedStatement statement =
                connection.prepareStatement("SELECT pg_advisory_xact_lock(?, p) FROM unnest(?::int4[]) p")) {
            statement.setInt(1, LOCK_SPACE);
            statement.setArray(2, connection.createArrayOf("int4", purposes.toArray()));
            statement.execute();
        }
    }

    /** Keeps those away who {@link #lock} it, and not those who share it, until the transaction ends. */
    static void share(Connection connection, int purpose) throws SQLException {
        try (PreparedStatement statement = connection.prepareStatement("SELECT pg_advisory_xact_lock_shared(?, ?)")) {
            statement.setInt(1, LOCK_SPACE);
            statement.setInt(2, purpose);
            statement.execute();
        }
    }

    private static void createMissing(Connection connection) throws SQLException {
        try (Statement statement = connection.createStatement()) {
            statement.execute("SET LOCAL synchronous_commit = on");
            // CREATE SCHEMA IF NOT EXISTS would ask for the privilege to create one even where it is there.
            if (!schemaExists(connection, SCHEMA)) {
                statement.execute("CREATE SCHEMA IF NOT EXISTS " + SCHEMA);
            }
            for (String sql : DDL) {
                statement.execute(sql);
            }
        }
    }

    static boolean schemaExists(Connection connection, String schema) throws SQLException {
        try (PreparedStatement statement =
                connection.prepareStatement("SELECT EXISTS (SELECT FROM pg_namespace WHERE nspname = ?)")) {
            statement.setString(1, schema);
            try (ResultSet rows = statement.executeQuery()) {
                rows.next();
                return rows.getBoolean(1);
            }
        }
    }
}
