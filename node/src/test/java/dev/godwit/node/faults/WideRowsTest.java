package dev.godwit.node.faults;

import static org.assertj.core.api.Assertions.assertThat;
import static org.awaitility.Awaitility.await;

import dev.godwit.node.cluster.Api;
import dev.godwit.node.cluster.Database;
import dev.godwit.node.cluster.NodeJvm;
import dev.godwit.node.cluster.Postgres;
import dev.godwit.node.cluster.TestCluster;
import dev.godwit.protocol.status.NodeStatus;
import dev.godwit.protocol.status.Phase;
import java.time.Duration;
import java.util.concurrent.atomic.AtomicLong;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;

/** Rows that are as wide as a node's memory, or many that together are wider. */
class WideRowsTest {
    private static final Duration ENOUGH = Duration.ofSeconds(120);

    private final Database source = Postgres.source().database("source");
    private final Database target = Postgres.target().database("target");
    private final TestCluster cluster =
            new TestCluster("wide-rows", Postgres.source().database("state"));

    @AfterEach
    void stop() {
        cluster.close();
    }

    /** As text such a row would be too wide for the servers themselves. */
    private static String digest(Database database) {
        return database.text(
                "SELECT string_agg(id || ' ' || length(data) || ' ' || md5(data), ',' ORDER BY id) FROM wide");
    }

    @Test
    void a_row_of_200_megabytes_passes_a_node_with_half_a_gigabyte() {
        source.run(
                "CREATE TABLE wide (id int PRIMARY KEY, data bytea)",
                "ALTER TABLE wide ALTER data SET STORAGE EXTERNAL",
                "INSERT INTO wide SELECT i, convert_to(repeat(md5(i::text), 10), 'UTF8') FROM generate_series(1, 5) i",
                "INSERT INTO wide VALUES (6, convert_to(repeat(md5('wide'), 6250000), 'UTF8'))",
                "ANALYZE wide");
        NodeJvm node = cluster.withHeap("512m").startOne();
        Api api = cluster.api();

        PlanYaml.of("wide-row", source, target).submit(node);
        api.awaitPhase("wide-row", Phase.COMPLETED, ENOUGH);

        assertThat(node.alive()).isTrue();
        assertThat(digest(target)).isEqualTo(digest(source)).contains("6 200000000");
    }

    @Test
    void many_rows_of_a_megabyte_do_not_raise_the_heap_above_its_bound() {
        source.run(
                "CREATE TABLE wide (id int PRIMARY KEY, data bytea)",
                "ALTER TABLE wide ALTER data SET STORAGE EXTERNAL",
                "INSERT INTO wide SELECT i, convert_to(repeat(md5(i::text), 32768), 'UTF8') FROM generate_series(1, 300) i",
                "ANALYZE wide");
        NodeJvm node = cluster.withHeap("160m").startOne();
        Api api = cluster.api();
        AtomicLong heap = new AtomicLong();
        AtomicLong buffers = new AtomicLong();

        PlanYaml.of("many-wide-rows", source, target)
                .withLimits("workersPerNode: 4, shardBytes: 16MiB, memoryPerNode: 16MiB, sourceConnections: 16,"
                        + " targetConnections: 16")
                .submit(node);
        await().atMost(ENOUGH).pollInterval(Duration.ofMillis(200)).until(() -> {
            var status = api.status("many-wide-rows");
            for (NodeStatus one : status.nodes()) {
                heap.accumulateAndGet(one.heapBytes(), Math::max);
                buffers.accumulateAndGet(one.bufferBytes(), Math::max);
            }
            return status.phase() == Phase.COMPLETED;
        });

        assertThat(node.alive())
                .as("the node, with a heap of 160 MB for 300 MB of rows")
                .isTrue();
        assertThat(heap.get()).isPositive().isLessThanOrEqualTo(160L << 20);
        assertThat(buffers.get()).isPositive().isLessThanOrEqualTo(16L << 20);
        assertThat(digest(target)).isEqualTo(digest(source));
    }
}
