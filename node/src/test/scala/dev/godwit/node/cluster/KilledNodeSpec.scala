package dev.godwit.node.cluster

import scala.jdk.CollectionConverters._

class KilledNodeSpec extends ClusterSpec {

  "A cluster that copies" should {

    "redo only what a killed node had in hand" in withCluster("worker-killed", nodes = 3) { (databases, cluster) =>
      databases.slow(60_000)
      val plan = PlanText.of("shop", databases)
      val api = cluster.api()
      api.submit(plan)
      val coordinator = cluster.coordinatorNode("shop")
      val victim = cluster.living.asScala.filter(_ != coordinator).last
      val member = api.member("shop", victim)
      awaitMidCopy(databases, member)

      victim.kill()

      databases.fast()
      awaitCompleted(api, "shop")
      databases.assertEqual()
      val history = cluster.journal.shards("shop", "public.events")
      assertEachRowOnce(databases, history, cluster)
      assertRedoneAtMost(databases, history, Set(member), plan.workersPerNode)
      history.redoneOf(Set(member).asJava).asScala should not be empty
    }

    "redo only what was in hand on the killed node of the coordinator" in
      withCluster("coordinator-killed", nodes = 3) { (databases, cluster) =>
        databases.slow(60_000)
        val plan = PlanText.of("shop", databases)
        val api = cluster.api()
        api.submit(plan)
        val victim = cluster.coordinatorNode("shop")
        val member = api.member("shop", victim)
        awaitMidCopy(databases, member)

        victim.kill()

        cluster.coordinatorNode("shop") should not be victim
        databases.fast()
        awaitCompleted(api, "shop")
        databases.assertEqual()
        val history = cluster.journal.shards("shop", "public.events")
        assertEachRowOnce(databases, history, cluster)
        assertRedoneAtMost(databases, history, Set(member), plan.workersPerNode)
      }

    "go on by itself after all nodes were killed at once and new ones started" in
      withCluster("all-killed", nodes = 3) { (databases, cluster) =>
        databases.slow(60_000)
        val plan = PlanText.of("shop", databases)
        val api = cluster.api()
        api.submit(plan)
        val members = cluster.living.asScala.map(api.member("shop", _)).toSet
        eventually("several nodes in the middle of COPY")(databases.landedShards >= 2 && databases.landings.size >= 3)

        cluster.killAll()
        val landed = databases.landedShards

        databases.fast()
        cluster.start(2)
        awaitCompleted(api, "shop")
        databases.assertEqual()
        databases.landedShards should be > landed
        val history = cluster.journal.shards("shop", "public.events")
        assertEachRowOnce(databases, history, cluster)
        assertRedoneAtMost(databases, history, members, plan.workersPerNode)
      }
  }
}
