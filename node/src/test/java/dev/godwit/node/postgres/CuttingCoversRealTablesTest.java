package dev.godwit.node.postgres;

import static org.assertj.core.api.Assertions.assertThat;

import dev.godwit.node.source.KeySample;
import dev.godwit.node.split.CutBasis;
import dev.godwit.node.split.KeyKind;
import dev.godwit.node.split.SampledKeys;
import dev.godwit.node.split.WindowCutter;
import dev.godwit.protocol.table.ColumnSpec;
import dev.godwit.protocol.table.CutMethod;
import dev.godwit.protocol.table.ShardRange;
import dev.godwit.protocol.table.TableName;
import dev.godwit.protocol.table.TableSpec;
import dev.godwit.protocol.table.Window;
import io.zonky.test.db.postgres.embedded.EmbeddedPostgres;
import java.io.IOException;
import java.sql.Connection;
import java.sql.PreparedStatement;
import java.sql.ResultSet;
import java.sql.SQLException;
import java.sql.Statement;
import java.util.ArrayList;
import java.util.List;
import java.util.Random;
import java.util.stream.Collectors;
import java.util.stream.IntStream;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.EnumSource;
import org.junit.jupiter.params.provider.ValueSource;

/** Cuts real tables of random keys, and asks PostgreSQL which rows each range holds. */
class CuttingCoversRealTablesTest {
    private static final int ROWS = 3_000;
    private static final int MAX_SHARDS = 7;
    private static final long SHARD_BYTES = 4_000;

    private static EmbeddedPostgres postgres;
    private static Connection connection;

    private final Random random = new Random(20_261_121);

    @BeforeAll
    static void start() throws IOException, SQLException {
        postgres =
                EmbeddedPostgres.builder().setLocaleConfig("encoding", "UTF8").start();
        connection = postgres.getPostgresDatabase().getConnection();
    }

    @AfterAll
    static void stop() throws IOException, SQLException {
        connection.close();
        postgres.close();
    }

    @ParameterizedTest
    @EnumSource
    void every_row_of_a_key_of_one_column_is_in_one_shard(KeyKind kind) throws SQLException {
        TableSpec table = fill(List.of(kind.type()), List.of(kind), false);

        assertCovered(table, cutWithRestarts(table));
    }

    @ParameterizedTest
    @EnumSource
    void every_row_of_a_nullable_key_of_one_column_is_in_one_shard(KeyKind kind) throws SQLException {
        TableSpec table = fill(List.of(kind.type()), List.of(kind), true);

        assertCovered(table, cutWithRestarts(table));
    }

    @ParameterizedTest
    @ValueSource(strings = {"C", "und-x-icu", "de-x-icu"})
    void every_row_is_in_one_shard_whatever_the_collation(String collation) throws SQLException {
        TableSpec table = fill(List.of("text COLLATE " + Sql.ident(collation)), List.of(KeyKind.TEXT), false);

        assertCovered(table, cutWithRestarts(table));
    }

    @ParameterizedTest
    @ValueSource(booleans = {false, true})
    void every_row_of_a_key_of_two_columns_is_in_one_shard(boolean nullable) throws SQLException {
        List<KeyKind> kinds = List.of(KeyKind.TEXT, KeyKind.INTEGER);
        TableSpec table = fill(types(kinds), kinds, nullable);

        assertCovered(table, cutWithRestarts(table));
    }

    @ParameterizedTest
    @ValueSource(booleans = {false, true})
    void every_row_of_a_key_of_three_columns_is_in_one_shard(boolean nullable) throws SQLException {
        List<KeyKind> kinds = List.of(KeyKind.DATE, KeyKind.NUMERIC, KeyKind.TIMESTAMPTZ);
        TableSpec table = fill(types(kinds), kinds, nullable);

        assertCovered(table, cutWithRestarts(table));
    }

    @Test
    void every_row_is_in_one_range_of_blocks_though_the_table_grows() throws SQLException {
        TableSpec table = fill(List.of("integer"), List.of(KeyKind.INTEGER), false, CutMethod.BLOCK);
        List<ShardRange> ranges = new ArrayList<>();
        long rowsAtFirst = count(table, "true");

        boolean last = false;
        while (!last) {
            CutBasis basis = new CutBasis.BlockCount(blocks(table), blocks(table) * 8192);
            Window window = WindowCutter.next("0", table, previous(ranges), basis, 8192, 3);
            ranges.addAll(window.ranges());
            last = window.last();
            if (ranges.size() < 10) {
                update("INSERT INTO " + Sql.table(table.name()) + " SELECT 100000 + " + ranges.size()
                        + " * 1000 + i FROM generate_series(1, 500) i");
            }
        }
        update("INSERT INTO " + Sql.table(table.name()) + " SELECT i FROM generate_series(200000, 205000) i");
        ShardRange.Blocks open = (ShardRange.Blocks) ranges.remove(ranges.size() - 1);
        ranges.addAll(WindowCutter.pieces(open, blocks(table), 10 * 8192, 8192));

        assertThat(count(table, "true")).isGreaterThan(rowsAtFirst);
        assertCovered(table, ranges);
    }

    /** With another sample before each window, and every third range cut again. */
    private List<ShardRange> cutWithRestarts(TableSpec table) throws SQLException {
        List<ShardRange> windows = new ArrayList<>();
        boolean last = false;
        while (!last) {
            SampledKeys sample = SampledKeys.ofTable(sample(table, "true"), 0);
            ShardRange previous = previous(windows);
            if (!sample.covers(previous)) {
                ShardRange.Keys rest = new ShardRange.Keys(((ShardRange.Keys) previous).to(), null);
                sample = SampledKeys.above(rest.from(), sample(table, Sql.predicate(table, rest)), 0);
            }
            Window window = WindowCutter.next("0", table, previous, sample, SHARD_BYTES, MAX_SHARDS);
            windows.addAll(window.ranges());
            last = window.last();
        }
        List<ShardRange> ranges = new ArrayList<>();
        for (ShardRange range : windows) {
            if (range instanceof ShardRange.Keys keys && random.nextInt(3) == 0) {
                List<KeySample> within = sample(table, Sql.predicate(table, range));
                ranges.addAll(WindowCutter.pieces(keys, within, 3 * SHARD_BYTES, SHARD_BYTES));
            } else {
                ranges.add(range);
            }
        }
        assertThat(ranges).hasSizeGreaterThan(3 * MAX_SHARDS);
        return ranges;
    }

    private static ShardRange previous(List<ShardRange> ranges) {
        return ranges.isEmpty() ? null : ranges.get(ranges.size() - 1);
    }

    private static void assertCovered(TableSpec table, List<ShardRange> ranges) throws SQLException {
        long sum = 0;
        for (ShardRange range : ranges) {
            long rows = count(table, Sql.predicate(table, range));
            assertThat(rows).as("rows of a shard").isPositive();
            sum += rows;
        }
        String shardsOfRow = ranges.stream()
                .map(range -> "CASE WHEN " + Sql.predicate(table, range) + " THEN 1 ELSE 0 END")
                .collect(Collectors.joining(" + "));

        assertThat(sum).isEqualTo(count(table, "true")).isPositive();
        assertThat(count(table, shardsOfRow + " <> 1")).isZero();
    }

    private TableSpec fill(List<String> types, List<KeyKind> kinds, boolean nullable) throws SQLException {
        return fill(types, kinds, nullable, CutMethod.KEY);
    }

    private TableSpec fill(List<String> types, List<KeyKind> kinds, boolean nullable, CutMethod method)
            throws SQLException {
        TableName name = new TableName("public", "Odd \"keys\"");
        List<ColumnSpec> columns = IntStream.range(0, kinds.size())
                .mapToObj(i -> new ColumnSpec("Key " + i, kinds.get(i).type()))
                .toList();
        List<String> names = columns.stream().map(ColumnSpec::name).toList();
        update("DROP TABLE IF EXISTS " + Sql.table(name));
        update("CREATE TABLE " + Sql.table(name) + " ("
                + IntStream.range(0, types.size())
                        .mapToObj(i -> Sql.ident(names.get(i)) + " " + types.get(i))
                        .collect(Collectors.joining(", "))
                + ", UNIQUE (" + Sql.idents(names) + "))");
        String values = kinds.stream().map(kind -> "?::" + kind.type()).collect(Collectors.joining(", "));
        try (PreparedStatement insert = connection.prepareStatement(
                "INSERT INTO " + Sql.table(name) + " VALUES (" + values + ") ON CONFLICT DO NOTHING")) {
            for (int row = 0; row < ROWS; row++) {
                for (int i = 0; i < kinds.size(); i++) {
                    insert.setString(
                            i + 1,
                            nullable && random.nextInt(10) == 0
                                    ? null
                                    : kinds.get(i).value(random));
                }
                insert.addBatch();
            }
            insert.executeBatch();
        }
        return new TableSpec(name, columns, names, nullable, method, true, 0, -1, 0);
    }

    /** About every tenth row, each a hundred bytes or so, some of them twice. */
    private static List<KeySample> sample(TableSpec table, String condition) throws SQLException {
        String texts = table.keyColumns().stream()
                .map(column -> Sql.ident(column) + "::text")
                .collect(Collectors.joining(", "));
        String notNull = table.keyColumns().stream()
                .map(column -> Sql.ident(column) + " IS NOT NULL")
                .collect(Collectors.joining(" AND "));
        // Qualified: a bare name would mean the text that is selected under it, and the text's order.
        String order = table.keyColumns().stream()
                .map(column -> "sampled." + Sql.ident(column))
                .collect(Collectors.joining(", "));
        String sql = "SELECT " + texts + " FROM " + Sql.table(table.name())
                + " AS sampled, generate_series(1, 2) WHERE random() < 0.1"
                + " AND " + notNull + " AND " + condition + " ORDER BY " + order;
        List<KeySample> sample = new ArrayList<>();
        try (Statement statement = connection.createStatement();
                ResultSet rows = statement.executeQuery(sql)) {
            while (rows.next()) {
                List<String> key = new ArrayList<>();
                for (int i = 1; i <= table.keyColumns().size(); i++) {
                    key.add(rows.getString(i));
                }
                sample.add(new KeySample(key, 500));
            }
        }
        return sample;
    }

    private static long blocks(TableSpec table) throws SQLException {
        return number("SELECT pg_relation_size('" + Sql.table(table.name()) + "') / 8192");
    }

    private static long count(TableSpec table, String condition) throws SQLException {
        return number("SELECT count(*) FROM " + Sql.table(table.name()) + " WHERE " + condition);
    }

    private static long number(String sql) throws SQLException {
        try (Statement statement = connection.createStatement();
                ResultSet rows = statement.executeQuery(sql)) {
            rows.next();
            return rows.getLong(1);
        }
    }

    private static void update(String sql) throws SQLException {
        try (Statement statement = connection.createStatement()) {
            statement.executeUpdate(sql);
        }
    }

    private static List<String> types(List<KeyKind> kinds) {
        return kinds.stream().map(KeyKind::type).toList();
    }
}
