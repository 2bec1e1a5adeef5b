package dev.godwit.load.postgres;

import io.zonky.test.db.postgres.embedded.PgBinaryResolver;
import io.zonky.test.db.postgres.util.ArchUtils;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Locale;
import java.util.Optional;

/** A source and a target of the same version and settings. */
public record Servers(BenchServer source, BenchServer target) implements AutoCloseable {
    /**
     * PostgreSQL 17.
     *
     * @param directory gets the data of both
     */
    public static Servers start(Path directory, String password) {
        return start(directory, password, BenchServer.LOOPBACK);
    }

    /**
     * PostgreSQL 17, where nodes with a network of their own find them.
     *
     * @param host an address of this machine
     */
    public static Servers start(Path directory, String password, String host) {
        return start(directory, password, Optional.empty(), host);
    }

    /**
     * PostgreSQL 15, which the pg_dump of Debian 12 can read, and so can what is built on it.
     *
     * @param home Godwit's directory, where Maven has put the server's programs
     */
    public static Servers startOld(Path home, Path directory, String password) {
        Path programs = home.resolve("load-tests/target/postgres-15");
        return start(
                directory,
                password,
                Optional.of((system, machine) -> Files.newInputStream(programs.resolve(
                        "postgres-" + system.toLowerCase(Locale.ROOT) + '-' + ArchUtils.normalize(machine) + ".txz"))),
                BenchServer.LOOPBACK);
    }

    private static Servers start(Path directory, String password, Optional<PgBinaryResolver> programs, String host) {
        BenchServer source = BenchServer.start(directory.resolve("source"), password, programs, host);
        try {
            return new Servers(source, BenchServer.start(directory.resolve("target"), password, programs, host));
        } catch (IllegalStateException e) {
            source.close();
            throw e;
        }
    }

    /** Place, version and settings, for the conditions of a result. */
    public String describe() {
        return "both on this machine; " + source.describe();
    }

    @Override
    public void close() {
        try {
            target.close();
        } finally {
            source.close();
        }
    }
}
