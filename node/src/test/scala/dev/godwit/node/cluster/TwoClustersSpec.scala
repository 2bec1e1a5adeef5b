package dev.godwit.node.cluster

import dev.godwit.protocol.event.MigrationEvent.{ForeignClusterSeen, SnapshotTaken}
import dev.godwit.protocol.status.Phase

import scala.jdk.CollectionConverters._

class TwoClustersSpec extends ClusterSpec {

  /** Two clusters of two nodes each that know nothing of each other. */
  private def withTwoClusters(name: String)(test: (Databases, TestCluster, TestCluster) => Any): Unit =
    withDatabases(rows = 15000) { databases =>
      val first = new TestCluster(s"$name-first", databases.stateStore)
      val second = new TestCluster(s"$name-second", Postgres.source.database("state"))
      try {
        val launched = Seq(first, first, second, second).map(_.launch())
        launched.foreach(_.awaitReady())
        test(databases, first, second)
      } finally {
        first.close()
        second.close()
      }
    }

  private def foreigners(cluster: TestCluster): Seq[ForeignClusterSeen] =
    cluster.journal.migration("shop").asScala.collect { case event: ForeignClusterSeen => event }.toSeq

  /** Which of them lands which shard is their race, and one may win all of it; but both are to have run. */
  private def awaitBothCopy(databases: Databases, clusters: TestCluster*): Unit = {
    clusters.foreach(_.api().awaitPhase("shop", Phase.COPYING, Patience))
    eventually("sessions of both clusters at work in the target") {
      databases.target.number("SELECT count(DISTINCT split_part(application_name, '/', 2)) FROM pg_stat_activity" +
        " WHERE datname = current_database() AND application_name LIKE 'godwit/%/%/%'") == clusters.size ||
      clusters.flatMap(foreigners).nonEmpty
    }
    databases.fast()
  }

  private def assertEachShardLandedOnce(databases: Databases, clusters: TestCluster*): Unit = {
    databases.rowsInVain("events") shouldBe 0
    clusters.foreach { cluster =>
      assertEachRowOnce(databases, cluster.journal.shards("shop", "public.events"), cluster)
    }
    clusters.flatMap(foreigners) should not be empty
  }

  "Two clusters that run one plan at once" should {

    "land each shard once, and say that they met" in withTwoClusters("frozen") { (databases, first, second) =>
      databases.slow(50_000)
      val plan = PlanText.of("shop", databases)
      first.api().submit(plan)
      second.api().submit(plan)
      awaitBothCopy(databases, first, second)

      awaitCompleted(first.api(), "shop")
      awaitCompleted(second.api(), "shop")

      databases.assertEqual()
      assertEachShardLandedOnce(databases, first, second)
    }

    "read the snapshot of the one that was first" in withTwoClusters("snapshot") { (databases, first, second) =>
      databases.slow(50_000)
      val writer = new SourceWriter(databases.source)
      try {
        val plan = PlanText.of("shop", databases).withConsistency("snapshot")
        first.api().submit(plan)
        first.api().awaitPhase("shop", Phase.COPYING, Patience)
        val snapshot = taken(first)
        val expected = databases.source.contentAsOf(snapshot.exported, "events")
        second.api().submit(plan)
        awaitBothCopy(databases, first, second)

        awaitCompleted(first.api(), "shop")
        awaitCompleted(second.api(), "shop")

        databases.target.content("events") shouldBe expected
        taken(second).snapshot shouldBe snapshot.snapshot
        databases.target.number("SELECT count(DISTINCT source_snapshot) FROM godwit.claim") shouldBe 1
        assertEachShardLandedOnce(databases, first, second)
      } finally writer.close()
    }
  }

  private def taken(cluster: TestCluster): SnapshotTaken =
    cluster.journal.migration("shop").asScala.collect { case event: SnapshotTaken => event }.last
}
