package dev.godwit.node.house;

import static org.assertj.core.api.Assertions.assertThat;

import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Arrays;
import java.util.List;
import java.util.stream.Stream;

/** The repository's files, as tests of the house read them. */
public final class Documents {
    /** Tests run in their module's directory. */
    static final Path ROOT = Path.of("..").toAbsolutePath().normalize();

    private Documents() {}

    static String read(String path) {
        return read(ROOT.resolve(path));
    }

    static String read(Path path) {
        try {
            return Files.readString(path);
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        }
    }

    /** Files under a directory whose names end so, but for those that a build makes. */
    static List<Path> files(Path directory, String ending) {
        try (Stream<Path> files = Files.walk(directory)) {
            return files.filter(file -> file.toString().endsWith(ending))
                    .filter(file -> !isBuilt(ROOT.relativize(file)))
                    .sorted()
                    .toList();
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        }
    }

    /** Below a module's own directory {@code target}; the package {@code target} lies deeper. */
    private static boolean isBuilt(Path path) {
        return path.getNameCount() > 1
                && (path.getName(0).toString().equals("target")
                        || path.getName(1).toString().equals("target"));
    }

    /** Cells of the rows of a Markdown table that begins with this header row. */
    static List<List<String>> table(String path, String header) {
        List<String> lines = read(path).lines().toList();
        int start = lines.indexOf(header);
        assertThat(start).as("line of the table '%s' in %s", header, path).isGreaterThanOrEqualTo(0);
        return lines.stream()
                .skip(start + 2)
                .takeWhile(line -> line.startsWith("|"))
                .map(line -> Arrays.stream(line.substring(1, line.length() - 1).split("\\|"))
                        .map(String::strip)
                        .toList())
                .toList();
    }

    /**
     * Fails unless the document holds this text between {@code <!-- name -->} and {@code <!-- /name -->}.
     *
     * @param path of the document from the repository's root
     */
    public static void assertHolds(String path, String name, String generated) {
        String text = read(path);
        String begin = "<!-- " + name + " -->\n";
        String end = "\n<!-- /" + name + " -->";
        assertThat(text).as(path).contains(begin, end);
        String found = text.substring(text.indexOf(begin) + begin.length(), text.indexOf(end));
        assertThat(found)
                .as("the part '%s' of %s is stale; it is drawn from the code and has to read as expected", name, path)
                .isEqualTo(generated);
    }
}
