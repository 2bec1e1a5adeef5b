package dev.godwit.node.postgres;

import static dev.godwit.node.postgres.TargetServer.entry;
import static dev.godwit.node.postgres.TargetServer.plan;
import static java.nio.charset.StandardCharsets.UTF_8;
import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.assertj.core.api.Assertions.entry;
import static org.awaitility.Awaitility.await;

import dev.godwit.node.postgres.TargetServer.Database;
import dev.godwit.node.source.BundleReader;
import dev.godwit.node.source.HeldSnapshot;
import dev.godwit.node.target.BundleLanding;
import dev.godwit.node.target.LandingSession;
import dev.godwit.node.target.TargetDatabase.BundleOrder;
import dev.godwit.node.target.TargetDatabase.Claim;
import dev.godwit.node.target.TargetDatabase.Confirmation;
import dev.godwit.node.target.TargetDatabase.Landing;
import dev.godwit.node.target.TargetDatabase.ShardOrder;
import dev.godwit.node.testing.CatalogSchema;
import dev.godwit.node.testing.TcpProxy;
import dev.godwit.protocol.error.ErrorCode;
import dev.godwit.protocol.error.GodwitException;
import dev.godwit.protocol.plan.SchemaMode;
import dev.godwit.protocol.table.Shard;
import dev.godwit.protocol.table.ShardRange;
import dev.godwit.protocol.table.TableSpec;
import dev.godwit.protocol.table.Window;
import java.sql.SQLException;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import java.util.concurrent.CompletableFuture;
import java.util.stream.IntStream;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;

/** Small tables that are read and land together, on real servers. */
class BundleTest {
    private final Database source = TargetServer.database();
    private final Database database = TargetServer.database();
    private PostgresTarget target;
    private PostgresSource reader;
    private List<TableSpec> tables;

    @BeforeEach
    void start() {
        target = new PostgresTarget(database.address(), "godwit test", 8, Duration.ofSeconds(4));
        reader = new PostgresSource(source.address(), "godwit test", 4);
        target.enter(entry("shop"));
        for (int i = 0; i < 3; i++) {
            String create = "CREATE TABLE \"t" + i + "?\" (id int, name text)";
            source.run(
                    create, "INSERT INTO \"t" + i + "?\" SELECT n, 'ü' || n FROM generate_series(1, " + i * 10 + ") n");
            database.run(create);
        }
        tables = specs();
    }

    @AfterEach
    void stop() {
        target.close();
        reader.close();
    }

    private List<TableSpec> specs() {
        return IntStream.range(0, 3)
                .mapToObj(i -> withFile(source.spec("public", "t" + i + "?", i % 2 == 0, "id")))
                .toList();
    }

    private TableSpec withFile(TableSpec spec) {
        long file = source.number("SELECT pg_relation_filenode('" + Sql.table(spec.name()) + "'::regclass)");
        return new TableSpec(
                spec.name(),
                spec.columns(),
                spec.keyColumns(),
                spec.keyNullable(),
                spec.method(),
                spec.binary(),
                spec.estimatedBytes(),
                spec.estimatedRows(),
                file);
    }

    private BundleLanding land(String cluster, String node) {
        return target.land(new BundleOrder("shop", tables, cluster, node, "1:1:"));
    }

    /** @return bytes of the largest piece */
    private int pass(BundleReader from, BundleLanding to) {
        int largest = 0;
        for (TableSpec table : to.claimed()) {
            from.begin(table);
            to.begin(table);
            long bytes = 0;
            for (Optional<byte[]> piece = from.next(); piece.isPresent(); piece = from.next()) {
                bytes += piece.get().length;
                largest = Math.max(largest, piece.get().length);
                to.write(piece.get());
            }
            to.end(from.rows(), bytes, "d");
        }
        return largest;
    }

    private void carry() {
        try (BundleReader from = reader.readBundle(tables, Optional.empty());
                BundleLanding to = land("a", "n1")) {
            pass(from, to);
            to.commit();
        }
    }

    private Landing landAlone(TableSpec table, String cluster) {
        return target.land(new ShardOrder(
                "shop", table, new Shard("0.0", new ShardRange.Whole()), cluster, "n2", "1:1:", Optional.empty()));
    }

    private String content(Database of) throws SQLException {
        List<String> all = new ArrayList<>();
        for (TableSpec table : tables) {
            all.add(of.text("SELECT coalesce(string_agg(x::text, ';' ORDER BY id), '') FROM " + Sql.table(table.name())
                    + " x"));
        }
        return String.join("|", all);
    }

    @Test
    void small_tables_land_with_a_claim_each_that_is_confirmed_at_once() throws SQLException {
        carry();

        assertThat(content(database)).isEqualTo(content(source));
        for (int i = 0; i < 3; i++) {
            Confirmation confirmation = target.confirm("shop", tables.get(i).name());
            assertThat(confirmation.missing()).isEmpty();
            assertThat(confirmation.rows()).isEqualTo(i * 10L);
            assertThat(confirmation.shards()).isEqualTo(1);
        }
        assertThat(database.number("SELECT count(*) FROM godwit.target_table WHERE confirmed_at IS NOT NULL"))
                .isEqualTo(3);
        assertThat(database.texts("SELECT DISTINCT outcome || digest || source_snapshot FROM godwit.claim"))
                .containsExactly("copiedd1:1:");
    }

    @Test
    void what_landed_is_there_for_who_comes_again() throws SQLException {
        carry();

        try (BundleLanding again = land("a", "n2")) {
            assertThat(again.claimed()).isEmpty();
            assertThat(again.apart()).isEmpty();
            assertThat(again.there())
                    .hasSize(3)
                    .contains(entry(
                            tables.get(1).name(),
                            new Claim(
                                    "0.0",
                                    false,
                                    10,
                                    again.there().get(tables.get(1).name()).bytes(),
                                    "n1")));
            again.commit();
        }
        assertThat(content(database)).isEqualTo(content(source));
    }

    @Test
    void a_table_that_has_landed_by_itself_is_not_copied_again() throws SQLException {
        target.keep("shop", tables.get(1), new Window("0", List.of(new ShardRange.Whole()), true));
        try (LandingSession alone = ((Landing.Open) landAlone(tables.get(1), "a")).session()) {
            byte[] row = "5\tfive\n".getBytes(UTF_8);
            alone.write(row, 0, row.length);
            alone.commit(1, row.length, "d");
        }

        carry();

        assertThat(database.texts("SELECT name FROM \"t1?\"")).containsExactly("five");
        assertThat(database.number("SELECT count(*) FROM \"t2?\"")).isEqualTo(20);
    }

    @Test
    void a_table_that_is_cut_or_retired_otherwise_is_set_apart() {
        target.keep("shop", tables.get(0), new Window("0", List.of(new ShardRange.Blocks(0, -1)), true));
        target.keep("shop", tables.get(1), new Window("0", List.of(new ShardRange.Whole()), true));
        target.retire(
                "shop",
                tables.get(1).name(),
                new Shard("0.0", new ShardRange.Whole()),
                List.of(new ShardRange.Keys(null, List.of("5")), new ShardRange.Keys(List.of("5"), null)));

        try (BundleLanding to = land("a", "n1")) {
            assertThat(to.claimed()).containsExactly(tables.get(2));
            assertThat(to.apart())
                    .containsExactly(tables.get(0).name(), tables.get(1).name());
        }
    }

    /** The source's tables have keys, and the target is to make what the source has. */
    private void prepareKeys() {
        for (int i = 0; i < 3; i++) {
            source.run("ALTER TABLE \"t" + i + "?\" ADD PRIMARY KEY (id), ADD CHECK (id > 0)");
            database.run("DROP TABLE \"t" + i + "?\"");
        }
        database.run("DELETE FROM godwit.migration");
        target.prepare(plan("shop", SchemaMode.TABLES, database), tables, new CatalogSchema(source::schema));
        target.enter(entry("shop"));
    }

    private void carryAndFinish() {
        try (BundleReader from = reader.readBundle(tables, Optional.empty());
                BundleLanding to = land("a", "n1")) {
            pass(from, to);
            to.finish();
            to.commit();
        }
    }

    private long made() {
        return database.number("SELECT count(*) FROM godwit.object WHERE section = 'AFTER' AND made_at IS NOT NULL");
    }

    @Test
    void keys_and_checks_are_made_and_marked_where_the_rows_land() throws SQLException {
        prepareKeys();
        assertThat(made()).isZero();

        carryAndFinish();

        assertThat(content(database)).isEqualTo(content(source));
        assertThat(database.texts("SELECT conname || contype::text FROM pg_constraint"
                        + " WHERE connamespace = 'public'::regnamespace ORDER BY 1"))
                .hasSize(6)
                .isEqualTo(source.texts("SELECT conname || contype::text FROM pg_constraint"
                        + " WHERE connamespace = 'public'::regnamespace ORDER BY 1"));
        assertThat(database.number("SELECT count(*) FROM godwit.object WHERE made_at IS NULL"))
                .isZero();
        assertThat(database.number("SELECT sum(reltuples)::bigint FROM pg_class WHERE relname LIKE 't_?'"))
                .isEqualTo(30);
    }

    @Test
    void a_key_that_the_rows_do_not_fit_takes_them_all_back() {
        prepareKeys();
        source.run("ALTER TABLE \"t1?\" DROP CONSTRAINT \"t1?_pkey\"", "INSERT INTO \"t1?\" VALUES (7, 'twice')");

        assertThatThrownBy(this::carryAndFinish).isInstanceOfSatisfying(GodwitException.class, e -> {
            assertThat(e.code()).isEqualTo(ErrorCode.TARGET_KEY_NOT_UNIQUE);
            assertThat(e.problem().where()).contains("t1?");
        });

        assertThat(made()).isZero();
        assertThat(database.number("SELECT count(*) FROM godwit.claim")).isZero();
        assertThat(database.number("SELECT count(*) FROM \"t2?\"")).isZero();
    }

    @Test
    void what_somebody_has_made_already_is_marked_and_what_he_has_not_is_made() {
        prepareKeys();
        database.run("ALTER TABLE \"t1?\" ADD PRIMARY KEY (id)");

        carryAndFinish();

        assertThat(database.number("SELECT count(*) FROM pg_index i JOIN pg_class c ON c.oid = i.indrelid"
                        + " WHERE indisprimary AND relname LIKE 't_?'"))
                .isEqualTo(3);
        assertThat(database.number("SELECT count(*) FROM godwit.object WHERE made_at IS NULL"))
                .isZero();
    }

    @Test
    void a_refused_row_takes_all_of_them_back_and_names_the_table_and_not_the_value() {
        database.run("ALTER TABLE \"t1?\" ADD CHECK (id <> 7)");

        assertThatThrownBy(this::carry).isInstanceOfSatisfying(GodwitException.class, e -> {
            assertThat(e.code()).isEqualTo(ErrorCode.TARGET_ROW_REFUSED);
            assertThat(e.problem().where()).contains("t1?");
            assertThat(e.problem().line()).doesNotContain("ü7");
        });
        assertThat(database.number("SELECT count(*) FROM godwit.claim")).isZero();
        assertThat(database.number("SELECT count(*) FROM \"t2?\"")).isZero();
    }

    @Test
    void rows_that_the_target_leaves_out_are_noticed() {
        database.run(
                "CREATE FUNCTION nothing() RETURNS trigger LANGUAGE plpgsql AS 'BEGIN RETURN NULL; END'",
                "CREATE TRIGGER nothing BEFORE INSERT ON \"t2?\" FOR EACH ROW WHEN (NEW.id = 3) EXECUTE FUNCTION nothing()");

        assertThatThrownBy(this::carry)
                .isInstanceOfSatisfying(
                        GodwitException.class, e -> assertThat(e.code()).isEqualTo(ErrorCode.ROWS_DIFFER));
    }

    @Test
    void who_comes_while_a_bundle_is_landing_is_told_so() {
        try (BundleLanding first = land("a", "n1")) {
            assertThat(first.claimed()).hasSize(3);
            assertThatThrownBy(() -> land("a", "n2"))
                    .isInstanceOfSatisfying(
                            GodwitException.class, e -> assertThat(e.code()).isEqualTo(ErrorCode.TIMED_OUT));
        }
        carry();
    }

    @Test
    void a_stopped_bundle_is_ended_by_whoever_wants_one_of_its_tables() {
        try (BundleReader from = reader.readBundle(tables, Optional.empty());
                BundleLanding stopped = land("a", "n1")) {
            pass(from, stopped);

            try (LandingSession alone = ((Landing.Open) landAlone(tables.get(1), "a")).session()) {
                assertThatThrownBy(stopped::commit).isInstanceOf(GodwitException.class);
                alone.write("1\tx\n".getBytes(UTF_8), 0, 4);
                alone.commit(1, 4, "d");
            }
        }
        assertThat(database.number("SELECT count(*) FROM \"t2?\"")).isZero();
        assertThat(database.number("SELECT count(*) FROM \"t1?\"")).isEqualTo(1);
    }

    @Test
    void one_of_another_cluster_that_lands_a_bundle_is_waited_for() throws Exception {
        BundleLanding theirs = land("b", "n1");
        Thread ending = new Thread(() -> {
            sleep(2_500);
            try (BundleReader from = reader.readBundle(tables, Optional.empty())) {
                pass(from, theirs);
                theirs.commit();
            }
        });
        ending.start();

        Landing after = landAlone(tables.get(2), "a");
        ending.join();

        assertThat(after).isInstanceOf(Landing.AlreadyThere.class);
        assertThat(content(database)).isEqualTo(content(source));
    }

    private static void sleep(long millis) {
        try {
            Thread.sleep(millis);
        } catch (InterruptedException e) {
            Thread.currentThread().interrupt();
        }
    }

    @Test
    void all_of_them_are_read_in_the_snapshot_and_one_that_was_truncated_since_is_noticed() throws SQLException {
        try (HeldSnapshot held = reader.hold()) {
            source.run("DELETE FROM \"t1?\"", "INSERT INTO \"t0?\" VALUES (1, 'late')");
            try (BundleReader from = reader.readBundle(tables, Optional.of(held.exported()));
                    BundleLanding to = land("a", "n1")) {
                assertThat(from.snapshot()).isEqualTo(held.snapshot());
                pass(from, to);
                to.commit();
            }
            source.run("TRUNCATE \"t2?\"");

            assertThatThrownBy(() -> reader.readBundle(tables, Optional.of(held.exported())))
                    .isInstanceOfSatisfying(GodwitException.class, e -> {
                        assertThat(e.code()).isEqualTo(ErrorCode.SOURCE_TABLE_CHANGED);
                        assertThat(e.problem().where()).contains("t2?");
                    });
        }
        assertThat(database.number("SELECT count(*) FROM \"t0?\"")).isZero();
        assertThat(database.number("SELECT count(*) FROM \"t1?\"")).isEqualTo(10);
    }

    @Test
    void a_read_that_was_cancelled_fails_and_its_session_is_given_up() {
        try (BundleReader from = reader.readBundle(tables, Optional.empty())) {
            from.begin(tables.get(2));
            from.cancel();
            assertThatThrownBy(() -> {
                        for (Optional<byte[]> row = from.next(); row.isPresent(); ) {
                            row = from.next();
                        }
                        from.begin(tables.get(1));
                    })
                    .isInstanceOf(GodwitException.class);
        }
        carry();
    }

    @Test
    void a_row_that_is_wide_and_small_on_disk_passes_in_pieces() throws SQLException {
        source.run("INSERT INTO \"t0?\" VALUES (1, repeat('x', 5000000)), (2, 'y')");
        assertThat(source.number("SELECT pg_table_size('\"t0?\"')")).isLessThan(1 << 20);

        int widest = 0;
        try (BundleReader from = reader.readBundle(tables, Optional.empty());
                BundleLanding to = land("a", "n1")) {
            widest = pass(from, to);
            to.commit();
        }

        assertThat(widest).isLessThanOrEqualTo(64 << 10);
        assertThat(content(database)).isEqualTo(content(source));
        assertThat(target.confirm("shop", tables.get(0).name()).rows()).isEqualTo(2);
    }

    @Test
    void who_meets_one_claim_of_another_waits_no_longer_for_the_last_than_for_the_first() {
        target.keep("shop", tables.get(2), new Window("0", List.of(new ShardRange.Whole()), true));
        try (LandingSession alone = ((Landing.Open) landAlone(tables.get(2), "a")).session()) {
            long began = System.nanoTime();

            assertThatThrownBy(() -> land("a", "n1"))
                    .isInstanceOfSatisfying(
                            GodwitException.class, e -> assertThat(e.code()).isEqualTo(ErrorCode.TIMED_OUT));

            assertThat(Duration.ofNanos(System.nanoTime() - began)).isLessThan(Duration.ofSeconds(20));
        }
    }

    @Test
    void a_bundle_that_stands_still_before_its_claims_does_not_keep_its_tables_for_ever() {
        TcpProxy proxy = new TcpProxy(TargetServer.HOST, TargetServer.port());
        try (PostgresTarget stopped =
                new PostgresTarget(database.through(proxy.port(), "postgres"), "godwit test", 2)) {
            proxy.dropAnswersAfter("INTO godwit.cut");
            CompletableFuture<BundleLanding> landing = CompletableFuture.supplyAsync(
                    () -> stopped.land(new BundleOrder("shop", tables, "a", "n1", "1:1:")));
            await().until(() -> database.number("SELECT count(*) FROM pg_stat_activity WHERE datname ="
                            + " current_database() AND state = 'idle in transaction' AND query LIKE '%godwit.cut%'")
                    == 1);

            Window window = new Window("0", List.of(new ShardRange.Whole()), true);
            CompletableFuture<Window> kept =
                    CompletableFuture.supplyAsync(() -> target.keep("shop", tables.get(1), window));

            assertThat(kept).succeedsWithin(Duration.ofSeconds(30)).isEqualTo(window);
            carry();
            proxy.close();
            assertThat(landing).failsWithin(Duration.ofSeconds(30));
        } finally {
            proxy.close();
        }
    }
}
