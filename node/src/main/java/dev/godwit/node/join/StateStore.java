package dev.godwit.node.join;

import com.zaxxer.hikari.HikariConfig;
import com.zaxxer.hikari.HikariDataSource;
import dev.godwit.node.config.StateStoreSettings;
import java.sql.Connection;
import java.sql.PreparedStatement;
import java.sql.ResultSet;
import java.sql.SQLException;
import java.time.Duration;
import java.time.Instant;
import java.time.OffsetDateTime;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Optional;
import java.util.UUID;

/**
 * The database that all nodes share: who is there, which cluster it is, what has been handed in. Every method blocks,
 * for at most the settings' connect and operation timeouts, and throws GodwitException STATE_STORE_UNREACHABLE when the
 * database fails: call it on the blocking dispatcher. All times are by the database's clock. Safe for many threads.
 */
public final class StateStore implements AutoCloseable {
    private static final int MEMBERS_AT_MOST = 100;

    private final StateStoreSettings settings;
    private final HikariDataSource pool;

    private StateStore(StateStoreSettings settings, HikariDataSource pool) {
        this.settings = settings;
        this.pool = pool;
    }

    /** Opens the store without connecting: the first operation does. */
    public static StateStore open(StateStoreSettings settings) {
        HikariConfig config = new HikariConfig();
        config.setPoolName("godwit-state-store");
        config.setDriverClassName("org.postgresql.Driver");
        config.setJdbcUrl(settings.url());
        config.setDataSourceProperties(settings.driverProperties("godwit-state-store"));
        config.setMaximumPoolSize(settings.connections());
        config.setMinimumIdle(1);
        config.setConnectionTimeout(settings.connectTimeout().toMillis());
        config.setInitializationFailTimeout(-1); // the database may not be there yet
        return new StateStore(settings, new HikariDataSource(config));
    }

    public StateStoreSettings settings() {
        return settings;
    }

    /**
     * Makes schema and tables where they are missing. Many nodes may do so at once.
     *
     * @throws dev.godwit.protocol.error.GodwitException STATE_STORE_NEWER if a newer version of Godwit made them
     */
    public void prepare() {
        inStore(connection -> {
            StateStoreSchema.prepare(connection, settings.schema(), settings.place());
            return null;
        });
    }

    /** Tells this store from every other one; the same as long as its schema lives. */
    public UUID id() {
        return inStore(connection -> {
            try (PreparedStatement select = connection.prepareStatement("SELECT store_id FROM format");
                    ResultSet rows = select.executeQuery()) {
                rows.next();
                return rows.getObject(1, UUID.class);
            }
        });
    }

    /** Writes that the node has started and is in no cluster yet; drops rows silent for longer than given. */
    public void register(Registration node, Duration forgetAfter) {
        inStore(connection -> {
            try (PreparedStatement forget = connection.prepareStatement(
                    "DELETE FROM node WHERE last_seen < now() - ? * interval '1 millisecond'")) {
                forget.setLong(1, forgetAfter.toMillis());
                forget.executeUpdate();
            }
            try (PreparedStatement write = connection.prepareStatement("""
                    INSERT INTO node (address, roles, version, http_url, member, started_at, last_seen)
                    VALUES (?, ?, ?, ?, false, now(), now())
                    ON CONFLICT (address) DO UPDATE SET roles = EXCLUDED.roles, version = EXCLUDED.version,
                      http_url = EXCLUDED.http_url, member = false, incarnation = NULL,
                      started_at = now(), last_seen = now()
                    """)) {
                bind(connection, write, node);
                return write.executeUpdate();
            }
        });
    }

    /**
     * Writes that a member of the given cluster lives, unless the store has another cluster now.
     *
     * @return the store's cluster; the node must leave if it is not its own
     */
    public Optional<UUID> heartbeat(Registration node, UUID joined) {
        return inStore(connection -> {
            try (PreparedStatement write = connection.prepareStatement("""
                    INSERT INTO node (address, roles, version, http_url, member, incarnation, started_at, last_seen)
                    SELECT ?, ?, ?, ?, true, incarnation, now(), now() FROM cluster WHERE incarnation = ?
                    ON CONFLICT (address) DO UPDATE SET roles = EXCLUDED.roles, version = EXCLUDED.version,
                      http_url = EXCLUDED.http_url, member = true, incarnation = EXCLUDED.incarnation,
                      last_seen = now()
                    """)) {
                bind(connection, write, node);
                write.setObject(5, joined);
                write.executeUpdate();
            }
            return incarnation(connection);
        });
    }

    /** The cluster and its members, dead ones included. */
    public Membership membership() {
        return inStore(connection -> {
            Optional<UUID> incarnation = incarnation(connection);
            return new Membership(
                    incarnation, incarnation.isPresent() ? members(connection, incarnation.get()) : List.of());
        });
    }

    /** Removes the node, unless it has joined another cluster than the given one since. */
    public void deregister(String address, UUID joined) {
        inStore(connection -> {
            try (PreparedStatement delete = connection.prepareStatement(
                    "DELETE FROM node WHERE address = ? AND (incarnation IS NULL OR incarnation = ?)")) {
                delete.setString(1, address);
                delete.setObject(2, joined);
                return delete.executeUpdate();
            }
        });
    }

    /** Takes the lock under which a cluster is formed, on a connection of its own; empty if another node has it. */
    Optional<FormationLock> tryFormationLock() {
        try {
            return FormationLock.tryTake(settings);
        } catch (SQLException e) {
            throw StateStoreFailure.of(e, settings.place());
        }
    }

    /**
     * Writes a job down unless one of its name is there: the first one wins.
     *
     * @return the stored one, by whose digest the caller sees whether it is the same plan
     */
    public Job addJob(String name, String plan, String planDigest, String submittedBy) {
        return inStore(connection -> {
            try (PreparedStatement insert = connection.prepareStatement("""
                    INSERT INTO job (name, plan, plan_digest, submitted_by, submitted_at) VALUES (?, ?, ?, ?, now())
                    ON CONFLICT (name) DO NOTHING
                    """)) {
                insert.setString(1, name);
                insert.setString(2, plan);
                insert.setString(3, planDigest);
                insert.setString(4, submittedBy);
                insert.executeUpdate();
            }
            // Jobs are never deleted, so the row is there now, whoever wrote it.
            return job(connection, name).orElseThrow();
        });
    }

    /** Puts another plan in the place of a job's, for a migration that failed before it copied anything. */
    public void replaceJob(String name, String plan, String planDigest) {
        inStore(connection -> {
            try (PreparedStatement update =
                    connection.prepareStatement("UPDATE job SET plan = ?, plan_digest = ? WHERE name = ?")) {
                update.setString(1, plan);
                update.setString(2, planDigest);
                update.setString(3, name);
                return update.executeUpdate();
            }
        });
    }

    public Optional<Job> job(String name) {
        return inStore(connection -> job(connection, name));
    }

    /** All jobs by name, ended ones included. */
    public List<Job> jobs() {
        return inStore(connection -> {
            try (PreparedStatement select =
                            connection.prepareStatement("SELECT " + JOB_COLUMNS + " FROM job ORDER BY name");
                    ResultSet rows = select.executeQuery()) {
                List<Job> jobs = new ArrayList<>();
                while (rows.next()) {
                    jobs.add(job(rows));
                }
                return jobs;
            }
        });
    }

    /** Notes that nothing is left to do. Nothing happens if there is no such job. */
    public void endJob(String name) {
        setEnded(name, true);
    }

    /** Notes that there is something to do again. Nothing happens if there is no such job. */
    public void reopenJob(String name) {
        setEnded(name, false);
    }

    @Override
    public void close() {
        pool.close();
    }

    private void setEnded(String name, boolean ended) {
        inStore(connection -> {
            try (PreparedStatement update =
                    connection.prepareStatement("UPDATE job SET ended = ? WHERE name = ? AND ended <> ?")) {
                update.setBoolean(1, ended);
                update.setString(2, name);
                update.setBoolean(3, ended);
                return update.executeUpdate();
            }
        });
    }

    private static final String JOB_COLUMNS = "name, plan, plan_digest, submitted_by, submitted_at, ended";

    private static Optional<Job> job(Connection connection, String name) throws SQLException {
        try (PreparedStatement select =
                connection.prepareStatement("SELECT " + JOB_COLUMNS + " FROM job WHERE name = ?")) {
            select.setString(1, name);
            try (ResultSet rows = select.executeQuery()) {
                return rows.next() ? Optional.of(job(rows)) : Optional.empty();
            }
        }
    }

    private static Job job(ResultSet row) throws SQLException {
        return new Job(
                row.getString(1),
                row.getString(2),
                row.getString(3),
                row.getString(4),
                instant(row, 5),
                row.getBoolean(6));
    }

    private static Optional<UUID> incarnation(Connection connection) throws SQLException {
        try (PreparedStatement select = connection.prepareStatement("SELECT incarnation FROM cluster");
                ResultSet row = select.executeQuery()) {
            return row.next() ? Optional.of(row.getObject(1, UUID.class)) : Optional.empty();
        }
    }

    private static List<Member> members(Connection connection, UUID incarnation) throws SQLException {
        try (PreparedStatement select = connection.prepareStatement("""
                SELECT address, roles, version, http_url, started_at,
                  greatest(0, extract(epoch FROM now() - last_seen) * 1000)::bigint
                FROM node WHERE member AND incarnation = ? ORDER BY last_seen DESC LIMIT %d
                """.formatted(MEMBERS_AT_MOST))) {
            select.setObject(1, incarnation);
            try (ResultSet rows = select.executeQuery()) {
                List<Member> members = new ArrayList<>();
                while (rows.next()) {
                    String[] roles = (String[]) rows.getArray(2).getArray();
                    members.add(new Member(
                            new Registration(
                                    rows.getString(1), Arrays.asList(roles), rows.getString(3), rows.getString(4)),
                            incarnation,
                            instant(rows, 5),
                            Duration.ofMillis(rows.getLong(6))));
                }
                return members;
            }
        }
    }

    private static Instant instant(ResultSet row, int column) throws SQLException {
        return row.getObject(column, OffsetDateTime.class).toInstant();
    }

    private static void bind(Connection connection, PreparedStatement statement, Registration node)
            throws SQLException {
        statement.setString(1, node.address());
        statement.setArray(2, connection.createArrayOf("text", node.roles().toArray()));
        statement.setString(3, node.version());
        statement.setString(4, node.httpUrl());
    }

    private <T> T inStore(Work<T> work) {
        try (Connection connection = pool.getConnection()) {
            return work.on(connection);
        } catch (SQLException e) {
            throw StateStoreFailure.of(e, settings.place());
        }
    }

    private interface Work<T> {
        T on(Connection connection) throws SQLException;
    }
}
