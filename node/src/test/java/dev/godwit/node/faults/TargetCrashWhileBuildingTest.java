package dev.godwit.node.faults;

import static org.assertj.core.api.Assertions.assertThat;
import static org.awaitility.Awaitility.await;

import dev.godwit.node.cluster.Api;
import dev.godwit.node.cluster.Database;
import dev.godwit.node.cluster.NodeJvm;
import dev.godwit.node.cluster.Postgres;
import dev.godwit.node.cluster.TestCluster;
import dev.godwit.node.postgres.CatalogFingerprint;
import dev.godwit.protocol.status.Phase;
import java.net.http.HttpResponse;
import java.sql.Connection;
import java.sql.SQLException;
import java.time.Duration;
import java.util.List;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;

/** The target's server crashes while indexes and foreign keys are made in it, and the source goes on. */
class TargetCrashWhileBuildingTest {
    private static final Duration ENOUGH = Duration.ofSeconds(120);

    private static final String SLOW = "CREATE FUNCTION shop.slow(int) RETURNS int IMMUTABLE LANGUAGE plpgsql AS"
            + " 'BEGIN PERFORM pg_sleep(0.02); RETURN $1; END'";

    private final Database source = Postgres.source().database("source");
    private final TestCluster cluster =
            new TestCluster("crash-building", Postgres.source().database("state"));
    private final RestartableServer targetServer = RestartableServer.start();
    private final Database target = targetServer.database();

    @AfterEach
    void stop() {
        cluster.close();
        targetServer.close();
    }

    private static List<String> fingerprint(Database database) {
        try (Connection connection = database.connect()) {
            return CatalogFingerprint.of(connection);
        } catch (SQLException e) {
            throw new IllegalStateException(e);
        }
    }

    private void crashOnce(String query) {
        await(query)
                .atMost(ENOUGH)
                .until(() ->
                        target.number("SELECT count(*) FROM pg_stat_activity WHERE state = 'active' AND query LIKE '%"
                                        + query + "%' AND pid <> pg_backend_pid()")
                                > 0);
        targetServer.crash();
        targetServer.startAgain();
    }

    @Test
    void what_was_half_made_is_made_again_and_sequences_stand_where_the_source_goes_on() {
        source.run(
                "CREATE SCHEMA shop",
                SLOW,
                "CREATE TABLE shop.up (id int GENERATED ALWAYS AS IDENTITY PRIMARY KEY, v int NOT NULL)",
                "INSERT INTO shop.up (v) SELECT i FROM generate_series(1, 150) i",
                "CREATE INDEX up_v ON shop.up (shop.slow(v))",
                "CREATE TABLE shop.down (id serial PRIMARY KEY, up int NOT NULL REFERENCES shop.up,"
                        + " EXCLUDE USING btree (id WITH =))",
                "INSERT INTO shop.down (up) SELECT i FROM generate_series(1, 150) i",
                "CREATE TABLE shop.parts (id int, at int, PRIMARY KEY (id, at)) PARTITION BY RANGE (at)",
                "CREATE TABLE shop.parts_1 PARTITION OF shop.parts FOR VALUES FROM (0) TO (10) PARTITION BY LIST (id)",
                "CREATE TABLE shop.parts_1_a PARTITION OF shop.parts_1 DEFAULT",
                "INSERT INTO shop.parts VALUES (1, 2), (2, 3)",
                "CREATE INDEX ON shop.parts (at)",
                "ALTER TABLE shop.down ADD CONSTRAINT slowly CHECK (shop.slow(id) > 0)");
        target.run("CREATE SCHEMA shop", SLOW);
        NodeJvm node = cluster.startOne();
        Api api = cluster.api();
        PlanYaml plan = PlanYaml.of("building", PlanYaml.address(source), PlanYaml.address(target))
                .withInclude("\"shop.*\"")
                .withConsistency("snapshot")
                .withLeaveOut("\"*\"");
        assertThat(plan.submit(node)).returns(202, HttpResponse::statusCode);

        crashOnce("CREATE INDEX up_v");
        source.run("INSERT INTO shop.up (v) VALUES (7)", "INSERT INTO shop.down (up) VALUES (1), (1)");
        crashOnce("CREATE INDEX up_v");
        api.act("building", "pause");
        api.act("building", "resume");

        assertThat(api.awaitPhase("building", Phase.COMPLETED, ENOUGH).problems())
                .isEmpty();
        assertThat(fingerprint(target)).isEqualTo(fingerprint(source));
        assertThat(target.number("SELECT count(*) FROM shop.up")).isEqualTo(150);
        assertThat(target.number("SELECT nextval('shop.up_id_seq')")).isEqualTo(152);
        assertThat(target.number("SELECT nextval('shop.down_id_seq')")).isEqualTo(153);
    }
}
