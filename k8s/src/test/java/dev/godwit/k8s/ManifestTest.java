package dev.godwit.k8s;

import static org.assertj.core.api.Assertions.assertThat;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import com.fasterxml.jackson.dataformat.yaml.YAMLFactory;
import com.typesafe.config.Config;
import com.typesafe.config.ConfigFactory;
import java.io.IOException;
import java.nio.file.Path;
import java.time.Duration;
import java.util.LinkedHashMap;
import java.util.Map;
import java.util.stream.StreamSupport;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;

/** The manifest against the node's own configuration, where the two must agree. */
class ManifestTest {
    private static final Path MANIFEST = Path.of("manifests", "godwit.yaml");
    private static final Path REFERENCE = Path.of("..", "node", "src", "main", "resources", "reference.conf");
    private static final String FORCE = "CONFIG_FORCE_";

    private static Map<String, JsonNode> documents;
    private static Config reference;

    @BeforeAll
    static void read() throws IOException {
        YAMLFactory yaml = new YAMLFactory();
        documents = new LinkedHashMap<>();
        new ObjectMapper()
                .readerFor(JsonNode.class)
                .<JsonNode>readValues(yaml.createParser(MANIFEST.toFile()))
                .forEachRemaining(
                        document -> documents.put(document.path("kind").asText(), document));
        reference = ConfigFactory.parseFile(REFERENCE.toFile()).resolve();
        assertThat(reference.hasPath("godwit")).as("%s is there", REFERENCE).isTrue();
    }

    private static JsonNode pod() {
        return documents.get("Deployment").at("/spec/template/spec");
    }

    private static JsonNode container() {
        assertThat(pod().path("containers")).hasSize(1);
        return pod().path("containers").get(0);
    }

    /** Environment variables with a value of their own. */
    private static Map<String, String> environment() {
        Map<String, String> environment = new LinkedHashMap<>();
        container().path("env").forEach(variable -> {
            if (variable.has("value")) {
                environment.put(
                        variable.path("name").asText(), variable.path("value").asText());
            }
        });
        return environment;
    }

    /** Keys of the node's configuration that the environment sets. */
    private static Map<String, String> settings() {
        Map<String, String> settings = new LinkedHashMap<>();
        environment().forEach((name, value) -> {
            if (name.startsWith(FORCE)) {
                String key = name.substring(FORCE.length()).replace("__", "-").replace('_', '.');
                settings.put(key, value);
            }
        });
        return settings;
    }

    private static Duration seconds(JsonNode probe, String key, int fallback) {
        return Duration.ofSeconds(probe.path(key).asInt(fallback));
    }

    private static int port(String name) {
        return StreamSupport.stream(container().path("ports").spliterator(), false)
                .filter(port -> port.path("name").asText().equals(name))
                .findFirst()
                .orElseThrow()
                .path("containerPort")
                .asInt();
    }

    @Test
    void there_are_equal_nodes_that_are_replaced_one_at_a_time() {
        JsonNode deployment = documents.get("Deployment").path("spec");

        assertThat(deployment.path("replicas").asInt()).isGreaterThan(1);
        assertThat(deployment.at("/strategy/rollingUpdate/maxUnavailable").asInt())
                .isEqualTo(1);
        assertThat(deployment.at("/selector/matchLabels")).isEqualTo(deployment.at("/template/metadata/labels"));
    }

    @Test
    void the_environment_sets_keys_that_the_node_has() {
        assertThat(environment().get("JAVA_TOOL_OPTIONS")).contains("-Dconfig.override_with_env_vars=true");
        assertThat(settings().keySet())
                .allSatisfy(key -> assertThat(reference.hasPath(key)).as(key).isTrue());
    }

    @Test
    void the_environment_sets_every_key_without_which_a_node_does_not_start_or_is_not_reached() {
        assertThat(settings())
                .containsKeys(
                        "godwit.state-store.host",
                        "godwit.state-store.database",
                        "godwit.state-store.user",
                        "godwit.state-store.password.file")
                .containsEntry("godwit.cluster.host", "$(POD_IP)")
                .containsEntry("godwit.cluster.port", Integer.toString(port("cluster")))
                .containsEntry("godwit.http.port", Integer.toString(port("http")))
                .containsEntry("godwit.http.host", "0.0.0.0");
    }

    @Test
    void a_variable_that_others_refer_to_is_defined_before_them() {
        String names = container().path("env").findValuesAsText("name").toString();

        assertThat(names.indexOf("POD_IP")).isBetween(0, names.indexOf("godwit_cluster_host"));
    }

    @Test
    void the_secret_is_a_file_of_a_volume_and_no_value() {
        String mount = container().path("volumeMounts").findValuesAsText("mountPath").stream()
                .filter(path ->
                        settings().get("godwit.state-store.password.file").startsWith(path + "/"))
                .findFirst()
                .orElseThrow();

        assertThat(mount).isNotEmpty();
        assertThat(pod().path("volumes").findValuesAsText("secretName")).hasSize(1);
        assertThat(environment().keySet())
                .noneMatch(name -> name.toLowerCase(java.util.Locale.ROOT).endsWith("password"));
    }

    @Test
    void the_process_has_longer_to_end_than_its_shards_have_to_land() {
        Duration grace =
                Duration.ofSeconds(pod().path("terminationGracePeriodSeconds").asLong());
        Duration drain =
                reference.getDuration("godwit.drain.timeout").plus(reference.getDuration("godwit.drain.give-up"));

        assertThat(grace).isGreaterThan(drain.plusSeconds(10));
    }

    @Test
    void liveness_asks_the_process_alone_and_readiness_the_cluster() {
        assertThat(container().at("/livenessProbe/httpGet/path").asText()).isEqualTo("/alive");
        assertThat(container().at("/startupProbe/httpGet/path").asText()).isEqualTo("/alive");
        assertThat(container().at("/readinessProbe/httpGet/path").asText()).isEqualTo("/ready");
        for (String probe : new String[] {"livenessProbe", "startupProbe", "readinessProbe"}) {
            assertThat(container().at("/" + probe + "/httpGet/port").asText())
                    .as(probe)
                    .isEqualTo("http");
        }
    }

    /** The split brain resolver ends a node sooner than that; a restart by the kubelet must not come before it. */
    @Test
    void liveness_waits_longer_than_the_cluster_takes_to_decide() {
        JsonNode probe = container().path("livenessProbe");
        Duration patience = seconds(probe, "periodSeconds", 10)
                .multipliedBy(probe.path("failureThreshold").asInt(3));

        assertThat(patience).isGreaterThan(Duration.ofSeconds(30));
    }

    @Test
    void the_process_has_few_rights_and_writes_to_nothing_but_a_temporary_directory() {
        JsonNode rights = container().path("securityContext");

        assertThat(pod().at("/securityContext/runAsNonRoot").asBoolean()).isTrue();
        assertThat(pod().at("/securityContext/runAsUser").asInt()).isPositive();
        assertThat(rights.path("readOnlyRootFilesystem").asBoolean()).isTrue();
        assertThat(rights.path("allowPrivilegeEscalation").asBoolean(true)).isFalse();
        assertThat(rights.at("/capabilities/drop").toString()).isEqualTo("[\"ALL\"]");
        assertThat(pod().path("automountServiceAccountToken").asBoolean(true)).isFalse();
    }

    @Test
    void http_which_has_no_authentication_is_reached_by_nodes_alone() {
        JsonNode policy = documents.get("NetworkPolicy").path("spec");
        JsonNode labels = documents.get("Deployment").at("/spec/template/metadata/labels");

        assertThat(policy.at("/podSelector/matchLabels")).isEqualTo(labels);
        assertThat(policy.path("ingress")).hasSize(1);
        assertThat(policy.at("/ingress/0/from")).hasSize(1);
        assertThat(policy.at("/ingress/0/from/0/podSelector/matchLabels")).isEqualTo(labels);
    }
}
