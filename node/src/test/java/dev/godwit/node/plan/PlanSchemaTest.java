package dev.godwit.node.plan;

import static org.assertj.core.api.Assertions.assertThat;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import com.fasterxml.jackson.dataformat.yaml.YAMLMapper;
import com.networknt.schema.JsonSchema;
import com.networknt.schema.JsonSchemaFactory;
import com.networknt.schema.SpecVersion;
import dev.godwit.protocol.plan.Consistency;
import dev.godwit.protocol.plan.Endpoint;
import dev.godwit.protocol.plan.Limits;
import dev.godwit.protocol.plan.Plan;
import dev.godwit.protocol.plan.PostgresAddress;
import dev.godwit.protocol.plan.SchemaMode;
import dev.godwit.protocol.plan.SecretRef;
import java.io.IOException;
import java.io.InputStream;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Map;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.MethodSource;

class PlanSchemaTest {
    private static final JsonNode DOCUMENT = document();
    private static final JsonSchema SCHEMA =
            JsonSchemaFactory.getInstance(SpecVersion.VersionFlag.V202012).getSchema(DOCUMENT);

    private static JsonNode document() {
        try (InputStream in = Plan.class.getResourceAsStream("/dev/godwit/protocol/plan.schema.json")) {
            return new ObjectMapper().readTree(in);
        } catch (IOException e) {
            throw new AssertionError(e);
        }
    }

    private static boolean schemaAccepts(String text) throws IOException {
        return SCHEMA.validate(new YAMLMapper().readTree(text)).isEmpty();
    }

    private static boolean readerAccepts(String text) {
        try {
            PlanReader.read(text, "sample");
            return true;
        } catch (PlanRejected rejected) {
            return false;
        }
    }

    static List<String> good() {
        List<String> samples = new ArrayList<>(List.of(PlanSamples.SHOP, PlanSamples.SMALLEST));
        for (String line : List.of(
                "consistency: frozen",
                "consistency: snapshot",
                "schema: existing",
                "exclude: []",
                "largeObjects: true",
                "largeObjects: false",
                "include: ['*.*', 'a.b.c', 'a\\.b.c', 'Ü.☃']",
                "limits: {}",
                "limits: {workersPerNode: 1, shardBytes: 65536, memoryPerNode: 4MiB}",
                "limits: {workersPerNode: 64, shardBytes: 16GiB, memoryPerNode: 64GiB}",
                "limits: {shardBytes: 100MB, sourceConnections: 2, targetConnections: 10000}",
                "limits: {retainedLogBytes: 16MiB, retainedLogPercent: 10, heartbeatSeconds: 0}",
                "limits: {retainedLogBytes: 16384GiB, retainedLogPercent: 95, heartbeatSeconds: 3600}")) {
            samples.add(PlanSamples.SMALLEST + line + "\n");
        }
        for (String line : List.of(
                "port: 1",
                "port: 65535",
                "password: {env: _A1}",
                "password: {file: /run/secret}",
                "password: {env: A, file: null}",
                "password: null",
                "sslmode: verify-full",
                "properties: {}",
                "properties: {sslrootcert: /a, sslcert: /b, sslkey: /c}",
                "properties: {connectTimeout: 3600, tcpKeepAlive: false, channelBinding: disable}",
                "properties: {connectTimeout: '3600', tcpKeepAlive: 'true'}")) {
            samples.add(PlanSamples.block("    " + line));
        }
        return samples;
    }

    static List<String> bad() {
        List<String> samples = new ArrayList<>();
        for (String key : List.of("apiVersion: godwit/v1\n", "kind: Migration\n", "name: shop\n")) {
            samples.add(PlanSamples.SMALLEST.replace(key, ""));
            samples.add(PlanSamples.SMALLEST.replace(key, key.replaceFirst(": .*", ": Wrong one")));
        }
        for (String key : List.of(
                "host: 10.0.0.1, ",
                "database: shop, ",
                ", user: reader",
                "  postgres: {host: 10.0.0.1, database: shop, user: reader}")) {
            samples.add(PlanSamples.SMALLEST.replaceFirst(key.replaceAll("([{}.])", "\\\\$1"), ""));
        }
        samples.add(PlanSamples.SMALLEST.substring(0, PlanSamples.SMALLEST.indexOf("targets:")));
        samples.add(PlanSamples.SMALLEST.substring(0, PlanSamples.SMALLEST.indexOf("targets:")) + "targets: {}\n");
        samples.add(PlanSamples.SMALLEST.replace("main:", "Main:"));
        samples.add(PlanSamples.SMALLEST + "  other:\n    postgres: {host: h, database: d, user: u}\n");
        samples.add(PlanSamples.SMALLEST.replace("    postgres:", "    mysql:"));
        for (String line : List.of(
                "colour: red",
                "consistency: fozen",
                "schema: none",
                "schema: true",
                "include: []",
                "largeObjects: 'yes'",
                "largeObjects: 1",
                "largeObjects:",
                "include: orders.*.*\nexclude: orders",
                "include: [orders]",
                "include: ['.orders']",
                "include: ['a.']",
                "include: [\"a.\\n\"]",
                "include: ['a\\.b']",
                "include: ['a.b\\']",
                "include: [1.5]",
                "include:",
                "exclude: null",
                "limits: null",
                "limits: 5",
                "limits: {workersPerNode: 0}",
                "limits: {workersPerNode: 65}",
                "limits: {workersPerNode: '4'}",
                "limits: {workersPerNode: 1.5}",
                "limits: {shardBytes: 65535}",
                "limits: {shardBytes: 17179869185}",
                "limits: {shardBytes: 128M}",
                "limits: {shardBytes: 1.5GiB}",
                "limits: {memoryPerNode: 4194303}",
                "limits: {sourceConnections: 1}",
                "limits: {targetConnections: 10001}",
                "limits: {retainedLogBytes: 16777215}",
                "limits: {retainedLogPercent: 96}",
                "limits: {heartbeatSeconds: 3601}",
                "limits: {threads: 4}")) {
            samples.add(PlanSamples.SMALLEST + line + "\n");
        }
        for (String line : List.of(
                "port: 0",
                "port: 65536",
                "port: '5432'",
                "password: secret",
                "password: {}",
                "password: {env: A, file: /b}",
                "password: {env: null, file: null}",
                "password: {env: 1A}",
                "password: {file: relative}",
                "password: {value: x}",
                "url: jdbc:postgresql:x",
                "sslmode: required",
                "properties: {socketFactory: x}",
                "properties: {connectTimeout: 0}",
                "properties: {connectTimeout: 3601}",
                "properties: {connectTimeout: '0'}",
                "properties: {tcpKeepAlive: maybe}",
                "properties: {channelBinding: x}",
                "properties: {sslkey: classpath:x}",
                "properties: {sslkey: null}",
                "properties: null")) {
            samples.add(PlanSamples.block("    " + line));
        }
        for (String host : List.of("''", "h/d", "'h:5432'", "'[::1]'", "a b")) {
            samples.add(PlanSamples.SMALLEST.replaceFirst("10\\.0\\.0\\.1", host));
        }
        samples.add(PlanSamples.SMALLEST.replaceFirst("user: reader", "user: " + "a".repeat(64)));
        samples.add(PlanSamples.SMALLEST.replace("user: reader", "user: \"a\\nb\""));
        samples.add("[]");
        return samples;
    }

    @ParameterizedTest
    @MethodSource("good")
    void reader_and_schema_accept_the_same(String text) throws IOException {
        assertThat(readerAccepts(text)).as("reader").isTrue();
        assertThat(schemaAccepts(text)).as("schema").isTrue();
    }

    @ParameterizedTest
    @MethodSource("bad")
    void reader_and_schema_reject_the_same(String text) throws IOException {
        assertThat(readerAccepts(text)).as("reader").isFalse();
        assertThat(schemaAccepts(text)).as("schema").isFalse();
    }

    @Test
    void has_the_keys_of_the_records_and_no_others() {
        Map<String, Class<? extends Record>> shapes = Map.of(
                "", Plan.class,
                "/$defs/endpoint", Endpoint.class,
                "/$defs/postgresAddress", PostgresAddress.class,
                "/$defs/secretRef", SecretRef.class,
                "/$defs/limits", Limits.class);
        shapes.forEach(
                (place, shape) -> assertThat(DOCUMENT.at(place + "/properties").fieldNames())
                        .toIterable()
                        .containsExactlyElementsOf(keys(shape)));
    }

    private static List<String> keys(Class<? extends Record> shape) {
        return Arrays.stream(shape.getRecordComponents()).map(c -> c.getName()).toList();
    }

    @Test
    void names_the_same_words_and_defaults_as_the_reader() {
        Limits limits = Limits.DEFAULT;
        JsonNode ofLimits = DOCUMENT.at("/$defs/limits/properties");
        assertThat(words("/properties/consistency/enum"))
                .isEqualTo(Arrays.stream(Consistency.values())
                        .map(PlanSchemaTest::word)
                        .toList());
        assertThat(words("/properties/schema/enum"))
                .isEqualTo(Arrays.stream(SchemaMode.values())
                        .map(PlanSchemaTest::word)
                        .toList());
        assertThat(words("/$defs/postgresAddress/properties/sslmode/enum")).isEqualTo(PlanReader.SSLMODES);
        assertThat(words("/properties/include/default")).isEqualTo(PlanReader.DEFAULT_INCLUDE);
        assertThat(DOCUMENT.at("/$defs/postgresAddress/properties/port/default").asInt())
                .isEqualTo(PlanReader.DEFAULT_PORT);
        assertThat(DOCUMENT.at("/$defs/postgresAddress/properties/sslmode/default")
                        .asText())
                .isEqualTo(PlanReader.DEFAULT_SSLMODE);
        assertThat(ofLimits.at("/workersPerNode/default").asInt()).isEqualTo(limits.workersPerNode());
        assertThat(ofLimits.at("/shardBytes/default").asText()).isEqualTo(ByteSize.text(limits.shardBytes()));
        assertThat(ofLimits.at("/memoryPerNode/default").asText()).isEqualTo(ByteSize.text(limits.memoryPerNode()));
        assertThat(ofLimits.at("/sourceConnections/default").asInt()).isEqualTo(limits.sourceConnections());
        assertThat(ofLimits.at("/targetConnections/default").asInt()).isEqualTo(limits.targetConnections());
        assertThat(ofLimits.at("/retainedLogBytes/default").asText())
                .isEqualTo(ByteSize.text(limits.retainedLogBytes()));
        assertThat(ofLimits.at("/retainedLogPercent/default").asInt()).isEqualTo(limits.retainedLogPercent());
        assertThat(ofLimits.at("/heartbeatSeconds/default").asInt()).isEqualTo(limits.heartbeatSeconds());
        assertThat(DOCUMENT.at("/$defs/driverProperties/properties").fieldNames())
                .toIterable()
                .containsExactlyElementsOf(DriverProperties.names());
    }

    private static List<String> words(String place) {
        List<String> words = new ArrayList<>();
        DOCUMENT.at(place).forEach(node -> words.add(node.asText()));
        return words;
    }

    /** As Jackson writes it, so that a plan in the journal reads as a plan in a file. */
    private static String word(Enum<?> constant) {
        return new ObjectMapper().valueToTree(constant).asText();
    }

    @Test
    void tells_editors_what_every_key_means() {
        for (String place : List.of(
                "",
                "/$defs/endpoint",
                "/$defs/postgresAddress",
                "/$defs/secretRef",
                "/$defs/driverProperties",
                "/$defs/limits")) {
            assertThat(DOCUMENT.at(place + "/properties")).allSatisfy(key -> {
                assertThat(key.path("title").asText()).isNotBlank();
                assertThat(key.path("description").asText()).isNotBlank();
            });
        }
    }
}
