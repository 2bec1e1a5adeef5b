package dev.godwit.node.progress;

import static org.assertj.core.api.Assertions.assertThat;

import dev.godwit.protocol.status.InFlight;
import dev.godwit.protocol.status.Limit;
import dev.godwit.protocol.status.LimitStatus;
import dev.godwit.protocol.status.NodeStatus;
import java.util.List;
import org.junit.jupiter.api.Test;

class HoldupTest {
    private static final int SHARDS_WAIT = 10;
    private static final double UNKNOWN = -1;
    private static final InFlight FLAT = new InFlight(0, 0, 4, 4, false);
    private static final InFlight SCALES = new InFlight(0, 0, 4, 4, true);

    /** A node of four workers; the rest of it matters in some cases only. */
    private record Node(
            int running,
            InFlight inFlight,
            double read,
            double write,
            double busy,
            double cpu,
            double sourceNetwork,
            double targetNetwork) {
        static Node of(int running, double read, double write) {
            return new Node(running, FLAT, read, write, 0.1, 0.3, UNKNOWN, UNKNOWN);
        }

        Node with(InFlight now) {
            return new Node(running, now, read, write, busy, cpu, sourceNetwork, targetNetwork);
        }

        Node computing(double share, double process) {
            return new Node(running, inFlight, read, write, share, process, sourceNetwork, targetNetwork);
        }

        Node network(double source, double target) {
            return new Node(running, inFlight, read, write, busy, cpu, source, target);
        }

        NodeStatus status() {
            return status(true, true);
        }

        NodeStatus status(boolean sourceReachable, boolean targetReachable) {
            return new NodeStatus(
                    "node-a",
                    "",
                    4,
                    running,
                    inFlight,
                    read,
                    write,
                    busy,
                    sourceNetwork,
                    targetNetwork,
                    cpu,
                    0,
                    0,
                    sourceReachable,
                    targetReachable,
                    false);
        }
    }

    private static LimitStatus holdup(int shardsWaiting, NodeStatus... nodes) {
        return Holdup.of(List.of(nodes), shardsWaiting);
    }

    private static LimitStatus holdup(Node node) {
        return holdup(SHARDS_WAIT, node.status());
    }

    @Test
    void without_nodes_there_is_nobody_to_work() {
        assertThat(holdup(SHARDS_WAIT)).isEqualTo(new LimitStatus(Limit.NONE, 0, "no node takes part"));
    }

    @Test
    void a_database_that_no_node_reaches_is_named() {
        Node node = Node.of(4, 0, 0);
        assertThat(holdup(SHARDS_WAIT, node.status(false, true), node.status(false, true)))
                .isEqualTo(new LimitStatus(Limit.SOURCE, 1, "no node reaches it"));
        assertThat(holdup(SHARDS_WAIT, node.status(true, false)).by()).isEqualTo(Limit.TARGET);
    }

    @Test
    void a_database_that_one_of_two_nodes_reaches_is_not_away() {
        Node node = Node.of(4, 0.8, 0.1);
        assertThat(holdup(SHARDS_WAIT, node.status(false, true), node.status()).evidence())
                .startsWith("reads wait");
    }

    @Test
    void without_shards_it_is_the_target_that_builds() {
        assertThat(holdup(Node.of(0, 0, 0)).by()).isEqualTo(Limit.NONE);
        assertThat(holdup(Node.of(0, 0, 0).with(new InFlight(2, 0, 4, 4, false))))
                .isEqualTo(new LimitStatus(Limit.TARGET, 1, "no shard is under way, and 2 builds are"));
        assertThat(holdup(Node.of(0, 0, 0).with(new InFlight(1, 0, 4, 4, false)))
                        .evidence())
                .isEqualTo("no shard is under way, and 1 build is");
    }

    @Test
    void busy_processors_of_the_node_come_before_databases() {
        assertThat(holdup(Node.of(4, 0.9, 0.1).computing(0.1, 0.95)))
                .isEqualTo(new LimitStatus(Limit.NODE, 0.95, "its processors are busy 95 % of the time"));
        assertThat(holdup(Node.of(4, 0.2, 0.1).computing(0.7, 0.4)).by()).isEqualTo(Limit.NODE);
    }

    @Test
    void the_side_that_shards_wait_for_longer_is_the_limit() {
        assertThat(holdup(Node.of(4, 0.7, 0.2)))
                .isEqualTo(new LimitStatus(Limit.SOURCE, 0.7, "reads wait 70 % of the time"));
        assertThat(holdup(Node.of(4, 0.2, 0.84)))
                .isEqualTo(new LimitStatus(Limit.TARGET, 0.84, "writes wait 84 % of the time"));
    }

    @Test
    void where_the_database_waits_for_the_node_that_waits_for_it_the_network_is_between() {
        assertThat(holdup(Node.of(4, 0.9, 0.2).network(0.8, UNKNOWN)))
                .isEqualTo(new LimitStatus(
                        Limit.NETWORK,
                        0.8,
                        "reads wait 90 % of the time, and the source's sessions wait 80 % of the time for nodes to"
                                + " take"));
        assertThat(holdup(Node.of(4, 0.2, 0.9).network(0.8, 1)).by()).isEqualTo(Limit.NETWORK);
        assertThat(holdup(Node.of(4, 0.2, 0.9).network(0.9, 0.1)).by())
                .as("a source that waits for a node that waits for the target")
                .isEqualTo(Limit.TARGET);
    }

    @Test
    void the_plan_is_the_limit_where_all_it_allows_is_in_flight_and_each_has_brought_more() {
        assertThat(holdup(Node.of(4, 0.2, 0.9).with(SCALES)).by()).isEqualTo(Limit.PLAN);
        assertThat(holdup(0, Node.of(4, 0.2, 0.9).with(SCALES).status()).by())
                .as("more in flight would have nothing to copy")
                .isEqualTo(Limit.TARGET);
        assertThat(holdup(Node.of(2, 0.2, 0.9).with(SCALES)).by()).isEqualTo(Limit.TARGET);
        assertThat(holdup(Node.of(4, 0.3, 0.3)).by()).isEqualTo(Limit.PLAN);
    }

    @Test
    void where_nobody_waits_and_the_plan_allows_more_nothing_is_claimed() {
        assertThat(holdup(Node.of(2, 0.3, 0.3).with(new InFlight(0, 0, 2, 4, false)))
                        .by())
                .isEqualTo(Limit.NONE);
    }
}
