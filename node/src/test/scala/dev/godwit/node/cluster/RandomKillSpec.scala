package dev.godwit.node.cluster

import java.lang.{Integer => JInteger, Long => JLong}

import scala.jdk.CollectionConverters._
import scala.util.Random

/**
 * Kills random nodes at random moments. `-Dgodwit.kill.rounds=100` for more rounds than the few that each build can
 * afford; `-Dgodwit.kill.seed=N` to have the same choices again.
 */
class RandomKillSpec extends ClusterSpec {
  private val rounds: Int = JInteger.getInteger("godwit.kill.rounds", 5)
  private val seed: Long = JLong.getLong("godwit.kill.seed", System.nanoTime())

  "A cluster that loses a random node at a random moment, and gets a new one" should {

    s"copy exactly, $rounds times in a row" in {
      info(s"seed $seed")
      val random = new Random(seed)
      val stateStore = Postgres.source.database("state")
      val cluster = new TestCluster("random", stateStore)
      try {
        cluster.start(3)
        (1 to rounds).foreach { round =>
          withClue(s"seed $seed, round $round: ")(withDatabases(rows = 10000)(kill(round, random, cluster, _)))
        }
      } finally cluster.close()
    }
  }

  private def kill(round: Int, random: Random, cluster: TestCluster, databases: Databases): Unit = {
    databases.slow(100_000)
    val migration = s"round-$round"
    val plan = PlanText.of(migration, databases)
    val api = cluster.api()
    val victim = cluster.living.get(random.nextInt(cluster.living.size))
    val landed = random.nextInt(12)
    info(s"round $round: ${victim.name} dies after $landed shards")
    api.submit(plan)
    eventually(s"$landed shards landed")(databases.landedShards >= landed)
    val member = api.status(migration).nodes.asScala.find(_.http == victim.http.toString).map(_.node).toSet

    victim.kill()

    val fresh = cluster.launch()
    databases.fast()
    awaitCompleted(api, migration)
    databases.assertEqual()
    val history = cluster.journal.shards(migration, "public.events")
    assertEachRowOnce(databases, history, cluster)
    if (member.nonEmpty) assertRedoneAtMost(databases, history, member, plan.workersPerNode)
    fresh.awaitReady()
  }
}
