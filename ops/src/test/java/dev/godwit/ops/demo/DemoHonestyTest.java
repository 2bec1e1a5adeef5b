package dev.godwit.ops.demo;

import static org.assertj.core.api.Assertions.assertThat;

import com.fasterxml.jackson.databind.JsonNode;
import dev.godwit.ops.client.Json;
import dev.godwit.ops.command.Recorded;
import dev.godwit.ops.command.StandInInstallation;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Map;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** What the demo says of a cluster that only claims to have copied: the stand-in of these tests. */
class DemoHonestyTest {
    private static final Pattern DIRECTORY = Pattern.compile("PostgreSQL 17 servers in (\\S+)");

    @TempDir
    private Path home;

    @BeforeEach
    void an_installation_has_the_stand_in_for_its_node() throws IOException {
        StandInInstallation.create(home);
    }

    private Recorded demo(String nodes) {
        return Recorded.run(
                Map.of("GODWIT_HOME", home.toString()), "demo", "--scale", "0.001", "--nodes", nodes, "-o", "json");
    }

    @Test
    void a_cluster_that_copied_nothing_is_found_out_by_the_databases() throws IOException {
        Recorded demo = demo("3");

        assertThat(demo.exitCode()).as(demo.err()).isEqualTo(9);
        assertThat(demo.err()).contains("KILLED with SIGKILL in mid-copy").contains("has ended with code 137");
        JsonNode report = Json.MAPPER.readTree(demo.out());
        assertThat(report.path("equal").asBoolean()).isFalse();
        assertThat(report.path("tables"))
                .hasSize(11)
                .allMatch(t -> t.path("target").isNull());
        assertThat(report.path("shardsRedone").asInt()).isEqualTo(2);
        assertThatNothingIsLeftOf(demo);
    }

    @Test
    void a_copy_that_is_over_before_the_kill_is_a_failure() {
        Recorded demo = demo("2");

        assertThat(demo.exitCode()).as(demo.err()).isEqualTo(1);
        assertThat(demo.out()).isEmpty();
        assertThat(demo.err()).contains("over before a node could be killed");
        assertThatNothingIsLeftOf(demo);
    }

    private static void assertThatNothingIsLeftOf(Recorded demo) {
        Matcher directory = DIRECTORY.matcher(demo.err());
        assertThat(directory.find()).isTrue();
        assertThat(Files.exists(Path.of(directory.group(1)))).isFalse();
        assertThat(ProcessHandle.allProcesses()
                        .filter(p -> p.info().commandLine().orElse("").contains(directory.group(1))))
                .isEmpty();
    }
}
