package dev.godwit.node.postgres;

import static dev.godwit.node.postgres.TargetServer.entry;
import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatCode;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.godwit.node.postgres.TargetServer.Database;
import dev.godwit.node.testing.CatalogSchema;
import dev.godwit.node.testing.Plans;
import dev.godwit.protocol.error.ErrorCode;
import dev.godwit.protocol.error.Problem;
import dev.godwit.protocol.plan.Consistency;
import dev.godwit.protocol.plan.Plan;
import dev.godwit.protocol.plan.SchemaMode;
import dev.godwit.protocol.table.CutMethod;
import dev.godwit.protocol.table.TableSpec;
import java.util.List;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;

/** Targets that changes are to be applied to: what is made before the rows, and what the check says. */
class ChangeReadinessTest {
    private static final String INDEXES =
            "SELECT relname FROM pg_class WHERE relkind = 'i' AND relnamespace = 'shop'::regnamespace ORDER BY 1";

    private final Database source = TargetServer.database();
    private final Database database = TargetServer.database();
    private PostgresTarget target;

    @BeforeEach
    void start() {
        target = new PostgresTarget(database.address(), "godwit test", 8);
    }

    @AfterEach
    void stop() {
        target.close();
    }

    private Plan plan(SchemaMode mode) {
        return Plans.withConsistency(TargetServer.plan("shop", mode, database), Consistency.ONLINE);
    }

    private List<ErrorCode> check(PostgresTarget of, TableSpec... tables) {
        return of.check(plan(SchemaMode.EXISTING), List.of(tables)).stream()
                .map(Problem::code)
                .toList();
    }

    @Test
    void the_key_comes_before_the_rows_and_all_other_indexes_after_them() {
        source.run(
                "CREATE SCHEMA shop",
                "CREATE TABLE shop.item (id int CONSTRAINT \"the key\" PRIMARY KEY, code text NOT NULL UNIQUE, v text)",
                "CREATE INDEX item_v ON shop.item (v)",
                "CREATE TABLE shop.by_index (id int PRIMARY KEY, a int NOT NULL, b text NOT NULL)",
                "CREATE UNIQUE INDEX by_index_ba ON shop.by_index (b, a) INCLUDE (id)",
                "CREATE UNIQUE INDEX by_index_part ON shop.by_index (b, a) WHERE a > 0",
                "ALTER TABLE shop.by_index REPLICA IDENTITY USING INDEX by_index_ba",
                "CREATE TABLE shop.bare (a int UNIQUE)",
                "CREATE TABLE shop.parts (id int PRIMARY KEY, v text) PARTITION BY RANGE (id)",
                "CREATE TABLE shop.low PARTITION OF shop.parts FOR VALUES FROM (0) TO (10)");
        List<TableSpec> tables = List.of(
                source.spec("shop", "item", false, "id"),
                source.spec("shop", "by_index", false, "a", "b"),
                source.spec("shop", "bare", false),
                source.spec("shop", "low", false, "id"));
        Plan plan = plan(SchemaMode.TABLES);
        assertThat(target.check(plan, tables)).isEmpty();
        assertThat(target.accepts(plan, tables, source.schema()).problems()).isEmpty();

        target.prepare(plan, tables, new CatalogSchema(source::schema));

        assertThat(database.texts(INDEXES)).containsExactly("by_index_ba", "low_pkey", "the key");
        assertThat(database.number(
                        "SELECT count(*) FROM pg_constraint WHERE contype = 'p' AND conrelid = 'shop.item'::regclass"))
                .isEqualTo(1);
        target.enter(entry("shop"));
        tables.forEach(table -> target.finish(plan, table));
        target.finish(plan, names -> java.util.Map.of());
        assertThat(database.texts(INDEXES)).containsExactlyElementsOf(source.texts(INDEXES));
        // Indexes that came in their time, and rows that the source has deleted, are in nobody's way.
        assertThatCode(() -> target.prepare(plan, tables, new CatalogSchema(source::schema)))
                .doesNotThrowAnyException();
        assertThat(target.check(plan, tables)).isEmpty();
    }

    @Test
    void a_key_that_the_schema_does_not_make_is_told() {
        source.run("CREATE TABLE item (id int, v text)");
        List<TableSpec> tables = List.of(source.spec("public", "item", false, "id"));
        Plan plan = plan(SchemaMode.TABLES);

        assertThat(target.accepts(plan, tables, source.schema()).problems())
                .extracting(Problem::code)
                .containsExactly(ErrorCode.TARGET_OBJECT_MISSING);
        assertThatThrownBy(() -> target.prepare(plan, tables, new CatalogSchema(source::schema)))
                .hasMessageContaining("unique index of the columns id");
    }

    @Test
    void tables_that_are_there_need_the_keys_index_and_no_other_unique_one() {
        database.run(
                "CREATE TABLE good (id int PRIMARY KEY, a int, UNIQUE (a, id))",
                "CREATE INDEX ON good (a)",
                "CREATE TABLE without (id int, a int)",
                "CREATE UNIQUE INDEX ON without (id) WHERE a > 0",
                "CREATE TABLE early (id int PRIMARY KEY, \"Mail\" text UNIQUE, r int4range, EXCLUDE USING gist (r WITH &&))");
        TableSpec good = database.spec("public", "good", false, "id");
        TableSpec without = database.spec("public", "without", false, "id");
        TableSpec early = database.spec("public", "early", false, "id");

        assertThat(check(target, good)).isEmpty();
        assertThat(check(target, without))
                .containsExactly(ErrorCode.TARGET_OBJECT_MISSING, ErrorCode.TARGET_UNIQUE_TOO_EARLY);
        assertThat(target.check(plan(SchemaMode.EXISTING), List.of(early)))
                .singleElement()
                .satisfies(problem -> {
                    assertThat(problem.code()).isEqualTo(ErrorCode.TARGET_UNIQUE_TOO_EARLY);
                    assertThat(problem.what())
                            .contains("early_Mail_key", "early_r_excl")
                            .doesNotContain("pkey");
                });
        assertThat(check(target, early.cutBy(CutMethod.WHOLE))).isEmpty();
        assertThat(TargetServer.plan("shop", SchemaMode.EXISTING, database).consistency())
                .isEqualTo(Consistency.FROZEN);
        assertThat(target.check(TargetServer.plan("shop", SchemaMode.EXISTING, database), List.of(early)))
                .isEmpty();

        assertThatThrownBy(() ->
                        target.prepare(plan(SchemaMode.EXISTING), List.of(early), new CatalogSchema(source::schema)))
                .hasMessageContaining("early_Mail_key");
        target.prepare(plan(SchemaMode.EXISTING), List.of(good), new CatalogSchema(source::schema));
    }

    @Test
    void a_user_who_may_not_turn_triggers_off_is_told() {
        database.run(
                "DROP ROLE IF EXISTS plain_ready",
                "CREATE ROLE plain_ready LOGIN",
                "GRANT CREATE ON DATABASE " + database.name() + " TO plain_ready",
                "CREATE TABLE item (id int PRIMARY KEY)",
                "CREATE TABLE child (id int PRIMARY KEY REFERENCES item)",
                "CREATE FUNCTION nothing() RETURNS trigger LANGUAGE plpgsql AS 'BEGIN RETURN NEW; END'",
                "CREATE TABLE always (id int PRIMARY KEY)",
                "CREATE TRIGGER always BEFORE UPDATE ON always FOR EACH ROW EXECUTE FUNCTION nothing()",
                "ALTER TABLE always ENABLE ALWAYS TRIGGER always",
                "ALTER TABLE item OWNER TO plain_ready",
                "ALTER TABLE always OWNER TO plain_ready",
                "CREATE TABLE foreign_one (id int PRIMARY KEY)",
                "GRANT SELECT, INSERT ON foreign_one TO plain_ready");
        TableSpec item = database.spec("public", "item", false, "id");
        TableSpec always = database.spec("public", "always", false, "id");
        TableSpec foreign = database.spec("public", "foreign_one", false, "id");
        source.run("CREATE TABLE a (id int PRIMARY KEY)", "CREATE TABLE b (id int PRIMARY KEY REFERENCES a)");
        List<TableSpec> tables =
                List.of(source.spec("public", "a", false, "id"), source.spec("public", "b", false, "id"));
        try (PostgresTarget plain = new PostgresTarget(database.address("plain_ready"), "godwit test", 4)) {
            assertThat(check(plain, item)).containsExactly(ErrorCode.TARGET_PRIVILEGE_MISSING);
            assertThat(check(target, item)).isEmpty();
            assertThat(check(plain, always)).containsExactly(ErrorCode.TARGET_TABLE_HAS_TRIGGERS);
            assertThat(check(target, always)).containsExactly(ErrorCode.TARGET_TABLE_HAS_TRIGGERS);
            assertThat(check(plain, foreign)).containsExactly(ErrorCode.TARGET_PRIVILEGE_MISSING);
            assertThat(plain.accepts(plan(SchemaMode.TABLES), tables, source.schema())
                            .problems())
                    .extracting(Problem::code)
                    .contains(ErrorCode.TARGET_PRIVILEGE_MISSING);
            assertThat(target.accepts(plan(SchemaMode.TABLES), tables, source.schema())
                            .problems())
                    .isEmpty();

            database.run("GRANT SET ON PARAMETER session_replication_role TO plain_ready");
            assertThat(check(plain, item)).isEmpty();
            database.run("REVOKE SET ON PARAMETER session_replication_role FROM plain_ready");
        }
        database.run("DROP OWNED BY plain_ready CASCADE");
        database.run("DROP ROLE plain_ready");
    }
}
