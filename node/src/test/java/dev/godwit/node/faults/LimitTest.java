package dev.godwit.node.faults;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assumptions.assumeThat;

import com.sun.management.OperatingSystemMXBean;
import dev.godwit.node.cluster.Api;
import dev.godwit.node.cluster.Database;
import dev.godwit.node.cluster.NodeJvm;
import dev.godwit.node.cluster.Postgres;
import dev.godwit.node.cluster.TestCluster;
import dev.godwit.node.testing.TcpProxy;
import dev.godwit.protocol.status.Limit;
import dev.godwit.protocol.status.MigrationStatus;
import dev.godwit.protocol.status.NodeStatus;
import dev.godwit.protocol.status.Phase;
import java.lang.management.ManagementFactory;
import java.time.Duration;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.atomic.AtomicBoolean;
import org.awaitility.Awaitility;
import org.awaitility.core.ConditionTimeoutException;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;

/** What the status says holds a migration, where something really does. */
class LimitTest {
    private static final Duration ENOUGH = Duration.ofSeconds(40);

    /** On a machine that others keep busier than this, it may be the machine that holds the migration. */
    private static final double BUSY_MACHINE = 0.85;

    private static final String TABLE = "CREATE TABLE item (id bigint, version int, payload text%s)";

    private static final Database SOURCE = Postgres.source().database("source");
    private static final TestCluster CLUSTER =
            new TestCluster("limit", Postgres.source().database("state"));
    private static NodeJvm node;

    @BeforeAll
    static void start() {
        SOURCE.fill("item", 200_000, 200);
        node = CLUSTER.startOne();
    }

    @AfterAll
    static void stop() {
        CLUSTER.close();
    }

    /** A target with the table, whose rows take so long each. */
    private static Database target(double secondsOfRow) {
        Database target = Postgres.target().database("target");
        String check = secondsOfRow == 0 ? "" : ", CHECK (pg_sleep(" + secondsOfRow + ") IS NOT NULL)";
        target.run(TABLE.formatted(check));
        return target;
    }

    private static PlanYaml plan(String name, String target, int workers) {
        return new PlanYaml(
                name,
                PlanYaml.address(SOURCE),
                target,
                "frozen",
                "existing",
                "\"public.*\"",
                "",
                "workersPerNode: " + workers
                        + ", shardBytes: 128KiB, memoryPerNode: 16MiB, sourceConnections: 16, targetConnections: 16");
    }

    /** Until the status names that limit; then the migration is ended. */
    private static MigrationStatus limitedBy(PlanYaml plan, Limit limit) {
        Api api = CLUSTER.api();
        OperatingSystemMXBean machine = (OperatingSystemMXBean) ManagementFactory.getOperatingSystemMXBean();
        machine.getCpuLoad();
        plan.submit(node);
        try {
            return Awaitility.await(plan.name() + " limited by " + limit.word())
                    .atMost(ENOUGH)
                    .pollInterval(Duration.ofMillis(250))
                    .failFast(() -> api.status(plan.name()).phase() == Phase.COMPLETED)
                    .until(
                            () -> api.status(plan.name()),
                            now -> now.limit() != null && now.limit().by() == limit);
        } catch (ConditionTimeoutException e) {
            assumeThat(machine.getCpuLoad()).as("since it was submitted").isLessThan(BUSY_MACHINE);
            throw e;
        } finally {
            api.act(plan.name(), "cancel");
        }
    }

    @Test
    void a_target_that_takes_its_time_is_the_limit() {
        MigrationStatus status = limitedBy(plan("slow-target", PlanYaml.address(target(0.0003)), 2), Limit.TARGET);

        assertThat(status.limit().share()).isGreaterThan(0.5);
        assertThat(status.limit().evidence()).startsWith("writes wait ");
    }

    @Test
    void the_plan_is_the_limit_where_more_workers_have_brought_more_up_to_its_ceiling() {
        MigrationStatus status = limitedBy(plan("small-plan", PlanYaml.address(target(0.0003)), 4), Limit.PLAN);

        NodeStatus its = status.nodes().get(0);
        assertThat(its.running()).isBetween(3, 4);
        assertThat(its.inFlight().allowed()).isEqualTo(its.inFlight().ceiling()).isEqualTo(4);
    }

    @Test
    void a_network_that_carries_little_is_the_limit_and_not_the_target_behind_it() {
        Database target = target(0);
        try (TcpProxy network = new TcpProxy(Database.HOST, target.port())) {
            network.rate(100 << 10);

            MigrationStatus status =
                    limitedBy(plan("slow-network", PlanYaml.address(network.port(), target.name()), 2), Limit.NETWORK);

            assertThat(status.limit().evidence()).startsWith("writes wait ").contains("for nodes to send");
            network.pass();
        }
    }

    @Test
    void a_source_whose_tables_are_locked_most_of_the_time_is_the_limit() {
        AtomicBoolean enough = new AtomicBoolean();
        CompletableFuture<Void> somebody = CompletableFuture.runAsync(() -> {
            while (!enough.get()) {
                SOURCE.run(
                        "DO $$ BEGIN LOCK TABLE item IN ACCESS EXCLUSIVE MODE; PERFORM pg_sleep(0.3); END $$",
                        "SELECT pg_sleep(0.01)");
            }
        });
        try {
            MigrationStatus status = limitedBy(plan("slow-source", PlanYaml.address(target(0)), 2), Limit.SOURCE);

            assertThat(status.limit().evidence()).startsWith("reads wait ");
        } finally {
            enough.set(true);
            somebody.join();
        }
    }
}
