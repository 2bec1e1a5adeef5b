package dev.godwit.node.cluster;

import static org.assertj.core.api.Assertions.assertThat;
import static org.awaitility.Awaitility.await;

import dev.godwit.node.testing.TcpProxy;
import java.sql.Connection;
import java.sql.ResultSet;
import java.sql.SQLException;
import java.sql.Statement;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;

/**
 * The databases of one test: a new source and a new target, each behind a network that can be slowed down and broken,
 * and a state store.
 */
public final class Databases implements AutoCloseable {
    private final Database source;
    private final Database target;
    private final Database stateStore;
    private final TcpProxy toSource;
    private final TcpProxy toTarget;

    private Databases(Database source, Database target, Database stateStore) {
        this.source = source;
        this.target = target;
        this.stateStore = stateStore;
        this.toSource = new TcpProxy(Database.HOST, source.port());
        this.toTarget = new TcpProxy(Database.HOST, target.port());
    }

    /** On the servers that the tests share. */
    public static Databases create() {
        return create(Postgres.source(), Postgres.target());
    }

    /** The state store is on the source's server. */
    public static Databases create(Postgres source, Postgres target) {
        return new Databases(source.database("source"), target.database("target"), source.database("state"));
    }

    public Database source() {
        return source;
    }

    public Database target() {
        return target;
    }

    public Database stateStore() {
        return stateStore;
    }

    /** The network between the nodes and the source. */
    public TcpProxy toSource() {
        return toSource;
    }

    /** The network between the nodes and the target. */
    public TcpProxy toTarget() {
        return toTarget;
    }

    /**
     * From now on each of the nodes' sessions sends and gets so many bytes per second. Both sides are slow, so that
     * bytes are on the way on either side.
     */
    public void slow(long bytesPerSecond) {
        toSource.rate(bytesPerSecond);
        toTarget.rate(bytesPerSecond);
    }

    /** Both networks are whole again, and as fast as they can. */
    public void fast() {
        toSource.pass();
        toTarget.pass();
    }

    /** The two databases compute the same numbers and digests of all rows, table by table. */
    public void assertEqual() {
        Map<String, Database.Content> expected = source.contents();
        assertThat(expected).isNotEmpty();
        assertThat(target.contents())
                .as(() -> Differences.between(source, target, expected.keySet()))
                .isEqualTo(expected);
    }

    /**
     * A session of the target that holds a claim and copies.
     *
     * @param pid its server process
     * @param applicationName as HolderName gives it: it ends with the node's name and the cluster's id
     * @param bytes that the server has taken so far
     */
    public record Landing(int pid, String applicationName, long bytes) {
        /** @param member a node's name in the cluster: {@code host:port/uid} */
        public boolean isOf(String member) {
            return applicationName.contains(member.substring(member.indexOf('/') + 1) + "@");
        }
    }

    /**
     * The copies that run in the target. Their bytes may all be on the way still: the server counts a buffer of the node
     * once it has the whole of it.
     */
    public List<Landing> landings() {
        String query = "SELECT pid, application_name, bytes_processed FROM pg_stat_progress_copy JOIN pg_stat_activity"
                + " USING (pid) WHERE application_name LIKE 'godwit/%'"
                + " AND pg_stat_activity.datname = current_database()";
        try (Connection connection = target.connect();
                Statement statement = connection.createStatement();
                ResultSet row = statement.executeQuery(query)) {
            List<Landing> landings = new ArrayList<>();
            while (row.next()) {
                landings.add(new Landing(row.getInt(1), row.getString(2), row.getLong(3)));
            }
            return landings;
        } catch (SQLException e) {
            throw new IllegalStateException(e);
        }
    }

    /** Claims of landed shards. Of each shard there can be one only: the primary key holds that. */
    public long landedShards() {
        boolean prepared =
                target.text("SELECT to_regclass('godwit.claim') IS NOT NULL").equals("t");
        return prepared ? target.number("SELECT count(*) FROM godwit.claim WHERE outcome = 'copied'") : 0;
    }

    /** Every row of the target's tables is in exactly one claim's count. */
    public void assertClaimsAccountForAllRows() {
        Map<String, Database.Content> contents = target.contents();
        for (Map.Entry<String, Database.Content> table : contents.entrySet()) {
            assertThat(target.number("SELECT coalesce(sum(rows), 0) FROM godwit.claim WHERE outcome = 'copied'"
                            + " AND source_table = '" + table.getKey() + "'"))
                    .as("rows in the claims of %s", table.getKey())
                    .isEqualTo(table.getValue().rows());
        }
    }

    /**
     * How many rows the target was sent that were rolled back, by the server's own count. Waits until the nodes' sessions
     * are closed, since they report only then; so the migration must have ended.
     */
    public long rowsInVain(String table) {
        await("the end of all sessions in the target")
                .atMost(Duration.ofSeconds(60))
                .until(() -> sessions(target) == 0);
        return target.number("SELECT n_tup_ins FROM pg_stat_user_tables WHERE relid = '" + table + "'::regclass")
                - target.number("SELECT count(*) FROM " + table);
    }

    /** Rows of the largest shard that has landed. */
    public long rowsOfLargestShard() {
        return target.number("SELECT max(rows) FROM godwit.claim");
    }

    /** The nodes' sessions in one of the databases. */
    public static long sessions(Database database) {
        return database.number("SELECT count(*) FROM pg_stat_activity WHERE datname = current_database()"
                + " AND application_name LIKE 'godwit%'");
    }

    @Override
    public void close() {
        toSource.close();
        toTarget.close();
    }
}
