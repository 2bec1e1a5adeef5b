package dev.godwit.node.plan;

import static org.assertj.core.api.Assertions.assertThat;

import dev.godwit.protocol.error.ErrorCode;
import dev.godwit.protocol.plan.Endpoint;
import dev.godwit.protocol.plan.Limits;
import dev.godwit.protocol.plan.Plan;
import dev.godwit.protocol.plan.PostgresAddress;
import dev.godwit.protocol.plan.SecretRef;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Arrays;
import java.util.List;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/** The page for people says what the reader does. */
class PlanReferenceTest {
    private static final String PAGE = page();

    private static String page() {
        try {
            return Files.readString(Path.of("..", "docs", "reference", "plan.md"));
        } catch (IOException e) {
            throw new AssertionError(e);
        }
    }

    @ParameterizedTest
    @ValueSource(classes = {Plan.class, PostgresAddress.class, Limits.class})
    void has_a_row_for_every_key(Class<?> shape) {
        Arrays.stream(shape.getRecordComponents())
                .forEach(key -> assertThat(PAGE).containsPattern("(?m)^\\| `" + key.getName() + "` \\| "));
    }

    @Test
    void names_the_kinds_of_database_the_references_the_properties_and_the_codes() {
        for (Class<?> shape : List.of(Endpoint.class, SecretRef.class)) {
            Arrays.stream(shape.getRecordComponents())
                    .forEach(key -> assertThat(PAGE).containsPattern("`\\{?" + key.getName() + "\\b"));
        }
        DriverProperties.names().forEach(name -> assertThat(PAGE).contains("| `" + name + "` |"));
        PlanReader.SSLMODES.forEach(mode -> assertThat(PAGE).contains('`' + mode + '`'));
        Arrays.stream(ErrorCode.values())
                .map(Enum::name)
                .filter(code -> code.startsWith("PLAN_"))
                .forEach(code -> assertThat(PAGE).contains(code));
    }

    @Test
    void shows_a_plan_that_works() {
        Matcher yaml = Pattern.compile("(?s)```yaml\n(.*?)```").matcher(PAGE);
        assertThat(yaml.find()).isTrue();
        assertThat(yaml.group(1)).isEqualTo(PlanSamples.SHOP);
    }

    @Test
    void names_the_defaults_of_the_limits() {
        Limits limits = Limits.DEFAULT;
        assertThat(PAGE)
                .containsPattern("`workersPerNode` .*\\| " + limits.workersPerNode() + " \\| 1 to 64 \\|")
                .containsPattern("`shardBytes` .*\\| " + ByteSize.text(limits.shardBytes()) + " \\| 64KiB to 16GiB \\|")
                .containsPattern(
                        "`memoryPerNode` .*\\| " + ByteSize.text(limits.memoryPerNode()) + " \\| 4MiB to 64GiB \\|")
                .containsPattern("`sourceConnections` .*\\| " + limits.sourceConnections() + " \\| 2 to 10000 \\|")
                .containsPattern("`targetConnections` .*\\| " + limits.targetConnections() + " \\| 2 to 10000 \\|")
                .containsPattern("`retainedLogBytes` .*\\| " + ByteSize.text(limits.retainedLogBytes())
                        + " \\| 16MiB to 16384GiB \\|")
                .containsPattern("`retainedLogPercent` .*\\| " + limits.retainedLogPercent() + " \\| 10 to 95 \\|")
                .containsPattern("`heartbeatSeconds` .*\\| " + limits.heartbeatSeconds() + " \\| 0 to 3600 \\|");
    }
}
