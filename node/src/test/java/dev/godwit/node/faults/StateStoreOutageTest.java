package dev.godwit.node.faults;

import static org.assertj.core.api.Assertions.assertThat;
import static org.awaitility.Awaitility.await;

import dev.godwit.node.cluster.Api;
import dev.godwit.node.cluster.Database;
import dev.godwit.node.cluster.Databases;
import dev.godwit.node.cluster.NodeJvm;
import dev.godwit.node.cluster.PlanText;
import dev.godwit.node.cluster.ShardHistory;
import dev.godwit.node.cluster.TestCluster;
import dev.godwit.protocol.status.NodeStatus;
import dev.godwit.protocol.status.Phase;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.net.http.HttpResponse;
import java.time.Duration;
import java.util.List;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;

/** The database of the journal, the nodes and the lease is away in mid-copy. */
class StateStoreOutageTest {
    /**
     * How long it is away. Longer than all bounds that a node has for its store: a heartbeat (2 s), a node's row that
     * counts as fresh (10 s), the lease (4 s), an acquisition (5 s), the journal's reset-timeout (5 s).
     * {@code -Dgodwit.faults.outage=PT20S} shows nothing else in less time.
     */
    private static final Duration OUTAGE = Duration.parse(System.getProperty("godwit.faults.outage", "PT60S"));

    private static final Duration ENOUGH = Duration.ofSeconds(90);

    private final Databases databases = Databases.create();
    private RestartableServer storeServer;
    private Database store;
    private TestCluster cluster;

    @BeforeEach
    void start() {
        storeServer = RestartableServer.start();
        store = storeServer.database();
        cluster = new TestCluster("store-outage", store);
        databases.source().fill("item", 8000, 1000);
    }

    @AfterEach
    void stop() {
        cluster.close();
        storeServer.close();
        databases.close();
    }

    @Test
    void pauses_at_the_end_of_the_shard_while_the_journal_is_away_and_goes_on_when_it_is_back() {
        List<NodeJvm> nodes = cluster.start(2);
        Api api = cluster.api();
        databases.toSource().rate(64 << 10);
        api.submit(PlanText.of("store-away", databases));
        await().atMost(ENOUGH).until(() -> databases.landedShards() >= 4);
        String incarnation = incarnation();

        storeServer.stop();
        await("the shards under way to end").atMost(ENOUGH).until(() -> running() == 0);
        long landed = databases.landedShards();
        // The migration's own actor meets the outage, too.
        assertThat(act(api, nodes.get(0), "pause").statusCode()).isGreaterThanOrEqualTo(500);
        await("nothing to be begun, nobody to die")
                .during(OUTAGE)
                .atMost(OUTAGE.plus(ENOUGH))
                .until(() -> running() == 0
                        && databases.landedShards() == landed
                        && nodes.stream().allMatch(NodeJvm::alive));
        storeServer.startAgain();
        databases.fast();
        // What was told in vain may be done late, when all has landed even: then there is nothing to resume.
        if (api.status("store-away").allowedActions().contains("resume")) {
            await().atMost(ENOUGH).until(() -> act(api, nodes.get(0), "resume").statusCode() < 500);
        }
        api.awaitPhase("store-away", Phase.COMPLETED, ENOUGH);

        databases.assertEqual();
        databases.assertClaimsAccountForAllRows();
        assertThat(cluster.living()).isEqualTo(nodes);
        assertThat(incarnation()).as("the one cluster that was formed").isEqualTo(incarnation);
        assertThat(api.status("store-away").nodes())
                .extracting(NodeStatus::http)
                .hasSize(2);
        ShardHistory history = cluster.journal().shards("store-away", "public.item");
        assertThat(history.startedAfterLanding()).isEmpty();
        // What landed meanwhile was not told to the journal, and was found by its claims.
        assertThat(databases.rowsInVain("item")).isZero();
    }

    private static HttpResponse<String> act(Api api, NodeJvm node, String action) {
        try {
            return api.send(node.http(), "POST", "/v1/migrations/store-away:" + action, "");
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        }
    }

    /** Claims that are being landed: a session of the target has its landing's name all through its transaction. */
    private long running() {
        return databases
                .target()
                .number("SELECT count(*) FROM pg_stat_activity WHERE datname = current_database()"
                        + " AND application_name LIKE 'godwit/%' AND xact_start IS NOT NULL");
    }

    private String incarnation() {
        return store.text("SELECT incarnation || ' ' || formed_at FROM godwit.cluster");
    }
}
