package dev.godwit.node.postgres;

import dev.godwit.node.testing.Sessions;
import dev.godwit.protocol.plan.Consistency;
import dev.godwit.protocol.plan.Endpoint;
import dev.godwit.protocol.plan.Limits;
import dev.godwit.protocol.plan.Plan;
import dev.godwit.protocol.plan.PostgresAddress;
import dev.godwit.protocol.plan.SchemaChanges;
import dev.godwit.protocol.plan.SchemaMode;
import io.zonky.test.db.postgres.embedded.EmbeddedPostgres;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.sql.Connection;
import java.sql.DriverManager;
import java.sql.SQLException;
import java.util.List;
import java.util.Map;
import java.util.concurrent.atomic.AtomicInteger;

/** One real PostgreSQL 17 with wal_level = logical for the tests of change capture in this JVM. */
final class CaptureServer {
    private static final String HOST = "127.0.0.1";
    private static final AtomicInteger DATABASES = new AtomicInteger();
    private static final EmbeddedPostgres SERVER = start();

    private CaptureServer() {}

    private static EmbeddedPostgres start() {
        try {
            return EmbeddedPostgres.builder()
                    .setServerConfig("shared_buffers", "64MB")
                    .setServerConfig("max_connections", "100")
                    .setServerConfig("wal_level", "logical")
                    .setServerConfig("max_replication_slots", "8")
                    .setServerConfig("max_wal_senders", "8")
                    .setServerConfig("max_prepared_transactions", "4")
                    .setServerConfig("lc_monetary", "C")
                    .start();
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        }
    }

    /** A new, empty database. */
    static Database database() {
        String name = "c" + DATABASES.incrementAndGet();
        new Database("postgres").run("CREATE DATABASE " + name);
        return new Database(name);
    }

    /** One database of the server. */
    record Database(String name) implements Sessions {
        PostgresAddress address(String user) {
            return new PostgresAddress(HOST, SERVER.getPort(), name, user, null, "disable", Map.of());
        }

        PostgresConnections connections() {
            return new PostgresConnections(address("postgres"), Side.SOURCE, "godwit test", 4);
        }

        PostgresSource source(String user) {
            return new PostgresSource(address(user), "godwit test", 4);
        }

        @Override
        public Connection open() throws SQLException {
            return DriverManager.getConnection(
                    "jdbc:postgresql://" + HOST + ":" + SERVER.getPort() + "/" + name, "postgres", "");
        }

        Plan plan(String migration, long shardBytes, List<String> include, boolean largeObjects) {
            return new Plan(
                    "godwit/v1",
                    "Migration",
                    migration,
                    new Endpoint(address("postgres")),
                    Map.of("main", new Endpoint(address("postgres"))),
                    Consistency.ONLINE,
                    include,
                    List.of(),
                    largeObjects,
                    SchemaMode.EXISTING,
                    false,
                    false,
                    List.of(),
                    SchemaChanges.FOLLOW,
                    new Limits(2, shardBytes, 64L << 20, 8, 8));
        }

        Plan plan(String migration, String... include) {
            return plan(migration, 1 << 20, List.of(include), false);
        }
    }
}
