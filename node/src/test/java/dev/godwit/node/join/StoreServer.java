package dev.godwit.node.join;

import com.typesafe.config.Config;
import com.typesafe.config.ConfigFactory;
import dev.godwit.node.config.NodeConfiguration;
import dev.godwit.node.config.NodeSettings;
import io.zonky.test.db.postgres.embedded.EmbeddedPostgres;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.sql.Connection;
import java.sql.SQLException;
import java.sql.Statement;
import java.util.concurrent.atomic.AtomicInteger;

/** One PostgreSQL for all tests of this JVM; each test has a database of its own. */
final class StoreServer {
    private static final AtomicInteger DATABASES = new AtomicInteger();

    private StoreServer() {}

    private static final class Holder {
        static final EmbeddedPostgres SERVER = start();

        private static EmbeddedPostgres start() {
            try {
                return EmbeddedPostgres.builder()
                        .setServerConfig("max_connections", "200")
                        .start();
            } catch (IOException e) {
                throw new UncheckedIOException(e);
            }
        }
    }

    /** Configuration of a node with a new, empty database as its state store. */
    static Config configuration() {
        String database = "store_" + DATABASES.incrementAndGet();
        execute("postgres", "CREATE DATABASE " + database);
        return configuration(Holder.SERVER.getPort(), database);
    }

    static Config configuration(int port, String database) {
        return NodeConfiguration.withDefaults(ConfigFactory.parseString("""
                godwit.state-store { port = %d, database = "%s", user = "postgres" }
                pekko.loglevel = WARNING
                pekko.cluster.run-coordinated-shutdown-when-down = off
                pekko.coordinated-shutdown {
                  exit-jvm = off
                  run-by-jvm-shutdown-hook = off
                  # With this and the one above, terminate() is as hard an end as one JVM allows.
                  run-by-actor-system-terminate = off
                }
                """.formatted(port, database)));
    }

    static NodeSettings settings() {
        return NodeConfiguration.settings(configuration());
    }

    static void execute(NodeSettings settings, String statement) {
        execute(settings.stateStore().database(), "SET search_path TO godwit; " + statement);
    }

    private static void execute(String database, String statement) {
        try (Connection connection =
                        Holder.SERVER.getDatabase("postgres", database).getConnection();
                Statement execution = connection.createStatement()) {
            execution.execute(statement);
        } catch (SQLException e) {
            throw new IllegalStateException(e);
        }
    }
}
