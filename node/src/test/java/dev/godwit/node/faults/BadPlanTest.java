package dev.godwit.node.faults;

import static org.assertj.core.api.Assertions.assertThat;

import dev.godwit.node.cluster.NodeJvm;
import dev.godwit.node.cluster.Postgres;
import dev.godwit.node.cluster.TestCluster;
import dev.godwit.protocol.error.ErrorCode;
import dev.godwit.protocol.error.Problem;
import java.net.http.HttpResponse;
import java.nio.file.Path;
import java.util.List;
import java.util.stream.Stream;
import org.assertj.core.api.AbstractObjectAssert;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.Arguments;
import org.junit.jupiter.params.provider.MethodSource;

/** Plans that can't work, handed in over HTTP and to {@code check}. No database is asked. */
class BadPlanTest {
    private static final String CANARY = "hunter2-canary-4711";
    private static final String FINE = PlanYaml.address("127.0.0.1", 1, "shop", "reader", "");

    private static TestCluster cluster;
    private static NodeJvm node;

    @TempDir
    private Path directory;

    @BeforeAll
    static void startNode() {
        cluster = new TestCluster("bad-plan", Postgres.source().database("state"));
        node = cluster.startOne();
    }

    @AfterAll
    static void stopNode() {
        cluster.close();
    }

    /** Both faces say the same. */
    private AbstractObjectAssert<?, Problem> assertRefused(String plan) {
        HttpResponse<String> answer = PlanYaml.post(node, plan);
        PlanCheckProcess check = PlanCheckProcess.run(directory, plan);

        List<Problem> overHttp = PlanCheckProcess.problems(answer.body());
        assertThat(check.problems())
                .extracting(Problem::code)
                .isEqualTo(overHttp.stream().map(Problem::code).toList());
        Problem first = overHttp.get(0);
        assertThat(answer.statusCode()).isEqualTo(first.code().httpStatus());
        assertThat(check.exitCode()).isEqualTo(first.code().exitCode());
        return assertThat(first);
    }

    @Test
    void a_driver_url_is_not_allowed() {
        String url = PlanYaml.address(
                "\"jdbc:postgresql://127.0.0.1/shop?socketFactory=evil.Factory\"", 5432, "shop", "reader", "");

        assertRefused(PlanYaml.of("url", url, FINE).yaml())
                .returns(ErrorCode.PLAN_DRIVER_URL, Problem::code)
                .satisfies(problem -> assertThat(problem.line()).doesNotContain("evil.Factory"));
    }

    @Test
    void a_property_that_is_not_listed_is_named_and_not_allowed() {
        String loading =
                PlanYaml.address("127.0.0.1", 1, "shop", "reader", "properties: {socketFactory: evil.Factory}");

        assertRefused(PlanYaml.of("property", FINE, loading).yaml())
                .returns(ErrorCode.PLAN_PROPERTY_NOT_ALLOWED, Problem::code)
                .satisfies(problem -> {
                    assertThat(problem.line()).contains("socketFactory").doesNotContain("evil.Factory");
                    assertThat(problem.fix()).contains("sslrootcert");
                });
    }

    @Test
    void an_unknown_key_is_told_with_its_place_and_the_nearest_known_one() {
        assertRefused(PlanYaml.of("unknown-key", FINE, FINE)
                        .withLimits("workersPerNod: 2")
                        .yaml())
                .returns(ErrorCode.PLAN_UNKNOWN_KEY, Problem::code)
                .satisfies(problem -> {
                    assertThat(problem.where()).contains(":10:10");
                    assertThat(problem.line()).contains("workersPerNod", "workersPerNode");
                });
    }

    @Test
    void a_wrong_unit_is_told_with_its_place_and_what_is_allowed() {
        assertRefused(PlanYaml.of("unit", FINE, FINE)
                        .withLimits("shardBytes: 128 parsecs")
                        .yaml())
                .returns(ErrorCode.PLAN_WRONG_VALUE, Problem::code)
                .satisfies(problem -> {
                    assertThat(problem.where()).contains(":10:");
                    assertThat(problem.fix()).contains("MiB");
                });
    }

    @Test
    void a_secret_that_is_not_there_is_named_by_its_reference() {
        String missing = PlanYaml.address("127.0.0.1", 1, "shop", "reader", "password: {env: GODWIT_TEST_NOT_SET}");

        PlanCheckProcess check = PlanCheckProcess.run(
                directory, PlanYaml.of("missing", missing, FINE).yaml());

        assertThat(check.exitCode()).isEqualTo(ErrorCode.SECRET_MISSING.exitCode());
        assertThat(check.problems().get(0).code()).isEqualTo(ErrorCode.SECRET_MISSING);
        assertThat(check.problems().get(0).what()).contains("GODWIT_TEST_NOT_SET");
    }

    static Stream<Arguments> placesOfSecrets() {
        return Stream.of(
                Arguments.of("as a value", "password: " + CANARY),
                Arguments.of("in a list", "password: [" + CANARY + "]"),
                Arguments.of("in place of the variable's name", "password: {env: \"" + CANARY + "!\"}"),
                Arguments.of("in place of the file's name", "password: {file: \"" + CANARY + "\"}"),
                Arguments.of("under a key of the password", "password: {" + CANARY + ": yes}"),
                Arguments.of("under a wrong key", "pasword: " + CANARY),
                Arguments.of("in a text that does not end", "password: \"" + CANARY),
                Arguments.of("with an alias", "password: *" + CANARY),
                Arguments.of("with a tag", "password: !!" + CANARY + " x"),
                Arguments.of("in a property", "properties: {password: " + CANARY + "}"),
                Arguments.of("in a URL", "host: \"postgresql://reader:" + CANARY + "@127.0.0.1/shop\""));
    }

    @ParameterizedTest(name = "{0}")
    @MethodSource("placesOfSecrets")
    void a_secret_in_the_plan_is_refused_and_never_echoed(String place, String member) {
        String plan = PlanYaml.of("inline", PlanYaml.address("127.0.0.1", 1, "shop", "reader", member), FINE)
                .yaml();

        HttpResponse<String> answer = PlanYaml.post(node, plan);

        assertThat(answer.statusCode()).isBetween(400, 499);
        assertThat(answer.body()).doesNotContain(CANARY);
        assertThat(answer.headers().map().toString()).doesNotContain(CANARY);
        assertThat(node.log()).doesNotContain(CANARY);
    }

    @Test
    void a_secret_in_the_plan_is_not_echoed_by_check() {
        String plan = PlanYaml.of(
                        "inline", PlanYaml.address("127.0.0.1", 1, "shop", "reader", "password: " + CANARY), FINE)
                .yaml();

        PlanCheckProcess check = PlanCheckProcess.run(directory, plan);

        assertThat(check.exitCode()).isEqualTo(3);
        assertThat(check.problems()).singleElement().satisfies(problem -> {
            assertThat(problem.code()).isEqualTo(ErrorCode.PLAN_SECRET_INLINE);
            assertThat(problem.fix()).contains("Use a reference: env or file");
        });
        assertThat(check.output()).doesNotContain(CANARY);
        assertThat(check.errors()).doesNotContain(CANARY);
    }

    @Test
    void a_body_of_more_than_a_mebibyte_is_refused() {
        HttpResponse<String> answer = PlanYaml.post(node, "# " + "x".repeat(1 << 20));

        assertThat(answer.statusCode()).isEqualTo(413);
        assertThat(answer.body()).contains("BODY_TOO_LARGE");
    }

    @Test
    void an_unknown_field_in_json_is_named() {
        HttpResponse<String> answer = PlanYaml.post(node, "{\"apiVersion\": \"godwit/v1\", \"colour\": \"blue\"}");

        assertThat(answer.statusCode()).isBetween(400, 499);
        assertThat(PlanCheckProcess.problems(answer.body())).anySatisfy(problem -> {
            assertThat(problem.code()).isEqualTo(ErrorCode.PLAN_UNKNOWN_KEY);
            assertThat(problem.line()).contains("colour");
        });
    }
}
