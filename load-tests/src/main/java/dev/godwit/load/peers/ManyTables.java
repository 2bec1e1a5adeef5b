package dev.godwit.load.peers;

import dev.godwit.load.postgres.BenchServer;
import java.util.ArrayList;
import java.util.List;

/** Many small tables, each with a key. */
public record ManyTables(int tables) implements DataSet {
    private static final int ROWS = 100;

    /** In one transaction; each has three locks or so. */
    private static final int AT_ONCE = 500;

    private static final String MAKE = """
            DO $$ BEGIN
              FOR n IN %d..%d LOOP
                EXECUTE format('CREATE TABLE public.small_%%s (id bigint PRIMARY KEY, name text NOT NULL,'
                  ' amount numeric(12, 2), created timestamptz NOT NULL)', n);
                EXECUTE format('INSERT INTO public.small_%%s SELECT i, ''row '' || i || '' of table %%s'', i * %%s / 100.0,'
                  ' timestamptz ''2024-01-01'' + i * interval ''1 hour'' FROM generate_series(1, %d) i', n, n, n);
              END LOOP;
            END $$""";

    @Override
    public void create(BenchServer source) {
        source.recreate(DATABASE, "template0");
        List<String> statements = new ArrayList<>(List.of("SET ROLE " + BenchServer.ROLE));
        for (int from = 1; from <= tables; from += AT_ONCE) {
            statements.add(MAKE.formatted(from, Math.min(tables, from + AT_ONCE - 1), ROWS));
        }
        statements.add("VACUUM (FREEZE, ANALYZE)");
        source.execute(DATABASE, statements.toArray(String[]::new));
    }

    @Override
    public String describe() {
        return tables + " tables of " + ROWS + " rows";
    }
}
