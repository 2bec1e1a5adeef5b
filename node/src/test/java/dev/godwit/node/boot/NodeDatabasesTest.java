package dev.godwit.node.boot;

import static org.assertj.core.api.Assertions.assertThat;

import dev.godwit.node.postgres.ClientProgramSearch;
import dev.godwit.node.source.RangeReader;
import dev.godwit.node.source.SourceDatabase;
import dev.godwit.protocol.plan.Consistency;
import dev.godwit.protocol.plan.Endpoint;
import dev.godwit.protocol.plan.Limits;
import dev.godwit.protocol.plan.Plan;
import dev.godwit.protocol.plan.PostgresAddress;
import dev.godwit.protocol.plan.SchemaMode;
import dev.godwit.protocol.table.ShardRange;
import dev.godwit.protocol.table.TableSpec;
import io.zonky.test.db.postgres.embedded.EmbeddedPostgres;
import java.io.IOException;
import java.sql.Connection;
import java.sql.ResultSet;
import java.sql.SQLException;
import java.sql.Statement;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import org.junit.jupiter.api.Test;

class NodeDatabasesTest {
    private static final String NODE = "127.0.0.1:4711/abcdef0123456789";

    @Test
    void sessions_of_both_sides_are_known_as_ours_by_how_their_names_begin() throws IOException, SQLException {
        try (EmbeddedPostgres server = EmbeddedPostgres.start()) {
            Plan plan = plan(server.getPort());
            NodeDatabases databases = new NodeDatabases(NODE, ClientProgramSearch.on(NODE, Optional.empty()));
            try {
                databases.source(plan).identity();
                databases.target(plan).entry(plan.name());

                assertThat(applicationNames(server)).hasSize(2).allMatch(name -> name.startsWith("godwit"));
            } finally {
                databases.close(plan.name());
            }
        }
    }

    @Test
    void a_higher_limit_holds_at_once() throws IOException, SQLException {
        try (EmbeddedPostgres server = EmbeddedPostgres.start()) {
            try (Connection connection = server.getPostgresDatabase().getConnection();
                    Statement statement = connection.createStatement()) {
                statement.execute("CREATE TABLE users (id bigint)");
            }
            Plan plan = plan(server.getPort());
            NodeDatabases databases = new NodeDatabases(NODE, ClientProgramSearch.on(NODE, Optional.empty()));
            try {
                SourceDatabase source = databases.source(plan);
                TableSpec table = source.tables(plan).get(0);
                databases.limit(plan, 1, 1);
                try (RangeReader first = source.read(table, new ShardRange.Whole(), Optional.empty());
                        RangeReader second = source.read(table, new ShardRange.Whole(), Optional.empty())) {
                    assertThat(first).isNotSameAs(second);
                    databases.limit(plan, 2, 2);
                    source.read(table, new ShardRange.Whole(), Optional.empty()).close();
                }
            } finally {
                databases.close(plan.name());
            }
        }
    }

    @Test
    void a_plan_that_names_another_database_now_is_not_given_the_earlier_one() throws IOException, SQLException {
        try (EmbeddedPostgres server = EmbeddedPostgres.start()) {
            try (Connection connection = server.getPostgresDatabase().getConnection();
                    Statement statement = connection.createStatement()) {
                statement.execute("CREATE DATABASE other");
            }
            Plan before = plan(server.getPort());
            Plan now = plan(server.getPort(), "other");
            NodeDatabases databases = new NodeDatabases(NODE, ClientProgramSearch.on(NODE, Optional.empty()));
            try {
                String earlier = databases.source(before).identity();
                databases.target(before).identity();

                assertThat(databases.source(now).identity()).isNotEqualTo(earlier);
                assertThat(databases.target(now).identity()).isNotEqualTo(earlier);
            } finally {
                databases.close(before.name());
            }
            assertThat(applicationNames(server)).isEmpty();
        }
    }

    private static List<String> applicationNames(EmbeddedPostgres server) throws SQLException {
        List<String> names = new ArrayList<>();
        try (Connection connection = server.getPostgresDatabase().getConnection();
                Statement statement = connection.createStatement();
                ResultSet rows = statement.executeQuery("SELECT application_name FROM pg_stat_activity"
                        + " WHERE backend_type = 'client backend' AND pid <> pg_backend_pid()")) {
            while (rows.next()) {
                names.add(rows.getString(1));
            }
        }
        return names;
    }

    private static Plan plan(int port) {
        return plan(port, "postgres");
    }

    private static Plan plan(int port, String database) {
        Endpoint server =
                new Endpoint(new PostgresAddress("127.0.0.1", port, database, "postgres", null, "disable", Map.of()));
        return new Plan(
                "godwit/v1",
                "Migration",
                "shop",
                server,
                Map.of("main", server),
                Consistency.FROZEN,
                List.of("*.*"),
                List.of(),
                SchemaMode.TABLES,
                List.of(),
                Limits.DEFAULT);
    }
}
