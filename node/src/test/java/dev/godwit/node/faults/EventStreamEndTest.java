package dev.godwit.node.faults;

import static org.assertj.core.api.Assertions.assertThat;
import static org.awaitility.Awaitility.await;

import dev.godwit.node.cluster.Api;
import dev.godwit.node.cluster.Database;
import dev.godwit.node.cluster.EventStream;
import dev.godwit.node.cluster.NodeJvm;
import dev.godwit.node.cluster.Postgres;
import dev.godwit.node.cluster.TestCluster;
import dev.godwit.node.testing.TcpProxy;
import dev.godwit.protocol.status.Phase;
import java.time.Duration;
import java.util.List;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;

/** Who follows a migration's events is told its end, whichever it is. */
class EventStreamEndTest {
    private static final Duration ENOUGH = Duration.ofSeconds(45);

    private static TestCluster cluster;
    private static NodeJvm node;
    private static Api api;

    private final Database source = Postgres.source().database("source");

    @BeforeAll
    static void start() {
        cluster = new TestCluster("event-stream-end", Postgres.source().database("state"));
        node = cluster.startOne();
        api = cluster.api();
    }

    @AfterAll
    static void stop() {
        cluster.close();
    }

    @Test
    void it_ends_when_the_migration_fails_and_need_not_be_asked_for_again() throws Exception {
        try (RestartableServer late = RestartableServer.start()) {
            Database target = late.database();
            source.fill("item", 10, 100);
            target.fill("item", 3, 100);
            late.stop();
            PlanYaml.of("fails", source, target).submit(node);
            await().atMost(ENOUGH).until(() -> api.status("fails").reason().contains("can't be reached"));

            try (EventStream stream = EventStream.open(node, "fails")) {
                stream.awaitEvent("migration-submitted", ENOUGH);
                late.startAgain();
                api.awaitPhase("fails", Phase.FAILED, ENOUGH);
                List<String> events = stream.awaitEnd(ENOUGH);

                assertThat(events).endsWith("migration-failed");
                String seen = "/v1/migrations/fails/events?after=" + events.size();
                assertThat(api.send(node.http(), "GET", seen, null).statusCode())
                        .isEqualTo(204);
            }
        }
    }

    @Test
    void it_goes_on_over_a_failure_after_which_the_migration_began_anew() throws Exception {
        Database target = Postgres.target().database("target");
        TcpProxy toTarget = new TcpProxy(Database.HOST, target.port());
        source.fill("item", 2000, 1000);
        target.fill("item", 3, 100);
        PlanYaml plan =
                PlanYaml.of("begins-anew", PlanYaml.address(source), PlanYaml.address(toTarget.port(), target.name()));
        plan.submit(node);
        api.awaitPhase("begins-anew", Phase.FAILED, ENOUGH);

        target.run("DROP TABLE item");
        toTarget.rate(64 << 10);
        plan.submit(node);
        try (EventStream stream = EventStream.open(node, "begins-anew")) {
            stream.awaitEvent("table-started", ENOUGH);
            toTarget.pass();
            List<String> events = stream.awaitEnd(ENOUGH);

            assertThat(events)
                    .contains("migration-failed")
                    .endsWith("table-completed", "schema-finished", "migration-completed");
        }
        try (EventStream again = EventStream.open(node, "begins-anew")) {
            assertThat(again.awaitEnd(ENOUGH)).contains("migration-failed").endsWith("migration-completed");
        }
        toTarget.close();
    }
}
