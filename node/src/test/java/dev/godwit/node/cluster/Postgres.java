package dev.godwit.node.cluster;

import io.zonky.test.db.postgres.embedded.EmbeddedPostgres;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.util.Map;
import java.util.concurrent.atomic.AtomicInteger;

/** An embedded PostgreSQL 17 that trusts everybody on the loopback address; durability is off, for speed. */
public final class Postgres implements AutoCloseable {
    private static final AtomicInteger DATABASES = new AtomicInteger();

    private final EmbeddedPostgres server;

    private Postgres(EmbeddedPostgres server) {
        this.server = server;
    }

    /** Starts a server of one's own. */
    public static Postgres start() {
        return start(Map.of());
    }

    /** Starts a server of one's own whose changes can be captured. */
    public static Postgres startLogical() {
        return start(Map.of("wal_level", "logical", "max_replication_slots", "20", "max_wal_senders", "20"));
    }

    /** @param settings beside ours */
    private static Postgres start(Map<String, String> settings) {
        EmbeddedPostgres.Builder builder = EmbeddedPostgres.builder()
                .setServerConfig("max_connections", "200")
                .setServerConfig("shared_buffers", "64MB")
                .setServerConfig("max_wal_size", "1GB")
                .setServerConfig("autovacuum", "off");
        settings.forEach(builder::setServerConfig);
        try {
            return new Postgres(builder.start());
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        }
    }

    /** The two servers that the tests of this JVM share; they end with it. */
    public static Postgres source() {
        return Shared.SOURCE;
    }

    /** See {@link #source}. */
    public static Postgres target() {
        return Shared.TARGET;
    }

    private static final class Shared {
        static final Postgres SOURCE = start();
        static final Postgres TARGET = start();
    }

    public int port() {
        return server.getPort();
    }

    /** A new, empty database. */
    public Database database(String prefix) {
        String name = prefix + "_" + DATABASES.incrementAndGet();
        new Database(port(), "postgres").run("CREATE DATABASE " + name);
        return new Database(port(), name);
    }

    @Override
    public void close() {
        try {
            server.close();
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        }
    }
}
