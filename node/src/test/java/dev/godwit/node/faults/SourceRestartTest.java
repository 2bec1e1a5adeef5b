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
import dev.godwit.protocol.error.ErrorCode;
import dev.godwit.protocol.status.Health;
import dev.godwit.protocol.status.MigrationStatus;
import dev.godwit.protocol.status.Phase;
import java.time.Duration;
import java.util.List;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;

/** The source's server is restarted in mid-copy. */
class SourceRestartTest {
    private static final Duration ENOUGH = Duration.ofSeconds(90);

    /** A worker that begins a shard waits some 20 s for a session before it says that there is none. */
    private static final Duration TOLD_WITHIN = Duration.ofSeconds(40);

    private final Database target = Postgres.target().database("target");
    private final TestCluster cluster =
            new TestCluster("source-restart", Postgres.target().database("state"));
    private RestartableServer sourceServer;
    private Database source;
    private TcpProxy toSource;

    @BeforeEach
    void start() {
        sourceServer = RestartableServer.start();
        source = sourceServer.database();
        source.fill("item", 8000, 1000);
        toSource = new TcpProxy(Database.HOST, source.port());
        toSource.rate(64 << 10);
    }

    @AfterEach
    void stop() {
        cluster.close();
        toSource.close();
        sourceServer.close();
    }

    private PlanYaml plan(String name) {
        return PlanYaml.of(name, PlanYaml.address(toSource.port(), source.name()), PlanYaml.address(target));
    }

    private void awaitMidCopy(Api api, String migration) {
        await().atMost(ENOUGH).until(() -> api.status(migration).shardsDone() >= 4);
    }

    @Test
    void says_that_the_source_is_away_and_copies_the_rest_of_a_frozen_source_when_it_is_back() {
        NodeJvm node = cluster.startOne();
        Api api = cluster.api();
        plan("frozen").submit(node);
        awaitMidCopy(api, "frozen");

        sourceServer.stop();
        await("the status to say so")
                .atMost(TOLD_WITHIN)
                .until(
                        () -> api.status("frozen"),
                        now -> now.health() == Health.STALLED && now.reason().contains("no node reaches the source"));
        sourceServer.startAgain();
        toSource.pass();
        MigrationStatus end = api.awaitPhase("frozen", Phase.COMPLETED, ENOUGH);

        assertThat(end.problems()).isEmpty();
        assertThat(end.retries()).isPositive();
        assertThat(target.content("item")).isEqualTo(source.content("item"));
    }

    @Test
    void stops_a_migration_whose_one_snapshot_the_restart_has_ended_and_says_what_the_choices_are() throws Exception {
        List<NodeJvm> nodes = cluster.start(2);
        Api api = cluster.api();
        PlanYaml plan = plan("one-snapshot").withConsistency("snapshot");
        plan.submit(nodes.get(0));
        awaitMidCopy(api, "one-snapshot");
        MigrationStatus end;
        try (EventStream events = EventStream.open(nodes.get(0), "one-snapshot")) {
            sourceServer.stop();
            sourceServer.startAgain();
            toSource.pass();
            end = api.awaitPhase("one-snapshot", Phase.FAILED, ENOUGH);
            assertThat(events.awaitEnd(ENOUGH)).endsWith("snapshot-lost");
        }

        assertThat(end.problems()).singleElement().satisfies(problem -> {
            assertThat(problem.code()).isEqualTo(ErrorCode.SNAPSHOT_LOST);
            assertThat(problem.what()).contains("does not take another snapshot by itself", "mix two moments");
            assertThat(problem.fix()).contains("(1) start over", "(2)", "consistency: frozen");
        });
        assertThat(end.allowedActions()).isEmpty();
        // The same plan again does not take another snapshot either.
        plan.submit(nodes.get(1));
        assertThat(api.status("one-snapshot").phase()).isEqualTo(Phase.FAILED);
        assertThat(api.status("one-snapshot").problems()).isEqualTo(end.problems());
        assertThat(target.content("item").rows()).isLessThan(8000);
    }
}
