package dev.godwit.load.peers;

import dev.godwit.load.postgres.BenchServer;

/**
 * One table whose bytes are spread evenly over its rows, or 90 % of them in the last 1 % of the rows, side by side: so
 * they are few blocks, and a short range of keys.
 *
 * @param database its name
 * @param bytes of all rows together, about
 */
record SkewedRows(String database, int rows, long bytes, boolean skewed) {
    static final String NAME = "public.skew";

    private static final double FAT_BYTES = 0.9;
    private static final double FAT_ROWS = 0.01;

    /** Of the text that is repeated. */
    private static final int UNIT = 32;

    private static final String TABLE = "CREATE TABLE " + NAME + " (id bigint NOT NULL, filler text)";

    /** Text that repeats itself would be compressed, and the more so the longer it is. */
    private static final String PLAIN = "ALTER TABLE " + NAME + " ALTER filler SET STORAGE EXTERNAL";

    /** At the source, with its key. */
    void create(BenchServer source) {
        long fat = Math.round(rows * FAT_ROWS);
        String units = skewed
                ? "CASE WHEN i > " + (rows - fat) + " THEN " + units(bytes * FAT_BYTES, fat) + " ELSE "
                        + units(bytes * (1 - FAT_BYTES), rows - fat) + " END"
                : Long.toString(units(bytes, rows));
        source.recreate(database, "template0");
        source.execute(
                database,
                "SET ROLE " + BenchServer.ROLE,
                TABLE,
                PLAIN,
                "INSERT INTO " + NAME + " SELECT i, repeat(md5(i::text), " + units
                        + ") FROM generate_series(1::bigint, " + rows + ") i",
                "ALTER TABLE " + NAME + " ADD PRIMARY KEY (id)",
                "VACUUM (FREEZE, ANALYZE) " + NAME);
    }

    /** At the target, without its key, so that nothing is built beside the copy. */
    void createEmpty(BenchServer target) {
        target.recreate(database, "template0");
        target.execute(database, "SET ROLE " + BenchServer.ROLE, TABLE, PLAIN);
    }

    private static long units(double bytes, long rows) {
        return Math.max(1, Math.round(bytes / rows / UNIT));
    }
}
