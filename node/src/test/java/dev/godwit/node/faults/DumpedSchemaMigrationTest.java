package dev.godwit.node.faults;

import static org.assertj.core.api.Assertions.assertThat;
import static org.awaitility.Awaitility.await;

import dev.godwit.node.cluster.Api;
import dev.godwit.node.cluster.Database;
import dev.godwit.node.cluster.NodeJvm;
import dev.godwit.node.cluster.Postgres;
import dev.godwit.node.cluster.TestCluster;
import dev.godwit.node.postgres.DumpServer;
import dev.godwit.protocol.status.MigrationStatus;
import dev.godwit.protocol.status.Phase;
import java.net.http.HttpResponse;
import java.sql.Connection;
import java.sql.Statement;
import java.time.Duration;
import java.util.List;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;

/** A whole database, with views, functions, triggers and policies, by pg_dump and pg_restore on nodes that die. */
class DumpedSchemaMigrationTest {
    private static final String RIGHTS = "SELECT concat_ws(' ', c.relname, c.relowner::regrole, c.relacl, (SELECT"
            + " string_agg(concat(attname, attacl), ',' ORDER BY attname) FROM pg_attribute WHERE attrelid = c.oid AND attacl"
            + " IS NOT NULL)) FROM pg_class c WHERE c.relnamespace = 'app'::regnamespace"
            + " UNION ALL SELECT concat_ws(' ', proname, proowner::regrole, proacl) FROM pg_proc"
            + " WHERE pronamespace = 'app'::regnamespace"
            + " UNION ALL SELECT concat_ws(' ', nspowner::regrole, nspacl) FROM pg_namespace WHERE nspname = 'app' ORDER BY 1";

    private static final Duration ENOUGH = Duration.ofSeconds(120);

    private final Database source = new Database(DumpServer.port(), DumpServer.newDatabase());
    private final Database target = new Database(DumpServer.port(), DumpServer.newDatabase());
    private final TestCluster cluster =
            new TestCluster("dumped-schema", Postgres.target().database("state"));

    @AfterEach
    void stop() {
        cluster.close();
    }

    /** It leaves open who makes the schema. */
    private PlanYaml plan() {
        return PlanYaml.of("dumped", source, target)
                .withSchema("\nowners: true\ngrants: true")
                .withInclude("\"*.*\"");
    }

    private static List<String> objects(Database database) {
        return database.texts("SELECT (i.type || ' ' || i.identity) COLLATE \"C\" FROM ("
                + "SELECT 'pg_class'::regclass AS c, oid FROM pg_class WHERE relkind IN ('r', 'p', 'v', 'm', 'i', 'I', 'S')"
                + " UNION ALL SELECT 'pg_proc'::regclass, oid FROM pg_proc"
                + " UNION ALL SELECT 'pg_type'::regclass, oid FROM pg_type"
                + " UNION ALL SELECT 'pg_constraint'::regclass, oid FROM pg_constraint"
                + " UNION ALL SELECT 'pg_trigger'::regclass, oid FROM pg_trigger WHERE NOT tgisinternal"
                + " UNION ALL SELECT 'pg_rewrite'::regclass, oid FROM pg_rewrite"
                + " UNION ALL SELECT 'pg_policy'::regclass, oid FROM pg_policy"
                + " UNION ALL SELECT 'pg_event_trigger'::regclass, oid FROM pg_event_trigger"
                + ") o, LATERAL pg_identify_object(o.c, o.oid, 0) i"
                + " WHERE o.oid >= 16384 AND i.identity !~ '(^| )godwit\\.' AND i.identity !~ 'pg_toast' ORDER BY 1");
    }

    @Test
    void everything_moves_though_nodes_die_while_they_restore() throws Exception {
        source.run(
                "CREATE SCHEMA app",
                "CREATE TYPE app.mood AS ENUM ('good', 'bad')",
                "CREATE TABLE app.parent (id int GENERATED ALWAYS AS IDENTITY PRIMARY KEY, mood app.mood, note text)",
                "CREATE UNLOGGED TABLE app.scratch (id int PRIMARY KEY, up int REFERENCES app.scratch)",
                "CREATE TABLE app.child (id serial PRIMARY KEY, parent int NOT NULL REFERENCES app.parent, v int CHECK (v > 0))",
                "CREATE TABLE app.audit (line text)",
                "CREATE FUNCTION app.doubled(int) RETURNS int LANGUAGE sql IMMUTABLE AS 'SELECT $1 * 2'",
                "CREATE INDEX child_doubled ON app.child (app.doubled(v))",
                "CREATE FUNCTION app.log() RETURNS trigger LANGUAGE plpgsql AS"
                        + " 'BEGIN INSERT INTO app.audit VALUES (TG_TABLE_NAME); RETURN NEW; END'",
                "INSERT INTO app.parent (mood, note) SELECT 'good', i::text FROM generate_series(1, 500) i",
                "INSERT INTO app.child (parent, v) SELECT 1 + i % 500, i FROM generate_series(1, 2000) i",
                "INSERT INTO app.scratch VALUES (1, NULL), (2, 1)",
                "CREATE TRIGGER logged AFTER INSERT ON app.child FOR EACH ROW EXECUTE FUNCTION app.log()",
                "ALTER TABLE app.child ENABLE ALWAYS TRIGGER logged",
                "CREATE VIEW app.seen AS SELECT parent, count(*) AS n FROM app.child GROUP BY parent",
                "CREATE MATERIALIZED VIEW app.kept AS SELECT sum(n) AS n FROM app.seen",
                "CREATE MATERIALIZED VIEW app.a_second AS SELECT n + 1 AS n FROM app.kept",
                "CREATE UNIQUE INDEX kept_n ON app.kept (n)",
                "ALTER TABLE app.parent ENABLE ROW LEVEL SECURITY",
                "CREATE POLICY good ON app.parent FOR SELECT USING (mood = 'good')",
                "COMMENT ON VIEW app.seen IS 'seen'",
                "SELECT lo_from_bytea(7007, 'large')",
                "ALTER SCHEMA app OWNER TO reader",
                "ALTER TABLE app.child OWNER TO reader",
                "GRANT SELECT, INSERT ON app.parent TO reader WITH GRANT OPTION",
                "GRANT UPDATE (note) ON app.parent TO PUBLIC",
                "REVOKE EXECUTE ON FUNCTION app.log() FROM PUBLIC",
                "ANALYZE");
        cluster.start(2);
        Api api = cluster.api();
        NodeJvm any = cluster.living().get(0);
        try (Connection holder = target.connect();
                Statement lock = holder.createStatement()) {
            lock.execute("SELECT pg_advisory_lock(1735353463, 3)");
            assertThat(plan().submit(any)).returns(202, HttpResponse::statusCode);
            await("the end is under way")
                    .atMost(ENOUGH)
                    .until(() -> target.number("SELECT count(*) FROM pg_locks"
                                    + " WHERE locktype = 'advisory' AND objid = 3 AND NOT granted")
                            > 0);
            cluster.living().get(0).kill();
            cluster.launch().awaitReady();
        }

        MigrationStatus status = api.awaitPhase("dumped", Phase.COMPLETED, ENOUGH);

        assertThat(status.problems()).isEmpty();
        assertThat(status.schema()).as(status.schemaReason()).isEqualTo("dump");
        assertThat(status.schemaReason()).contains("on all 2 nodes");
        assertThat(objects(target)).containsExactlyElementsOf(objects(source));
        for (String table : List.of("app.parent", "app.child", "app.audit", "app.scratch")) {
            assertThat(target.content(table)).as(table).isEqualTo(source.content(table));
        }
        assertThat(target.texts("SELECT oid || ' ' || convert_from(lo_get(oid), 'UTF8') FROM pg_largeobject_metadata"))
                .containsExactly("7007 large");
        assertThat(target.text("SELECT n FROM app.a_second")).isEqualTo("2001");
        assertThat(target.text("SELECT relpersistence FROM pg_class WHERE oid = 'app.scratch'::regclass"))
                .isEqualTo("u");
        assertThat(target.text("SELECT tgenabled FROM pg_trigger WHERE tgname = 'logged'"))
                .isEqualTo("A");
        assertThat(target.number("SELECT nextval('app.child_id_seq')")).isEqualTo(2001);
        assertThat(target.number("SELECT count(*) FROM pg_constraint WHERE NOT convalidated"))
                .isZero();
        assertThat(target.number("SELECT count(*) FROM godwit.archive")).isZero();
        assertThat(target.texts(RIGHTS)).isNotEmpty().isEqualTo(source.texts(RIGHTS));
    }
}
