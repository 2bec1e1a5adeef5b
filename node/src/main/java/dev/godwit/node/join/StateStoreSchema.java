package dev.godwit.node.join;

import dev.godwit.protocol.error.ErrorCode;
import dev.godwit.protocol.error.GodwitException;
import java.sql.Connection;
import java.sql.PreparedStatement;
import java.sql.ResultSet;
import java.sql.SQLException;
import java.sql.Statement;
import java.util.List;
import java.util.OptionalInt;
import java.util.Set;
import java.util.UUID;

/**
 * Makes the state store's tables. Everything is created in one transaction, so the row of {@code format}, which is
 * looked at first, means that all the rest is there. Other tables of Godwit may live in the same schema.
 */
final class StateStoreSchema {
    /** The version of the tables and of what is kept in them that this code knows. */
    static final int FORMAT = 1;

    /** "GODW": the class of all our advisory locks, which are per database. */
    static final int LOCK_CLASS = 0x474F4457;

    /** Somebody else made the same schema or table at the same instant, in spite of IF NOT EXISTS. */
    private static final Set<String> MADE_MEANWHILE = Set.of("23505", "42P06", "42P07");

    private static final int TRIES = 5;

    /** The first three as pekko-persistence-jdbc 1.1.1 ships them in schema/postgres/postgres-create-schema.sql. */
    private static final List<String> TABLES = List.of(
            """
            CREATE TABLE IF NOT EXISTS event_journal (
              ordering bigserial,
              persistence_id varchar(255) NOT NULL,
              sequence_number bigint NOT NULL,
              deleted boolean DEFAULT false NOT NULL,
              writer varchar(255) NOT NULL,
              write_timestamp bigint,
              adapter_manifest varchar(255),
              event_ser_id integer NOT NULL,
              event_ser_manifest varchar(255) NOT NULL,
              event_payload bytea NOT NULL,
              meta_ser_id integer,
              meta_ser_manifest varchar(255),
              meta_payload bytea,
              PRIMARY KEY (persistence_id, sequence_number))
            """,
            "CREATE UNIQUE INDEX IF NOT EXISTS event_journal_ordering_idx ON event_journal (ordering)",
            """
            CREATE TABLE IF NOT EXISTS event_tag (
              event_id bigint,
              tag varchar(256),
              PRIMARY KEY (event_id, tag),
              CONSTRAINT fk_event_journal FOREIGN KEY (event_id) REFERENCES event_journal (ordering) ON DELETE CASCADE)
            """,
            """
            CREATE TABLE IF NOT EXISTS snapshot (
              persistence_id varchar(255) NOT NULL,
              sequence_number bigint NOT NULL,
              created bigint NOT NULL,
              snapshot_ser_id integer NOT NULL,
              snapshot_ser_manifest varchar(255) NOT NULL,
              snapshot_payload bytea NOT NULL,
              meta_ser_id integer,
              meta_ser_manifest varchar(255),
              meta_payload bytea,
              PRIMARY KEY (persistence_id, sequence_number))
            """,
            """
            CREATE TABLE IF NOT EXISTS node (
              address text PRIMARY KEY,
              roles text[] NOT NULL,
              version text NOT NULL,
              http_url text NOT NULL,
              member boolean NOT NULL,
              incarnation uuid,
              started_at timestamptz NOT NULL,
              last_seen timestamptz NOT NULL)
            """,
            """
            CREATE TABLE IF NOT EXISTS cluster (
              single boolean PRIMARY KEY DEFAULT true CHECK (single),
              incarnation uuid NOT NULL,
              formed_at timestamptz NOT NULL,
              formed_by text NOT NULL)
            """,
            """
            CREATE TABLE IF NOT EXISTS lease (
              name text PRIMARY KEY,
              owner text NOT NULL,
              expires_at timestamptz NOT NULL)
            """,
            """
            CREATE TABLE IF NOT EXISTS job (
              name text PRIMARY KEY,
              plan text NOT NULL,
              plan_digest text NOT NULL,
              submitted_by text NOT NULL,
              submitted_at timestamptz NOT NULL,
              ended boolean NOT NULL DEFAULT false)
            """,
            """
            CREATE TABLE IF NOT EXISTS format (
              single boolean PRIMARY KEY DEFAULT true CHECK (single),
              version integer NOT NULL,
              store_id uuid NOT NULL)
            """);

    private StateStoreSchema() {}

    /**
     * Makes what is missing; does nothing where all is there, and needs no right to create then. Many nodes may call it
     * at once.
     *
     * @throws GodwitException STATE_STORE_NEWER
     */
    static void prepare(Connection connection, String schema, String place) throws SQLException {
        OptionalInt found = format(connection, schema);
        for (int attempt = 1; found.isEmpty(); attempt++) {
            try {
                create(connection, schema);
            } catch (SQLException e) {
                if (attempt == TRIES || !MADE_MEANWHILE.contains(e.getSQLState())) {
                    throw e;
                }
            }
            found = format(connection, schema);
        }
        if (found.getAsInt() > FORMAT) {
            throw new GodwitException(
                    ErrorCode.STATE_STORE_NEWER,
                    "The state store has format " + found.getAsInt() + ", this node knows formats up to " + FORMAT
                            + ".",
                    place + ", schema " + schema,
                    "Run this node with the version of Godwit that the others run, or name another schema.");
        }
    }

    private static OptionalInt format(Connection connection, String schema) throws SQLException {
        try (PreparedStatement look = connection.prepareStatement("SELECT to_regclass(?) IS NOT NULL")) {
            look.setString(1, schema + ".format");
            try (ResultSet row = look.executeQuery()) {
                row.next();
                if (!row.getBoolean(1)) {
                    return OptionalInt.empty();
                }
            }
        }
        try (Statement look = connection.createStatement();
                ResultSet row = look.executeQuery("SELECT version FROM " + schema + ".format")) {
            return row.next() ? OptionalInt.of(row.getInt(1)) : OptionalInt.empty();
        }
    }

    private static void create(Connection connection, String schema) throws SQLException {
        connection.setAutoCommit(false);
        try (Statement statement = connection.createStatement()) {
            statement.execute("SELECT pg_advisory_xact_lock(" + LOCK_CLASS + ", hashtext('" + schema + "/schema'))");
            if (!exists(statement, schema)) {
                statement.execute("CREATE SCHEMA IF NOT EXISTS " + schema);
            }
            statement.execute("SET LOCAL search_path TO " + schema);
            for (String table : TABLES) {
                statement.execute(table);
            }
            statement.execute("INSERT INTO format (version, store_id) VALUES (" + FORMAT + ", '" + UUID.randomUUID()
                    + "') ON CONFLICT (single) DO NOTHING");
            connection.commit();
        } catch (SQLException e) {
            connection.rollback();
            throw e;
        } finally {
            connection.setAutoCommit(true);
        }
    }

    private static boolean exists(Statement statement, String schema) throws SQLException {
        try (ResultSet row = statement.executeQuery("SELECT to_regnamespace('" + schema + "') IS NOT NULL")) {
            row.next();
            return row.getBoolean(1);
        }
    }
}
