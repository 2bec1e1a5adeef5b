package dev.godwit.node.progress;

import static org.assertj.core.api.Assertions.assertThat;

import dev.godwit.protocol.status.NodeStatus;
import java.util.List;
import org.junit.jupiter.api.Test;

class HoldupTest {
    private static final int SHARDS_WAIT = 10;

    private static NodeStatus node(int running, double read, double write, double cpu) {
        return node(running, read, write, cpu, true, true);
    }

    private static NodeStatus node(
            int running, double read, double write, double cpu, boolean sourceReachable, boolean targetReachable) {
        return new NodeStatus(
                "node-a", "", 4, running, read, write, cpu, 0, 0, sourceReachable, targetReachable, false);
    }

    private static String holdup(int shardsWaiting, NodeStatus... nodes) {
        return Holdup.of(List.of(nodes), shardsWaiting);
    }

    @Test
    void without_nodes_there_is_nobody_to_work() {
        assertThat(holdup(SHARDS_WAIT)).startsWith("nodes:");
    }

    @Test
    void a_database_that_no_node_reaches_is_named() {
        assertThat(holdup(SHARDS_WAIT, node(4, 0, 0, 0, false, true), node(4, 0, 0, 0, false, true)))
                .isEqualTo("source: no node reaches it");
        assertThat(holdup(SHARDS_WAIT, node(4, 0, 0, 0, true, false))).isEqualTo("target: no node reaches it");
    }

    @Test
    void a_database_that_one_of_two_nodes_reaches_is_not_the_limit() {
        assertThat(holdup(SHARDS_WAIT, node(4, 0.8, 0.1, 0, false, true), node(4, 0.8, 0.1, 0)))
                .startsWith("source: workers wait");
    }

    @Test
    void too_little_work_is_named() {
        assertThat(holdup(SHARDS_WAIT, node(0, 0, 0, 0))).isEqualTo("work: no shard is under way");
        assertThat(holdup(0, node(3, 0.9, 0, 0))).isEqualTo("work: fewer shards are left than workers");
    }

    @Test
    void busy_processors_of_the_node_come_before_databases() {
        assertThat(holdup(SHARDS_WAIT, node(4, 0.9, 0.1, 0.95))).isEqualTo("node: its processors are busy (95 %)");
    }

    @Test
    void the_side_that_workers_wait_for_longer_is_the_limit() {
        assertThat(holdup(SHARDS_WAIT, node(4, 0.7, 0.2, 0.3)))
                .isEqualTo("source: workers wait for it 70 % of their time");
        assertThat(holdup(SHARDS_WAIT, node(4, 0.2, 0.7, 0.3)))
                .isEqualTo("target: workers wait for it 70 % of their time");
    }

    @Test
    void where_nobody_waits_for_anybody_the_plan_allows_no_more() {
        assertThat(holdup(SHARDS_WAIT, node(4, 0.3, 0.3, 0.3))).isEqualTo("plan: 4 workers at most");
    }
}
