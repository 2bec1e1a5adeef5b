package dev.godwit.node.house;

import static dev.godwit.node.house.Documents.ROOT;
import static org.assertj.core.api.Assertions.assertThat;

import java.nio.file.Path;
import java.util.List;
import java.util.Locale;
import java.util.Set;
import java.util.regex.Pattern;
import java.util.stream.Stream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

/** {@code ops -> protocol <- node}, and load-tests and k8s use the node as a process alone. */
class ModulesTest {
    private static final Set<String> NAMES_THAT_SAY_NOTHING =
            Set.of("util", "utils", "common", "commons", "helper", "helpers", "manager", "managers", "misc");

    private static final Pattern CLASS_THAT_SAYS_NOTHING =
            Pattern.compile(".*(Util|Utils|Helper|Helpers|Manager)\\.java");

    @ParameterizedTest
    @CsvSource({"protocol, node", "protocol, ops", "node, ops", "ops, node", "k8s, node", "k8s, ops", "load-tests, node"
    })
    void the_production_code_of_a_module_does_not_import_the_other(String module, String other) {
        Path sources = ROOT.resolve(module).resolve("src/main");
        assertThat(javaFiles(sources))
                .filteredOn(file -> Documents.read(file)
                        .lines()
                        .anyMatch(line -> line.startsWith("import") && line.contains(" dev.godwit." + other + ".")))
                .isEmpty();
    }

    @ParameterizedTest
    @CsvSource({"protocol, node", "protocol, ops", "node, ops", "ops, node", "k8s, node"})
    void a_module_does_not_depend_on_the_other(String module, String other) {
        String dependency = "<artifactId>godwit-" + other + "</artifactId>";
        assertThat(Documents.read(module + "/pom.xml")).doesNotContain(dependency);
    }

    @Test
    void no_package_and_no_class_has_a_name_that_says_nothing() {
        List<Path> files = javaFiles(ROOT);
        assertThat(files).as("files of the repository").isNotEmpty();
        assertThat(files).filteredOn(ModulesTest::saysNothing).isEmpty();
    }

    private static boolean saysNothing(Path file) {
        return CLASS_THAT_SAYS_NOTHING.matcher(file.getFileName().toString()).matches()
                || Stream.iterate(file.getParent(), directory -> !directory.equals(ROOT), Path::getParent)
                        .anyMatch(directory -> NAMES_THAT_SAY_NOTHING.contains(
                                directory.getFileName().toString().toLowerCase(Locale.ROOT)));
    }

    private static List<Path> javaFiles(Path directory) {
        return directory.toFile().isDirectory() ? Documents.files(directory, ".java") : List.of();
    }
}
