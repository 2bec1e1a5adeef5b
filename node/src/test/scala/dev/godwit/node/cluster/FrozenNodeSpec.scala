package dev.godwit.node.cluster

import java.time.Duration

import scala.jdk.CollectionConverters._

class FrozenNodeSpec extends ClusterSpec {

  "A node that stands still in the middle of COPY until its shards were done elsewhere" should {

    "have lost its sessions, write nothing more and end itself" in
      withCluster("frozen", nodes = 3, rows = 40000) { (databases, cluster) =>
        databases.slow(60_000)
        val plan = PlanText.of("shop", databases)
        cluster.api().submit(plan)
        val coordinator = cluster.coordinatorNode("shop")
        val victim = cluster.living.asScala.filter(_ != coordinator).last
        val api = cluster.api(victim)
        val member = api.member("shop", victim)
        def landings = databases.landings.asScala.filter(_.isOf(member))
        def freezesInMidCopy(): Boolean = {
          awaitMidCopy(databases, member)
          victim.freeze()
          val inMidCopy = landings.nonEmpty
          if (!inMidCopy) victim.thaw() // it had just landed that one
          inMidCopy
        }

        eventually("frozen in the middle of COPY")(freezesInMidCopy())

        val sessions = landings.map(_.pid)
        def history = cluster.journal.shards("shop", "public.events")
        val inHand = history.inFlight.asScala(member).asScala.toSet
        eventually(s"shards $inHand landed by others") {
          val landedBy = history.landedBy.asScala
          // One of them it may have committed a moment before it stood still, and told nobody.
          inHand.forall(landedBy.contains) && inHand.exists(!landedBy(_).startsWith(member))
        }
        // Now it could also win the lease that decides which side of a partition goes on.
        eventually("the lease is free")(databases.stateStore.number(
          "SELECT count(*) FROM godwit.lease WHERE expires_at > clock_timestamp()") == 0)
        databases.target.number(
          s"SELECT count(*) FROM pg_stat_activity WHERE pid IN (${sessions.mkString(", ")})") shouldBe 0
        val thawedAt = databases.target.text("SELECT clock_timestamp()")

        victim.thaw()

        victim.awaitExit(Patience) should not be 0
        databases.fast()
        awaitCompleted(api, "shop")
        databases.assertEqual()
        databases.target.number(s"SELECT count(*) FROM godwit.claim WHERE node LIKE '$member@%'" +
          s" AND committed_at > '$thawedAt'") shouldBe 0
        assertEachRowOnce(databases, history, cluster)
        assertRedoneAtMost(databases, history, Set(member), plan.workersPerNode)
      }
  }
}
