package dev.godwit.node.cluster

import dev.godwit.protocol.event.MigrationEvent.NodeLost

import scala.jdk.CollectionConverters._

class RollingRestartSpec extends ClusterSpec {

  "A node that is told to leave in mid-copy" should {

    "land what it has in hand first, so that a rolling restart redoes nothing" in
      withCluster("rolling", nodes = 2, rows = 40000) { (databases, cluster) =>
        databases.slow(40_000)
        val plan = PlanText.of("shop", databases)
        val api = cluster.api()
        api.submit(plan)

        cluster.living.asScala.toSeq.foreach { old =>
          cluster.startOne()
          awaitMidCopy(databases, api.member("shop", old))
          old.terminate()
          // 143: by SIGTERM, after all was done that had to be done.
          old.awaitExit(Patience) should (be(0) or be(143))
        }

        databases.fast()
        awaitCompleted(api, "shop")
        databases.assertEqual()
        assertEachRowOnce(databases, cluster.journal.shards("shop", "public.events"), cluster)
        databases.rowsInVain("events") shouldBe 0
        cluster.journal.migration("shop").asScala.collect { case event: NodeLost => event } shouldBe empty
      }
  }
}
