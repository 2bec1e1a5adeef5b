package dev.godwit.node.config;

import static dev.godwit.node.config.Section.require;

import java.nio.file.Path;
import java.util.Optional;

/**
 * Where {@code pg_dump} and {@code pg_restore} are.
 *
 * @param directory the one directory to look in, absolute; empty to look on PATH and where packages put them
 */
public record ClientProgramSettings(Optional<Path> directory) {
    static ClientProgramSettings of(String directory) {
        require(
                directory.isEmpty() || directory.startsWith("/") && directory.indexOf('\0') < 0,
                "godwit.client-programs.directory",
                "It is no absolute path.",
                "Name the directory that has pg_dump and pg_restore, or leave it empty.");
        return new ClientProgramSettings(directory.isEmpty() ? Optional.empty() : Optional.of(Path.of(directory)));
    }
}
