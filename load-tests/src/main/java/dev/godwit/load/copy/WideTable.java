package dev.godwit.load.copy;

import dev.godwit.load.postgres.BenchServer;
import java.util.ArrayList;
import java.util.List;

/** The table that is copied: 16 columns of the common types, some 210 bytes a row on disk, one bigint key. */
public final class WideTable {
    public static final String NAME = "public.wide";
    public static final String DATABASE = "shop";

    private static final int BYTES_PER_ROW = 210;

    private static final String COLUMNS = """
            (id bigint NOT NULL, account bigint NOT NULL, branch integer NOT NULL, teller integer, kind smallint NOT NULL,
             balance bigint NOT NULL, delta integer, rate double precision, amount numeric(14, 2), active boolean NOT NULL,
             created timestamptz NOT NULL, changed timestamptz, day date, token uuid NOT NULL, name text NOT NULL,
             filler text)""";

    private static final String ROWS = """
            SELECT i, i * 7919 %% 1000003, (i %% 997)::int, (i %% 9973)::int, (i %% 7)::smallint, (i * 2654435761) %% 1000000007, (i %% 50000 - 25000)::int,
              i / 7.0::float8, (i %% 100000000) / 100.0, i %% 3 = 0, timestamptz '2024-01-01' + i * interval '1 second',
              CASE WHEN i %% 5 > 0 THEN timestamptz '2025-01-01' + i * interval '3 seconds' END, date '2020-01-01' + (i %% 2000)::int,
              md5(i::text)::uuid, 'customer number ' || i, repeat(chr(97 + (i %% 26)::int), 60)
            FROM generate_series(%d::bigint, %d::bigint) i""";

    private WideTable() {}

    /** @return rows that make about so many bytes on disk */
    public static int rowsOf(int mebibytes) {
        return (int) Math.min(Integer.MAX_VALUE, mebibytes * (long) (1 << 20) / BYTES_PER_ROW);
    }

    /** Makes the table at the source, with its key, vacuumed and analysed. */
    public static void create(BenchServer source, int rows) {
        source.recreate(DATABASE, "template0");
        List<String> statements = new ArrayList<>();
        statements.add("CREATE TABLE " + NAME + COLUMNS);
        statements.add("INSERT INTO " + NAME + " " + ROWS.formatted(1, rows));
        statements.add("ALTER TABLE " + NAME + " ADD PRIMARY KEY (id)");
        statements.add("GRANT SELECT ON " + NAME + " TO " + BenchServer.ROLE);
        statements.add("VACUUM (FREEZE, ANALYZE) " + NAME);
        source.execute(DATABASE, statements.toArray(String[]::new));
    }

    /** An empty database in the target with the table, without its key. */
    public static void createEmpty(BenchServer target) {
        target.recreate(DATABASE, "template0");
        target.execute(
                DATABASE, "CREATE TABLE " + NAME + COLUMNS, "ALTER TABLE " + NAME + " OWNER TO " + BenchServer.ROLE);
    }

    public static long bytes(BenchServer source) {
        return Long.parseLong(source.ask(DATABASE, "SELECT pg_table_size('" + NAME + "')"));
    }

    public static long blocks(BenchServer source) {
        return Long.parseLong(source.ask(
                DATABASE, "SELECT pg_relation_size('" + NAME + "') / current_setting('block_size')::bigint"));
    }

    public static long rows(BenchServer server) {
        return Long.parseLong(server.ask(DATABASE, "SELECT count(*) FROM " + NAME));
    }
}
