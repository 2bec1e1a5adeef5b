package dev.godwit.node.faults;

import static org.awaitility.Awaitility.await;

import dev.godwit.node.cluster.Database;
import io.zonky.test.db.postgres.embedded.EmbeddedPostgres;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.Comparator;
import java.util.HashMap;
import java.util.Map;
import java.util.UUID;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.stream.Stream;

/**
 * A real PostgreSQL that can be stopped, crashed and started again on the same port with the same data. Every commit
 * is on disk before it is answered, unless the session says otherwise.
 */
final class RestartableServer implements AutoCloseable {
    private final AtomicInteger databases = new AtomicInteger();
    private final Path directory;
    private final Map<String, String> settings;
    private EmbeddedPostgres server;

    private RestartableServer(Path directory, Map<String, String> settings) {
        this.directory = directory;
        this.settings = settings;
    }

    static RestartableServer start() {
        return start(Map.of());
    }

    /** @param settings of postgresql.conf, beside or instead of ours */
    static RestartableServer start(Map<String, String> settings) {
        Map<String, String> all = new HashMap<>(Map.of(
                "shared_buffers", "64MB",
                "max_connections", "100",
                "synchronous_commit", "on",
                "autovacuum", "off",
                "checkpoint_timeout", "1h",
                "unix_socket_directories", "''"));
        all.putAll(settings);
        try {
            RestartableServer server = new RestartableServer(Files.createTempDirectory("godwit-faults"), all);
            server.launch(0);
            return server;
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        }
    }

    private void launch(int port) {
        EmbeddedPostgres.Builder builder = EmbeddedPostgres.builder()
                .setDataDirectory(directory.resolve("data"))
                .setCleanDataDirectory(false)
                .setPGStartupWait(Duration.ofSeconds(60))
                .setPort(port);
        settings.forEach(builder::setServerConfig);
        try {
            server = builder.start();
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        }
    }

    int port() {
        return server.getPort();
    }

    /** A new, empty database. */
    Database database() {
        String name = "d" + databases.incrementAndGet();
        database("postgres").run("CREATE DATABASE " + name);
        return database(name);
    }

    Database database(String name) {
        return new Database(port(), name);
    }

    /** Makes a role whose password nobody knows, while all others need none. */
    void askForPassword(String role) {
        Path rules = directory.resolve("data/pg_hba.conf");
        try {
            Files.writeString(rules, "host all " + role + " 127.0.0.1/32 scram-sha-256\n" + Files.readString(rules));
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        }
        database("postgres")
                .run(
                        "CREATE ROLE " + role + " LOGIN SUPERUSER PASSWORD '" + UUID.randomUUID() + "'",
                        "SELECT pg_reload_conf()");
    }

    /** Ends all sessions, writes everything to disk and stops. */
    void stop() {
        try {
            server.close();
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        }
    }

    /** Stops at once, as in a crash: what is only in the server's memory is lost. */
    void crash() {
        ProcessHandle postmaster = ProcessHandle.of(postmaster()).orElseThrow();
        quit(postmaster.pid());
        await("the server's end").atMost(Duration.ofSeconds(20)).until(() -> !postmaster.isAlive());
        stop(); // the embedded server's bookkeeping
    }

    /** The first line of its pid file. */
    private long postmaster() {
        try {
            return Long.parseLong(Files.readAllLines(directory.resolve("data/postmaster.pid"))
                    .get(0)
                    .strip());
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        }
    }

    /** SIGQUIT is an immediate shutdown. */
    private static void quit(long pid) {
        try {
            int exit = new ProcessBuilder("kill", "-QUIT", Long.toString(pid))
                    .start()
                    .waitFor();
            if (exit != 0) {
                throw new IllegalStateException("kill -QUIT " + pid + " exited with " + exit);
            }
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        } catch (InterruptedException e) {
            Thread.currentThread().interrupt();
            throw new IllegalStateException(e);
        }
    }

    /** After {@link #stop} or {@link #crash}; returns when it answers. */
    void startAgain() {
        launch(server.getPort());
    }

    @Override
    public void close() {
        stop();
        try (Stream<Path> files = Files.walk(directory)) {
            files.sorted(Comparator.reverseOrder())
                    .forEach(file -> file.toFile().delete());
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        }
    }
}
