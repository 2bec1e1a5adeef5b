package dev.godwit.node.faults;

import static org.assertj.core.api.Assertions.assertThat;
import static org.awaitility.Awaitility.await;

import dev.godwit.node.cluster.Api;
import dev.godwit.node.cluster.Databases;
import dev.godwit.node.cluster.PlanText;
import dev.godwit.node.cluster.Postgres;
import dev.godwit.node.cluster.ShardHistory;
import dev.godwit.node.cluster.TestCluster;
import dev.godwit.protocol.error.ErrorCode;
import dev.godwit.protocol.status.Phase;
import java.time.Duration;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;

/** The connection to the target breaks around a shard's COMMIT, end to end through a node. */
class ConnectionCutAtCommitTest {
    /** A part of the digest, which is in the statement before COMMIT. */
    private static final String BEFORE_COMMIT = "crc32c:";

    private static final Duration ENOUGH = Duration.ofSeconds(90);

    private static TestCluster cluster;
    private static Api api;

    private final Databases databases = Databases.create();

    @BeforeAll
    static void startNode() {
        cluster = new TestCluster("commit-cut", Postgres.source().database("state"));
        cluster.startOne();
        api = cluster.api();
    }

    @AfterAll
    static void stopNode() {
        cluster.close();
    }

    @BeforeEach
    void fill() {
        databases.source().fill("item", 3000, 1000);
    }

    @AfterEach
    void close() {
        databases.close();
    }

    @Test
    void reads_the_claim_if_the_answer_to_commit_is_lost_and_doubles_nothing() {
        databases.toTarget().cutAfterAnswerToNext(BEFORE_COMMIT);

        api.submit(PlanText.of("answer-lost", databases));
        api.awaitPhase("answer-lost", Phase.COMPLETED, ENOUGH);

        assertThat(databases.toTarget().sprung()).isTrue();
        assertThat(history("answer-lost").failures()).isEmpty();
        assertThat(databases.rowsInVain("item")).isZero();
        databases.assertEqual();
        databases.assertClaimsAccountForAllRows();
    }

    @Test
    void copies_a_shard_again_whose_commit_did_not_arrive() {
        databases.toTarget().cutBeforeNext(BEFORE_COMMIT);

        api.submit(PlanText.of("commit-lost", databases));
        api.awaitPhase("commit-lost", Phase.COMPLETED, ENOUGH);

        assertThat(databases.toTarget().sprung()).isTrue();
        assertThat(history("commit-lost").failures()).singleElement().satisfies(failed -> {
            assertThat(failed.problem().code()).isEqualTo(ErrorCode.TARGET_UNREACHABLE);
            assertThat(failed.problem().what()).contains("nothing was written");
        });
        assertThat(databases.rowsInVain("item")).isPositive();
        databases.assertEqual();
        databases.assertClaimsAccountForAllRows();
    }

    @Test
    void lets_the_claim_tell_if_the_target_cannot_be_asked_after_commit() {
        databases.toSource().rate(100_000);
        api.submit(PlanText.of("not-known", databases).withWorkersPerNode(1));
        // From now on its session is open, and is used for the next shard.
        await().atMost(ENOUGH).until(() -> databases.landedShards() > 0);

        databases.toTarget().refuse();
        databases.toTarget().cutAfterAnswerToNext(BEFORE_COMMIT);
        await().atMost(ENOUGH).until(() -> history("not-known").failures(), failures -> !failures.isEmpty());
        databases.fast();
        api.awaitPhase("not-known", Phase.COMPLETED, ENOUGH);

        ShardHistory history = history("not-known");
        assertThat(history.failures().get(0).problem().what()).contains("the claim will tell");
        assertThat(databases.rowsInVain("item")).isZero();
        databases.assertEqual();
        databases.assertClaimsAccountForAllRows();
    }

    private static ShardHistory history(String migration) {
        return cluster.journal().shards(migration, "public.item");
    }
}
