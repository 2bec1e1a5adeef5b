package dev.godwit.node.boot;

import static org.assertj.core.api.Assertions.assertThat;

import java.io.File;
import java.net.InetAddress;
import java.net.ServerSocket;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.concurrent.TimeUnit;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

class FailedStartTest {
    @TempDir
    private Path directory;

    @Test
    void a_node_that_can_not_start_says_why_and_does_not_exit_with_zero() throws Exception {
        File log = directory.resolve("node.log").toFile();
        try (ServerSocket taken = new ServerSocket(0, 1, InetAddress.getLoopbackAddress())) {
            Process node = new ProcessBuilder(
                            Path.of(System.getProperty("java.home"), "bin", "java")
                                    .toString(),
                            "-Dgodwit.state-store.database=none",
                            "-Dgodwit.state-store.user=nobody",
                            "-Dgodwit.http.port=" + taken.getLocalPort(),
                            "-cp",
                            System.getProperty("java.class.path"),
                            Main.class.getName(),
                            "node")
                    .redirectErrorStream(true)
                    .redirectOutput(log)
                    .start();
            try {
                assertThat(node.waitFor(60, TimeUnit.SECONDS))
                        .as("the node ends")
                        .isTrue();
            } finally {
                node.destroyForcibly();
            }

            String said = Files.readString(log.toPath());
            assertThat(said).contains("the port is taken");
            assertThat(node.exitValue()).as("exit code; it said: %s", said).isEqualTo(1);
        }
    }
}
