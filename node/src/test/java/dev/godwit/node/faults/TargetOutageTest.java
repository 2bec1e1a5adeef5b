package dev.godwit.node.faults;

import static org.assertj.core.api.Assertions.assertThat;
import static org.awaitility.Awaitility.await;

import dev.godwit.node.cluster.Api;
import dev.godwit.node.cluster.Database;
import dev.godwit.node.cluster.NodeJvm;
import dev.godwit.node.cluster.Postgres;
import dev.godwit.node.cluster.ShardHistory;
import dev.godwit.node.cluster.TestCluster;
import dev.godwit.node.testing.TcpProxy;
import dev.godwit.protocol.event.TableEvent.ShardsReopened;
import dev.godwit.protocol.status.Health;
import dev.godwit.protocol.status.MigrationStatus;
import dev.godwit.protocol.status.NodeStatus;
import dev.godwit.protocol.status.Phase;
import java.time.Duration;
import java.util.List;
import java.util.Map;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;

/** The target's server is away for a while, or crashes. */
class TargetOutageTest {
    private static final Duration OUTAGE = Duration.parse(System.getProperty("godwit.faults.outage", "PT20S"));
    private static final Duration ENOUGH = Duration.ofSeconds(90);

    /** So soon a person is told. */
    private static final Duration TOLD_WITHIN = Duration.ofSeconds(15);

    private final Database source = Postgres.source().database("source");
    private final TcpProxy toSource = new TcpProxy(Database.HOST, source.port());
    private final TestCluster cluster =
            new TestCluster("target-outage", Postgres.source().database("state"));
    private RestartableServer targetServer;
    private Database target;

    private void startTarget(Map<String, String> settings) {
        targetServer = RestartableServer.start(settings);
        target = targetServer.database();
    }

    @AfterEach
    void stop() {
        cluster.close();
        targetServer.close();
        toSource.close();
    }

    private PlanYaml plan(String name) {
        return PlanYaml.of(name, PlanYaml.address(toSource.port(), source.name()), PlanYaml.address(target));
    }

    @Test
    void says_that_the_target_is_away_keeps_its_heap_and_goes_on_when_it_is_back() {
        startTarget(Map.of());
        source.fill("item", 8000, 1000);
        List<NodeJvm> nodes = cluster.start(2);
        Api api = cluster.api();
        toSource.rate(64 << 10);
        plan("target-away").submit(nodes.get(0));
        await().atMost(ENOUGH).until(() -> api.status("target-away").shardsDone() >= 4);

        targetServer.stop();
        await("the status to say so")
                .atMost(TOLD_WITHIN)
                .until(
                        () -> api.status("target-away"),
                        now -> now.health() == Health.STALLED && now.reason().contains("no node reaches the target"));
        await("nobody to die, nothing to pile up")
                .during(OUTAGE)
                .atMost(OUTAGE.plus(ENOUGH))
                .until(() ->
                        staysSmall(api.status("target-away")) && nodes.stream().allMatch(NodeJvm::alive));
        targetServer.startAgain();
        toSource.pass();
        MigrationStatus end = api.awaitPhase("target-away", Phase.COMPLETED, ENOUGH);

        assertThat(end.problems()).isEmpty();
        assertThat(target.content("item")).isEqualTo(source.content("item"));
        assertThat(cluster.living()).isEqualTo(nodes);
    }

    /** No data is held for a target that takes none, and the heap is the one of a node at rest. */
    private static boolean staysSmall(MigrationStatus status) {
        assertThat(status.phase()).isEqualTo(Phase.COPYING);
        for (NodeStatus node : status.nodes()) {
            assertThat(node.heapBytes()).isLessThan(128L << 20);
            assertThat(node.bufferBytes()).isLessThanOrEqualTo(PlanYaml.MEMORY_PER_NODE_BYTES);
        }
        return true;
    }

    @Test
    void copies_again_what_a_crash_of_the_target_has_lost_after_it_was_reported_as_landed() {
        // Commits that are not waited for stay in memory until the WAL writer comes by, here every 10 s at most.
        startTarget(Map.of(
                "fsync", "on",
                "wal_writer_delay", "10s",
                "wal_writer_flush_after", "1GB",
                "wal_buffers", "64MB",
                "bgwriter_lru_maxpages", "0"));
        source.fill("item", 8000, 1000);
        NodeJvm node = cluster.startOne();
        Api api = cluster.api();
        toSource.rate(256 << 10);
        plan("claims-lost").submit(node);

        long reported = crashWhileCommitsAreInMemory(api);
        targetServer.startAgain();
        assertThat(target.number("SELECT count(*) FROM godwit.claim")).isLessThan(reported);
        toSource.pass();
        api.awaitPhase("claims-lost", Phase.COMPLETED, ENOUGH);

        ShardHistory history = cluster.journal().shards("claims-lost", "public.item");
        assertThat(history.events()).hasAtLeastOneElementOfType(ShardsReopened.class);
        assertThat(target.content("item")).isEqualTo(source.content("item"));
        assertThat(target.number("SELECT sum(rows) FROM godwit.claim")).isEqualTo(8000);
    }

    /** @return how many shards had been reported as landed, of which some are now lost */
    private long crashWhileCommitsAreInMemory(Api api) {
        String written = "SELECT pg_current_wal_lsn()";
        while (true) {
            // What lands from here on is in memory alone for as long as the server has not written more of its log.
            String before = target.text(written);
            long doneBefore = api.status("claims-lost").shardsDone();
            long done = await().atMost(ENOUGH)
                    .pollInterval(Duration.ofMillis(100))
                    .until(() -> api.status("claims-lost").shardsDone(), now -> now >= doneBefore + 2);
            if (doneBefore > 0 && target.text(written).equals(before)) {
                targetServer.crash();
                return done;
            }
        }
    }
}
