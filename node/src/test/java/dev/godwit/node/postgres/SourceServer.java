package dev.godwit.node.postgres;

import dev.godwit.protocol.plan.Consistency;
import dev.godwit.protocol.plan.Endpoint;
import dev.godwit.protocol.plan.Limits;
import dev.godwit.protocol.plan.Plan;
import dev.godwit.protocol.plan.PostgresAddress;
import dev.godwit.protocol.plan.SchemaMode;
import io.zonky.test.db.postgres.embedded.EmbeddedPostgres;
import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.sql.Connection;
import java.sql.ResultSet;
import java.sql.SQLException;
import java.sql.Statement;
import java.util.List;
import java.util.Map;

/** One real PostgreSQL 17 for the source's tests of this JVM; ends with the JVM. */
final class SourceServer {
    static final String HOST = "127.0.0.1";
    private static final EmbeddedPostgres SERVER = start();

    private SourceServer() {}

    private static EmbeddedPostgres start() {
        try {
            return EmbeddedPostgres.builder()
                    .setServerConfig("shared_buffers", "64MB")
                    .setServerConfig("max_connections", "100")
                    .start();
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        }
    }

    static PostgresAddress address() {
        return address("postgres");
    }

    static PostgresAddress address(String user) {
        return new PostgresAddress(HOST, SERVER.getPort(), "postgres", user, null, "disable", Map.of());
    }

    static PostgresSource source() {
        return new PostgresSource(address(), "godwit test", 8);
    }

    static PostgresConnections connections() {
        return new PostgresConnections(address(), Side.SOURCE, "godwit test", 4);
    }

    /** A plain session of the driver, not one of ours. */
    static Connection plain() throws SQLException {
        return SERVER.getPostgresDatabase().getConnection();
    }

    static Connection plain(String user) throws SQLException {
        return SERVER.getDatabase(user, "postgres").getConnection();
    }

    static void run(String... commands) {
        try (Connection connection = plain();
                Statement statement = connection.createStatement()) {
            for (String command : commands) {
                statement.execute(command);
            }
        } catch (SQLException e) {
            throw new IllegalStateException(e);
        }
    }

    static String text(String query) {
        try (Connection connection = plain();
                Statement statement = connection.createStatement();
                ResultSet row = statement.executeQuery(query)) {
            row.next();
            return row.getString(1);
        } catch (SQLException e) {
            throw new IllegalStateException(e);
        }
    }

    static long number(String query) {
        return Long.parseLong(text(query));
    }

    static Plan plan(Consistency consistency, long shardBytes, List<String> include, List<String> exclude) {
        return new Plan(
                "godwit/v1",
                "Migration",
                "test",
                new Endpoint(address()),
                Map.of("main", new Endpoint(address())),
                consistency,
                include,
                exclude,
                SchemaMode.EXISTING, // what is left out of a schema is looked at beside the target
                List.of(),
                new Limits(2, shardBytes, 64L << 20, 8, 8));
    }

    /** The plan for one schema. */
    static Plan plan(String schema, long shardBytes) {
        return plan(Consistency.FROZEN, shardBytes, List.of(schema + ".*"), List.of());
    }

    /** Reads to the end. */
    static byte[] readAll(dev.godwit.node.source.RangeReader reader) {
        ByteArrayOutputStream bytes = new ByteArrayOutputStream();
        byte[] buffer = new byte[1000];
        for (int read = reader.read(buffer); read >= 0; read = reader.read(buffer)) {
            bytes.write(buffer, 0, read);
        }
        return bytes.toByteArray();
    }
}
