package dev.godwit.node.cluster

import dev.godwit.protocol.error.ErrorCode
import dev.godwit.protocol.event.MigrationEvent.{SnapshotShared, SnapshotTaken}
import dev.godwit.protocol.status.Phase

import scala.jdk.CollectionConverters._

class SnapshotSpec extends ClusterSpec {

  private def taken(cluster: TestCluster): Seq[SnapshotTaken] =
    cluster.journal.migration("shop").asScala.collect { case event: SnapshotTaken => event }.toSeq

  private def holders(cluster: TestCluster): Set[String] =
    cluster.journal.migration("shop").asScala.collect {
      case event: SnapshotTaken => event.node
      case event: SnapshotShared => event.node
    }.toSet

  private def awaitHolders(cluster: TestCluster, count: Int): SnapshotTaken = {
    eventually(s"$count nodes hold the snapshot")(holders(cluster).size == count)
    taken(cluster).head
  }

  "A migration with one snapshot" should {

    "read it to the end after the node that took it was killed" in
      withCluster("exporter-killed", nodes = 3) { (databases, cluster) =>
        databases.slow(60_000)
        val writer = new SourceWriter(databases.source)
        try {
          val plan = PlanText.of("shop", databases).withConsistency("snapshot")
          val api = cluster.api()
          api.submit(plan)
          val snapshot = awaitHolders(cluster, 3)
          val expected = databases.source.contentAsOf(snapshot.exported, "events")
          val victim = cluster.nodeOf(snapshot.node)
          awaitMidCopy(databases, snapshot.node)

          victim.kill()

          val before = databases.landedShards
          val written = writer.transactions
          eventually("the source goes on being written")(writer.transactions > written + 20)
          databases.fast()
          awaitCompleted(api, "shop")
          databases.landedShards should be > before
          databases.target.content("events") shouldBe expected
          databases.source.content("events") should not be expected
          databases.target.number("SELECT count(DISTINCT source_snapshot) FROM godwit.claim") shouldBe 1
          taken(cluster) should have size 1
          val history = cluster.journal.shards("shop", "public.events")
          assertEachRowOnce(databases, history, cluster)
          assertRedoneAtMost(databases, history, Set(snapshot.node), plan.workersPerNode)
        } finally writer.close()
      }

    "stop and say so when all nodes that held it were killed, and never take another" in
      withCluster("snapshot-lost", nodes = 2) { (databases, cluster) =>
        databases.slow(60_000)
        val plan = PlanText.of("shop", databases).withConsistency("snapshot")
        val api = cluster.api()
        api.submit(plan)
        val snapshot = awaitHolders(cluster, 2)
        awaitMidCopy(databases, snapshot.node)

        cluster.killAll()

        eventually("the end of all sessions")(
          Databases.sessions(databases.source) == 0 && Databases.sessions(databases.target) == 0)
        val landed = databases.landedShards
        databases.fast()
        cluster.start(2)
        val status = api.awaitPhase("shop", Phase.FAILED, Patience)
        val problem = status.problems.asScala.find(_.code == ErrorCode.SNAPSHOT_LOST).get
        problem.what should include("does not take another snapshot by itself")
        problem.fix should (include("start over") and include("consistency: frozen"))

        api.submit(plan).phase shouldBe Phase.FAILED

        taken(cluster) should have size 1
        databases.landedShards shouldBe landed
        cluster.errors.asScala shouldBe empty
      }
  }
}
