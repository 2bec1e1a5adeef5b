package dev.godwit.load.peers;

import dev.godwit.load.carrier.PsqlPipes;
import dev.godwit.load.postgres.BenchServer;
import java.util.List;
import java.util.Optional;

/** One table as PeerDB measures with: a bigint key, five numbers, four dates and times, six strings of 32 characters. */
public record BigTable(int rows) implements DataSet {
    private static final String NAME = "public.big";

    private static final String TABLE = "CREATE TABLE " + NAME + """
             (id bigint NOT NULL, n1 bigint, n2 bigint, n3 integer, n4 numeric(14, 2), n5 double precision,
             t1 timestamptz, t2 timestamptz, t3 timestamp, t4 date, s1 text, s2 text, s3 text, s4 text, s5 text, s6 text)""";

    private static final String KEY = "ALTER TABLE " + NAME + " ADD PRIMARY KEY (id)";

    private static final String ROWS = "INSERT INTO " + NAME + """
             SELECT i, i * 7919 %% 1000003, (i * 2654435761) %% 1000000007, (i %% 50000 - 25000)::int, (i %% 100000000) / 100.0,
              i / 7.0::float8, timestamptz '2024-01-01' + i * interval '1 second',
              timestamptz '2025-01-01' + i * interval '3 seconds', timestamp '2020-01-01' + i * interval '2 seconds',
              date '2020-01-01' + (i %% 2000)::int, md5(i::text), md5('2' || i), md5('3' || i), md5('4' || i),
              md5('5' || i), md5('6' || i)
            FROM generate_series(1::bigint, %d) i""";

    /** The same with psql alone: the table, its rows by pipes, its key. */
    @Override
    public Optional<PsqlPipes.Piped> piped() {
        return Optional.of(new PsqlPipes.Piped(NAME, true, List.of(TABLE), List.of(KEY)));
    }

    @Override
    public void create(BenchServer source) {
        source.recreate(DATABASE, "template0");
        source.execute(
                DATABASE,
                "SET ROLE " + BenchServer.ROLE,
                TABLE,
                ROWS.formatted(rows),
                KEY,
                "VACUUM (FREEZE, ANALYZE) " + NAME);
    }

    @Override
    public String describe() {
        return "one table of " + rows + " rows of 16 columns with a bigint key";
    }
}
