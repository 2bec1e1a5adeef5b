package dev.godwit.node.house;

import static org.assertj.core.api.Assertions.assertThat;

import java.util.Arrays;
import java.util.List;
import java.util.TreeSet;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import java.util.stream.Collectors;
import java.util.stream.Stream;
import org.junit.jupiter.api.Test;

/** Every dependency of the poms has its lines in the decision page, and nothing else has. */
class DependenciesTest {
    private static final Pattern DEPENDENCY =
            Pattern.compile("<dependency>\\s*<groupId>([^<]+)</groupId>\\s*<artifactId>([^<]+)</artifactId>");
    private static final Pattern MANAGED = Pattern.compile("(?s)<dependencyManagement>.*?</dependencyManagement>");

    @Test
    void the_page_on_dependencies_names_those_of_the_poms() {
        TreeSet<String> poms = Stream.of(
                        "pom.xml",
                        "protocol/pom.xml",
                        "node/pom.xml",
                        "ops/pom.xml",
                        "k8s/pom.xml",
                        "load-tests/pom.xml")
                .flatMap(pom -> dependencies(Documents.read(pom)))
                .collect(Collectors.toCollection(TreeSet::new));

        TreeSet<String> page = sections().stream()
                .map(section -> section.get(0))
                .flatMap(heading -> {
                    String[] parts = heading.split(": ", 2);
                    return Arrays.stream(parts[1].split(", ")).map(artifact -> parts[0] + ":" + artifact);
                })
                .collect(Collectors.toCollection(TreeSet::new));

        assertThat(page).isEqualTo(poms);
    }

    @Test
    void each_says_what_for_why_and_the_licence() {
        assertThat(sections())
                .allSatisfy(section -> assertThat(section.subList(1, section.size()))
                        .as(section.get(0))
                        .hasSize(3)
                        .satisfiesExactly(
                                line -> assertThat(line).startsWith("- For: "),
                                line -> assertThat(line).startsWith("- Why: "),
                                line -> assertThat(line).startsWith("- Licence: ")));
    }

    private static Stream<String> dependencies(String pom) {
        Matcher matcher = DEPENDENCY.matcher(MANAGED.matcher(pom).replaceAll(""));
        return matcher.results()
                .filter(found -> !found.group(1).equals("dev.godwit"))
                .map(found -> found.group(1) + ":" + found.group(2).replace("_${scala.binary.version}", ""));
    }

    /** Of each dependency's heading and the lines below it, without blank ones. */
    private static List<List<String>> sections() {
        String page = Documents.read("docs/decisions/dependencies.md").replaceAll("(?ms)^## .*?(?=^### |\\z)", "");
        return Arrays.stream(page.split("(?m)^### "))
                .skip(1)
                .map(section -> section.lines().filter(line -> !line.isBlank()).toList())
                .toList();
    }
}
