package dev.godwit.ops;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assumptions.assumeThat;

import dev.godwit.ops.cluster.Installation;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Map;
import org.junit.jupiter.api.Test;

/** The script {@code godwit} in the root. */
class ScriptTest {
    private static final Path SCRIPT = Installation.find(Map.of()).home().resolve("godwit");

    @Test
    void is_executable_and_parses() throws Exception {
        assertThat(Files.isExecutable(SCRIPT)).isTrue();
        assertThat(exitCode("bash", "-n", SCRIPT.toString())).isZero();
    }

    @Test
    void satisfies_shellcheck_where_it_is_installed() throws Exception {
        assumeThat(System.getenv("PATH").split(java.io.File.pathSeparator))
                .as("shellcheck is installed")
                .anyMatch(directory -> Files.isExecutable(Path.of(directory, "shellcheck")));

        assertThat(exitCode("shellcheck", SCRIPT.toString())).isZero();
    }

    private static int exitCode(String... command) throws IOException, InterruptedException {
        return new ProcessBuilder(command).inheritIO().start().waitFor();
    }
}
