package dev.godwit.ops.demo;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assumptions.assumeThat;

import com.fasterxml.jackson.databind.JsonNode;
import dev.godwit.ops.client.Json;
import dev.godwit.ops.cluster.Installation;
import dev.godwit.ops.command.Recorded;
import java.io.IOException;
import java.util.Map;
import org.junit.jupiter.api.Test;

/**
 * The demo end to end: real PostgreSQL, real node processes. Requires the built node ({@code node/target/classes} and
 * {@code node/target/lib}), which {@code mvn verify} from the root makes before this module's tests run; with this module
 * alone and no built node the test is skipped.
 */
class DemoTest {
    @Test
    void a_small_demo_loses_a_node_in_mid_copy_and_both_sides_are_equal() throws IOException {
        assumeThat(Installation.find(Map.of()).nodeIsBuilt())
                .as("the node is built: run 'mvn verify' in the root")
                .isTrue();

        Recorded demo = Recorded.run(System.getenv(), "demo", "--scale", "0.1", "-o", "json");

        assertThat(demo.exitCode()).as(demo.err()).isZero();
        assertThat(demo.err()).contains("KILLED with SIGKILL in mid-copy");
        JsonNode report = Json.MAPPER.readTree(demo.out());
        assertThat(report.path("equal").asBoolean()).isTrue();
        assertThat(report.path("tables")).hasSize(11);
        assertThat(report.path("killedNode").asInt()).isPositive();
    }
}
