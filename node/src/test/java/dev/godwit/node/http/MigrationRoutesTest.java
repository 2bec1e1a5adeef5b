package dev.godwit.node.http;

import static org.assertj.core.api.Assertions.assertThat;

import dev.godwit.node.http.RunningServer.Answer;
import dev.godwit.protocol.error.ErrorCode;
import dev.godwit.protocol.status.MigrationStatus;
import dev.godwit.protocol.status.Phase;
import dev.godwit.protocol.table.TableName;
import java.io.ByteArrayInputStream;
import java.io.IOException;
import java.net.URLEncoder;
import java.net.http.HttpRequest.BodyPublishers;
import java.nio.charset.StandardCharsets;
import java.util.List;
import java.util.Locale;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.TimeoutException;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

class MigrationRoutesTest {
    private static final String SECRET = "hunter2";

    private static InMemoryGateway gateway;
    private static RunningServer server;

    @BeforeAll
    static void start() {
        gateway = new InMemoryGateway();
        server = new RunningServer(gateway, RunningServer.settings());
    }

    @AfterAll
    static void stop() {
        server.close();
    }

    @BeforeEach
    void begin() {
        gateway.calls.clear();
        gateway.listingBy(null);
        gateway.put(InMemoryGateway.status("shop", Phase.COPYING));
    }

    private static String plan(String name, String database) {
        return """
                apiVersion: godwit/v1
                kind: Migration
                name: %s
                source: {postgres: {host: 127.0.0.1, database: %s, user: reader, password: {env: SHOP_PASSWORD}}}
                targets: {main: {postgres: {host: 127.0.0.1, port: 5433, database: shop, user: owner}}}
                """.formatted(name, database);
    }

    private static String plan(String name) {
        return plan(name, "one");
    }

    private static void assertProblem(Answer answer, int status, ErrorCode code) {
        assertThat(answer.status()).isEqualTo(status);
        assertThat(answer.contentType()).isEqualTo("application/problem+json");
        assertThat(answer.body().path("type").asText()).isEqualTo("urn:godwit:problem:" + code);
        assertThat(answer.body().path("title").asText()).isNotBlank();
        assertThat(answer.body().path("status").asInt()).isEqualTo(status);
        assertThat(answer.body().path("code").asText()).isEqualTo(code.name());
        assertThat(answer.body().path("detail").asText()).isNotBlank();
        assertThat(answer.body().has("where")).isTrue();
        assertThat(answer.body().has("fix")).isTrue();
        assertThat(answer.body().path("problems")).isNotEmpty();
        assertThat(answer.body().path("problems").path(0).path("code").asText()).isEqualTo(code.name());
    }

    @Test
    void a_plan_is_accepted_with_its_location_and_its_status() {
        Answer answer = server.post("/v1/migrations", plan("fresh"));

        assertThat(answer.status()).isEqualTo(202);
        assertThat(answer.header("Location")).isEqualTo("/v1/migrations/fresh");
        assertThat(answer.contentType()).isEqualTo("application/json");
        assertThat(answer.header("Cache-Control")).isEqualTo("no-store");
        assertThat(answer.header("X-Content-Type-Options")).isEqualTo("nosniff");
        assertThat(answer.body().path("name").asText()).isEqualTo("fresh");
        assertThat(answer.body().path("phase").asText()).isEqualTo("drafted");
        assertThat(gateway.calls).contains("submit fresh by http 127.0.0.1");
    }

    @Test
    void the_same_plan_again_is_accepted_and_another_of_its_name_is_a_conflict() {
        server.post("/v1/migrations", plan("twice"));

        assertThat(server.post("/v1/migrations", plan("twice")).status()).isEqualTo(202);
        assertProblem(server.post("/v1/migrations", plan("twice", "two")), 409, ErrorCode.PLAN_CONFLICT);
    }

    @Test
    void an_idempotency_key_is_taken_and_one_without_bound_is_not() {
        Answer taken = server.send(server.request("/v1/migrations")
                .header("Idempotency-Key", "k1")
                .POST(BodyPublishers.ofString(plan("keyed"))));
        Answer refused = server.send(server.request("/v1/migrations")
                .header("Idempotency-Key", "k".repeat(256))
                .POST(BodyPublishers.ofString(plan("keyed"))));

        assertThat(taken.status()).isEqualTo(202);
        assertProblem(refused, 400, ErrorCode.USAGE);
    }

    @Test
    void a_plan_that_is_wrong_is_answered_with_all_its_problems() {
        Answer answer = server.post("/v1/migrations", plan("Wrong") + "nmae: x\npassword: " + SECRET + "\n");

        assertProblem(answer, ErrorCode.PLAN_WRONG_VALUE.httpStatus(), ErrorCode.PLAN_WRONG_VALUE);
        assertThat(answer.body().path("problems").findValuesAsText("code"))
                .containsExactly("PLAN_WRONG_VALUE", "PLAN_UNKNOWN_KEY", "PLAN_UNKNOWN_KEY");
        assertThat(answer.body().path("problems").path(1).path("where").asText())
                .isEqualTo("request body:6:1 (nmae)");
        assertThat(answer.response().body()).doesNotContain(SECRET);
    }

    @Test
    void a_body_of_one_mebibyte_is_read_and_one_byte_more_is_not() {
        String plan = plan("large");
        int rest = RequestBody.MAX_BYTES - plan.length();
        String line = "# " + "x".repeat(61) + "\n";
        String largest = plan + line.repeat(rest / line.length()) + " ".repeat(rest % line.length());

        assertThat(server.post("/v1/migrations", largest).status()).isEqualTo(202);
        assertProblem(server.post("/v1/migrations", largest + "x"), 413, ErrorCode.BODY_TOO_LARGE);
    }

    @Test
    void a_body_of_two_megabytes_is_refused_in_words_that_the_client_can_read() {
        assertProblem(server.post("/v1/migrations", "x".repeat(2_000_000)), 413, ErrorCode.BODY_TOO_LARGE);
    }

    @Test
    void a_chunked_body_is_bounded_too() {
        byte[] bytes = "x".repeat(2_000_000).getBytes(StandardCharsets.UTF_8);

        Answer answer = server.send(server.request("/v1/migrations")
                .POST(BodyPublishers.ofInputStream(() -> new ByteArrayInputStream(bytes))));

        assertProblem(answer, 413, ErrorCode.BODY_TOO_LARGE);
    }

    @Test
    void a_body_that_is_not_utf_8_is_no_plan() {
        Answer answer = server.send(
                server.request("/v1/migrations").POST(BodyPublishers.ofByteArray(new byte[] {(byte) 0xC3, 0x28})));

        assertProblem(answer, 422, ErrorCode.PLAN_SYNTAX);
    }

    @ParameterizedTest
    @ValueSource(strings = {"application/x-www-form-urlencoded", "multipart/form-data; boundary=b"})
    void a_form_is_no_plan(String mediaType) {
        Answer answer = server.send(server.request("/v1/migrations")
                .header("Content-Type", mediaType)
                .POST(BodyPublishers.ofString(plan("form"))));

        assertProblem(answer, 415, ErrorCode.USAGE);
    }

    @ParameterizedTest
    @ValueSource(strings = {"application/json", "application/yaml", "text/yaml", "text/plain; charset=utf-8"})
    void a_plan_may_be_called_by_any_of_its_media_types(String mediaType) {
        Answer answer = server.send(server.request("/v1/migrations")
                .header("Content-Type", mediaType)
                .POST(BodyPublishers.ofString(plan("typed"))));

        assertThat(answer.status()).isEqualTo(202);
    }

    @Test
    void a_plan_may_be_json() {
        Answer answer = server.send(server.request("/v1/migrations")
                .header("Content-Type", "application/json")
                .POST(BodyPublishers.ofString("""
                        {"apiVersion": "godwit/v1", "kind": "Migration", "name": "as-json",
                         "source": {"postgres": {"host": "127.0.0.1", "database": "one", "user": "reader"}},
                         "targets": {"main": {"postgres": {"host": "127.0.0.1", "database": "two", "user": "owner"}}}}
                        """)));

        assertThat(answer.status()).isEqualTo(202);
        assertThat(answer.header("Location")).isEqualTo("/v1/migrations/as-json");
    }

    @ParameterizedTest
    @ValueSource(strings = {"", "just a word", "[1, 2]", "{", "a: b: c", "\u0000"})
    void a_text_that_is_no_plan_is_told_as_a_problem_with_its_place(String text) {
        Answer answer = server.post("/v1/migrations", text);

        assertThat(answer.status()).isEqualTo(422);
        assertThat(answer.contentType()).isEqualTo("application/problem+json");
        assertThat(answer.body().path("where").asText()).startsWith("request body");
    }

    @Test
    void a_compressed_plan_is_refused() {
        Answer answer = server.send(server.request("/v1/migrations")
                .header("Content-Encoding", "gzip")
                .POST(BodyPublishers.ofString(plan("zipped"))));

        assertProblem(answer, 415, ErrorCode.USAGE);
    }

    @Test
    void migrations_are_listed() {
        Answer answer = server.get("/v1/migrations");

        assertThat(answer.status()).isEqualTo(200);
        assertThat(answer.body().path("migrations").findValuesAsText("name")).contains("shop");
    }

    @Test
    void a_status_has_every_component_with_times_as_iso_8601_and_enums_by_their_words() {
        Answer answer = server.get("/v1/migrations/shop");

        assertThat(answer.status()).isEqualTo(200);
        assertThat(answer.body().size()).isEqualTo(MigrationStatus.class.getRecordComponents().length);
        assertThat(answer.body().path("phase").asText()).isEqualTo("copying");
        assertThat(answer.body().path("health").asText()).isEqualTo("RUNNING");
        assertThat(answer.body().path("submittedAt").asText()).isEqualTo("2026-11-21T01:02:03Z");
        assertThat(answer.body().path("nodes").path(0).path("snapshotHeld").asBoolean())
                .isTrue();
    }

    @Test
    void a_migration_that_is_not_there_is_not_found() {
        for (String path : List.of("", "/tables", "/tables/public.orders/shards", "/events")) {
            assertProblem(server.get("/v1/migrations/nowhere" + path), 404, ErrorCode.MIGRATION_NOT_FOUND);
        }
        assertProblem(server.post("/v1/migrations/nowhere:pause", ""), 404, ErrorCode.MIGRATION_NOT_FOUND);
    }

    @ParameterizedTest
    @ValueSource(strings = {"Shop", "%F0%9F%90%A6", "a%2Fb", "%00", "..%2F..", "1a", "a b", "a%22;DROP"})
    void a_name_that_no_plan_could_have_is_not_asked_for(String name) {
        Answer answer = server.get("/v1/migrations/" + name.replace(" ", "%20"));

        assertProblem(answer, 404, ErrorCode.MIGRATION_NOT_FOUND);
        assertThat(gateway.calls).isEmpty();
    }

    @Test
    void tables_are_listed_and_what_is_unknown_stays_there_as_null() {
        Answer answer = server.get("/v1/migrations/shop/tables");

        assertThat(answer.status()).isEqualTo(200);
        assertThat(answer.body().path("tables").findValuesAsText("table")).contains("public.orders");
        assertThat(answer.body().path("tables").path(0).path("state").asText()).isEqualTo("copying");
        assertThat(answer.body().path("tables").path(0).get("problem").isNull()).isTrue();
    }

    @Test
    void shards_are_listed() {
        Answer answer = server.get("/v1/migrations/shop/tables/public.orders/shards");

        assertThat(answer.status()).isEqualTo(200);
        assertThat(answer.body().path("shards").path(0).path("id").asText()).isEqualTo("w1-0");
        assertThat(answer.body().path("shards").path(0).path("state").asText()).isEqualTo("backing-off");
    }

    @ParameterizedTest
    @ValueSource(
            strings = {
                "orders",
                "a.b",
                "a/b",
                "a\";DROP TABLE x;--",
                "Größe 表 🐦",
                "a\\b",
                "a%2Fb",
                "new\nline",
                "a?b#c"
            })
    void a_table_of_any_name_is_reached_by_its_percent_encoded_text(String name) {
        TableName table = new TableName("Sales é", name);
        String encoded = URLEncoder.encode(table.text(), StandardCharsets.UTF_8).replace("+", "%20");

        Answer answer = server.get("/v1/migrations/shop/tables/" + encoded + "/shards");

        assertThat(answer.status()).isEqualTo(200);
        assertThat(gateway.calls).contains("shards Sales é | " + name);
    }

    @Test
    void a_table_that_is_not_there_is_not_found_and_half_a_name_is_a_usage_error() {
        assertProblem(server.get("/v1/migrations/shop/tables/public.missing/shards"), 404, ErrorCode.TABLE_NOT_FOUND);
        assertProblem(server.get("/v1/migrations/shop/tables/orders/shards"), 400, ErrorCode.USAGE);
    }

    @ParameterizedTest
    @ValueSource(strings = {"pause", "resume", "cancel"})
    void an_action_is_accepted(String action) {
        Answer answer = server.post("/v1/migrations/shop:" + action, "");

        assertThat(answer.status()).isEqualTo(202);
        assertThat(answer.body().path("name").asText()).isEqualTo("shop");
        assertThat(gateway.calls).contains("act shop " + action.toUpperCase(Locale.ROOT) + " by http 127.0.0.1");
    }

    @Test
    void an_action_with_an_encoded_colon_and_a_body_is_accepted() {
        assertThat(server.post("/v1/migrations/shop%3Apause", "{}").status()).isEqualTo(202);
    }

    @Test
    void an_action_that_does_not_fit_now_is_a_conflict() {
        gateway.put(InMemoryGateway.status("over", Phase.COMPLETED));

        assertProblem(server.post("/v1/migrations/over:pause", ""), 409, ErrorCode.ACTION_NOT_ALLOWED_NOW);
    }

    @Test
    void an_unknown_action_is_not_found() {
        assertProblem(server.post("/v1/migrations/shop:explode", ""), 404, ErrorCode.USAGE);
        assertProblem(server.post("/v1/migrations/shop:PAUSE", ""), 404, ErrorCode.USAGE);
        assertProblem(server.post("/v1/migrations/shop:", ""), 404, ErrorCode.USAGE);
    }

    @ParameterizedTest
    @ValueSource(
            strings = {
                "/v1",
                "/v1/",
                "/v1/migrations/",
                "/v1/migrations//tables",
                "/v1/migrations/shop/",
                "/v1/migrations/shop/nothing",
                "/v1/migrations/shop/tables/public.orders",
                "/v2/migrations",
                "/favicon.ico",
                "/..%2f..%2fetc/passwd",
                "/%00",
                "/metrics/x"
            })
    void a_path_that_leads_nowhere_is_a_problem(String path) {
        assertProblem(server.get(path), 404, ErrorCode.USAGE);
    }

    @Test
    void a_method_that_a_path_does_not_take_is_told_those_that_it_takes() {
        Answer put = server.send(server.request("/v1/migrations").PUT(BodyPublishers.ofString("x")));
        Answer delete = server.send(server.request("/v1/migrations/shop").DELETE());
        Answer read = server.get("/v1/migrations/shop:pause");
        Answer options = server.send(server.request("/ready").method("OPTIONS", BodyPublishers.noBody()));

        assertProblem(put, 405, ErrorCode.USAGE);
        assertThat(put.header("Allow")).contains("GET").contains("POST");
        assertProblem(delete, 405, ErrorCode.USAGE);
        assertThat(delete.header("Allow")).isEqualTo("GET");
        assertProblem(read, 405, ErrorCode.USAGE);
        assertThat(read.header("Allow")).isEqualTo("POST");
        assertProblem(options, 405, ErrorCode.USAGE);
    }

    @Test
    void what_a_caller_does_not_accept_is_not_sent() {
        Answer xml = server.send(server.request("/v1/migrations").header("Accept", "application/xml"));
        Answer refused = server.send(server.request("/v1/migrations").header("Accept", "application/json;q=0"));
        Answer json = server.send(server.request("/v1/migrations").header("Accept", "text/html, application/*;q=0.1"));

        assertProblem(xml, 406, ErrorCode.USAGE);
        assertProblem(refused, 406, ErrorCode.USAGE);
        assertThat(json.status()).isEqualTo(200);
    }

    @Test
    void an_exception_that_is_not_ours_is_told_without_its_words() {
        gateway.listingBy(() -> CompletableFuture.failedFuture(new IllegalStateException("row value " + SECRET)));
        Answer asynchronous = server.get("/v1/migrations");
        gateway.listingBy(() -> {
            throw new IllegalStateException("row value " + SECRET);
        });
        Answer thrown = server.get("/v1/migrations");

        for (Answer answer : List.of(asynchronous, thrown)) {
            assertProblem(answer, 500, ErrorCode.INTERNAL);
            assertThat(answer.response().body()).doesNotContain(SECRET).doesNotContain("IllegalState");
            assertThat(answer.body().path("where").asText()).startsWith("incident ");
        }
    }

    @Test
    void a_timeout_of_the_cluster_is_a_gateway_timeout() {
        gateway.listingBy(() -> CompletableFuture.failedFuture(new TimeoutException("actor x")));

        assertProblem(server.get("/v1/migrations"), 504, ErrorCode.TIMED_OUT);
    }

    @ParameterizedTest
    @ValueSource(strings = {"GET /%zz HTTP/1.1", "GET /a\u0001b HTTP/1.1", "NONSENSE", "GET / HTTP/9.9"})
    void what_is_not_http_is_answered_with_a_problem_that_does_not_repeat_it(String line) throws IOException {
        String answer = server.raw(line, "Host: localhost", "X-Secret: " + SECRET, "Connection: close");

        assertThat(answer)
                .startsWith("HTTP/1.1 ")
                .contains("application/problem+json")
                .contains("\"code\":\"USAGE\"");
        assertThat(answer).doesNotContain(SECRET).doesNotContain("%zz");
    }

    @Test
    void an_address_that_is_too_long_is_a_problem() {
        Answer answer = server.get("/v1/migrations/" + "a".repeat(3_000));

        assertThat(answer.status()).isEqualTo(414);
        assertThat(answer.contentType()).isEqualTo("application/problem+json");
    }

    @Test
    void a_head_request_gets_the_headers_of_the_answer_alone() throws IOException {
        String answer = server.raw("HEAD /v1/migrations HTTP/1.1", "Host: localhost", "Connection: close");

        assertThat(answer).startsWith("HTTP/1.1 200 OK").contains("Content-Type: application/json");
        assertThat(answer).endsWith("\r\n\r\n");
    }
}
