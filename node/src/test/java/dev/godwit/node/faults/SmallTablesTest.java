package dev.godwit.node.faults;

import static org.assertj.core.api.Assertions.assertThat;
import static org.awaitility.Awaitility.await;

import dev.godwit.node.cluster.Api;
import dev.godwit.node.cluster.Databases;
import dev.godwit.node.cluster.NodeJvm;
import dev.godwit.node.cluster.TestCluster;
import dev.godwit.protocol.error.ErrorCode;
import dev.godwit.protocol.status.MigrationStatus;
import dev.godwit.protocol.status.Phase;
import dev.godwit.protocol.status.TableState;
import java.net.http.HttpResponse;
import java.time.Duration;
import java.util.stream.IntStream;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;

/** So many small tables that they travel in bundles, and what can happen to a bundle. */
class SmallTablesTest {
    private static final Duration ENOUGH = Duration.ofSeconds(120);
    private static final int TABLES = 150;

    private final Databases databases = Databases.create();
    private final TestCluster cluster = new TestCluster("small-tables", databases.stateStore());

    @AfterEach
    void stop() {
        cluster.close();
        databases.close();
    }

    /** Tables {@code public.s0} and on, of 20 rows, each with an index. */
    private void fill() {
        databases
                .source()
                .run(IntStream.range(0, TABLES)
                        .mapToObj(i -> "CREATE TABLE public.s" + i + " (id int PRIMARY KEY, v text);"
                                + "INSERT INTO public.s" + i + " SELECT n, 'v' || n FROM generate_series(1, 20) n;"
                                + "CREATE INDEX s" + i + "_v ON public.s" + i + " (v)")
                        .toArray(String[]::new));
    }

    private PlanYaml plan() {
        return PlanYaml.of("small", databases.source(), databases.target()).withInclude("\"public.s*\"");
    }

    private void assertEqualContents() {
        for (int i = 0; i < TABLES; i++) {
            assertThat(databases.target().content("public.s" + i))
                    .isEqualTo(databases.source().content("public.s" + i));
        }
    }

    @Test
    void a_node_that_dies_with_a_bundle_costs_no_row_and_doubles_none() throws Exception {
        fill();
        // One of them takes its rows so slowly that its bundle is under way when its node is killed.
        databases
                .target()
                .run(
                        "CREATE FUNCTION public.slowly(int) RETURNS bool LANGUAGE plpgsql AS"
                                + " 'BEGIN PERFORM pg_sleep(0.2); RETURN true; END'",
                        "CREATE TABLE public.s70 (id int, v text, CHECK (public.slowly(id)))");
        for (int i = 0; i < TABLES; i++) {
            if (i != 70) {
                databases.target().run("CREATE TABLE public.s" + i + " (id int, v text)");
            }
        }
        cluster.start(2);
        NodeJvm any = cluster.living().get(0);
        assertThat(plan().withSchema("existing").submit(any)).returns(202, HttpResponse::statusCode);
        String copying = "FROM pg_stat_activity WHERE query LIKE 'COPY \"public\".\"s70\"%' AND state = 'active'";
        await("the slow table is being copied")
                .atMost(ENOUGH)
                .until(() -> databases.target().number("SELECT count(*) " + copying) > 0);

        Databases.Landing landing =
                new Databases.Landing(0, databases.target().text("SELECT application_name " + copying), 0);
        cluster.living().stream()
                .filter(node -> landing.isOf(cluster.api().member("small", node)))
                .findFirst()
                .orElseThrow()
                .kill();

        cluster.api().awaitPhase("small", Phase.COMPLETED, ENOUGH);
        assertEqualContents();
        assertThat(databases.target().number("SELECT count(*) FROM godwit.claim WHERE outcome = 'copied'"))
                .isEqualTo(TABLES);
    }

    @Test
    void a_table_whose_rows_are_refused_holds_up_no_other_of_its_bundle() throws Exception {
        fill();
        databases.source().run("ALTER TABLE public.s33 ADD CONSTRAINT fine CHECK (id <> 7) NOT VALID");
        databases
                .source()
                .run("ALTER TABLE public.s44 DROP CONSTRAINT s44_pkey", "INSERT INTO public.s44 VALUES (5, 'again')");
        // Rows of s44 share a value that its index in the target must not have twice.
        databases
                .source()
                .run(
                        "CREATE UNIQUE INDEX s44_one ON public.s44 (id) WHERE v <> 'again'",
                        "UPDATE pg_index SET indpred = NULL WHERE indexrelid = 's44_one'::regclass");
        NodeJvm node = cluster.startOne();
        Api api = cluster.api();

        assertThat(plan().submit(node)).returns(202, HttpResponse::statusCode);

        await("all but one are done").atMost(ENOUGH).until(() -> {
            MigrationStatus status = api.status("small");
            return status.tablesPaused() == 1 && status.tablesDone() == TABLES - 1;
        });
        assertThat(api.tables("small"))
                .filteredOn(table -> table.state() != TableState.COMPLETED)
                .singleElement()
                .satisfies(table -> {
                    assertThat(table.table()).isEqualTo("public.s44");
                    assertThat(table.problem().code()).isEqualTo(ErrorCode.TARGET_KEY_NOT_UNIQUE);
                });
        databases.target().run("DELETE FROM public.s44 WHERE v = 'again'");
        databases.source().run("DELETE FROM public.s44 WHERE v = 'again'");
        api.act("small", "resume");

        api.awaitPhase("small", Phase.COMPLETED, ENOUGH);
        assertEqualContents();
        assertThat(databases.target().number("SELECT count(*) FROM pg_indexes WHERE schemaname = 'public'"))
                .isEqualTo(databases.source().number("SELECT count(*) FROM pg_indexes WHERE schemaname = 'public'"));
    }
}
