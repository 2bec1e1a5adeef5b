package dev.godwit.ops.command;

import static org.assertj.core.api.Assertions.assertThat;

import dev.godwit.ops.client.Json;
import io.zonky.test.db.postgres.embedded.EmbeddedPostgres;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Map;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/**
 * The verbs that start processes, with a stand-in for the node ({@code dev.godwit.node.boot.Main} of these tests): real
 * child processes, the real contract, no migration.
 */
class LocalVerbsTest {
    private static EmbeddedPostgres stateStore;

    @TempDir
    private Path home;

    @BeforeAll
    static void start_a_state_store() throws IOException {
        stateStore = EmbeddedPostgres.builder().start();
    }

    @AfterAll
    static void stop_it() throws IOException {
        stateStore.close();
    }

    @BeforeEach
    void an_installation_has_the_stand_in_for_its_node() throws IOException {
        StandInInstallation.create(home);
    }

    private Recorded run(String... args) {
        return Recorded.run(Map.of("GODWIT_HOME", home.toString(), "SHOP_PASSWORD", "hunter2"), args);
    }

    private Path plan(String more) throws IOException {
        return Files.writeString(home.resolve("plan.yaml"), """
                name: shop
                targets:
                  main:
                    postgres: {host: 127.0.0.1, port: %d, database: postgres, user: postgres, password: {env: SHOP_PASSWORD}, sslmode: disable}
                # %s
                """.formatted(stateStore.getPort(), more));
    }

    private Recorded runPlan(String more, String... args) throws IOException {
        String[] all = new String[args.length + 4];
        all[0] = "run";
        all[1] = plan(more).toString();
        all[2] = "--log-dir";
        all[3] = home.resolve("logs").toString();
        System.arraycopy(args, 0, all, 4, args.length);
        return run(all);
    }

    @Test
    void run_starts_nodes_follows_the_migration_and_ends_them() throws IOException {
        Recorded run = runPlan("", "--nodes", "2");

        assertThat(run.err()).contains("Starting 2 nodes").contains("about 3%");
        assertThat(run.out()).contains("100%").contains("Next: docs/tutorial.md, 'Look at the result'");
        assertThat(run.exitCode()).isZero();
        assertThat(home.resolve("logs/node-2.log")).exists();
        assertThat(ProcessHandle.current().children().filter(LocalVerbsTest::isNode))
                .isEmpty();
    }

    @Test
    void run_as_jsonl_gives_statuses_on_standard_output_alone() throws IOException {
        Recorded run = runPlan("", "-o", "jsonl");

        assertThat(run.exitCode()).isZero();
        assertThat(run.out().lines().toList())
                .hasSizeGreaterThan(1)
                .allSatisfy(line -> assertThat(
                                Json.MAPPER.readTree(line).path("name").asText())
                        .isEqualTo("shop"));
    }

    @Test
    void run_ends_with_the_code_of_the_first_problem() throws IOException {
        Recorded run = runPlan("disk-full");

        assertThat(run.exitCode()).isEqualTo(7);
        assertThat(run.out()).contains("TARGET_DISK_FULL").contains("Fix: Make room.");
    }

    @Test
    void run_lets_go_on_what_an_earlier_run_left_paused() throws IOException {
        Recorded run = runPlan("paused-before");

        assertThat(run.err()).contains("What was paused goes on");
        assertThat(run.exitCode()).isZero();
    }

    @Test
    void run_says_of_a_pause_that_the_snapshot_ends_with_its_nodes() throws IOException {
        assertThat(runPlan("disk-full").out())
                .contains("Next: docs/how-to/resume-and-recover.md, 'The snapshot is lost'");
    }

    @Test
    void run_says_so_when_all_nodes_die() throws IOException {
        Recorded run = runPlan("dies", "--nodes", "2");

        assertThat(run.exitCode()).isEqualTo(1);
        assertThat(run.err())
                .contains("node 1 (pid ")
                .contains("ended with code 137")
                .contains("All nodes have ended");
    }

    @Test
    void run_starts_a_node_again_that_ends_by_itself() throws IOException {
        Recorded run = runPlan("dies once " + home.resolve("died"));

        assertThat(run.err()).contains("ended with code 137").contains("it is started again");
        assertThat(run.exitCode()).isZero();
    }

    @Test
    void run_shows_the_log_of_a_node_that_does_not_start() throws IOException {
        Recorded run = runPlan("", "--heap", "1k");

        assertThat(run.exitCode()).isEqualTo(1);
        assertThat(run.err()).contains("CLUSTER_NOT_READY").contains("ended before it was ready");
    }

    @Test
    void run_tells_a_target_that_is_not_there_at_once() throws IOException {
        Path plan = Files.writeString(
                home.resolve("plan.yaml"),
                "{name: shop, targets: {main: {postgres: {host: 127.0.0.1, port: 1, database: d, user: u}}}}");

        Recorded run = run("run", plan.toString());

        assertThat(run.exitCode()).isEqualTo(7);
        assertThat(run.err()).contains("TARGET_UNREACHABLE  127.0.0.1:1/d");
    }

    @Test
    void run_has_a_plan_without_a_name_judged_by_the_check() throws IOException {
        Path plan = Files.writeString(home.resolve("plan.yaml"), "nam: disk-full");

        Recorded run = run("run", plan.toString());

        assertThat(run.exitCode()).isEqualTo(3);
        assertThat(run.err()).contains("PLAN_UNKNOWN_KEY  plan.yaml:3:1");
    }

    @Test
    void check_lists_tables_or_problems_and_passes_the_code_on() throws IOException {
        Recorded good = run("check", plan("").toString());
        assertThat(good.exitCode()).isZero();
        assertThat(good.out())
                .contains("No problem: 31 tables, about 1.3 kB")
                .contains("public.a    key     binary")
                .contains("and 11 smaller ones")
                .contains("index: 1 (public.a by_day)")
                .contains("Next: godwit run ");

        Recorded bad = run("check", plan("disk-full").toString(), "-o", "json");
        assertThat(bad.exitCode()).isEqualTo(3);
        assertThat(Json.MAPPER
                        .readTree(bad.out())
                        .path("problems")
                        .get(0)
                        .path("code")
                        .asText())
                .isEqualTo("PLAN_UNKNOWN_KEY");
    }

    @Test
    void check_prints_problems_then_warnings_then_notes_then_the_estimate() throws IOException {
        Recorded good = run("check", plan("").toString());
        assertThat(good.exitCode()).isZero();
        assertThat(good.out())
                .containsSubsequence(
                        "No problem: 31 tables",
                        "1 warning\n",
                        "SOURCE_CONNECTIONS_FEW  db:5432/shop\n",
                        "  There are 5.\n",
                        "  Fix: Lower the limit.\n",
                        "1 note\n",
                        "SPACE_NEEDED  db:5432/copy\n",
                        "The copy may take 1 to 4 min on one node\n",
                        "  Reckoned with a guess.\n",
                        "1 to 3 s\n",
                        "Left out by schema: tables");

        Recorded bad = run("check", plan("disk-full").toString());
        assertThat(bad.exitCode()).isEqualTo(3);
        assertThat(bad.out())
                .containsSubsequence(
                        "1 problem\n", "PLAN_UNKNOWN_KEY", "1 warning\n", "1 note\n", "Next: godwit check ")
                .doesNotContain("The copy may take", "Left out");

        Recorded json = run("check", plan("").toString(), "-o", "json");
        assertThat(json.exitCode()).isZero();
        assertThat(Json.MAPPER.readTree(json.out()).path("warnings").findValuesAsText("code"))
                .containsExactly("SOURCE_CONNECTIONS_FEW");
    }

    @Test
    void no_command_line_of_a_node_has_the_password() {
        Recorded command = run(
                "node",
                "--state-store-host=db",
                "--state-store-database=d",
                "--state-store-user=u",
                "--state-store-password-env=SHOP_PASSWORD",
                "--http-port=0",
                "--print-command");

        assertThat(command.exitCode()).isZero();
        assertThat(command.out().lines())
                .contains(
                        "-Dgodwit.state-store.host=db",
                        "-Dgodwit.state-store.password.env=SHOP_PASSWORD",
                        "-Dgodwit.http.port=0",
                        "dev.godwit.node.boot.Main",
                        "node");
        assertThat(command.out()).doesNotContain("hunter2");
    }

    private static boolean isNode(ProcessHandle process) {
        return process.info().commandLine().orElse("").contains("dev.godwit.node.boot.Main");
    }
}
