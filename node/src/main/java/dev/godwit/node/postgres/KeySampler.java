package dev.godwit.node.postgres;

import dev.godwit.node.source.KeySample;
import dev.godwit.protocol.table.ColumnSpec;
import dev.godwit.protocol.table.ShardRange;
import dev.godwit.protocol.table.TableSpec;
import java.sql.Connection;
import java.sql.ResultSet;
import java.sql.SQLException;
import java.sql.Statement;
import java.util.ArrayList;
import java.util.List;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import java.util.stream.Collectors;

/** Takes samples of keys with the stored sizes of their rows, in the order of the key's index. Stateless. */
final class KeySampler {
    /** Never more than this many come back. */
    static final int MAX_SAMPLES = 200_000;

    /** A table of so few blocks is read whole: it is cheaper than to sample twice. */
    private static final long SMALL_BLOCKS = 256;

    /**
     * Rows of one block have neighbouring keys where rows were written in the key's order. So that a sample is spread
     * over the table, this many blocks are read even where fewer hold rows enough, and of each only some rows taken.
     */
    private static final long SPREAD_BLOCKS = 10_000;

    private static final double ROWS_PER_BLOCK_IF_UNKNOWN = 50;
    private static final int ATTEMPTS = 5;
    private static final int SEED = 20_26;
    private static final int FETCH_ROWS = 5_000;

    /** Tuple header, alignment and line pointer. */
    private static final int ROW_OVERHEAD_BYTES = 28;

    private static final Pattern PLANNED_ROWS = Pattern.compile("rows=(\\d+)");

    /** As {@link dev.godwit.node.source.SourceDatabase#sample(TableSpec, int)}. */
    List<KeySample> table(Connection connection, TableSpec table, int wanted) throws SQLException {
        int count = Math.min(wanted, MAX_SAMPLES);
        Size size = size(connection, table);
        if (size.blocks <= SMALL_BLOCKS || size.rows() <= count && size.rowsPerBlock > 0) {
            return query(connection, table, "", notNull(table), 1);
        }
        double rowsPerBlock = size.rowsPerBlock > 0 ? size.rowsPerBlock : ROWS_PER_BLOCK_IF_UNKNOWN;
        double blocks = Math.max(count / rowsPerBlock * 1.2, Math.min(count, SPREAD_BLOCKS));
        double percent = Math.min(100, 100 * blocks / size.blocks);
        double chance = Math.min(1, 1.2 * count / (percent / 100 * size.blocks * rowsPerBlock));
        for (int attempt = 1; ; attempt++) {
            String from = percent < 100 ? " TABLESAMPLE SYSTEM (" + percent + ") REPEATABLE (" + SEED + ")" : "";
            List<KeySample> samples = query(connection, table, from, notNull(table), chance);
            if (isEnough(samples, count) || percent >= 100 && chance >= 1 || attempt == ATTEMPTS) {
                return samples;
            }
            double factor = raise(samples, count);
            double raisedChance = Math.min(1, chance * factor);
            percent = Math.min(100, percent * factor * chance / raisedChance);
            chance = raisedChance;
        }
    }

    /** As {@link dev.godwit.node.source.SourceDatabase#sample(TableSpec, ShardRange.Keys, int)}. */
    List<KeySample> range(Connection connection, TableSpec table, ShardRange.Keys within, int wanted)
            throws SQLException {
        int count = Math.min(wanted, MAX_SAMPLES);
        String predicate = Sql.predicate(table, within);
        try (Statement statement = connection.createStatement()) {
            statement.execute("SET LOCAL enable_seqscan = off");
        }
        double chance = Math.min(1, 1.2 * count / Math.max(1, plannedRows(connection, table, predicate)));
        for (int attempt = 1; ; attempt++) {
            List<KeySample> samples = query(connection, table, "", List.of(predicate), chance);
            if (isEnough(samples, count) || chance >= 1) {
                return samples;
            }
            chance = attempt == ATTEMPTS - 1 ? 1 : Math.min(1, chance * raise(samples, count));
        }
    }

    private static boolean isEnough(List<KeySample> samples, int count) {
        return samples.size() * 2L >= count;
    }

    private static double raise(List<KeySample> samples, int count) {
        return Math.min(1_000, 1.5 * count / Math.max(1, samples.size()));
    }

    private record Size(long blocks, double rowsPerBlock) {
        double rows() {
            return blocks * rowsPerBlock;
        }
    }

    private static Size size(Connection connection, TableSpec table) throws SQLException {
        String name = Sql.literal(Sql.table(table.name())) + "::regclass";
        try (Statement statement = connection.createStatement();
                ResultSet row =
                        statement.executeQuery("SELECT reltuples, relpages FROM pg_class WHERE oid = " + name)) {
            row.next();
            double rows = row.getDouble(1);
            double pages = row.getDouble(2);
            return new Size(SourceCatalog.blocks(connection, table.name()), rows > 0 && pages > 0 ? rows / pages : 0);
        }
    }

    /** The planner's estimate; its text holds bounds and is not kept. */
    private static double plannedRows(Connection connection, TableSpec table, String predicate) throws SQLException {
        String sql = "EXPLAIN SELECT 1 FROM ONLY " + Sql.table(table.name()) + " WHERE " + predicate;
        try (Statement statement = connection.createStatement();
                ResultSet row = statement.executeQuery(sql)) {
            row.next();
            Matcher planned = PLANNED_ROWS.matcher(row.getString(1));
            return planned.find() ? Double.parseDouble(planned.group(1)) : 1;
        }
    }

    private static List<String> notNull(TableSpec table) {
        return table.keyNullable()
                ? table.keyColumns().stream()
                        .map(column -> Sql.ident(column) + " IS NOT NULL")
                        .toList()
                : List.of();
    }

    private static List<KeySample> query(
            Connection connection, TableSpec table, String sampling, List<String> conditions, double chance)
            throws SQLException {
        List<String> all = new ArrayList<>(conditions);
        if (chance < 1) {
            all.add("random() < " + chance);
        }
        String sql = "SELECT "
                + table.keyColumns().stream()
                        .map(column -> Sql.ident(column) + "::text")
                        .collect(Collectors.joining(", "))
                + ", "
                + ROW_OVERHEAD_BYTES
                + "::bigint"
                + table.columns().stream()
                        .map(ColumnSpec::name)
                        .map(column -> " + coalesce(pg_column_size(" + Sql.ident(column) + "), 0)")
                        .collect(Collectors.joining())
                + " FROM ONLY "
                + Sql.table(table.name())
                + " AS sampled"
                + sampling
                + (all.isEmpty() ? "" : " WHERE " + String.join(" AND ", all))
                + " ORDER BY "
                // Qualified, since the bare name means the column of the result: the text, in another order.
                + table.keyColumns().stream()
                        .map(column -> "sampled." + Sql.ident(column))
                        .collect(Collectors.joining(", "));
        Thinned samples = new Thinned();
        try (Statement statement = connection.createStatement()) {
            statement.setFetchSize(FETCH_ROWS);
            try (ResultSet rows = statement.executeQuery(sql)) {
                int keys = table.keyColumns().size();
                while (rows.next()) {
                    if (samples.takesNext()) {
                        samples.add(sample(rows, keys));
                    }
                }
            }
        }
        return samples.list;
    }

    private static KeySample sample(ResultSet rows, int keys) throws SQLException {
        List<String> key = new ArrayList<>(keys);
        for (int i = 1; i <= keys; i++) {
            key.add(rows.getString(i));
        }
        return new KeySample(key, rows.getLong(keys + 1));
    }

    /** Keeps order and evenness: whenever it is full, every second one goes, and from then on fewer are taken. */
    private static final class Thinned {
        private List<KeySample> list = new ArrayList<>();
        private long seen;
        private long step = 1;

        boolean takesNext() {
            return seen++ % step == 0;
        }

        void add(KeySample sample) {
            list.add(sample);
            if (list.size() == MAX_SAMPLES) {
                List<KeySample> half = new ArrayList<>(MAX_SAMPLES);
                for (int i = 0; i < list.size(); i += 2) {
                    half.add(list.get(i));
                }
                list = half;
                step *= 2;
            }
        }
    }
}
