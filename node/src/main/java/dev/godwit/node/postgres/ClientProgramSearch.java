package dev.godwit.node.postgres;

import dev.godwit.protocol.error.ErrorCode;
import dev.godwit.protocol.error.GodwitException;
import java.io.File;
import java.io.IOException;
import java.nio.file.DirectoryStream;
import java.nio.file.Files;
import java.nio.file.InvalidPathException;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Comparator;
import java.util.LinkedHashSet;
import java.util.List;
import java.util.Optional;
import java.util.Set;
import java.util.TreeSet;
import java.util.stream.Collectors;

/**
 * Where {@code pg_dump} and {@code pg_restore} are looked for on a node.
 *
 * @param node how messages call the node
 * @param configured the one directory to look in, or null to look in the others
 * @param path directories as in the variable PATH; may be null
 * @param root of the file system
 */
public record ClientProgramSearch(String node, Path configured, String path, Path root) {
    /** Key of a node's configuration that names the directory. */
    static final String KEY = "godwit.client-programs.directory";

    /** Debian's packages, and those of PostgreSQL for Red Hat and its kin; below the root of the file system. */
    private static final List<String> PLACES = List.of("usr/lib/postgresql/*/bin", "usr/pgsql-*/bin");

    /** @param configured the one directory to look in; without it PATH and the places of well-known packages */
    public static ClientProgramSearch on(String node, Optional<Path> configured) {
        return new ClientProgramSearch(node, configured.orElse(null), System.getenv("PATH"), Path.of("/"));
    }

    /** On this machine, with nothing configured. */
    static ClientProgramSearch here() {
        return on("this node", Optional.empty());
    }

    /**
     * Major versions of the pairs that are there. Runs each program once.
     *
     * @throws GodwitException with CLIENT_PROGRAMS_UNFIT where the configured directory has no pair that runs
     */
    public Set<Integer> majors() {
        List<String> found = new ArrayList<>();
        Set<Integer> majors = new TreeSet<>();
        ClientPrograms.pairs(this, found).forEach(pair -> majors.add(pair.major()));
        if (configured != null && majors.isEmpty()) {
            throw new GodwitException(
                    ErrorCode.CLIENT_PROGRAMS_UNFIT,
                    "There are no pg_dump and pg_restore of one version that can be run. Found "
                            + (found.isEmpty() ? "none" : String.join(", ", found)) + " in " + Sql.printable(text())
                            + ".",
                    KEY,
                    "Name the directory that has both, or leave the key empty to look for them on PATH.");
        }
        return majors;
    }

    /** For messages. */
    String text() {
        return configured != null
                ? configured.toString()
                : "PATH, "
                        + PLACES.stream()
                                .map(place -> root.resolve(place).toString())
                                .collect(Collectors.joining(", "));
    }

    /** In the order in which they are looked through; each once. */
    List<Path> directories() {
        if (configured != null) {
            return List.of(configured);
        }
        Set<Path> directories = new LinkedHashSet<>();
        for (String entry : path == null ? new String[0] : path.split(File.pathSeparator, -1)) {
            try {
                if (!entry.isEmpty()) {
                    directories.add(Path.of(entry));
                }
            } catch (InvalidPathException e) {
                // No directory has such a name.
            }
        }
        PLACES.forEach(place -> directories.addAll(matching(place)));
        return List.copyOf(directories);
    }

    private List<Path> matching(String place) {
        int star = place.indexOf('*');
        Path parent = root.resolve(place.substring(0, place.lastIndexOf('/', star)));
        String glob = place.substring(place.lastIndexOf('/', star) + 1, place.indexOf('/', star));
        List<Path> found = new ArrayList<>();
        try (DirectoryStream<Path> children = Files.newDirectoryStream(parent, glob)) {
            children.forEach(child -> found.add(child.resolve(place.substring(place.indexOf('/', star) + 1))));
        } catch (IOException e) {
            // Nothing is installed there.
        }
        found.sort(Comparator.naturalOrder());
        return found;
    }
}
