package dev.godwit.node.cluster

import java.time.Duration

import dev.godwit.protocol.status.Phase
import org.awaitility.Awaitility.await
import org.scalatest.matchers.should.Matchers
import org.scalatest.wordspec.AnyWordSpec

import scala.jdk.CollectionConverters._

/** What the specifications of a real cluster share: databases and nodes that end with the test, and bounded waiting. */
abstract class ClusterSpec extends AnyWordSpec with Matchers {

  /** For what takes seconds; generous, since the machine may be slow. Nothing is asserted about time. */
  val Patience: Duration = Duration.ofSeconds(120)

  /** A source with one table of so many rows of about 430 bytes, and nodes that run. */
  def withCluster(name: String, nodes: Int, rows: Int = 20000)(test: (Databases, TestCluster) => Any): Unit =
    withDatabases(rows) { databases =>
      val cluster = new TestCluster(name, databases.stateStore)
      try {
        cluster.start(nodes)
        test(databases, cluster)
      } finally cluster.close()
    }

  def withDatabases(rows: Int)(test: Databases => Any): Unit = {
    val databases = Databases.create()
    try {
      databases.source.fill("events", rows, 400)
      test(databases)
    } finally databases.close()
  }

  def eventually(what: String)(condition: => Boolean): Unit =
    await(what).atMost(Patience).pollInterval(Duration.ofMillis(100)).until(() => condition)

  /** Waits until some shards have landed and this node is in the middle of a COPY. */
  def awaitMidCopy(databases: Databases, member: String, landed: Int = 2): Unit =
    eventually(s"$member in the middle of COPY") {
      databases.landedShards >= landed && databases.landings.asScala.exists(_.isOf(member))
    }

  def awaitCompleted(api: Api, migration: String): Unit =
    api.awaitPhase(migration, Phase.COMPLETED, Patience)

  /** Each row is in exactly one claim, nothing that had landed was given out again, and no node met what it should not. */
  def assertEachRowOnce(databases: Databases, history: ShardHistory, cluster: TestCluster): Unit = {
    databases.assertClaimsAccountForAllRows()
    history.startedAfterLanding.asScala shouldBe empty
    cluster.errors.asScala shouldBe empty
  }

  /**
   * What was done twice is at most what these nodes, which are gone, had in hand: by the journal, and, which counts what
   * nobody wrote down too, by the rows that the target was sent in vain.
   */
  def assertRedoneAtMost(databases: Databases, history: ShardHistory, members: Set[String], workersPerNode: Int): Unit = {
    val inHand = members.size * workersPerNode
    history.redoneOf(members.asJava).size should be <= inHand
    databases.rowsInVain("events") should be <= inHand * databases.rowsOfLargestShard
  }
}
