package dev.godwit.node.faults;

import static org.assertj.core.api.Assertions.assertThat;
import static org.awaitility.Awaitility.await;

import dev.godwit.node.cluster.Api;
import dev.godwit.node.cluster.Database;
import dev.godwit.node.cluster.NodeJvm;
import dev.godwit.node.cluster.Postgres;
import dev.godwit.node.cluster.TestCluster;
import dev.godwit.node.testing.TcpProxy;
import dev.godwit.protocol.status.Phase;
import dev.godwit.protocol.status.ShardStatus;
import dev.godwit.protocol.status.TableState;
import dev.godwit.protocol.status.TableStatus;
import dev.godwit.protocol.table.TableName;
import java.io.IOException;
import java.net.http.HttpResponse;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.TreeMap;
import java.util.TreeSet;
import java.util.stream.Collectors;
import java.util.stream.IntStream;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;

/** Names that PostgreSQL takes and that break programs which paste them into SQL, patterns, JSON or addresses. */
class HostileNamesTest {
    private static final Duration ENOUGH = Duration.ofSeconds(60);

    /** Each stands once in every place: schema, table, columns, key, enum type, label, domain, check. */
    private static final List<String> NAMES = List.of(
            "Mixed Case",
            "mixed case",
            "say \"hello\" to \"\"",
            "dots.in.a.name.",
            ".",
            "..",
            "100% of %I and %s",
            "back\\slash\\",
            "\"; DROP TABLE x; --",
            "'); DROP TABLE x; --",
            "$body$; DROP TABLE x; $1",
            "? {fn now()} :name /* */",
            "select",
            "user",
            " leading and trailing ",
            "*",
            "#a/b?c=%2F&d+e",
            "🐘 and Größe 表",
            "63 bytes".repeat(7) + "1234567",
            "ü".repeat(31) + "x",
            "🐦".repeat(15) + "abc");

    /** What the statements in the names would drop; not in any plan. */
    private static final String AIM = "public.x";

    private static TestCluster cluster;
    private static NodeJvm node;
    private static Api api;

    private final Database source = Postgres.source().database("source");
    private final Database target = Postgres.target().database("target");
    private final TcpProxy toTarget = new TcpProxy(Database.HOST, target.port());

    @BeforeAll
    static void start() {
        cluster = new TestCluster("hostile-names", Postgres.source().database("state"));
        node = cluster.startOne();
        api = cluster.api();
    }

    @AfterAll
    static void stop() {
        cluster.close();
    }

    @AfterEach
    void closeProxy() {
        toTarget.close();
    }

    private static String name(int place) {
        return NAMES.get(place % NAMES.size());
    }

    private static String quoted(String name) {
        return '"' + name.replace("\"", "\"\"") + '"';
    }

    private static String literal(String text) {
        return '\'' + text.replace("'", "''") + '\'';
    }

    private static String quoted(TableName table) {
        return quoted(table.schema()) + '.' + quoted(table.name());
    }

    /** The table of the schema of that number. */
    private static TableName table(int number) {
        return new TableName(name(number), name(number + 1));
    }

    /** Its neighbour, whose name is the same but for case, where that can be. */
    private static TableName twin(int number) {
        String upper = name(number + 1).toUpperCase(Locale.ROOT);
        return new TableName(name(number), upper.equals(name(number + 1)) ? "twin" : upper);
    }

    /** Even schemas give the plan one table by its name, odd ones all that they hold. */
    private static boolean isWhole(int schema) {
        return schema % 2 == 1;
    }

    private static String escaped(String name) {
        return name.replaceAll("[\\\\.*]", "\\\\$0");
    }

    /** The plan's patterns as a list of YAML. */
    private static String patterns() {
        return IntStream.range(0, NAMES.size())
                .mapToObj(i -> escaped(name(i)) + '.' + (isWhole(i) ? "*" : escaped(name(i + 1))))
                .map(HostileNamesTest::literal)
                .collect(Collectors.joining(", "));
    }

    private static List<TableName> planned() {
        List<TableName> planned = new ArrayList<>();
        for (int i = 0; i < NAMES.size(); i++) {
            planned.add(table(i));
            if (isWhole(i)) {
                planned.add(twin(i));
            }
        }
        return planned;
    }

    private static List<String> schema(int number, int rows) {
        String schema = quoted(name(number));
        String label = literal(name(number + 8));
        String type = schema + '.' + quoted(name(number + 6));
        String domain = schema + '.' + quoted(name(number + 7));
        String key = quoted(name(number + 2));
        String mood = quoted(name(number + 3));
        String identity = quoted(name(number + 4));
        String labels = NAMES.stream().map(HostileNamesTest::literal).collect(Collectors.joining(", "));
        return List.of(
                "CREATE SCHEMA " + schema,
                "CREATE TYPE " + type + " AS ENUM (" + labels + ")",
                "CREATE DOMAIN " + domain + " AS text DEFAULT " + label + " CONSTRAINT " + quoted(name(number + 9))
                        + " CHECK (VALUE <> " + literal(name(number + 10)) + ")",
                "CREATE TABLE " + quoted(table(number)) + " (" + key + " text, " + mood + " " + type
                        + " NOT NULL DEFAULT " + label + ", " + identity + " int GENERATED ALWAYS AS IDENTITY, "
                        + quoted(name(number + 8)) + " " + domain + ", " + quoted(name(number + 9))
                        + " text GENERATED ALWAYS AS (lower(" + key + ")) STORED, CONSTRAINT "
                        + quoted(name(number + 5)) + " PRIMARY KEY (" + key + ", " + identity + "))",
                "INSERT INTO " + quoted(table(number)) + " (" + key + ", " + mood
                        + ") SELECT m::text || i || repeat('.', " + "200), m FROM unnest(enum_range(NULL::" + type
                        + ")) m, generate_series(1, " + rows + ") i",
                "CREATE TABLE " + quoted(twin(number)) + " AS SELECT " + number + " AS " + quoted(name(number)));
    }

    private PlanYaml plan(String migration) {
        return PlanYaml.of(migration, PlanYaml.address(source), PlanYaml.address(toTarget.port(), target.name()))
                .withLimits("workersPerNode: 2, shardBytes: 64KiB, memoryPerNode: 16MiB, sourceConnections: 16,"
                        + " targetConnections: 16");
    }

    private static void submit(PlanYaml plan) {
        assertThat(plan.submit(node)).returns(202, HttpResponse::statusCode);
    }

    /** Every relation, type and schema that is nobody's but the user's, by kind and name. */
    private static List<String> objects(Database database) {
        return database.texts("""
                SELECT * FROM (
                  SELECT format('%s %I.%I', relkind, nspname, relname) FROM pg_class c
                  JOIN pg_namespace n ON n.oid = relnamespace
                  UNION ALL SELECT format('type %I.%I %s', nspname, typname, (SELECT string_agg(
                    quote_literal(enumlabel), ', ' ORDER BY enumsortorder) FROM pg_enum WHERE enumtypid = t.oid))
                  FROM pg_type t JOIN pg_namespace n ON n.oid = typnamespace WHERE typtype IN ('e', 'd')
                  UNION ALL SELECT format('function %I.%I', nspname, proname) FROM pg_proc p
                  JOIN pg_namespace n ON n.oid = pronamespace
                  UNION ALL SELECT format('%I.', nspname) FROM pg_namespace) o (text)
                WHERE text !~ '^([^ ]+ )?(godwit|information_schema|pg_[a-z0-9_]+)[.]' ORDER BY 1""");
    }

    /** Columns and constraints as the server prints them, by table. */
    private static Map<String, List<String>> definitions(Database database) {
        Map<String, List<String>> definitions = new TreeMap<>();
        for (TableName table : planned()) {
            String oid = literal(quoted(table)) + "::regclass";
            definitions.put(
                    table.text(),
                    database.texts(
                            "SELECT format('%I %s %s %s %s %s', attname, format_type(atttypid, atttypmod), attnotnull,"
                                    + " attidentity, attgenerated, pg_get_expr(adbin, adrelid)) FROM pg_attribute"
                                    + " LEFT JOIN pg_attrdef ON adrelid = attrelid AND adnum = attnum WHERE attrelid = "
                                    + oid
                                    + " AND attnum > 0 UNION ALL SELECT format('%I %s', conname, pg_get_constraintdef(oid))"
                                    + " FROM pg_constraint WHERE conrelid = " + oid + " ORDER BY 1"));
        }
        return definitions;
    }

    private static Map<String, Database.Content> contents(Database database) {
        return planned().stream()
                .collect(Collectors.toMap(TableName::text, table -> database.content(quoted(table)), (a, b) -> a));
    }

    @Test
    void tables_of_any_name_are_copied_as_they_are_and_nothing_else_is_touched() throws IOException {
        int biggest = NAMES.indexOf("\"; DROP TABLE x; --") - 1;
        for (int i = 0; i < NAMES.size(); i++) {
            source.run(schema(i, i == biggest ? 400 : 3).toArray(String[]::new));
        }
        source.run("CREATE TABLE " + AIM + " AS SELECT 'source' AS side");
        target.run(
                "CREATE TABLE " + AIM + " AS SELECT 'target' AS side",
                "CREATE SCHEMA " + quoted(name(0)),
                "CREATE VIEW " + quoted(name(0)) + ".bystander AS SELECT * FROM " + AIM,
                "CREATE FUNCTION " + quoted(name(0)) + ".bystander() RETURNS int LANGUAGE sql AS 'SELECT 1'");
        TreeSet<String> expected = new TreeSet<>(objects(source));
        IntStream.range(0, NAMES.size())
                .filter(i -> !isWhole(i))
                .forEach(i -> expected.remove(source.text("SELECT format('r %I.%I', " + literal(twin(i).schema()) + ", "
                        + literal(twin(i).name()) + ")")));
        expected.addAll(objects(target));
        Map<String, Database.Content> rows = contents(source);
        String big = table(biggest).text();

        toTarget.rate(256 << 10);
        submit(plan("hostile").withConsistency("snapshot").withInclude(patterns()));
        api.awaitPhase("hostile", Phase.COPYING, ENOUGH);
        List<ShardStatus> shards =
                await().atMost(ENOUGH).until(() -> api.shards("hostile", big), open -> open.size() > 2);
        assertThat(shards).extracting(ShardStatus::range).allMatch(range -> range.startsWith("blocks "));
        for (TableName table : planned()) {
            assertThat(status(table)).as(table.text()).isEqualTo(200);
        }
        assertThat(status(twin(0))).as("a table that is not in the plan").isEqualTo(404);
        toTarget.pass();
        api.awaitPhase("hostile", Phase.COMPLETED, ENOUGH);

        assertThat(api.tables("hostile"))
                .allMatch(table -> table.state() == TableState.COMPLETED)
                .extracting(TableStatus::table)
                .containsExactlyInAnyOrderElementsOf(
                        planned().stream().map(TableName::text).toList());
        assertThat(contents(target)).isEqualTo(rows);
        assertThat(definitions(target)).isEqualTo(definitions(source));
        assertThat(objects(target)).containsExactlyInAnyOrderElementsOf(expected);
        assertThat(target.texts("SELECT side FROM " + AIM)).containsExactly("target");
        assertThat(source.texts("SELECT side FROM " + AIM)).containsExactly("source");
        assertThat(contents(source)).isEqualTo(rows);
        assertThat(cluster.errors()).isEmpty();
    }

    private static int status(TableName table) throws IOException {
        return api.send(node.http(), "GET", Api.shardsPath("hostile", table.text()), null)
                .statusCode();
    }

    @Test
    void shards_are_cut_by_key_columns_of_any_name_at_values_of_any_text() {
        for (int i = 0; i < NAMES.size(); i += 5) {
            source.run(schema(i, 40).toArray(String[]::new));
            source.run("ANALYZE " + quoted(table(i)));
        }

        submit(plan("hostile-keys").withInclude("'*.*'"));
        api.awaitPhase("hostile-keys", Phase.COMPLETED, ENOUGH);

        assertThat(target.contents()).isEqualTo(source.contents()).hasSize(10);
        assertThat(target.number("SELECT count(*) FROM godwit.claim WHERE lower_bound LIKE '[%'"))
                .isGreaterThan(10);
    }
}
