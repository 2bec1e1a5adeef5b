package dev.godwit.node.faults;

import static org.assertj.core.api.Assertions.assertThat;
import static org.awaitility.Awaitility.await;

import dev.godwit.node.cluster.Api;
import dev.godwit.node.cluster.Database;
import dev.godwit.node.cluster.Databases;
import dev.godwit.node.cluster.NodeJvm;
import dev.godwit.node.cluster.TestCluster;
import dev.godwit.protocol.error.ErrorCode;
import dev.godwit.protocol.error.Problem;
import dev.godwit.protocol.status.Phase;
import java.net.http.HttpResponse;
import java.sql.Connection;
import java.sql.SQLException;
import java.sql.Statement;
import java.time.Duration;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;

/** The source is altered after it was checked and before the target's tables are made. */
class SchemaChangedMeanwhileTest {
    private static final Duration ENOUGH = Duration.ofSeconds(120);

    private final Databases databases = Databases.create();
    private final TestCluster cluster = new TestCluster("schema-changed", databases.stateStore());

    @AfterEach
    void stop() {
        cluster.close();
        databases.close();
    }

    @Test
    void tables_and_columns_of_after_the_check_do_not_arrive_empty() throws SQLException {
        Database source = databases.source();
        source.run("CREATE TABLE public.t (id int PRIMARY KEY)", "INSERT INTO public.t VALUES (1)");
        NodeJvm node = cluster.startOne();
        Api api = cluster.api();
        PlanYaml plan = PlanYaml.of("changed", databases.source(), databases.target());
        try (Connection holder = databases.target().connect();
                Statement lock = holder.createStatement()) {
            // What prepares the target begins with this one.
            lock.execute("SELECT pg_advisory_lock(1735353463, 1)");
            assertThat(plan.submit(node)).returns(202, HttpResponse::statusCode);
            await("the preparation")
                    .atMost(ENOUGH)
                    .until(() -> databases
                                    .target()
                                    .number("SELECT count(*) FROM pg_locks WHERE locktype = 'advisory' AND objid = 1"
                                            + " AND NOT granted")
                            > 0);
            source.run(
                    "ALTER TABLE public.t ADD later int DEFAULT 5",
                    "CREATE TABLE public.later (id int PRIMARY KEY)",
                    "INSERT INTO public.later VALUES (1), (2)");
        }

        await().atMost(ENOUGH).until(() -> api.status("changed").phase().ended());
        assertThat(api.status("changed").problems())
                .extracting(Problem::code)
                .containsExactly(ErrorCode.SOURCE_TABLE_CHANGED);
        assertThat(databases.target().number("SELECT count(*) FROM pg_class WHERE relname IN ('t', 'later')"))
                .isZero();

        assertThat(plan.submit(node)).returns(202, HttpResponse::statusCode);

        api.awaitPhase("changed", Phase.COMPLETED, ENOUGH);
        databases.assertEqual();
        assertThat(databases.target().text("SELECT later FROM public.t")).isEqualTo("5");
    }
}
