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
import dev.godwit.protocol.status.Health;
import dev.godwit.protocol.status.NodeStatus;
import dev.godwit.protocol.status.Phase;
import java.io.IOException;
import java.net.InetAddress;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/**
 * One of two nodes loses its way to the target, and nothing else. The plan names the target by a host that each node
 * looks up in a file of its own: for one it is the server, for the other a proxy with the server's port.
 */
class NodeCutOffFromTargetTest {
    private static final Duration ENOUGH = Duration.ofSeconds(90);
    private static final String TARGET_HOST = "target.test";

    @TempDir
    private Path directory;

    private final Database source = Postgres.source().database("source");
    private final Database target = Postgres.target().database("target");
    private final TestCluster cluster =
            new TestCluster("cut-off", Postgres.source().database("state"));
    private final TcpProxy toSource = new TcpProxy(Database.HOST, source.port());
    private TcpProxy toTarget;
    private NodeJvm connected;
    private NodeJvm other;
    private Api api;

    @BeforeEach
    void start() throws IOException {
        source.fill("item", 8000, 1000);
        toTarget = new TcpProxy(InetAddress.getByName("127.0.0.2"), target.port(), Database.HOST, target.port());
        toSource.rate(64 << 10);
        connected = start("connected", Database.HOST);
        api = cluster.api();
    }

    /** The first node has the migration and its tables: they are where they began. */
    private void beginWithBoth(String migration) throws IOException {
        String address = PlanYaml.address(TARGET_HOST, target.port(), target.name(), Database.USER, "");
        PlanYaml.of(migration, PlanYaml.address(toSource.port(), source.name()), address)
                .submit(connected);
        await().atMost(ENOUGH).until(() -> api.status(migration).shardsDone() >= 1);
        other = start("other", toTarget.host());
        await().atMost(ENOUGH).until(() -> runningOnOther(migration) > 0);
    }

    private NodeJvm start(String name, String targetAddress) throws IOException {
        Path hosts = directory.resolve(name);
        Files.writeString(
                hosts,
                targetAddress + " " + TARGET_HOST + "\n127.0.0.1 localhost "
                        + InetAddress.getLocalHost().getHostName() + "\n");
        return cluster.with("jdk.net.hosts.file", hosts.toString()).startOne();
    }

    private NodeStatus other(String migration) {
        return api.status(migration).nodes().stream()
                .filter(node -> node.http().equals(other.http().toString()))
                .findFirst()
                .orElse(null);
    }

    private int runningOnOther(String migration) {
        NodeStatus status = other(migration);
        return status == null ? 0 : status.running();
    }

    @AfterEach
    void stop() {
        cluster.close();
        toTarget.close();
        toSource.close();
    }

    @Test
    void moves_its_shards_to_the_node_that_reaches_the_target_and_completes_without_it() throws IOException {
        beginWithBoth("refused");

        toTarget.refuse();
        toTarget.cutAll();
        await("the node to say so")
                .atMost(Duration.ofSeconds(20))
                .until(() -> other("refused"), node -> node != null && !node.targetReachable());
        assertThat(api.status("refused").health()).isEqualTo(Health.DEGRADED);
        toSource.pass();
        api.awaitPhase("refused", Phase.COMPLETED, ENOUGH);

        assertThat(toTarget.open()).as("ways to the target").isZero();
        assertThat(target.content("item")).isEqualTo(source.content("item"));
        ShardHistory history = cluster.journal().shards("refused", "public.item");
        assertThat(history.failures()).isNotEmpty();
        assertThat(history.startedAfterLanding()).isEmpty();
        assertThat(target.number("SELECT sum(rows) FROM godwit.claim")).isEqualTo(8000);
    }

    @Test
    void holds_up_only_the_shards_that_are_in_a_black_hole_and_doubles_nothing() throws IOException {
        beginWithBoth("black-hole");

        toTarget.hold();
        toSource.pass();
        await("all others to land").atMost(ENOUGH).until(() -> {
            var table = api.tables("black-hole").get(0);
            return table.allCut() && table.shardsWaiting() == 0 && table.shardsRunning() <= 2;
        });
        assertThat(connected.alive() && other.alive()).isTrue();
        toTarget.pass();
        api.awaitPhase("black-hole", Phase.COMPLETED, ENOUGH);

        assertThat(target.content("item")).isEqualTo(source.content("item"));
        assertThat(cluster.journal().shards("black-hole", "public.item").startedAfterLanding())
                .isEmpty();
        assertThat(target.number("SELECT sum(rows) FROM godwit.claim")).isEqualTo(8000);
    }
}
