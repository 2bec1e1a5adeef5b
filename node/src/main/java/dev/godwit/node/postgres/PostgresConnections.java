package dev.godwit.node.postgres;

import com.zaxxer.hikari.HikariConfig;
import com.zaxxer.hikari.HikariDataSource;
import dev.godwit.protocol.error.GodwitException;
import dev.godwit.protocol.plan.PostgresAddress;
import java.sql.Connection;
import java.sql.SQLException;
import java.time.Duration;
import java.util.concurrent.ThreadLocalRandom;

/**
 * Sessions of one database: a capped pool that is filled when it is used, and dedicated sessions outside of it. All
 * have the settings of {@link SessionSource}, and autocommit off. Thread-safe. Nothing connects before the first call.
 */
final class PostgresConnections implements AutoCloseable {
    private static final Duration WAIT_FOR_CONNECTION = Duration.ofSeconds(20);
    private static final Duration IDLE = Duration.ofMinutes(1);
    private static final Duration LIFETIME = Duration.ofMinutes(30);

    private final PostgresAddress address;
    private final Side side;
    private final SessionSource sessions;
    private final HikariDataSource pool;

    /**
     * @param applicationName as {@code pg_stat_activity} shows it; the server cuts it to 63 bytes
     * @param maxConnections size of the pool; 1 or more. Sessions of {@link #open()} are not counted
     * @throws GodwitException with a PLAN_ code where the address holds what is not allowed
     */
    PostgresConnections(PostgresAddress address, Side side, String applicationName, int maxConnections) {
        this.address = address;
        this.side = side;
        this.sessions = new SessionSource(address, side, applicationName);
        HikariConfig config = new HikariConfig();
        config.setPoolName("godwit-" + side.word());
        config.setDataSource(sessions);
        config.setAutoCommit(false);
        config.setMaximumPoolSize(maxConnections);
        config.setMinimumIdle(0);
        config.setInitializationFailTimeout(-1);
        config.setConnectionTimeout(jittered(WAIT_FOR_CONNECTION));
        config.setIdleTimeout(jittered(IDLE));
        config.setMaxLifetime(jittered(LIFETIME));
        this.pool = new HikariDataSource(config);
    }

    /**
     * A session of the pool; closing it gives it back, rolled back.
     *
     * @throws GodwitException with SECRET_MISSING, or as {@link PostgresErrors} says; after some 20 seconds where the
     *     pool is empty or the server can't be reached
     */
    Connection take() {
        try {
            return pool.getConnection();
        } catch (SQLException e) {
            if (e.getCause() instanceof GodwitException why) {
                throw why; // a secret that is missing, say: the pool has wrapped what the session's source has thrown
            }
            throw PostgresErrors.translate(e, side, place());
        }
    }

    /**
     * A dedicated session; closing it ends it.
     *
     * @throws GodwitException with SECRET_MISSING, or as {@link PostgresErrors} says
     */
    Connection open() {
        try {
            Connection connection = sessions.getConnection();
            connection.setAutoCommit(false);
            return connection;
        } catch (SQLException e) {
            throw PostgresErrors.translate(e, side, place());
        }
    }

    /**
     * A dedicated session for replication, in autocommit; closing it ends it.
     *
     * @param silence after which the server ends it
     * @throws GodwitException as {@link #open()}
     */
    Connection replicating(Duration silence) {
        try {
            return sessions.replicating(silence);
        } catch (SQLException e) {
            throw ReplicationErrors.translate(e, place());
        }
    }

    /** Ends a session of {@link #take()} instead of giving it back: it is cut off without a word to the server. */
    void discard(Connection connection) {
        try {
            connection.unwrap(Connection.class).abort(Runnable::run);
        } catch (SQLException e) {
            // It is gone already.
        }
        pool.evictConnection(connection);
    }

    /** Size of the pool from now on; 1 or more. What is taken beyond it goes when it is given back. */
    void limit(int most) {
        if (pool.getMaximumPoolSize() != most) {
            pool.setMaximumPoolSize(most);
        }
    }

    /** {@code host:port/database}, for messages. */
    String place() {
        return address.place();
    }

    Side side() {
        return side;
    }

    @Override
    public void close() {
        pool.close();
    }

    /** Within a quarter around the duration, in milliseconds, so that nodes that start together do not act together. */
    private static long jittered(Duration duration) {
        long millis = duration.toMillis();
        return ThreadLocalRandom.current().nextLong(millis * 7 / 8, millis * 9 / 8 + 1);
    }
}
