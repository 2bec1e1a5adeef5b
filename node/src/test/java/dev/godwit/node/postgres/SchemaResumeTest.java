package dev.godwit.node.postgres;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.catchThrowable;
import static org.awaitility.Awaitility.await;

import dev.godwit.node.postgres.DumpServer.Database;
import dev.godwit.node.schema.SchemaDump;
import dev.godwit.node.schema.SchemaPlan;
import dev.godwit.node.source.SchemaSource;
import dev.godwit.node.target.TargetDatabase.MigrationEntry;
import dev.godwit.protocol.error.GodwitException;
import dev.godwit.protocol.plan.Consistency;
import dev.godwit.protocol.plan.Endpoint;
import dev.godwit.protocol.plan.Limits;
import dev.godwit.protocol.plan.Plan;
import dev.godwit.protocol.plan.SchemaChanges;
import dev.godwit.protocol.plan.SchemaMode;
import dev.godwit.protocol.table.TableSpec;
import java.sql.Connection;
import java.sql.SQLException;
import java.sql.Statement;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.concurrent.atomic.AtomicReference;
import java.util.function.Consumer;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.EnumSource;

/** The session that makes a schema is killed in each phase, and another node's goes on: the catalogs come out equal. */
class SchemaResumeTest {
    private static final Duration ENOUGH = Duration.ofSeconds(60);

    private static final String[] SCHEMA = {
        "CREATE SCHEMA shop AUTHORIZATION reader",
        "CREATE TYPE shop.mood AS ENUM ('good', 'bad')",
        "CREATE SEQUENCE shop.numbers START 7",
        "CREATE TABLE shop.item (id serial PRIMARY KEY, mood shop.mood, n bigint DEFAULT nextval('shop.numbers'),"
                + " up int CONSTRAINT item_up REFERENCES shop.item, CHECK (n > 0))",
        "CREATE INDEX item_mood ON shop.item (mood, n)",
        "CREATE STATISTICS shop.item_s ON mood, n FROM shop.item",
        "CREATE UNLOGGED TABLE shop.scratch (id int GENERATED ALWAYS AS IDENTITY PRIMARY KEY, item int REFERENCES shop.item)",
        "CREATE TABLE shop.measure (at date NOT NULL, v int, PRIMARY KEY (at)) PARTITION BY RANGE (at)",
        "CREATE TABLE shop.measure_1 PARTITION OF shop.measure FOR VALUES FROM ('2020-01-01') TO ('2021-01-01')",
        "CREATE INDEX measure_v ON shop.measure (v)",
        "COMMENT ON TABLE shop.item IS 'items'",
        "INSERT INTO shop.item (mood) SELECT 'good' FROM generate_series(1, 50)",
        "INSERT INTO shop.measure VALUES ('2020-02-03', 1)",
        "ALTER TABLE shop.item OWNER TO reader",
        "ALTER STATISTICS shop.item_s OWNER TO reader",
        "GRANT SELECT, UPDATE (item) ON shop.scratch TO reader WITH GRANT OPTION",
        "GRANT USAGE ON SEQUENCE shop.scratch_id_seq TO PUBLIC",
        "REVOKE INSERT ON shop.item FROM reader"
    };

    private static final String[] BESIDE_TABLES = {
        "CREATE VIEW shop.seen AS SELECT mood, count(*) AS n FROM shop.item GROUP BY mood",
        "CREATE MATERIALIZED VIEW shop.kept AS SELECT * FROM shop.seen",
        "CREATE FUNCTION shop.fires() RETURNS trigger LANGUAGE plpgsql AS 'BEGIN RETURN NEW; END'",
        "CREATE TRIGGER fires BEFORE INSERT ON shop.item FOR EACH ROW EXECUTE FUNCTION shop.fires()"
    };

    private static final String BESIDE =
            "SELECT pg_get_viewdef(oid) FROM pg_class WHERE relnamespace = 'shop'::regnamespace AND relkind IN ('v', 'm')"
                    + " UNION ALL SELECT n::text FROM shop.kept"
                    + " UNION ALL SELECT pg_get_triggerdef(oid) FROM pg_trigger WHERE NOT tgisinternal ORDER BY 1";

    private final Database from = DumpServer.database();
    private final Database to = DumpServer.database();
    private final PostgresSource source = new PostgresSource(from.address(), "godwit test", 4);

    @AfterEach
    void close() {
        source.close();
    }

    private Plan plan(SchemaMode mode) {
        return new Plan(
                "godwit/v1",
                "Migration",
                "resumed",
                new Endpoint(from.address()),
                Map.of("main", new Endpoint(to.address())),
                Consistency.FROZEN,
                List.of("*.*"),
                List.of(),
                false,
                mode,
                true,
                true,
                List.of(),
                SchemaChanges.FOLLOW,
                new Limits(2, 1 << 20, 64L << 20, 8, 8));
    }

    @ParameterizedTest
    @EnumSource(names = {"DUMP", "TABLES"})
    void a_kill_in_each_phase_leaves_equal_catalogs_in_the_end(SchemaMode mode) throws Exception {
        from.run(SCHEMA);
        if (mode == SchemaMode.DUMP) {
            from.run(BESIDE_TABLES);
        }
        Plan plan = plan(mode);
        List<TableSpec> tables = source.tables(plan);
        SchemaSource schema = schemaOf(plan);

        killedWhileBlockedBy("CREATE SCHEMA shop", target -> target.prepare(plan, tables, schema));
        assertThat(to.texts("SELECT nspname FROM pg_namespace WHERE nspname = 'shop'"))
                .isEmpty();
        onAnotherNode(target -> target.prepare(plan, tables, schema));
        onAnotherNode(target -> target.enter(new MigrationEntry("resumed", "digest", "source", "cluster", "", "")));
        to.run(
                "INSERT INTO shop.item SELECT i, 'good', i + 6, NULL FROM generate_series(1, 50) i",
                "INSERT INTO shop.measure VALUES ('2020-02-03', 1)");
        TableSpec item = tables.stream()
                .filter(table -> table.name().name().equals("item"))
                .findFirst()
                .orElseThrow();
        killedWhileBlockedBy("LOCK TABLE shop.item IN ROW EXCLUSIVE MODE", target -> target.finish(plan, item));
        tables.forEach(table -> onAnotherNode(target -> target.finish(plan, table)));
        killedWhileBlockedBy(
                "LOCK TABLE shop.item IN SHARE UPDATE EXCLUSIVE MODE",
                target -> target.finish(plan, source::positions));
        onAnotherNode(
                target -> assertThat(target.finish(plan, source::positions)).isEmpty());

        assertThat(catalogs(to)).containsExactlyElementsOf(catalogs(from));
        if (mode == SchemaMode.DUMP) {
            assertThat(to.texts(BESIDE)).hasSize(4).isEqualTo(from.texts(BESIDE));
        }
    }

    private SchemaSource schemaOf(Plan plan) {
        return new SchemaSource() {
            @Override
            public SchemaPlan read() {
                return source.schema(plan);
            }

            @Override
            public SchemaDump dump(SchemaPlan schema, int targetMajor, int entriesAtOnce) {
                return source.dump(plan, schema, targetMajor, entriesAtOnce);
            }
        };
    }

    private void onAnotherNode(Consumer<PostgresTarget> step) {
        try (PostgresTarget target = new PostgresTarget(to.address(), "godwit test", 4)) {
            step.accept(target);
        }
    }

    /** The step waits for another session's lock; its session is killed there, and it fails. */
    private void killedWhileBlockedBy(String statement, Consumer<PostgresTarget> step) throws Exception {
        AtomicReference<Throwable> failure = new AtomicReference<>();
        try (Connection other = to.plain();
                Statement lock = other.createStatement()) {
            other.setAutoCommit(false);
            lock.execute(statement);
            Thread working = new Thread(() -> failure.set(catchThrowable(() -> onAnotherNode(step))));
            working.start();
            await(statement)
                    .atMost(ENOUGH)
                    .until(() -> !to.texts("SELECT pg_terminate_backend(pid)::text"
                                    + " FROM pg_stat_activity WHERE datname = current_database()"
                                    + " AND application_name LIKE 'godwit%' AND wait_event_type = 'Lock'")
                            .isEmpty());
            working.join(ENOUGH.toMillis());
            other.rollback();
        }
        assertThat(failure.get()).as(statement).isInstanceOf(GodwitException.class);
    }

    private static List<String> catalogs(Database database) {
        try (Connection connection = database.plain()) {
            List<String> lines = new ArrayList<>(CatalogFingerprint.of(connection));
            lines.addAll(CatalogFingerprint.rights(connection));
            return lines;
        } catch (SQLException e) {
            throw new IllegalStateException(e);
        }
    }
}
