package dev.godwit.node.cluster

import java.util.concurrent.atomic.{AtomicBoolean, AtomicLong}

/** Writes to the table events of a source all the time, until it is closed: changes, adds and deletes rows. */
final class SourceWriter(source: Database) extends AutoCloseable {
  private val written = new AtomicLong
  private val closed = new AtomicBoolean
  private val thread = new Thread(() => write(), "source-writer")
  thread.start()

  /** Transactions that are committed. */
  def transactions: Long = written.get

  private def write(): Unit = {
    val connection = source.connect()
    try {
      val statement = connection.createStatement()
      while (!closed.get) {
        val n = written.incrementAndGet()
        statement.execute(s"UPDATE events SET version = version + 1 WHERE id % 97 = ${n % 97} AND id % 7 = ${n % 7};" +
          s" INSERT INTO events SELECT max(id) + 1, $n, 'new' FROM events;" +
          s" DELETE FROM events WHERE id = ${n * 3}")
      }
    } finally connection.close()
  }

  override def close(): Unit = {
    closed.set(true)
    thread.join()
  }
}
