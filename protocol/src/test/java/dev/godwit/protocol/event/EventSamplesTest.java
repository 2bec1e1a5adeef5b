package dev.godwit.protocol.event;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import com.fasterxml.jackson.annotation.JsonSubTypes;
import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import com.fasterxml.jackson.databind.SerializationFeature;
import com.fasterxml.jackson.databind.exc.InvalidTypeIdException;
import com.fasterxml.jackson.databind.json.JsonMapper;
import com.fasterxml.jackson.dataformat.cbor.databind.CBORMapper;
import com.fasterxml.jackson.datatype.jdk8.Jdk8Module;
import com.fasterxml.jackson.datatype.jsr310.JavaTimeModule;
import dev.godwit.protocol.table.ShardRange;
import java.io.IOException;
import java.io.InputStream;
import java.nio.charset.StandardCharsets;
import java.util.Arrays;
import java.util.List;
import java.util.stream.Collectors;
import java.util.stream.Stream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.MethodSource;

/**
 * What old journals hold must decode for ever. A sample is never changed: when an event's form changes, a sample of the
 * new form is added beside it.
 */
class EventSamplesTest {
    /** The oldest first. */
    private static final List<String> FORMS = List.of("v1", "v2", "v3", "v4", "v5");

    private static final ObjectMapper JSON = JsonMapper.builder()
            .addModules(new JavaTimeModule(), new Jdk8Module())
            .disable(SerializationFeature.WRITE_DATES_AS_TIMESTAMPS)
            .build();
    private static final ObjectMapper CBOR = CBORMapper.builder()
            .addModules(new JavaTimeModule(), new Jdk8Module())
            .disable(SerializationFeature.WRITE_DATES_AS_TIMESTAMPS)
            .build();

    /** A record with its wire name and the sealed interface that it is written as. */
    record Wired(Class<?> type, String name, Class<?> family) {
        @Override
        public String toString() {
            return name;
        }
    }

    static Stream<Wired> wired() {
        return families()
                .flatMap(family -> Arrays.stream(
                                family.getAnnotation(JsonSubTypes.class).value())
                        .map(type -> new Wired(type.value(), type.name(), family)));
    }

    static Stream<Class<?>> families() {
        return Stream.of(MigrationEvent.class, TableEvent.class, ShardRange.class);
    }

    @ParameterizedTest
    @MethodSource("families")
    void every_kind_has_one_wire_name(Class<?> family) {
        JsonSubTypes.Type[] types = family.getAnnotation(JsonSubTypes.class).value();
        assertThat(Arrays.stream(types).<Class<?>>map(JsonSubTypes.Type::value))
                .containsExactlyInAnyOrder(family.getPermittedSubclasses());
        assertThat(Arrays.stream(types).map(JsonSubTypes.Type::name))
                .doesNotHaveDuplicates()
                .allMatch(name -> name.matches("[a-z]+(-[a-z]+)*"));
    }

    @Test
    void no_name_is_used_for_two_kinds_of_event() {
        assertThat(wired().filter(w -> w.family() != ShardRange.class).map(Wired::name))
                .doesNotHaveDuplicates();
    }

    @ParameterizedTest
    @MethodSource("wired")
    void the_stored_sample_still_decodes_and_encodes_to_itself(Wired wired) throws IOException {
        JsonNode sample = sample(wired);
        Object decoded = JSON.treeToValue(sample, wired.family());
        assertThat(decoded).isExactlyInstanceOf(wired.type());
        assertThat(JSON.readTree(JSON.writeValueAsString(decoded))).isEqualTo(sample);
        assertThat(JSON.readValue(JSON.writeValueAsString(decoded), wired.family()))
                .isEqualTo(decoded);
        assertThat(CBOR.readValue(CBOR.writeValueAsBytes(decoded), wired.family()))
                .isEqualTo(decoded);
    }

    @ParameterizedTest
    @MethodSource("wired")
    void every_form_still_decodes(Wired wired) throws IOException {
        assertThat(sample(wired, FORMS.get(0))).isNotNull();
        for (String form : FORMS) {
            JsonNode sample = sample(wired, form);
            if (sample != null) {
                Object decoded = JSON.treeToValue(sample, wired.family());

                assertThat(decoded).as(form).isExactlyInstanceOf(wired.type());
                assertThat(CBOR.readValue(CBOR.writeValueAsBytes(decoded), wired.family()))
                        .as(form)
                        .isEqualTo(decoded);
            }
        }
    }

    @ParameterizedTest
    @MethodSource("wired")
    void the_sample_holds_something_in_every_component(Wired wired) throws IOException {
        List<String> components = Arrays.stream(wired.type().getRecordComponents())
                .map(component -> component.getName())
                .toList();
        JsonNode sample = sample(wired);
        assertThat(components)
                .allSatisfy(name -> assertThat(sample.hasNonNull(name)).as(name).isTrue());
    }

    @Test
    void an_event_of_a_newer_version_is_refused() {
        assertThatThrownBy(() -> JSON.readValue("{\"event\":\"shard-teleported\"}", TableEvent.class))
                .isInstanceOf(InvalidTypeIdException.class);
    }

    @Test
    void open_bounds_of_a_range_are_kept() throws IOException {
        ShardRange open = new ShardRange.Keys(null, null);
        assertThat(CBOR.readValue(CBOR.writeValueAsBytes(open), ShardRange.class))
                .isEqualTo(open);
        assertThat(JSON.writerFor(ShardRange.class).writeValueAsString(open))
                .isEqualTo("{\"kind\":\"keys\",\"from\":null,\"to\":null}");
    }

    private static JsonNode sample(Wired wired) throws IOException {
        JsonNode newest = null;
        for (String form : FORMS) {
            JsonNode sample = sample(wired, form);
            newest = sample == null ? newest : sample;
        }
        assertThat(newest).as("stored sample of " + wired.name()).isNotNull();
        return newest;
    }

    /** Null where the event did not change to that form. */
    private static JsonNode sample(Wired wired, String form) throws IOException {
        String folder = (wired.family() == ShardRange.class ? "/ranges/" : "/events/") + form + '/';
        try (InputStream in = EventSamplesTest.class.getResourceAsStream(folder + wired.name() + ".json")) {
            return in == null ? null : JSON.readTree(in);
        }
    }

    @Test
    void no_sample_is_left_without_its_kind() throws IOException {
        for (String folder : List.of("/events/v1", "/ranges/v1")) {
            try (InputStream in = EventSamplesTest.class.getResourceAsStream(folder)) {
                assertThat(in).isNotNull();
                assertThat(new String(in.readAllBytes(), StandardCharsets.UTF_8).lines())
                        .isSubsetOf(wired().map(w -> w.name() + ".json").collect(Collectors.toSet()));
            }
        }
    }
}
