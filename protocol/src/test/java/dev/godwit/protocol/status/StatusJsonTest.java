package dev.godwit.protocol.status;

import static org.assertj.core.api.Assertions.assertThat;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import com.fasterxml.jackson.databind.SerializationFeature;
import com.fasterxml.jackson.databind.json.JsonMapper;
import com.fasterxml.jackson.dataformat.cbor.databind.CBORMapper;
import com.fasterxml.jackson.datatype.jdk8.Jdk8Module;
import com.fasterxml.jackson.datatype.jsr310.JavaTimeModule;
import java.io.IOException;
import java.io.InputStream;
import java.util.Arrays;
import java.util.Locale;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.EnumSource;
import org.junit.jupiter.params.provider.ValueSource;

/** Programs read the status: its stored form stays what it was. */
class StatusJsonTest {
    private static final ObjectMapper JSON = JsonMapper.builder()
            .addModules(new JavaTimeModule(), new Jdk8Module())
            .disable(SerializationFeature.WRITE_DATES_AS_TIMESTAMPS)
            .build();
    private static final ObjectMapper CBOR = CBORMapper.builder()
            .addModules(new JavaTimeModule(), new Jdk8Module())
            .disable(SerializationFeature.WRITE_DATES_AS_TIMESTAMPS)
            .build();

    @ParameterizedTest
    @ValueSource(classes = {MigrationStatus.class, TableStatus.class, ShardStatus.class, NodeStatus.class})
    void the_stored_sample_still_decodes_and_encodes_to_itself(Class<?> type) throws IOException {
        JsonNode sample = sample(type);
        Object decoded = JSON.treeToValue(sample, type);
        assertThat(JSON.readTree(JSON.writeValueAsString(decoded))).isEqualTo(sample);
        assertThat(CBOR.readValue(CBOR.writeValueAsBytes(decoded), type)).isEqualTo(decoded);
        assertThat(Arrays.stream(type.getRecordComponents()).map(component -> component.getName()))
                .allMatch(sample::hasNonNull);
    }

    @ParameterizedTest
    @EnumSource
    void a_phase_is_written_as_the_word_that_people_see(Phase phase) {
        assertThat(JSON.<JsonNode>valueToTree(phase).asText()).isEqualTo(phase.word());
    }

    @ParameterizedTest
    @EnumSource
    void a_tables_state_is_written_in_lower_case(TableState state) {
        assertThat(JSON.<JsonNode>valueToTree(state).asText())
                .isEqualTo(state.name().toLowerCase(Locale.ROOT));
    }

    @ParameterizedTest
    @EnumSource
    void a_shards_state_is_written_in_lower_case(ShardState state) {
        assertThat(JSON.<JsonNode>valueToTree(state).asText())
                .isEqualTo(state.name().toLowerCase(Locale.ROOT).replace('_', '-'));
    }

    private static JsonNode sample(Class<?> type) throws IOException {
        String name =
                type.getSimpleName().replaceAll("(?<=[a-z])(?=[A-Z])", "-").toLowerCase(Locale.ROOT);
        try (InputStream in = StatusJsonTest.class.getResourceAsStream("/status/v1/" + name + ".json")) {
            assertThat(in).as("stored sample of " + name).isNotNull();
            return JSON.readTree(in);
        }
    }
}
