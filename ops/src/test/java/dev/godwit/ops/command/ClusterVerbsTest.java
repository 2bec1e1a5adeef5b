package dev.godwit.ops.command;

import static org.assertj.core.api.Assertions.assertThat;

import dev.godwit.ops.client.ContractServer;
import dev.godwit.ops.client.ContractServer.Reply;
import dev.godwit.ops.client.Json;
import dev.godwit.ops.view.Statuses;
import dev.godwit.protocol.error.ErrorCode;
import dev.godwit.protocol.error.Problem;
import dev.godwit.protocol.status.Health;
import dev.godwit.protocol.status.Phase;
import dev.godwit.protocol.status.SyncStatus;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.concurrent.atomic.AtomicReference;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** The verbs that talk to a running cluster, from arguments to answer and exit code. */
class ClusterVerbsTest {
    @TempDir
    private Path directory;

    private final ContractServer node = new ContractServer();

    @BeforeEach
    void a_node_has_one_migration() {
        node.on("GET /v1/migrations", 200, Map.of("migrations", List.of(Statuses.copying(123_000_000))));
        node.on("GET /v1/migrations/shop", 200, Statuses.copying(123_000_000));
        node.on("GET /v1/migrations/shop/tables", 200, Map.of("tables", List.of()));
        node.on("POST /v1/migrations/shop:pause", 202, Statuses.copying(1));
    }

    @AfterEach
    void stop() {
        node.close();
    }

    private Recorded run(String... args) {
        return Recorded.run(Map.of("GODWIT_URL", node.url().toString()), args);
    }

    @Test
    void a_refused_plan_is_told_by_its_file_and_a_paused_one_by_how_it_goes_on() throws IOException {
        Path plan = Files.writeString(directory.resolve("shop.yaml"), "nmae: shop");
        node.on(
                "POST /v1/migrations",
                400,
                ContractServer.problem("PLAN_UNKNOWN_KEY", 400, "Unknown.", "Remove it.")
                        .replace("\"here\"", "\"request body:1:1 (nmae)\""));

        assertThat(run("apply", plan.toString()).err()).contains("PLAN_UNKNOWN_KEY  " + plan + ":1:1 (nmae)");

        node.on("POST /v1/migrations", 202, Statuses.status(Phase.PAUSED, Health.IDLE, "", 1, List.of()));
        assertThat(run("apply", plan.toString()).out()).endsWith("Next: godwit resume shop\n");
    }

    @Test
    void status_lists_migrations_and_ends_with_the_next_command() {
        Recorded status = run("status");

        assertThat(status.exitCode()).isZero();
        assertThat(status.err()).isEmpty();
        assertThat(status.out()).isEqualTo("""
                        migration  phase    health   share         rows   bytes  left
                        shop       copying  RUNNING  about 41%  612,000  123 MB  2 to 4 min

                        Next: godwit status shop
                        """);
    }

    @Test
    void status_of_one_has_no_escapes_without_a_terminal() {
        Recorded status = run("status", "shop");

        assertThat(status.exitCode()).isZero();
        assertThat(status.out()).contains("about 41%").endsWith("Next: godwit status shop --watch\n");
        assertThat(status.out()).doesNotContain("\u001B");
    }

    @Test
    void json_is_the_value_alone() throws IOException {
        Recorded status = run("status", "shop", "-o", "json");

        assertThat(Json.MAPPER
                        .readTree(status.out())
                        .path("migration")
                        .path("phase")
                        .asText())
                .isEqualTo("copying");
        assertThat(run("status", "-o", "jsonl").out().lines()).hasSize(1);
    }

    @Test
    void watch_follows_to_the_end_and_returns_the_outcome() {
        AtomicReference<Integer> polls = new AtomicReference<>(0);
        node.on("GET /v1/migrations/shop", sent -> {
            polls.set(polls.get() + 1);
            return new Reply(200, Json.line(polls.get() < 2 ? Statuses.copying(1) : Statuses.completed()));
        });

        Recorded watched = run("status", "shop", "--watch");

        assertThat(watched.exitCode()).isZero();
        assertThat(watched.err()).contains("about 0%").doesNotContain("\u001B");
        assertThat(watched.out()).contains("100%").endsWith("Next: godwit status\n");
    }

    @Test
    void watch_as_jsonl_gives_one_status_a_line() throws IOException {
        node.on("GET /v1/migrations/shop", 200, Statuses.completed());

        Recorded watched = run("status", "shop", "--watch", "-o", "jsonl");

        assertThat(watched.out().lines()).hasSize(1);
        assertThat(Json.MAPPER.readTree(watched.out()).path("phase").asText()).isEqualTo("completed");
    }

    @Test
    void apply_sends_the_plan_and_a_conflict_is_11() throws IOException {
        Path plan = Files.writeString(directory.resolve("plan.yaml"), "name: shop\n");
        AtomicReference<String> sent = new AtomicReference<>();
        node.on("POST /v1/migrations", body -> {
            sent.set(body);
            return new Reply(202, Json.line(Statuses.copying(0)));
        });

        assertThat(run("apply", plan.toString()).out()).endsWith("Next: godwit status shop --watch\n");
        assertThat(sent).hasValue("name: shop\n");

        node.on(
                "POST /v1/migrations",
                409,
                ContractServer.problem("PLAN_CONFLICT", 409, "Another plan.", "Rename it."));
        Recorded conflict = run("apply", plan.toString());
        assertThat(conflict.exitCode()).isEqualTo(11);
        assertThat(conflict.out()).isEmpty();
        assertThat(conflict.err()).isEqualTo("PLAN_CONFLICT  here\n  Another plan.\n  Fix: Rename it.\n");
    }

    @Test
    void pause_is_taken_and_proposes_resume_on_the_same_server() {
        Recorded paused = run("pause", "shop", "--server", node.url().toString());

        assertThat(paused.exitCode()).isZero();
        assertThat(paused.out()).endsWith("Next: godwit resume shop --server " + node.url() + "\n");
    }

    @Test
    void sync_asks_for_the_place_of_its_first_answer_until_it_is_reached() {
        List<String> asked = new ArrayList<>();
        node.on("POST /v1/migrations/shop:sync", body -> {
            asked.add("now");
            return new Reply(200, Json.line(new SyncStatus("shop", 4711, false, null)));
        });
        node.on("POST /v1/migrations/shop:sync?until=4711", body -> {
            asked.add("4711");
            return new Reply(200, Json.line(new SyncStatus("shop", 4711, asked.size() > 2, null)));
        });

        Recorded synced = run("sync", "shop", "--until", "now");

        assertThat(synced.exitCode()).isZero();
        assertThat(synced.out()).contains("is in every target").endsWith("Next: godwit status shop\n");
        assertThat(asked).containsExactly("now", "4711", "4711");
    }

    @Test
    void a_sync_whose_time_is_up_is_10_and_says_why() {
        Problem why = new Problem(ErrorCode.TARGET_UNREACHABLE, "The target does not answer.", "db2", "");
        node.on(
                "POST /v1/migrations/shop:sync?until=7",
                body -> new Reply(200, Json.line(new SyncStatus("shop", 7, false, why))));

        Recorded late = run("sync", "shop", "--until", "7", "--timeout", "0");

        assertThat(late.exitCode()).isEqualTo(10);
        assertThat(late.out()).contains("Not everything is in the targets").contains("The target does not answer.");
    }

    @Test
    void an_error_as_json_is_json_on_standard_error() throws IOException {
        Recorded missing = run("cancel", "other", "-o", "json");

        assertThat(missing.exitCode()).isEqualTo(1);
        assertThat(missing.out()).isEmpty();
        assertThat(Json.MAPPER.readTree(missing.err()).path("code").asText()).isEqualTo("MIGRATION_NOT_FOUND");
    }

    @Test
    void wrong_usage_is_2_with_a_word_on_standard_error() {
        for (String[] args : new String[][] {
            {},
            {"fly"},
            {"pause"},
            {"status", "--watch"},
            {"status", "-o", "xml"},
            {"status", "--server", "ftp://x"},
            {"apply", "/nowhere/plan.yaml"},
            {"demo", "--nodes", "1"},
            {"demo", "--scale", "0"},
            {"node", "--state-store-host", "h"}
        }) {
            Recorded wrong = run(args);
            assertThat(wrong.exitCode()).as(String.join(" ", args)).isEqualTo(2);
            assertThat(wrong.err()).as(String.join(" ", args)).contains("USAGE").contains("Fix:");
            assertThat(wrong.out()).isEmpty();
        }
    }

    @Test
    void help_is_on_standard_output_for_every_verb() {
        assertThat(run("--help").out()).contains("demo").contains("130");
        for (String verb : List.of(
                "demo", "check", "run", "node", "apply", "status", "pause", "resume", "sync", "complete", "cancel")) {
            Recorded help = run(verb, "--help");
            assertThat(help.exitCode()).isZero();
            assertThat(help.out()).startsWith("Usage: godwit " + verb);
        }
    }
}
