package dev.godwit.load.kills;

import dev.godwit.load.postgres.BenchServer;
import java.util.List;

/** Tables of every way to be cut: by a key of one or two columns, of several types, and without a key. */
final class ManyKinds {
    static final String DATABASE = "shop";

    private ManyKinds() {}

    /** @param rows of each table */
    static void create(BenchServer source, int rows) {
        source.recreate(DATABASE, "template0");
        List<String> statements = List.of(
                "CREATE TABLE accounts (id bigint PRIMARY KEY, balance numeric, filler text)",
                "INSERT INTO accounts SELECT i * 7 - 300000, CASE i % 50 WHEN 0 THEN 'NaN' ELSE i / 3.0 END,"
                        + " CASE WHEN i % 9 > 0 THEN repeat('a', i % 300) END FROM generate_series(1, " + rows + ") i",
                "CREATE TABLE items (day date, number integer, price numeric(12, 2), tags text[],"
                        + " PRIMARY KEY (day, number))",
                "INSERT INTO items SELECT date '2024-01-01' + i % 365, i, i / 100.0, ARRAY['x', i::text, NULL]"
                        + " FROM generate_series(1, " + rows + ") i",
                "CREATE TABLE sessions (id uuid PRIMARY KEY, seen timestamptz, agent text)",
                "INSERT INTO sessions SELECT md5(i::text)::uuid, CASE i % 100 WHEN 0 THEN 'infinity' ELSE"
                        + " timestamptz '2025-01-01' + i * interval '1 minute' END, 'agent ' || repeat('ü', i % 80)"
                        + " FROM generate_series(1, " + rows + ") i",
                "CREATE TABLE notes (written timestamptz, note text)",
                "INSERT INTO notes SELECT timestamptz '2025-01-01', CASE WHEN i % 4 > 0 THEN 'the same note' END"
                        + " FROM generate_series(1, " + rows + ") i",
                "GRANT SELECT ON ALL TABLES IN SCHEMA public TO " + BenchServer.ROLE,
                "VACUUM (FREEZE, ANALYZE)");
        source.execute(DATABASE, statements.toArray(String[]::new));
    }
}
