package dev.godwit.node.join;

import static org.assertj.core.api.Assertions.assertThat;
import static org.awaitility.Awaitility.await;

import com.typesafe.config.Config;
import dev.godwit.node.config.NodeConfiguration;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.TimeUnit;
import org.apache.pekko.coordination.lease.javadsl.Lease;
import org.apache.pekko.coordination.lease.javadsl.LeaseProvider;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;

class StateStoreLeaseTest {
    private final Config configuration = StoreServer.configuration();
    private final List<TestNode> nodes = new ArrayList<>();

    @AfterEach
    void end_all_nodes() throws Exception {
        for (TestNode node : nodes) {
            node.close();
        }
    }

    @Test
    void one_of_two_gets_it_and_the_other_after_it_was_released() throws Exception {
        TestNode node = start();
        Lease first = lease(node, "one");
        Lease second = lease(node, "two");
        assertThat(acquire(first)).isTrue();
        assertThat(acquire(second)).isFalse();
        assertThat(acquire(first)).isTrue();
        assertThat(first.checkLease()).isTrue();
        assertThat(second.checkLease()).isFalse();
        assertThat(release(second)).isTrue();
        assertThat(acquire(second)).isFalse();
        assertThat(release(first)).isTrue();
        assertThat(first.checkLease()).isFalse();
        assertThat(acquire(second)).isTrue();
    }

    @Test
    void expires_by_the_database_clock_when_its_owner_dies() throws Exception {
        TestNode owner = start();
        TestNode other = start();
        assertThat(acquire(lease(owner, "owner"))).isTrue();
        Lease second = lease(other, "other");
        owner.die();
        assertThat(acquire(second)).isFalse();
        await().atMost(Duration.ofSeconds(10)).until(() -> acquire(second));
    }

    @Test
    void outlives_its_time_while_the_owner_renews_it_and_is_known_as_lost_after() throws Exception {
        TestNode node = start();
        Lease owner = lease(node, "owner");
        assertThat(acquire(owner)).isTrue();
        Duration timeToLive = owner.getSettings().timeoutSettings().getHeartbeatTimeout();
        await().during(timeToLive.plusSeconds(1)).atMost(Duration.ofSeconds(20)).until(owner::checkLease);
        StoreServer.execute(
                NodeConfiguration.settings(configuration), "UPDATE lease SET expires_at = now() - interval '1 second'");
        await().atMost(Duration.ofSeconds(10)).until(() -> !owner.checkLease());
        assertThat(acquire(lease(node, "other"))).isTrue();
    }

    @Test
    void is_taken_over_from_a_member_of_the_same_side() throws Exception {
        TestNode first = start();
        TestNode second = start();
        await().atMost(Duration.ofSeconds(30)).until(() -> first.membersUp() == 2 && second.membersUp() == 2);
        Lease firsts = lease(first, hostPort(first));
        Lease seconds = lease(second, hostPort(second));
        assertThat(acquire(firsts)).isTrue();
        assertThat(acquire(seconds)).isTrue();
        await().atMost(Duration.ofSeconds(10)).until(() -> !firsts.checkLease());
        assertThat(seconds.checkLease()).isTrue();
    }

    private TestNode start() throws Exception {
        TestNode node = TestNode.start(configuration);
        nodes.add(node);
        return node.awaitJoined();
    }

    private static String hostPort(TestNode node) {
        return node.address().substring("pekko://".length());
    }

    private static Lease lease(TestNode node, String owner) {
        return LeaseProvider.get(node.system).getLease("test", "godwit.lease", owner);
    }

    private static boolean acquire(Lease lease) throws Exception {
        return lease.acquire().toCompletableFuture().get(30, TimeUnit.SECONDS);
    }

    private static boolean release(Lease lease) throws Exception {
        return lease.release().toCompletableFuture().get(30, TimeUnit.SECONDS);
    }
}
