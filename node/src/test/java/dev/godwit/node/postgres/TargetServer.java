package dev.godwit.node.postgres;

import dev.godwit.node.schema.SchemaPlan;
import dev.godwit.node.target.TargetDatabase.MigrationEntry;
import dev.godwit.node.target.TargetDatabase.ShardOrder;
import dev.godwit.node.testing.Sessions;
import dev.godwit.protocol.plan.Consistency;
import dev.godwit.protocol.plan.Endpoint;
import dev.godwit.protocol.plan.Limits;
import dev.godwit.protocol.plan.Plan;
import dev.godwit.protocol.plan.PostgresAddress;
import dev.godwit.protocol.plan.SchemaMode;
import dev.godwit.protocol.table.ColumnSpec;
import dev.godwit.protocol.table.CutMethod;
import dev.godwit.protocol.table.Shard;
import dev.godwit.protocol.table.ShardRange;
import dev.godwit.protocol.table.TableName;
import dev.godwit.protocol.table.TableSpec;
import io.zonky.test.db.postgres.embedded.EmbeddedPostgres;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.sql.Connection;
import java.sql.DriverManager;
import java.sql.ResultSet;
import java.sql.SQLException;
import java.sql.Statement;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.concurrent.atomic.AtomicInteger;

/** One real PostgreSQL 17 for the target's tests of this JVM, with a database for each test class or test. */
final class TargetServer {
    static final String HOST = "127.0.0.1";
    private static final AtomicInteger DATABASES = new AtomicInteger();
    private static final EmbeddedPostgres SERVER = start();

    private TargetServer() {}

    private static EmbeddedPostgres start() {
        try {
            return EmbeddedPostgres.builder()
                    .setServerConfig("shared_buffers", "64MB")
                    .setServerConfig("max_connections", "200")
                    .start();
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        }
    }

    static int port() {
        return SERVER.getPort();
    }

    /** A new, empty database. */
    static Database database() {
        String name = "t" + DATABASES.incrementAndGet();
        new Database("postgres").run("CREATE DATABASE " + name);
        return new Database(name);
    }

    /** One database of the server. */
    record Database(String name) implements Sessions {
        PostgresAddress address() {
            return address("postgres");
        }

        PostgresAddress address(String user) {
            return through(port(), user);
        }

        /** The same by another port: a proxy's. */
        PostgresAddress through(int port, String user) {
            return new PostgresAddress(HOST, port, name, user, null, "disable", Map.of());
        }

        PostgresConnections source() {
            return new PostgresConnections(address(), Side.SOURCE, "godwit test", 4);
        }

        @Override
        public Connection open() throws SQLException {
            return plain("postgres");
        }

        Connection plain(String user) throws SQLException {
            return DriverManager.getConnection("jdbc:postgresql://" + HOST + ":" + port() + "/" + name, user, "");
        }

        Connection plain() throws SQLException {
            return open();
        }

        /** What a catalog would say of a table of this database. */
        TableSpec spec(String schema, String table, boolean binary, String... keys) {
            TableName name = new TableName(schema, table);
            List<ColumnSpec> columns = new ArrayList<>();
            String sql = "SELECT attname, format_type(atttypid, atttypmod) FROM pg_attribute WHERE attrelid = "
                    + Sql.literal(Sql.table(name)) + "::regclass AND attnum > 0 AND NOT attisdropped"
                    + " AND attgenerated = '' ORDER BY attnum";
            try (Connection connection = plain();
                    Statement statement = connection.createStatement()) {
                statement.execute("SET search_path = ''");
                try (ResultSet row = statement.executeQuery(sql)) {
                    while (row.next()) {
                        columns.add(new ColumnSpec(row.getString(1), row.getString(2)));
                    }
                }
            } catch (SQLException e) {
                throw new IllegalStateException(e);
            }
            return new TableSpec(name, columns, List.of(keys), false, CutMethod.KEY, binary, 0, -1, 1);
        }

        /** All that a plan of every table would carry. */
        SchemaPlan schema() {
            return schema("postgres");
        }

        /** As another user sees it. */
        SchemaPlan schema(String user) {
            try (PostgresSource source = new PostgresSource(address(user), "godwit test", 1)) {
                return source.schema(plan("shop", SchemaMode.TABLES, this));
            }
        }
    }

    static Plan plan(String migration, SchemaMode mode, Database target) {
        return new Plan(
                "godwit/v1",
                "Migration",
                migration,
                new Endpoint(target.address()),
                Map.of("main", new Endpoint(target.address())),
                Consistency.FROZEN,
                List.of("*.*"),
                List.of(),
                mode,
                List.of(),
                new Limits(2, 1 << 20, 64L << 20, 8, 8));
    }

    static MigrationEntry entry(String migration) {
        return new MigrationEntry(migration, "digest", "source", "cluster", "", "");
    }

    static Shard shard(String id) {
        return new Shard(id, new ShardRange.Keys(List.of("1"), List.of("2")));
    }

    static ShardOrder order(TableSpec table, String shard, String cluster, String node) {
        return new ShardOrder("shop", table, shard(shard), cluster, node, "1:1:", Optional.empty());
    }
}
