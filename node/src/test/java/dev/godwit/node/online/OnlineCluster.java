package dev.godwit.node.online;

import static org.assertj.core.api.Assertions.assertThat;
import static org.awaitility.Awaitility.await;

import dev.godwit.node.cluster.Api;
import dev.godwit.node.cluster.Database;
import dev.godwit.node.cluster.Databases;
import dev.godwit.node.cluster.PlanText;
import dev.godwit.node.cluster.Postgres;
import dev.godwit.node.cluster.TestCluster;
import java.time.Duration;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.BeforeEach;

/** A cluster that follows a source, and a pair of databases for each test. */
abstract class OnlineCluster {
    static final Duration ENOUGH = Duration.ofSeconds(180);
    private static final int NODES = 2;

    private static Postgres sourceServer;
    static TestCluster cluster;

    Databases databases;
    String migration;
    boolean ended;

    @BeforeAll
    static void start() {
        sourceServer = Postgres.startLogical();
        new Database(sourceServer.port(), "postgres")
                .run("ALTER SYSTEM SET synchronous_commit = local", "SELECT pg_reload_conf()");
        cluster = new TestCluster("online", Postgres.target().database("state"));
        cluster.start(NODES);
    }

    @AfterAll
    static void stop() {
        cluster.close();
        sourceServer.close();
    }

    @BeforeEach
    void create() {
        databases = Databases.create(sourceServer, Postgres.target());
        migration = databases.source().name().replace('_', '-');
    }

    @AfterEach
    void end() {
        if (!ended) {
            end(cluster.api());
        }
        databases.close();
    }

    /** The slot goes with the migration: else it would keep the source's log for ever. */
    void end(Api api) {
        ended = true;
        api.act(migration, "cancel");
        await("the end of the slot").atMost(ENOUGH).until(() -> slots() == 0);
        assertThat(databases.source().number("SELECT count(*) FROM pg_publication"))
                .isZero();
    }

    long slots() {
        return slots("");
    }

    long slots(String which) {
        return databases
                .source()
                .number("SELECT count(*) FROM pg_replication_slots WHERE database = current_database() " + which);
    }

    PlanText plan() {
        return PlanText.of(migration, databases).withConsistency("online");
    }

    void awaitLanded(long shards) {
        await(shards + " shards landed").atMost(ENOUGH).until(() -> databases.landedShards() >= shards);
    }

    void assertEqualInTheEnd(Api api) {
        InStep.awaitSync(api, migration, ENOUGH);
        databases.assertEqual();
        assertThat(cluster.errors()).isEmpty();
    }
}
