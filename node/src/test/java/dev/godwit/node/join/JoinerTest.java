package dev.godwit.node.join;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.awaitility.Awaitility.await;

import com.typesafe.config.Config;
import com.typesafe.config.ConfigFactory;
import dev.godwit.node.config.NodeConfiguration;
import dev.godwit.node.config.NodeSettings;
import dev.godwit.protocol.error.ErrorCode;
import dev.godwit.protocol.error.GodwitException;
import java.io.IOException;
import java.io.InputStream;
import java.net.InetAddress;
import java.net.ServerSocket;
import java.net.Socket;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.UUID;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.TimeoutException;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.RepeatedTest;
import org.junit.jupiter.api.Test;

class JoinerTest {
    private static final Duration PATIENCE = Duration.ofSeconds(60);

    private final Config configuration = StoreServer.configuration();
    private final NodeSettings settings = NodeConfiguration.settings(configuration);
    private final List<TestNode> nodes = new ArrayList<>();

    @AfterEach
    void end_all_nodes() throws Exception {
        for (TestNode node : nodes) {
            node.close();
        }
    }

    @RepeatedTest(3)
    void five_nodes_that_start_at_once_form_one_cluster() throws Exception {
        List<TestNode> five = List.of(start(), start(), start(), start(), start());
        for (TestNode node : five) {
            node.awaitJoined();
        }
        await().atMost(PATIENCE).until(() -> five.stream().allMatch(node -> node.membersUp() == 5));
        Membership membership = five.get(0).store.membership();
        assertThat(membership.members()).hasSize(5);
        assertThat(membership.members())
                .extracting(Member::address)
                .containsExactlyInAnyOrderElementsOf(
                        five.stream().map(TestNode::address).toList());
    }

    @Test
    void joins_the_cluster_that_is_there() throws Exception {
        TestNode first = start().awaitJoined();
        UUID incarnation = incarnation(first);
        TestNode second = start().awaitJoined();
        await().atMost(PATIENCE).until(() -> first.membersUp() == 2 && second.membersUp() == 2);
        assertThat(incarnation(second)).isEqualTo(incarnation);
    }

    @Test
    void forms_anew_within_seconds_after_all_nodes_were_killed() throws Exception {
        TestNode first = start().awaitJoined();
        TestNode second = start().awaitJoined();
        UUID old = incarnation(first);
        first.die();
        second.die();
        assertThat(first.store.membership().members()).hasSize(2);
        long begin = System.nanoTime();
        TestNode third = start().awaitJoined();
        assertThat(Duration.ofNanos(System.nanoTime() - begin))
                .isLessThan(settings.join().freshWithin());
        assertThat(incarnation(third)).isNotEqualTo(old);
        assertThat(third.membersUp()).isEqualTo(1);
        assertThat(third.store.membership().members())
                .extracting(Member::address)
                .containsExactly(third.address());
    }

    @Test
    void finds_a_cluster_that_lived_through_an_outage_of_the_store() throws Exception {
        TestNode first = start().awaitJoined();
        UUID incarnation = incarnation(first);
        StoreServer.execute(settings, "UPDATE node SET last_seen = now() - interval '30 minutes'");
        TestNode second = start().awaitJoined();
        await().atMost(PATIENCE).until(() -> first.membersUp() == 2 && second.membersUp() == 2);
        assertThat(incarnation(second)).isEqualTo(incarnation);
    }

    @Test
    void forms_over_a_member_that_accepts_connections_but_stays_silent() throws Exception {
        TestNode first = start().awaitJoined();
        UUID old = incarnation(first);
        first.leave();
        try (ServerSocket frozen = new ServerSocket(0, 50, InetAddress.getLoopbackAddress())) {
            StoreServer.execute(
                    settings,
                    "INSERT INTO node VALUES ('pekko://godwit@127.0.0.1:" + frozen.getLocalPort()
                            + "', '{}', 'test', '', true, '" + old + "', now(), now() - interval '1 minute')");
            long begin = System.nanoTime();
            TestNode second = start().awaitJoined();
            assertThat(incarnation(second)).isNotEqualTo(old);
            assertThat(Duration.ofNanos(System.nanoTime() - begin))
                    .isGreaterThan(settings.join().freshWithin());
        }
    }

    @Test
    void shuts_down_when_another_cluster_forms_on_its_store() throws Exception {
        TestNode node = start().awaitJoined();
        try (FormationLock lock = node.store.tryFormationLock().orElseThrow()) {
            lock.newIncarnation("another");
        }
        node.awaitEnd();
        assertThat(node.store.membership().members()).isEmpty();
    }

    @Test
    void is_no_longer_registered_after_it_has_left() throws Exception {
        TestNode first = start().awaitJoined();
        TestNode second = start().awaitJoined();
        second.leave();
        await().atMost(PATIENCE).until(() -> first.membersUp() == 1);
        assertThat(first.store.membership().members())
                .extracting(Member::address)
                .containsExactly(first.address());
    }

    @Test
    void the_survivor_of_two_goes_on_by_the_lease() throws Exception {
        TestNode first = start().awaitJoined();
        TestNode second = start().awaitJoined();
        await().atMost(PATIENCE).until(() -> first.membersUp() == 2 && second.membersUp() == 2);
        // The one of the lower address: with keep-majority the other one would end itself.
        boolean firstIsLower = first.address().compareTo(second.address()) < 0;
        TestNode killed = firstIsLower ? first : second;
        TestNode survivor = firstIsLower ? second : first;
        killed.die();
        await().atMost(PATIENCE).until(() -> survivor.membersUp() == 1);
        TestNode third = start().awaitJoined();
        await().atMost(PATIENCE).until(() -> survivor.membersUp() == 2 && third.membersUp() == 2);
    }

    @Test
    void waits_for_a_store_that_is_not_there_yet() throws Exception {
        int port = freePort();
        TestNode node = start(
                ConfigFactory.parseString("godwit.state-store.port = " + port).withFallback(configuration));
        assertThatThrownBy(() -> node.joined.get(2, TimeUnit.SECONDS)).isInstanceOf(TimeoutException.class);
        try (ServerSocket door = new ServerSocket(port, 50, InetAddress.getLoopbackAddress())) {
            forward(door, settings.stateStore().port());
            node.awaitJoined();
        }
    }

    @Test
    void refuses_a_store_of_a_newer_version() {
        StateStore store = StateStore.open(settings.stateStore());
        store.prepare();
        store.close();
        StoreServer.execute(settings, "UPDATE format SET version = 7");
        TestNode node = start();
        assertThatThrownBy(() -> node.joined.get(PATIENCE.toSeconds(), TimeUnit.SECONDS))
                .isInstanceOf(ExecutionException.class)
                .cause()
                .isInstanceOfSatisfying(
                        GodwitException.class, e -> assertThat(e.code()).isEqualTo(ErrorCode.STATE_STORE_NEWER))
                .hasMessageContaining("7")
                .hasMessageContaining("1");
    }

    private TestNode start() {
        return start(configuration);
    }

    private TestNode start(Config chosen) {
        TestNode node = TestNode.start(chosen);
        nodes.add(node);
        return node;
    }

    private static UUID incarnation(TestNode node) {
        return node.store.membership().incarnation().orElseThrow();
    }

    private static int freePort() throws IOException {
        try (ServerSocket socket = new ServerSocket(0, 50, InetAddress.getLoopbackAddress())) {
            return socket.getLocalPort();
        }
    }

    /** Passes bytes on until the door closes. */
    private static void forward(ServerSocket door, int port) {
        daemon(() -> {
            while (true) {
                Socket client = door.accept();
                Socket server = new Socket(InetAddress.getLoopbackAddress(), port);
                daemon(() -> pump(client, server));
                daemon(() -> pump(server, client));
            }
        });
    }

    private static void pump(Socket from, Socket to) throws IOException {
        try (InputStream bytes = from.getInputStream()) {
            bytes.transferTo(to.getOutputStream());
        }
    }

    private static void daemon(Transfer transfer) {
        Thread thread = new Thread(() -> {
            try {
                transfer.run();
            } catch (IOException e) {
                // The other end has closed.
            }
        });
        thread.setDaemon(true);
        thread.start();
    }

    private interface Transfer {
        void run() throws IOException;
    }
}
