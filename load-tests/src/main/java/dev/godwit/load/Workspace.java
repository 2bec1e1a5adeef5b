package dev.godwit.load;

import java.io.IOException;
import java.io.UncheckedIOException;
import java.math.BigInteger;
import java.nio.file.Files;
import java.nio.file.Path;
import java.security.SecureRandom;
import java.util.Comparator;
import java.util.List;
import java.util.stream.Stream;

/** Where a benchmark works: Godwit's directory, a directory of its own, and a password for its servers. */
public final class Workspace implements AutoCloseable {
    private final Path home;
    private final Path directory;
    private final boolean keep;
    private final String password = new BigInteger(160, new SecureRandom()).toString(Character.MAX_RADIX);
    private final long startedNanos = System.nanoTime();

    /**
     * @param home Godwit's directory
     * @param parent gets the directory; it needs room for two copies of the data and their WAL
     * @param keep whether the directory stays
     */
    Workspace(Path home, Path parent, boolean keep) {
        this.home = home;
        this.keep = keep;
        try {
            this.directory = Files.createTempDirectory(Files.createDirectories(parent), "godwit-load-");
        } catch (IOException e) {
            throw new UncheckedIOException("no directory could be made in " + parent, e);
        }
    }

    public Path home() {
        return home;
    }

    public Path directory() {
        return directory;
    }

    public String password() {
        return password;
    }

    /** Progress, for people. */
    public void say(String text) {
        System.err.printf("[%5.0f s] %s%n", (System.nanoTime() - startedNanos) / 1e9, text);
    }

    @Override
    public void close() {
        if (keep) {
            say("kept " + directory);
            return;
        }
        delete(directory);
    }

    /** An empty directory of that name, in place of one that there may be. */
    public Path fresh(String name) {
        Path fresh = directory.resolve(name);
        if (Files.exists(fresh)) {
            delete(fresh);
        }
        try {
            return Files.createDirectories(fresh);
        } catch (IOException e) {
            throw new UncheckedIOException("no directory could be made in " + directory, e);
        }
    }

    /** Deletes a directory with all that is in it. */
    public void delete(Path directory) {
        try (Stream<Path> files = Files.walk(directory)) {
            List<Path> deepestFirst = files.sorted(Comparator.reverseOrder()).toList();
            for (Path file : deepestFirst) {
                Files.deleteIfExists(file);
            }
        } catch (IOException | UncheckedIOException e) {
            say("could not be removed: " + directory);
        }
    }
}
