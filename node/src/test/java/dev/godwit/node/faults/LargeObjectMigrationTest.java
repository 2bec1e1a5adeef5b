package dev.godwit.node.faults;

import static org.assertj.core.api.Assertions.assertThat;
import static org.awaitility.Awaitility.await;

import dev.godwit.node.cluster.Api;
import dev.godwit.node.cluster.Database;
import dev.godwit.node.cluster.Databases;
import dev.godwit.node.cluster.TestCluster;
import dev.godwit.protocol.status.MigrationStatus;
import dev.godwit.protocol.status.Phase;
import java.net.http.HttpResponse;
import java.time.Duration;
import java.util.List;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;

/** Large objects are carried by a cluster that loses a node in the middle of them. */
class LargeObjectMigrationTest {
    private static final Duration ENOUGH = Duration.ofSeconds(120);
    private static final String OBJECTS = "pg_catalog.pg_largeobject";

    private final Databases databases = Databases.create();
    private final TestCluster cluster = new TestCluster("large-objects", databases.stateStore());

    @AfterEach
    void stop() {
        cluster.close();
        databases.close();
    }

    private static List<String> digests(Database database) {
        return database.texts("SELECT m.oid || ' ' || octet_length(d.data) || ' ' || md5(d.data)"
                + " FROM pg_largeobject_metadata m, LATERAL (SELECT lo_get(m.oid) AS data OFFSET 0) d ORDER BY m.oid");
    }

    @Test
    void each_object_arrives_once_though_a_node_is_killed_and_one_is_far_bigger_than_a_shard() {
        Database source = databases.source();
        Database target = databases.target();
        source.run(
                // An ordinary role sees of an object that it is there, and nothing of its length: shards are cut
                // blindly.
                "CREATE ROLE app_of_objects LOGIN",
                "GRANT ALL ON SCHEMA public TO app_of_objects",
                "SET ROLE app_of_objects;"
                        + "SELECT count(lo_from_bytea((20000 + i)::oid, convert_to(repeat(md5(i::text), 30), 'UTF8')))"
                        + " FROM generate_series(1, 3000) i;"
                        + "SELECT lo_unlink(21500), lo_from_bytea(21500, convert_to(repeat(md5('big'), 262144), 'UTF8'));" // 8 MiB
                        + "CREATE TABLE item (id int PRIMARY KEY, picture oid);"
                        + "INSERT INTO item SELECT i, 20000 + i FROM generate_series(1, 100) i");
        databases.slow(1_000_000);
        cluster.start(2);
        Api api = cluster.api();
        PlanYaml plan = PlanYaml.of(
                        "objects",
                        PlanYaml.address(
                                Database.HOST, databases.toSource().port(), source.name(), "app_of_objects", ""),
                        PlanYaml.address(databases.toTarget().port(), target.name()))
                .withInclude("\"*.*\"")
                .withLimits("workersPerNode: 2, shardBytes: 1MiB, memoryPerNode: 16MiB, sourceConnections: 16,"
                        + " targetConnections: 16");

        assertThat(plan.submit(cluster.living().get(0))).returns(202, HttpResponse::statusCode);
        await("a shard is on its way and others have landed")
                .atMost(ENOUGH)
                .until(() -> databases.landedShards() > 1
                        && databases.landings().stream().anyMatch(landing -> landing.bytes() > 0));
        cluster.living().get(0).kill();
        databases.fast();
        cluster.launch();

        MigrationStatus status = api.awaitPhase("objects", Phase.COMPLETED, ENOUGH);
        assertThat(status.problems()).isEmpty();
        assertThat(digests(target)).hasSize(3000).containsExactlyElementsOf(digests(source));
        assertThat(target.number("SELECT sum(rows) FROM godwit.claim WHERE outcome = 'copied' AND source_table = '"
                        + OBJECTS + "'"))
                .as("pieces: one of each object, and 32 of the big one")
                .isEqualTo(2999 + 32);
        assertThat(target.number("SELECT count(*) FROM godwit.claim WHERE outcome = 'retired'"))
                .as("shards that were cut again until the big object was alone")
                .isPositive();
        assertThat(target.content("public.item")).isEqualTo(source.content("public.item"));
        assertThat(api.tables("objects")).extracting(table -> table.table()).contains(OBJECTS);
        assertThat(cluster.errors()).isEmpty();
    }
}
