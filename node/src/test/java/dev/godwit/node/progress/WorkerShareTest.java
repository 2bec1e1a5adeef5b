package dev.godwit.node.progress;

import static org.assertj.core.api.Assertions.assertThat;

import dev.godwit.protocol.plan.Limits;
import java.util.stream.IntStream;
import net.jqwik.api.ForAll;
import net.jqwik.api.Property;
import net.jqwik.api.constraints.IntRange;
import org.junit.jupiter.api.Test;

class WorkerShareTest {
    private static Limits limits(int workersPerNode, int sourceConnections, int targetConnections) {
        return new Limits(workersPerNode, 1 << 20, 1 << 20, sourceConnections, targetConnections);
    }

    @Test
    void with_connections_enough_every_node_runs_the_workers_of_the_plan() {
        assertThat(WorkerShare.of(limits(4, 32, 32), 3, 2)).isEqualTo(4);
    }

    @Test
    void the_scarcer_side_decides() {
        assertThat(WorkerShare.of(limits(8, 100, 9), 3, 0)).isEqualTo(2);
        assertThat(WorkerShare.of(limits(8, 12, 100), 3, 0)).isEqualTo(2);
    }

    @Test
    void what_can_not_be_shared_evenly_goes_to_the_first_nodes() {
        Limits limits = limits(8, 11, 12);

        assertThat(IntStream.range(0, 3).map(rank -> WorkerShare.of(limits, 3, rank)))
                .containsExactly(2, 2, 1);
    }

    @Property
    void all_nodes_together_keep_the_ceilings_and_somebody_works(
            @ForAll @IntRange(min = 1, max = 64) int workersPerNode,
            @ForAll @IntRange(min = 2, max = 500) int sourceConnections,
            @ForAll @IntRange(min = 2, max = 500) int targetConnections,
            @ForAll @IntRange(min = 1, max = 60) int members) {
        Limits limits = limits(workersPerNode, sourceConnections, targetConnections);
        int most = Math.min(sourceConnections - 2 * members, targetConnections - members);

        int[] shares = IntStream.range(0, members)
                .map(rank -> WorkerShare.of(limits, members, rank))
                .toArray();

        int all = IntStream.of(shares).sum();
        assertThat(all).isBetween(1, Math.max(1, most));
        assertThat(IntStream.of(shares)).allMatch(share -> share >= 0 && share <= workersPerNode);
        assertThat(IntStream.of(shares).max().orElseThrow()
                        - IntStream.of(shares).min().orElseThrow())
                .isLessThanOrEqualTo(1);
    }

    @Test
    void builds_get_sessions_beside_those_of_workers_where_there_are_enough() {
        assertThat(WorkerShare.sessions(limits(4, 32, 32), 1, 0)).isEqualTo(6);
        assertThat(WorkerShare.sessions(limits(4, 32, 5), 1, 0)).isEqualTo(4);
    }

    @Property
    void sessions_of_all_nodes_keep_the_ceiling_of_the_target_and_no_worker_lacks_one(
            @ForAll @IntRange(min = 1, max = 64) int workersPerNode,
            @ForAll @IntRange(min = 2, max = 500) int sourceConnections,
            @ForAll @IntRange(min = 2, max = 500) int targetConnections,
            @ForAll @IntRange(min = 1, max = 60) int members) {
        Limits limits = limits(workersPerNode, sourceConnections, targetConnections);

        int[] sessions = IntStream.range(0, members)
                .map(rank -> WorkerShare.sessions(limits, members, rank))
                .toArray();

        assertThat(IntStream.of(sessions).sum()).isLessThanOrEqualTo(Math.max(members, targetConnections - members));
        for (int rank = 0; rank < members; rank++) {
            assertThat(sessions[rank])
                    .isBetween(Math.max(1, WorkerShare.of(limits, members, rank)), workersPerNode + 2);
        }
    }
}
