package dev.godwit.node.house;

import static dev.godwit.node.house.Documents.ROOT;
import static org.assertj.core.api.Assertions.assertThat;

import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.Map;
import java.util.TreeMap;
import java.util.TreeSet;
import java.util.regex.Pattern;
import java.util.stream.Collectors;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/** The package tables of ARCHITECTURE.md say what the tree says: which packages there are, what for, built on which. */
class PackageTableTest {
    private static final String HEADER = "| package of `%s` | what for | builds on |";
    private static final Pattern COMMENT = Pattern.compile("(?m)^\\s*(//|/\\*|\\*).*$");

    @ParameterizedTest
    @ValueSource(strings = {"protocol", "node", "ops"})
    void the_table_says_what_the_tree_says(String module) {
        Map<String, List<String>> tree = new TreeMap<>();
        packages(module)
                .forEach((name, directory) -> tree.put(name, List.of(purpose(directory), imports(module, directory))));

        Map<String, List<String>> table = new TreeMap<>();
        Documents.table("ARCHITECTURE.md", HEADER.formatted(module))
                .forEach(row -> table.put(row.get(0).replace("`", ""), List.of(row.get(1), row.get(2))));

        assertThat(table).isEqualTo(tree);
    }

    /** Directories of the module's packages right below its root package. */
    private static Map<String, Path> packages(String module) {
        Path root = ROOT.resolve(module + "/src/main/java/dev/godwit/" + module);
        return Documents.files(root, ".java").stream()
                .map(Path::getParent)
                .filter(directory -> !directory.equals(root))
                .distinct()
                .collect(Collectors.toMap(
                        directory -> root.relativize(directory).toString(),
                        directory -> directory,
                        (a, b) -> a,
                        TreeMap::new));
    }

    /** The first sentence of the package's own page. */
    private static String purpose(Path directory) {
        Path page = directory.resolve("package-info.java");
        assertThat(Files.exists(page))
                .as("%s has a package-info.java", directory)
                .isTrue();
        String text = Documents.read(page);
        return text.substring(text.indexOf("/**") + 3, text.indexOf("*/"))
                .replaceAll("\\s*\\n \\* ?", " ")
                .replaceAll("\\{@code ([^}]*)}", "`$1`")
                .strip();
    }

    private static String imports(String module, Path directory) {
        Pattern other = Pattern.compile("\\bdev\\.godwit\\." + module + "\\.([a-z]+)\\.");
        TreeSet<String> found = new TreeSet<>();
        for (Path file : Documents.files(directory, ".java")) {
            String code = COMMENT.matcher(Documents.read(file)).replaceAll("");
            other.matcher(code).results().map(match -> match.group(1)).forEach(found::add);
        }
        found.remove(directory.getFileName().toString());
        return found.isEmpty() ? "nothing" : String.join(", ", found);
    }
}
