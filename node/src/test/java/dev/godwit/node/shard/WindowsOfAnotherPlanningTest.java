package dev.godwit.node.shard;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.godwit.node.access.Databases;
import dev.godwit.node.cluster.Database;
import dev.godwit.node.cluster.Postgres;
import dev.godwit.node.postgres.PostgresSource;
import dev.godwit.node.postgres.PostgresTarget;
import dev.godwit.node.source.RangeReader;
import dev.godwit.node.source.SourceDatabase;
import dev.godwit.node.split.ShardSize;
import dev.godwit.node.target.LandingSession;
import dev.godwit.node.target.SessionBudget;
import dev.godwit.node.target.TargetDatabase;
import dev.godwit.node.target.TargetDatabase.Landing;
import dev.godwit.node.target.TargetDatabase.MigrationEntry;
import dev.godwit.node.target.TargetDatabase.ShardOrder;
import dev.godwit.node.testing.CatalogSchema;
import dev.godwit.protocol.error.ErrorCode;
import dev.godwit.protocol.error.GodwitException;
import dev.godwit.protocol.plan.Consistency;
import dev.godwit.protocol.plan.Endpoint;
import dev.godwit.protocol.plan.Limits;
import dev.godwit.protocol.plan.Plan;
import dev.godwit.protocol.plan.PostgresAddress;
import dev.godwit.protocol.plan.SchemaMode;
import dev.godwit.protocol.table.CutMethod;
import dev.godwit.protocol.table.Shard;
import dev.godwit.protocol.table.TableSpec;
import dev.godwit.protocol.table.Window;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;

/**
 * The journal is lost, or a second cluster runs the plan: the table is planned anew, and the target keeps the windows of
 * the earlier planning.
 */
class WindowsOfAnotherPlanningTest {
    private static final String MIGRATION = "shop";
    private static final int WINDOW_SHARDS = 8;

    private final Database from = Postgres.source().database("source");
    private final Database to = Postgres.target().database("target");
    private final PostgresSource source = new PostgresSource(address(from), "godwit test", 8);
    private final PostgresTarget target = new PostgresTarget(address(to), "godwit test", 8);

    private final Databases databases = new Databases() {
        @Override
        public SourceDatabase source(Plan plan) {
            return source;
        }

        @Override
        public TargetDatabase target(Plan plan) {
            return target;
        }

        @Override
        public SessionBudget budget(Plan plan) {
            throw new UnsupportedOperationException("no shard is copied here");
        }

        @Override
        public void limit(Plan plan, int workers, int targetSessions) {}

        @Override
        public void close(String migration) {}
    };

    @AfterEach
    void stop() {
        source.close();
        target.close();
    }

    private static PostgresAddress address(Database database) {
        return new PostgresAddress(
                Database.HOST, database.port(), database.name(), Database.USER, null, "disable", Map.of());
    }

    private Plan plan(long shardBytes) {
        return new Plan(
                "godwit/v1",
                "Migration",
                MIGRATION,
                new Endpoint(address(from)),
                Map.of("main", new Endpoint(address(to))),
                Consistency.FROZEN,
                List.of("public.*"),
                List.of(),
                SchemaMode.TABLES,
                List.of(),
                new Limits(2, shardBytes, 64L << 20, 8, 8));
    }

    /** One planning of the only table, by whoever. */
    private final class Planning {
        private final TableSpec table;
        private final TableDesk desk;
        private final ShardSize size;

        Planning(long shardBytes) {
            Plan plan = plan(shardBytes);
            table = source.tables(plan).get(0);
            desk = new TableDesk(plan, table, databases);
            size = ShardSize.of(shardBytes);
            target.enter(new MigrationEntry(MIGRATION, "digest", "source", "a", "", ""));
            target.prepare(plan, List.of(table), new CatalogSchema(() -> source.schema(plan)));
        }

        Window window(int number) {
            return desk.cut(number, size, 0, WINDOW_SHARDS);
        }

        void copyAll() {
            Window window;
            int number = 0;
            do {
                window = window(number++);
                window.shards().forEach(this::copy);
            } while (!window.last());
            assertThat(desk.confirm().missing()).isEmpty();
        }

        void copy(Shard shard) {
            try (RangeReader reader = source.read(table, shard.range(), Optional.empty())) {
                Landing landing = target.land(
                        new ShardOrder(MIGRATION, table, shard, "a", "n@a", reader.snapshot(), Optional.empty()));
                if (landing instanceof Landing.Open open) {
                    try (LandingSession session = open.session()) {
                        byte[] buffer = new byte[1 << 16];
                        long bytes = 0;
                        for (int count = reader.read(buffer); count >= 0; count = reader.read(buffer)) {
                            session.write(buffer, 0, count);
                            bytes += count;
                        }
                        session.commit(reader.rows(), bytes, "");
                    }
                }
            }
        }
    }

    private void copiesWhatTheSourceHolds(Planning planning) {
        planning.copyAll();
        assertThat(to.content("public.log")).isEqualTo(from.content("public.log"));
    }

    @Test
    void blocks_of_another_file_are_refused() {
        from.run(
                "CREATE TABLE log (id bigint, payload text)",
                "INSERT INTO log SELECT i, repeat('x', 500) FROM generate_series(1, 4000) i",
                "DELETE FROM log WHERE id % 2 = 1",
                "ANALYZE log");
        Planning first = new Planning(256 << 10);
        assertThat(first.table.method()).isEqualTo(CutMethod.BLOCK);
        first.window(0).shards().subList(0, 4).forEach(first::copy);

        from.run("VACUUM FULL log");

        Planning second = new Planning(256 << 10);
        assertThatThrownBy(() -> copiesWhatTheSourceHolds(second))
                .isInstanceOfSatisfying(
                        GodwitException.class, e -> assertThat(e.code()).isEqualTo(ErrorCode.SOURCE_TABLE_CHANGED));
    }

    @Test
    void bounds_of_another_key_are_refused() {
        from.run(
                "CREATE TABLE log (id bigint NOT NULL, code bigint NOT NULL UNIQUE, payload text)",
                "INSERT INTO log SELECT i, 4001 - i, repeat('x', 500) FROM generate_series(1, 4000) i",
                "ANALYZE log");
        Planning first = new Planning(256 << 10);
        assertThat(first.table.method()).isEqualTo(CutMethod.KEY);
        first.window(0).shards().subList(0, 4).forEach(first::copy);

        from.run("ALTER TABLE log ADD PRIMARY KEY (id)");

        Planning second = new Planning(256 << 10);
        assertThatThrownBy(() -> copiesWhatTheSourceHolds(second))
                .isInstanceOfSatisfying(
                        GodwitException.class, e -> assertThat(e.code()).isEqualTo(ErrorCode.SOURCE_TABLE_CHANGED));
    }

    @Test
    void shards_of_another_size_go_on_where_the_earlier_ones_ended() {
        from.fill("log", 4000, 500);
        Planning first = new Planning(256 << 10);
        assertThat(first.table.method()).isEqualTo(CutMethod.KEY);
        assertThat(first.window(0).last()).isFalse();

        Planning second = new Planning(1 << 30);

        assertThat(second.table.method()).isEqualTo(CutMethod.WHOLE);
        copiesWhatTheSourceHolds(second);
    }
}
