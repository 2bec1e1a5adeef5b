package dev.godwit.node.postgres;

import static org.assertj.core.api.Assertions.assertThat;

import dev.godwit.node.source.KeySample;
import dev.godwit.node.source.RangeReader;
import dev.godwit.protocol.table.ShardRange;
import dev.godwit.protocol.table.TableName;
import dev.godwit.protocol.table.TableSpec;
import java.nio.charset.StandardCharsets;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.TreeMap;
import java.util.stream.Collectors;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/** Every table is cut at every sampled key, and each row must be read by exactly one of the ranges. */
class KeyRangesTest {
    private static PostgresSource source;
    private static Map<String, TableSpec> tables;

    @BeforeAll
    static void tables() {
        SourceServer.run(
                "CREATE SCHEMA keys",
                "CREATE COLLATION keys.german (provider = icu, locale = 'de-u-kn-true')",
                "CREATE COLLATION keys.caseless (provider = icu, locale = 'und-u-ks-level2', deterministic = false)",
                "CREATE TABLE keys.ints (k int PRIMARY KEY)",
                "INSERT INTO keys.ints SELECT i FROM generate_series(-100, 100) i",
                "CREATE TABLE keys.bigints (k bigint PRIMARY KEY)",
                "INSERT INTO keys.bigints SELECT (i * 92233720368547758)::bigint FROM generate_series(-99, 99) i",
                "INSERT INTO keys.bigints VALUES (9223372036854775807), (-9223372036854775808)",
                "CREATE TABLE keys.uuids (k uuid PRIMARY KEY)",
                "INSERT INTO keys.uuids SELECT gen_random_uuid() FROM generate_series(1, 200)",
                "CREATE TABLE keys.texts (k text COLLATE keys.german PRIMARY KEY)",
                "CREATE TABLE keys.ctexts (k text COLLATE \"C\" PRIMARY KEY)",
                "CREATE TABLE keys.caseless (k text COLLATE keys.caseless PRIMARY KEY)",
                "CREATE TABLE keys.defaulttexts (k varchar(40) PRIMARY KEY)",
                "INSERT INTO keys.texts VALUES (''), (' '), ('a'), ('A'), ('ä'), ('Ä'), ('z'), ('Z'), ('10'), ('9'),"
                        + " ('it''s'), ('\"q\"'), ('back\\slash'), (E'new\\nline'), (E'tab\\t'), ('中文'), ('🦆'), ('ß'),"
                        + " ('ss'), ('NULL'), ('\\N'), ('a b'), ('a-b'), ('ab'), ('{x}'), ('$1'), ('%s'), ('é'),"
                        + " (E'e\\u0301')",
                "INSERT INTO keys.ctexts SELECT k FROM keys.texts",
                "INSERT INTO keys.defaulttexts SELECT k FROM keys.texts",
                "INSERT INTO keys.caseless SELECT k FROM keys.texts ON CONFLICT DO NOTHING",
                "CREATE TABLE keys.chars (k char(5) PRIMARY KEY)",
                "INSERT INTO keys.chars VALUES (''), ('a'), ('ab'), ('ab c'), ('b')",
                "CREATE TABLE keys.times (k timestamptz PRIMARY KEY)",
                "INSERT INTO keys.times SELECT timestamptz '1900-01-01 00:00:00.123456+00' + i * interval '1 month'"
                        + " FROM generate_series(1, 100) i",
                "INSERT INTO keys.times VALUES ('infinity'), ('-infinity'), ('4000-01-01 BC'), ('9999-01-01')",
                "CREATE TABLE keys.numerics (k numeric PRIMARY KEY)",
                "INSERT INTO keys.numerics VALUES ('NaN'), ('Infinity'), ('-Infinity'), (0), (1.10), (-1.1),"
                        + " (1e100), (1e-100), (123456789012345678901234567890.5)",
                "CREATE TABLE keys.dates (k date PRIMARY KEY)",
                "INSERT INTO keys.dates VALUES ('infinity'), ('-infinity'), ('0044-03-15 BC'), ('2024-02-29')",
                "CREATE TABLE keys.floats (k double precision PRIMARY KEY)",
                "INSERT INTO keys.floats VALUES ('NaN'), ('Infinity'), ('-Infinity'), (0), (0.1), (1e-300), (1e300)",
                "CREATE TYPE keys.mood AS ENUM ('sad', 'ok', 'a happy')",
                "CREATE TABLE keys.enums (k keys.mood PRIMARY KEY)",
                "INSERT INTO keys.enums VALUES ('sad'), ('ok'), ('a happy')",
                "CREATE DOMAIN keys.feeling AS keys.mood",
                "CREATE TABLE keys.feelings (k keys.feeling PRIMARY KEY)",
                "CREATE DOMAIN keys.code AS text COLLATE \"C\" CHECK (length(value) < 9)",
                "CREATE TABLE keys.domains (k keys.code PRIMARY KEY)",
                "INSERT INTO keys.domains VALUES ('a'), ('B'), ('b')",
                "CREATE TABLE keys.byteas (k bytea PRIMARY KEY)",
                "INSERT INTO keys.byteas VALUES (''), ('\\x00'), ('\\x5c27'), ('\\xff')",
                "CREATE TABLE keys.monies (k money PRIMARY KEY)",
                "INSERT INTO keys.monies VALUES (-1.5), (0), (123456.78)",
                "CREATE TABLE keys.composite (a int, b text COLLATE keys.german, c uuid, PRIMARY KEY (b, a))",
                "INSERT INTO keys.composite SELECT i, k, null FROM keys.texts, generate_series(-2, 2) i",
                "CREATE TABLE keys.nullable (a int, b int, UNIQUE (a, b))",
                "INSERT INTO keys.nullable SELECT a, b FROM generate_series(1, 12) a, generate_series(1, 12) b",
                "INSERT INTO keys.nullable VALUES (null, 1), (null, null), (null, null), (0, null), (5, null),"
                        + " (5, null), (99, null)",
                "ANALYZE");
        source = SourceServer.source();
        tables = source.tables(SourceServer.plan("keys", 1)).stream()
                .collect(Collectors.toMap(t -> t.name().name(), t -> t));
    }

    @AfterAll
    static void close() {
        source.close();
    }

    @ParameterizedTest
    @ValueSource(
            strings = {
                "ints",
                "bigints",
                "uuids",
                "texts",
                "ctexts",
                "caseless",
                "defaulttexts",
                "chars",
                "times",
                "numerics",
                "dates",
                "floats",
                "enums",
                "domains",
                "byteas",
                "monies",
                "composite",
                "nullable"
            })
    void ranges_cover_every_row_exactly_once(String name) {
        TableSpec table = asText(tables.get(name));
        List<KeySample> samples = source.sample(table, 1000);
        assertThat(samples).hasSizeGreaterThan(2);

        Map<String, Integer> found = new TreeMap<>();
        for (ShardRange range : cut(table, samples)) {
            read(table, range).forEach(row -> found.merge(row, 1, Integer::sum));
        }

        Map<String, Integer> expected = new TreeMap<>();
        read(table, new ShardRange.Whole()).forEach(row -> expected.merge(row, 1, Integer::sum));
        assertThat(expected).isNotEmpty();
        assertThat(found).isEqualTo(expected);
    }

    @Test
    void a_domain_over_an_enum_is_no_key_since_it_has_no_operators() {
        assertThat(tables.get("feelings").keyColumns()).isEmpty();
    }

    @Test
    void samples_of_a_small_table_are_all_its_keys_in_the_order_of_its_index() {
        assertThat(source.sample(tables.get("ints"), 1000))
                .extracting(sample -> Integer.valueOf(sample.key().get(0)))
                .hasSize(201)
                .isSorted();
        assertThat(source.sample(tables.get("texts"), 1000))
                .extracting(sample -> sample.key().get(0))
                .containsSubsequence("9", "10", "a", "A", "ä", "z");
        assertThat(source.sample(tables.get("nullable"), 1000)).hasSize(144);
    }

    @Test
    void samples_within_a_range_stay_in_it() {
        ShardRange.Keys range = new ShardRange.Keys(List.of("-10"), List.of("11"));

        assertThat(source.sample(tables.get("ints"), range, 1000))
                .extracting(sample -> Integer.valueOf(sample.key().get(0)))
                .hasSize(21)
                .allMatch(key -> key >= -10 && key < 11)
                .isSorted();
    }

    @Test
    void a_range_of_a_composite_key_is_read_through_the_index() {
        TableSpec table = tables.get("composite");
        String plan = explain(table, new ShardRange.Keys(List.of("a", "-1"), List.of("z", "1")));

        assertThat(plan).contains("Index Cond").doesNotContain("Seq Scan");
    }

    @Test
    void blocks_cover_every_row_exactly_once() {
        SourceServer.run(
                "CREATE SCHEMA blocks",
                "CREATE TABLE blocks.t (v text)",
                "INSERT INTO blocks.t SELECT repeat('x', 100) || i FROM generate_series(1, 2000) i");
        TableSpec table = asText(source.tables(SourceServer.plan("blocks", 1)).get(0));
        long blocks = source.blocks(new TableName("blocks", "t"));
        assertThat(blocks).isGreaterThan(20);

        List<String> found = new ArrayList<>();
        for (long from = 0; from < blocks; from += 7) {
            found.addAll(read(table, new ShardRange.Blocks(from, from + 7 < blocks ? from + 7 : -1)));
        }

        assertThat(found).hasSize(2000).doesNotHaveDuplicates();
    }

    private static String explain(TableSpec table, ShardRange range) {
        try (PostgresConnections connections = SourceServer.connections();
                var connection = connections.open();
                var statement = connection.createStatement()) {
            statement.execute("SET LOCAL enable_seqscan = off");
            List<String> lines = new ArrayList<>();
            try (var row = statement.executeQuery("EXPLAIN SELECT * FROM ONLY " + Sql.table(table.name()) + " WHERE "
                    + Sql.predicate(table, range))) {
                while (row.next()) {
                    lines.add(row.getString(1));
                }
            }
            return String.join("\n", lines);
        } catch (java.sql.SQLException e) {
            throw new IllegalStateException(e);
        }
    }

    private static List<ShardRange> cut(TableSpec table, List<KeySample> samples) {
        List<ShardRange> ranges = new ArrayList<>();
        List<String> from = null;
        for (int i = 0; i < samples.size(); i += samples.size() > 40 ? 7 : 1) {
            ranges.add(new ShardRange.Keys(from, samples.get(i).key()));
            from = samples.get(i).key();
        }
        ranges.add(new ShardRange.Keys(from, null));
        if (table.keyNullable()) {
            ranges.add(new ShardRange.NullKeys());
        }
        return ranges;
    }

    private static List<String> read(TableSpec table, ShardRange range) {
        try (RangeReader reader = source.read(table, range, Optional.empty())) {
            String text = new String(SourceServer.readAll(reader), StandardCharsets.UTF_8);
            List<String> rows = text.isEmpty() ? List.of() : List.of(text.split("\n", -1));
            assertThat(reader.rows()).isEqualTo(Math.max(0, rows.size() - 1));
            return rows.subList(0, Math.max(0, rows.size() - 1));
        }
    }

    /** Text has one line per row. */
    static TableSpec asText(TableSpec table) {
        return new TableSpec(
                table.name(),
                table.columns(),
                table.keyColumns(),
                table.keyNullable(),
                table.method(),
                false,
                table.estimatedBytes(),
                table.estimatedRows(),
                table.fileNode());
    }
}
