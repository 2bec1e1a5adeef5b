package dev.godwit.node.plan;

import static dev.godwit.protocol.error.ErrorCode.PLAN_DRIVER_URL;
import static dev.godwit.protocol.error.ErrorCode.PLAN_MISSING_KEY;
import static dev.godwit.protocol.error.ErrorCode.PLAN_NOT_SUPPORTED;
import static dev.godwit.protocol.error.ErrorCode.PLAN_PROPERTY_NOT_ALLOWED;
import static dev.godwit.protocol.error.ErrorCode.PLAN_SECRET_INLINE;
import static dev.godwit.protocol.error.ErrorCode.PLAN_SYNTAX;
import static dev.godwit.protocol.error.ErrorCode.PLAN_UNKNOWN_KEY;
import static dev.godwit.protocol.error.ErrorCode.PLAN_WRONG_TYPE;
import static dev.godwit.protocol.error.ErrorCode.PLAN_WRONG_VALUE;
import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.catchThrowableOfType;

import com.fasterxml.jackson.databind.ObjectMapper;
import dev.godwit.protocol.error.ErrorCode;
import dev.godwit.protocol.error.Problem;
import dev.godwit.protocol.plan.Consistency;
import dev.godwit.protocol.plan.Endpoint;
import dev.godwit.protocol.plan.Limits;
import dev.godwit.protocol.plan.Plan;
import dev.godwit.protocol.plan.PostgresAddress;
import dev.godwit.protocol.plan.SchemaMode;
import dev.godwit.protocol.plan.SecretRef;
import java.util.List;
import java.util.Map;
import org.junit.jupiter.api.Nested;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.ValueSource;

class PlanReaderTest {
    private static final String CANARY = "hunter2canary";

    private static Problem onlyProblem(String text) {
        List<Problem> problems = problems(text);
        assertThat(problems).hasSize(1);
        return problems.get(0);
    }

    private static List<Problem> problems(String text) {
        PlanRejected rejected = catchThrowableOfType(PlanRejected.class, () -> PlanReader.read(text, "shop.yaml"));
        assertThat(rejected).as("the plan is rejected").isNotNull();
        assertThat(rejected.getMessage()).doesNotContain(CANARY);
        assertThat(rejected.problems().toString()).doesNotContain(CANARY);
        return rejected.problems();
    }

    private static void assertProblem(Problem problem, ErrorCode code, String where) {
        assertThat(problem.code()).isEqualTo(code);
        assertThat(problem.where()).isEqualTo("shop.yaml:" + where);
        assertThat(problem.what()).isNotBlank();
        assertThat(problem.fix()).isNotBlank();
    }

    @Nested
    class Accepts {
        @Test
        void the_whole_plan() {
            Plan plan = PlanReader.read(PlanSamples.SHOP, "shop.yaml");
            assertThat(plan)
                    .isEqualTo(new Plan(
                            "godwit/v1",
                            "Migration",
                            "shop",
                            new Endpoint(new PostgresAddress(
                                    "127.0.0.1",
                                    5432,
                                    "shop",
                                    "reader",
                                    new SecretRef("SHOP_PASSWORD", null),
                                    "prefer",
                                    Map.of())),
                            Map.of(
                                    "main",
                                    new Endpoint(new PostgresAddress(
                                            "127.0.0.1",
                                            5433,
                                            "shop",
                                            "owner",
                                            new SecretRef(null, "/run/secrets/shop"),
                                            "prefer",
                                            Map.of()))),
                            Consistency.SNAPSHOT,
                            List.of("public.*", "sales.orders"),
                            List.of("public.audit_*"),
                            SchemaMode.TABLES,
                            List.of(),
                            new Limits(4, 128L << 20, 256L << 20, 32, 32)));
        }

        @Test
        void a_plan_of_the_required_keys_alone_and_fills_in_the_defaults() {
            Plan plan = PlanReader.read(PlanSamples.SMALLEST, "shop.yaml");
            PostgresAddress source = plan.source().postgres();
            assertThat(source.port()).isEqualTo(5432);
            assertThat(source.password()).isNull();
            assertThat(source.sslmode()).isEqualTo("prefer");
            assertThat(source.properties()).isEmpty();
            assertThat(plan.consistency()).isEqualTo(Consistency.SNAPSHOT);
            assertThat(plan.include()).containsExactly("*.*");
            assertThat(plan.exclude()).isEmpty();
            assertThat(plan.schema()).isNull();
            assertThat(plan.limits()).isEqualTo(Limits.DEFAULT);
        }

        @Test
        void the_json_that_a_plan_is_written_as() throws Exception {
            ObjectMapper json = new ObjectMapper();
            for (String text : List.of(PlanSamples.SHOP, PlanSamples.SMALLEST)) {
                Plan plan = PlanReader.read(text, "shop.yaml");
                assertThat(PlanReader.read(json.writeValueAsString(plan), "shop.json"))
                        .isEqualTo(plan);
                String indentedByTabs = json.writerWithDefaultPrettyPrinter()
                        .writeValueAsString(plan)
                        .replace("  ", "\t");
                assertThat(PlanReader.read(indentedByTabs, "shop.json")).isEqualTo(plan);
            }
        }

        @Test
        void allowed_driver_properties_as_texts() {
            String properties =
                    "{sslrootcert: /etc/ca.pem, connectTimeout: 10, tcpKeepAlive: true, channelBinding: require}";
            Plan plan = PlanReader.read(
                    PlanSamples.SMALLEST.replaceFirst("user: reader", "user: reader, properties: " + properties), "p");
            assertThat(plan.source().postgres().properties())
                    .isEqualTo(Map.of(
                            "sslrootcert", "/etc/ca.pem",
                            "connectTimeout", "10",
                            "tcpKeepAlive", "true",
                            "channelBinding", "require"));
        }

        @Test
        void odd_tables_by_their_names() {
            Plan plan = PlanReader.read(
                    PlanSamples.SMALLEST + "include: ['Public.a\";DROP TABLE x', \"a\\\\.b.Ünïcode ☃\"]\n", "p");
            assertThat(plan.include()).containsExactly("Public.a\";DROP TABLE x", "a\\.b.Ünïcode ☃");
        }

        @ParameterizedTest
        @ValueSource(strings = {"no", "on", "y", "0b1", "1:30", "2026-11-21", "1_000"})
        void what_is_a_text_in_yaml_1_2_as_a_text(String database) {
            Plan plan = PlanReader.read(PlanSamples.SHOP.replaceFirst("database: shop", "database: " + database), "p");
            assertThat(plan.source().postgres().database()).isEqualTo(database);
        }

        @ParameterizedTest
        @ValueSource(strings = {"localhost", "db_1.example.org", "10.0.0.1", "'::1'", "'fe80::1%eth0'"})
        void hosts_by_name_and_by_address(String host) {
            Plan plan = PlanReader.read(PlanSamples.SMALLEST.replaceFirst("host: 10.0.0.1", "host: " + host), "p");
            assertThat(plan.source().postgres().host()).isEqualTo(host.replace("'", ""));
        }

        @ParameterizedTest
        @CsvSource({
            "65536, 65536",
            "64KiB, 65536",
            "1MiB, 1048576",
            "16GiB, 17179869184",
            "500KB, 500000",
            "100MB, 100000000",
            "1GB, 1000000000"
        })
        void sizes_with_and_without_unit(String written, long bytes) {
            Plan plan = PlanReader.read(PlanSamples.SMALLEST + "limits: {shardBytes: " + written + "}\n", "p");
            assertThat(plan.limits().shardBytes()).isEqualTo(bytes);
        }
    }

    @Nested
    class Says {
        @Test
        void everything_at_once_in_the_order_of_the_text() {
            List<Problem> problems = problems("""
                    apiVersion: godwit/v2
                    kind: Migration
                    nam: shop
                    source:
                      postgres:
                        host: 10.0.0.1
                        port: 70000
                        database: shop
                        password: hunter2canary
                        sslmode: requird
                    targets:
                      main:
                        postgres: {host: 10.0.0.2, database: shop, user: owner, url: 'jdbc:hunter2canary'}
                    include: [orders]
                    limits:
                      shardBytes: 128 megabytes
                      workersPerNode: four
                    """);
            assertThat(problems.stream().map(p -> p.code() + " " + p.where()))
                    .containsExactly(
                            "PLAN_MISSING_KEY shop.yaml:1:1 (name)",
                            "PLAN_WRONG_VALUE shop.yaml:1:13 (apiVersion)",
                            "PLAN_UNKNOWN_KEY shop.yaml:3:1 (nam)",
                            "PLAN_MISSING_KEY shop.yaml:6:5 (source.postgres.user)",
                            "PLAN_WRONG_VALUE shop.yaml:7:11 (source.postgres.port)",
                            "PLAN_SECRET_INLINE shop.yaml:9:15 (source.postgres.password)",
                            "PLAN_WRONG_VALUE shop.yaml:10:14 (source.postgres.sslmode)",
                            "PLAN_DRIVER_URL shop.yaml:13:61 (targets.main.postgres.url)",
                            "PLAN_WRONG_VALUE shop.yaml:14:11 (include[0])",
                            "PLAN_WRONG_VALUE shop.yaml:16:15 (limits.shardBytes)",
                            "PLAN_WRONG_TYPE shop.yaml:17:19 (limits.workersPerNode)");
        }

        @Test
        void an_unknown_key_with_the_nearest_one_and_what_is_allowed() {
            Problem problem = onlyProblem(PlanSamples.SMALLEST + "limits:\n  workersPerNod: hunter2canary\n");
            assertProblem(problem, PLAN_UNKNOWN_KEY, "10:3 (limits.workersPerNod)");
            assertThat(problem.what()).isEqualTo("Key workersPerNod is not known here.");
            assertThat(problem.fix())
                    .isEqualTo(
                            "Did you mean workersPerNode? Allowed here: workersPerNode, shardBytes, memoryPerNode, "
                                    + "sourceConnections, targetConnections, retainedLogBytes, retainedLogPercent, heartbeatSeconds.");
        }

        @Test
        void which_key_is_missing() {
            Problem problem = onlyProblem(PlanSamples.SMALLEST.replace(", user: owner", ""));
            assertProblem(problem, PLAN_MISSING_KEY, "8:15 (targets.main.postgres.user)");
            assertThat(problem.what()).isEqualTo("Key user is missing.");
        }

        @ParameterizedTest
        @CsvSource(
                delimiter = '|',
                value = {
                    "include: public.*       | 9:10 (include)   | This is a text, but it takes a list.",
                    "include: [1]            | 9:11 (include[0])| This is a whole number, but it takes a text.",
                    "include:                | 9:9 (include)    | This is empty, but it takes a list.",
                    "limits: 4               | 9:9 (limits)     | This is a whole number, but it takes a mapping of keys to values.",
                    "limits: {shardBytes: 1.5} | 9:22 (limits.shardBytes) | This is a number with a fraction, but it takes a size in bytes.",
                    "limits: {workersPerNode: '4'} | 9:26 (limits.workersPerNode) | This is a text, but it takes a whole number.",
                    "schema: true            | 9:9 (schema)     | This is true or false, but it takes a word.",
                    "consistency: [frozen]   | 9:14 (consistency) | This is a list, but it takes a word.",
                })
        void the_wrong_type_and_the_right_one(String line, String where, String what) {
            Problem problem = onlyProblem(PlanSamples.SMALLEST + line + "\n");
            assertProblem(problem, PLAN_WRONG_TYPE, where);
            assertThat(problem.what()).isEqualTo(what);
        }

        @ParameterizedTest
        @ValueSource(
                strings = {"128mib", "128M", "128 MiB", "1.5GiB", "1e3MiB", "-1MiB", "MiB", "''", "128MiBhunter2canary"
                })
        void the_units_when_a_size_has_another(String size) {
            Problem problem = onlyProblem(PlanSamples.SMALLEST + "limits: {shardBytes: " + size + "}\n");
            assertProblem(problem, PLAN_WRONG_VALUE, "9:22 (limits.shardBytes)");
            assertThat(problem.fix()).contains("KiB, MiB, GiB", "KB, MB, GB", "64KiB to 16GiB");
        }

        @ParameterizedTest
        @CsvSource({
            "'shardBytes: 63KiB', 64KiB to 16GiB",
            "'shardBytes: 17GiB', 64KiB to 16GiB",
            "'shardBytes: 9999999999999999999GiB', 64KiB to 16GiB",
            "'memoryPerNode: 1MiB', 4MiB to 64GiB",
            "'memoryPerNode: 65GiB', 4MiB to 64GiB",
            "'workersPerNode: 0', 1 to 64",
            "'workersPerNode: 65', 1 to 64",
            "'workersPerNode: -1', 1 to 64",
            "'workersPerNode: 99999999999999999999', 1 to 64",
            "'sourceConnections: 1', 2 to 10000",
            "'targetConnections: 10001', 2 to 10000"
        })
        void the_bounds_when_a_limit_is_outside(String limit, String bounds) {
            Problem problem = onlyProblem(PlanSamples.SMALLEST + "limits: {" + limit + "}\n");
            assertThat(problem.code()).isEqualTo(PLAN_WRONG_VALUE);
            assertThat(problem.fix()).contains(bounds);
        }

        @Test
        void the_nearest_word_when_one_is_not_known() {
            Problem problem = onlyProblem(PlanSamples.SMALLEST + "consistency: snapshto\n");
            assertProblem(problem, PLAN_WRONG_VALUE, "9:14 (consistency)");
            assertThat(problem.fix()).isEqualTo("Did you mean snapshot? It takes one of frozen, snapshot, online.");
        }

        @ParameterizedTest
        @ValueSource(
                strings = {
                    "hunter2canary",
                    "'hunter2canary'",
                    "[hunter2canary]",
                    "12345",
                    "true",
                    "|\n      hunter2canary"
                })
        void to_use_a_reference_where_a_password_stands_inline(String password) {
            Problem problem = onlyProblem(PlanSamples.block("    password: " + password));
            assertProblem(problem, PLAN_SECRET_INLINE, "9:15 (source.postgres.password)");
            assertThat(problem.fix()).contains("Use a reference: env or file");
        }

        @ParameterizedTest
        @ValueSource(
                strings = {
                    "{hunter2canary}",
                    "{value: hunter2canary}",
                    "{hunter2canary: x}",
                    "{env: A, file: /b}",
                    "{}",
                    "{env: 'hunter2canary!'}",
                    "{file: hunter2canary}",
                    "{env: [hunter2canary]}"
                })
        void what_is_wrong_with_a_reference_without_quoting_it(String password) {
            assertThat(problems(PlanSamples.block("    password: " + password)))
                    .allSatisfy(problem -> assertThat(problem.where()).contains("(source.postgres.password"));
        }

        @ParameterizedTest
        @ValueSource(
                strings = {
                    "url: jdbc:postgresql://h/d?password=hunter2canary",
                    "jdbcUrl: x",
                    "jdbc_url: x",
                    "connectionString: x",
                    "URI: x",
                    "dsn: [x]",
                    "properties: {url: x}"
                })
        void that_a_drivers_url_is_not_allowed(String line) {
            Problem problem = onlyProblem(PlanSamples.block("    " + line));
            assertThat(problem.code()).isEqualTo(PLAN_DRIVER_URL);
            assertThat(problem.fix()).contains("host, port, database, user and password");
        }

        @Test
        void that_a_drivers_url_is_not_allowed_in_place_of_an_address() {
            String url = "postgres://reader:hunter2canary@10.0.0.1/shop";
            String line = "  postgres: {host: 10.0.0.1, database: shop, user: reader}";
            assertProblem(
                    onlyProblem(PlanSamples.SMALLEST.replace("source:\n" + line, "source: " + url)),
                    PLAN_DRIVER_URL,
                    "4:9 (source)");
            assertProblem(
                    onlyProblem(PlanSamples.SMALLEST.replace(line, "  postgres: 'jdbc:postgresql:hunter2canary'")),
                    PLAN_DRIVER_URL,
                    "5:13 (source.postgres)");
            assertProblem(
                    onlyProblem(PlanSamples.SMALLEST.replaceFirst("host: 10.0.0.1", "host: '" + url + "'")),
                    PLAN_DRIVER_URL,
                    "5:20 (source.postgres.host)");
        }

        @ParameterizedTest
        @ValueSource(strings = {"h/d", "h?x=1", "a,b", "'[::1]'", "h:5432", "u@h", "' h'", "''", "/tmp"})
        void that_a_host_is_no_place_for_more_than_a_host(String host) {
            Problem problem =
                    onlyProblem(PlanSamples.SMALLEST.replaceFirst("10.0.0.1", '"' + host.replace("'", "") + '"'));
            assertProblem(problem, PLAN_WRONG_VALUE, "5:20 (source.postgres.host)");
        }

        @Test
        void which_property_is_not_allowed_and_which_are() {
            Problem problem = onlyProblem(PlanSamples.block("    properties: {socketFactory: hunter2canary}"));
            assertProblem(problem, PLAN_PROPERTY_NOT_ALLOWED, "9:18 (source.postgres.properties.socketFactory)");
            assertThat(problem.what()).isEqualTo("Property socketFactory is not allowed.");
            assertThat(problem.fix()).contains("sslrootcert", "connectTimeout", "channelBinding");
        }

        @ParameterizedTest
        @ValueSource(
                strings = {
                    "connectTimeout: 0",
                    "connectTimeout: 3601",
                    "tcpKeepAlive: yes",
                    "channelBinding: on",
                    "sslkey: classpath:x",
                    "sslcert: [a]",
                    "sslrootcert: "
                })
        void that_a_property_has_the_wrong_form(String property) {
            Problem problem = onlyProblem(PlanSamples.block("    properties: {" + property + "}"));
            assertThat(problem.code()).isEqualTo(PLAN_WRONG_VALUE);
            assertThat(problem.where()).startsWith("shop.yaml:9:");
        }

        @Test
        void what_a_later_version_is_to_bring() {
            Problem second = onlyProblem(
                    PlanSamples.SMALLEST + "  other:\n    postgres: {host: 10.0.0.3, database: shop, user: owner}\n");
            assertProblem(second, PLAN_NOT_SUPPORTED, "9:3 (targets.other)");
        }

        @Test
        void that_there_is_no_target_or_one_of_a_wrong_name() {
            String start = PlanSamples.SMALLEST.substring(0, PlanSamples.SMALLEST.indexOf("targets:"));
            assertProblem(onlyProblem(start + "targets: {}\n"), PLAN_WRONG_VALUE, "6:10 (targets)");
            assertProblem(
                    onlyProblem(PlanSamples.SMALLEST.replace("  main:", "  Main:")), PLAN_WRONG_VALUE, "7:3 (targets)");
        }

        @ParameterizedTest
        @ValueSource(
                strings = {
                    "orders",
                    ".orders",
                    "public.",
                    "''",
                    "\"public.a\\nb\"",
                    "\"public.a\\0b\"",
                    "\"\\x7f.b\"",
                    "'a\\.b'"
                })
        void that_a_pattern_is_none(String pattern) {
            assertProblem(
                    onlyProblem(PlanSamples.SMALLEST + "exclude: [" + pattern + "]\n"),
                    PLAN_WRONG_VALUE,
                    "9:11 (exclude[0])");
        }

        @Test
        void that_an_empty_include_would_migrate_nothing() {
            assertProblem(onlyProblem(PlanSamples.SMALLEST + "include: []\n"), PLAN_WRONG_VALUE, "9:10 (include)");
        }

        @ParameterizedTest
        @ValueSource(strings = {"Shop", "1shop", "-shop", "'shop '", "shöp", "a\"b", "''"})
        void that_a_name_has_the_wrong_form(String name) {
            assertProblem(
                    onlyProblem(PlanSamples.SMALLEST.replace("name: shop", "name: " + name)),
                    PLAN_WRONG_VALUE,
                    "3:7 (name)");
        }

        @Test
        void that_names_are_at_most_63_bytes_long() {
            String longest = "a".repeat(63);
            assertThat(PlanReader.read(PlanSamples.SMALLEST.replace("shop", longest), "p")
                            .name())
                    .isEqualTo(longest);
            assertThat(problems(PlanSamples.SMALLEST.replace("shop", longest + "a")))
                    .hasSize(3);
            assertThat(problems(PlanSamples.SMALLEST.replaceFirst("user: reader", "user: " + "ü".repeat(32))))
                    .hasSize(1);
        }

        @Test
        void which_kind_and_version_it_takes() {
            Problem kind = onlyProblem(PlanSamples.SMALLEST.replace("kind: Migration", "kind: migration"));
            assertProblem(kind, PLAN_WRONG_VALUE, "2:7 (kind)");
            assertThat(kind.fix()).contains("Migration");
            Problem version = onlyProblem(PlanSamples.SMALLEST.replace("godwit/v1", "godwit/v2"));
            assertProblem(version, PLAN_WRONG_VALUE, "1:13 (apiVersion)");
            assertThat(version.fix()).contains("godwit/v1");
        }

        @Test
        void at_most_a_hundred_problems_and_how_many_more_there_are() {
            String many = "a, ".repeat(150);
            List<Problem> problems = problems(PlanSamples.SMALLEST + "exclude: [" + many + "]\n");
            assertThat(problems).hasSize(101);
            assertThat(problems.get(100).what()).isEqualTo("50 more problems were found.");
        }
    }

    @Nested
    class SaysOfSyntax {
        @Test
        void where_a_key_stands_twice() {
            Problem top = onlyProblem(PlanSamples.SMALLEST + "name: hunter2canary\n");
            assertProblem(top, PLAN_SYNTAX, "9:1 (name)");
            assertThat(top.what()).isEqualTo("Key name stands twice; the first is in line 3.");
            assertProblem(
                    onlyProblem(PlanSamples.block("    \"host\": other")), PLAN_SYNTAX, "9:5 (source.postgres.host)");
        }

        @ParameterizedTest
        @CsvSource(
                delimiter = '|',
                value = {
                    "name: a: hunter2canary   | 1:8  | A colon is not allowed here",
                    "name: 'hunter2canary     | 1:21 | A quote is opened",
                    "a: {b: hunter2canary     | 1:21 | A comma or a closing brace",
                    "a: [hunter2canary        | 1:18 | A comma or a closing bracket",
                    "a: @hunter2canary        | 1:4  | This character can't start",
                    "a: \"\\q\"               | 1:6  | A backslash in double quotes",
                    "a: !!java.net.URL [x]    | 1:4  | A tag (!) is not allowed",
                    "a: !hunter2canary x      | 1:4  | A tag (!) is not allowed",
                    "a: &hunter2canary x      | 1:4  | An anchor (&) is not allowed",
                    "a: *hunter2canary        | 1:4  | An alias (*) is not allowed",
                })
        void what_is_no_plain_yaml_without_quoting_it(String text, String where, String what) {
            Problem problem = onlyProblem(text);
            assertProblem(problem, PLAN_SYNTAX, where);
            assertThat(problem.what()).startsWith(what);
        }

        @Test
        void a_tab_a_control_character_and_a_second_document() {
            assertProblem(onlyProblem("a:\n\tb: 1\n"), PLAN_SYNTAX, "2:1");
            assertProblem(onlyProblem("a: 1\nbcd\u0007e: 1\n"), PLAN_SYNTAX, "2:4");
            assertProblem(onlyProblem("a: \ud800\n"), PLAN_SYNTAX, "1:4");
            assertProblem(onlyProblem(PlanSamples.SMALLEST + "---\na: 1\n"), PLAN_SYNTAX, "9:1");
        }

        @ParameterizedTest
        @ValueSource(strings = {"", "   \n", "# nothing\n", "---\n...\n"})
        void that_the_plan_is_empty(String text) {
            assertThat(onlyProblem(text).what())
                    .isIn("The plan is empty.", "This is empty, but it takes a mapping of keys to values.");
        }

        @Test
        void that_the_plan_is_too_long_or_too_deep() {
            assertThat(onlyProblem(PlanSamples.SMALLEST + "#" + "x".repeat(1 << 20))
                            .what())
                    .isEqualTo("The plan is longer than 1 MiB.");
            assertThat(onlyProblem("[".repeat(500_000)).what()).contains("More than 20");
            assertThat(onlyProblem("{a: ".repeat(100_000)).what()).contains("More than 20");
        }
    }
}
