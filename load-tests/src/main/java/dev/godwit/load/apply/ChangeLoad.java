package dev.godwit.load.apply;

import dev.godwit.load.postgres.BenchServer;
import java.sql.Connection;
import java.sql.PreparedStatement;
import java.sql.SQLException;
import java.util.ArrayList;
import java.util.List;
import java.util.Locale;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CompletionException;
import java.util.stream.IntStream;

/**
 * Small transactions of 1 to 10 changes each, over four tables: half of the changes are updates, the others inserts and
 * deletes in equal parts. What each does follows from its number. They are made inside the source's server, so that making
 * them costs little, and their commits are not waited for.
 *
 * @param rows of each table; keys are twice as many, and half of them are there at first
 * @param sessions that make them at the same time, each with keys of its own
 */
record ChangeLoad(int rows, int sessions) {
    /** Its table has one row for each mark that was made. */
    static final String MARKS = "public.mark";

    private static final int TABLES = 4;
    private static final String TABLE = "public.account_";

    /** Statements that make the tables, with the rows of the beginning; the same on either side. */
    List<String> tables() {
        List<String> statements = new ArrayList<>();
        for (int table = 0; table < TABLES; table++) {
            statements.add("CREATE TABLE " + TABLE + table
                    + " (id bigint PRIMARY KEY, version bigint NOT NULL, changed timestamptz, note text)");
            statements.add("INSERT INTO " + TABLE + table + " SELECT n * 2, 0, '2025-01-01', md5(n::text)"
                    + " FROM generate_series(1, " + rows + ") n");
        }
        statements.add("CREATE TABLE " + MARKS + " (id bigint PRIMARY KEY)");
        return statements;
    }

    /** All of them. */
    List<String> names() {
        List<String> names = new ArrayList<>(List.of(MARKS));
        for (int table = 0; table < TABLES; table++) {
            names.add(TABLE + table);
        }
        return names;
    }

    /** Makes tables and procedure at the source, owned by the role that migrates. */
    void create(BenchServer source, String database) {
        source.recreate(database, "template0");
        List<String> statements = new ArrayList<>();
        statements.add("SET ROLE " + BenchServer.ROLE);
        statements.addAll(tables());
        statements.add("CREATE SCHEMA load");
        statements.add(procedure());
        statements.add("RESET ROLE");
        statements.add("VACUUM (FREEZE, ANALYZE)");
        source.execute(database, statements.toArray(String[]::new));
    }

    /**
     * {@code load.change(first, transactions, session, per_second)}: as fast as it can for a rate of 0. It asks the clock
     * once in ten transactions.
     */
    private String procedure() {
        StringBuilder changes = new StringBuilder();
        for (int table = 0; table < TABLES; table++) {
            changes.append(String.format(Locale.ROOT, """
                            %1$s t = %2$d THEN
                              IF kind < 5 THEN
                                UPDATE %3$s%2$d SET version = x, changed = now(), note = md5(h::text) WHERE id = key;
                              ELSIF kind < 8 THEN
                                INSERT INTO %3$s%2$d VALUES (key, x, now(), md5(h::text)) ON CONFLICT DO NOTHING;
                              ELSE
                                DELETE FROM %3$s%2$d WHERE id = key;
                              END IF;
                    """, table == 0 ? "IF" : "ELSIF", table, TABLE));
        }
        return String.format(Locale.ROOT, """
                CREATE PROCEDURE load.change(first bigint, transactions int, session int, per_second float8)
                LANGUAGE plpgsql AS $$
                DECLARE
                  began timestamptz := clock_timestamp();
                  h bigint; t bigint; kind bigint; key bigint;
                BEGIN
                  FOR x IN first .. first + transactions - 1 LOOP
                    FOR k IN 1 .. 1 + x %% 10 LOOP
                      h := hashint8extended(x * 10 + k, session) & 4611686018427387903;
                      t := h %% %d;
                      kind := (h / 4) %% 10;
                      key := (h / 40) %% (%d / %d) * %d + session;
                %s
                      END IF;
                    END LOOP;
                    COMMIT;
                    IF per_second > 0 AND x %% 10 = 0 THEN
                      PERFORM pg_sleep(greatest(0, extract(epoch FROM began - clock_timestamp())
                        + (x - first + 1) / per_second));
                    END IF;
                  END LOOP;
                END $$""", TABLES, 2 * rows, sessions, sessions, changes);
    }

    /**
     * Makes transactions in all sessions and returns when the last one is committed.
     *
     * @param first number of the first of each session: other numbers are other changes
     * @param transactions of all sessions together
     * @param perSecond of all sessions together; 0: as fast as they can
     */
    void run(BenchServer source, String database, long first, int transactions, double perSecond) {
        List<CompletableFuture<Void>> running = IntStream.range(0, sessions)
                .mapToObj(session -> CompletableFuture.runAsync(
                        () -> call(source, database, first, transactions / sessions, session, perSecond / sessions)))
                .toList();
        running.forEach(CompletableFuture::join);
    }

    private static void call(
            BenchServer source, String database, long first, int transactions, int session, double perSecond) {
        try (Connection connection = source.connect(database);
                PreparedStatement call = connection.prepareStatement("CALL load.change(?, ?, ?, ?)")) {
            connection.createStatement().execute("SET synchronous_commit = off");
            call.setLong(1, first);
            call.setInt(2, transactions);
            call.setInt(3, session);
            call.setDouble(4, perSecond);
            call.execute();
        } catch (SQLException e) {
            throw new CompletionException(new IllegalStateException("the load has failed: " + e.getMessage(), e));
        }
    }

    /** Rows that were inserted, updated and deleted in the database so far. */
    static long changes(BenchServer source, String database) {
        source.execute(database, "SELECT pg_stat_force_next_flush()");
        return Long.parseLong(source.ask(
                database,
                "SELECT sum(n_tup_ins + n_tup_upd + n_tup_del)::bigint FROM pg_stat_user_tables"
                        + " WHERE relname LIKE 'account%'"));
    }
}
