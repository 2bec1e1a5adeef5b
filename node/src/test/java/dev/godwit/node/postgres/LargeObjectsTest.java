package dev.godwit.node.postgres;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.assertj.core.api.Assertions.tuple;

import dev.godwit.node.postgres.TargetServer.Database;
import dev.godwit.node.source.HeldSnapshot;
import dev.godwit.node.source.KeySample;
import dev.godwit.node.source.RangeReader;
import dev.godwit.node.target.LandingSession;
import dev.godwit.node.target.TargetDatabase.Landing;
import dev.godwit.node.target.TargetDatabase.MigrationEntry;
import dev.godwit.node.target.TargetDatabase.ShardOrder;
import dev.godwit.node.testing.Plans;
import dev.godwit.protocol.check.RemarkCode;
import dev.godwit.protocol.error.ErrorCode;
import dev.godwit.protocol.error.GodwitException;
import dev.godwit.protocol.error.Problem;
import dev.godwit.protocol.plan.Endpoint;
import dev.godwit.protocol.plan.Plan;
import dev.godwit.protocol.plan.SchemaMode;
import dev.godwit.protocol.table.CutMethod;
import dev.godwit.protocol.table.Shard;
import dev.godwit.protocol.table.ShardRange;
import dev.godwit.protocol.table.TableSpec;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/** Large objects from one real server's database to another's, as rows of a table that there is not. */
class LargeObjectsTest {
    private static final String SUPERUSER = "postgres";
    private static final String OWNER = "lo_owner";
    private static final String STRANGER = "lo_stranger";
    private static final String READER_OF_ALL = "lo_reader_of_all";
    private static final ShardRange WHOLE = new ShardRange.Whole();
    private static final Database SOURCE = TargetServer.database();

    private static long odd;

    private final Database target = TargetServer.database();
    private PostgresTarget landings;

    @BeforeAll
    static void objects() {
        SOURCE.run(
                "CREATE ROLE " + OWNER + " LOGIN",
                "CREATE ROLE " + STRANGER + " LOGIN",
                "CREATE ROLE " + READER_OF_ALL + " LOGIN IN ROLE pg_read_all_data",
                "GRANT CREATE ON DATABASE " + SOURCE.name() + " TO " + OWNER);
        SOURCE.run("SET ROLE " + OWNER + ";"
                + String.join(
                        ";",
                        "SELECT lo_create(100001)", // empty
                        "SELECT lo_from_bytea(100002, 'x')",
                        "SELECT lo_from_bytea(100003, convert_to(repeat('piece', 52428) || 'full', 'UTF8'))", // 256 KiB
                        "SELECT lo_from_bytea(100004, convert_to(repeat('piece', 52428) || 'fuller', 'UTF8'))",
                        "SELECT lo_from_bytea(100005, convert_to(repeat(md5('a'), 20000), 'UTF8'))", // 640,000 bytes
                        "SELECT lo_from_bytea(100006, convert_to(repeat(md5('b'), 163840), 'UTF8'))", // 5 MiB
                        // holes: at the front, within a piece, over pieces, at the end
                        "SELECT lo_create(100007), lo_put(100007, 5000, 'q'), lo_put(100007, 9000, 'qq')",
                        "SELECT lo_put(100007, 1700000, repeat('z', 3000)::bytea)",
                        "SELECT lo_create(100008), lo_put(100008, 20000000, 'far')",
                        "SELECT lo_from_bytea(100009, 'short'), lo_truncate64(lo_open(100009, 131072), 1000000)",
                        // a stored page of no bytes where a piece begins: at the end, behind bytes, before more
                        "SELECT lo_create(100011), lo_truncate64(lo_open(100011, 131072), 262144)",
                        "SELECT lo_from_bytea(100012, 'short'), lo_truncate64(lo_open(100012, 131072), 524288)",
                        "SELECT lo_create(100013), lo_truncate64(lo_open(100013, 131072), 262144)",
                        "SELECT lo_put(100013, 1000000, 'on')",
                        "SELECT lo_from_bytea(100010, decode(repeat('00', 300000), 'hex'))",
                        "SELECT lo_from_bytea(4294967290, 'the last ones')")
                + ";RESET ROLE");
        odd = SOURCE.number("SELECT count(*) FROM pg_largeobject_metadata");
    }

    @BeforeEach
    void start() {
        landings = new PostgresTarget(target.address(), "godwit test", 4);
    }

    @AfterEach
    void stop() {
        landings.close();
    }

    private Plan plan() {
        return Plans.withSource(TargetServer.plan("shop", SchemaMode.EXISTING, target), new Endpoint(SOURCE.address()));
    }

    private static PostgresSource source(Database database, String user) {
        return new PostgresSource(database.address(user), "godwit test", 4);
    }

    private static List<String> digests(Database database) {
        return database.texts("SELECT m.oid || ' ' || octet_length(d.data) || ' ' || md5(d.data)"
                + " FROM pg_largeobject_metadata m, LATERAL (SELECT lo_get(m.oid) AS data OFFSET 0) d ORDER BY m.oid");
    }

    private TableSpec prepare(PostgresSource source) {
        TableSpec objects = source.tables(plan()).stream()
                .filter(table -> LargeObjects.are(table.name()))
                .findFirst()
                .orElseThrow();
        landings.enter(new MigrationEntry("shop", "digest", source.identity(), "cluster", "", ""));
        landings.prepare(plan(), List.of(objects), null);
        return objects;
    }

    private LandingSession open(TableSpec objects, String shard, ShardRange range, RangeReader reader) {
        return ((Landing.Open) landings.land(new ShardOrder(
                        "shop",
                        objects,
                        new Shard(shard, range),
                        "cluster",
                        "node",
                        reader.snapshot(),
                        Optional.empty())))
                .session();
    }

    /** @return bytes that travelled */
    private long copy(PostgresSource source, TableSpec objects, String shard, ShardRange range) {
        return copy(source, objects, shard, range, Optional.empty());
    }

    private long copy(
            PostgresSource source, TableSpec objects, String shard, ShardRange range, Optional<String> snapshot) {
        try (RangeReader reader = source.read(objects, range, snapshot);
                LandingSession session = open(objects, shard, range, reader)) {
            long bytes = relay(reader, session, Long.MAX_VALUE);
            assertThat(session.commit(reader.rows(), bytes, "d")).isEqualTo(LandingSession.Commit.COMMITTED);
            return bytes;
        }
    }

    private static long relay(RangeReader reader, LandingSession session, long most) {
        byte[] buffer = new byte[100_000];
        long bytes = 0;
        for (int read = reader.read(buffer); read >= 0; read = reader.read(buffer)) {
            session.write(buffer, 0, read);
            bytes += read;
            if (bytes >= most) {
                return bytes;
            }
        }
        return bytes;
    }

    @ParameterizedTest
    @ValueSource(strings = {SUPERUSER, OWNER, READER_OF_ALL})
    void empty_sparse_tiny_and_big_ones_arrive_as_they_are(String user) {
        try (PostgresSource source = source(SOURCE, user)) {
            TableSpec objects = prepare(source);

            long bytes = copy(source, objects, "0.0", WHOLE);

            assertThat(digests(target)).hasSize((int) odd).containsExactlyElementsOf(digests(SOURCE));
            assertThat(bytes).as("holes do not travel").isLessThan(16_000_000);
            assertThat(landings.check(plan(), List.of(objects)))
                    .as("own rows are in nobody's way")
                    .isEmpty();
        }
    }

    @ParameterizedTest
    @ValueSource(strings = {SUPERUSER, OWNER})
    void ranges_of_oids_hold_every_object_once(String user) {
        try (PostgresSource source = source(SOURCE, user)) {
            TableSpec objects = prepare(source);
            List<String> keys = source.sample(objects, 1_000).stream()
                    .map(KeySample::key)
                    .map(key -> key.get(0))
                    .distinct()
                    .toList();
            assertThat(keys)
                    .contains("100006", "4294967290")
                    .isSortedAccordingTo((a, b) -> Long.compare(Long.parseLong(a), Long.parseLong(b)));
            assertThat(source.sample(objects, keys("100004", "100007"), 100))
                    .extracting(sample -> sample.key().get(0))
                    .containsOnly("100004", "100005", "100006");

            copy(source, objects, "0.0", keys(null, "100004"));
            copy(source, objects, "0.1", keys("100004", "100007"));
            copy(source, objects, "0.2", keys("100007", "3000000000"));
            copy(source, objects, "0.3", keys("3000000000", null));

            assertThat(digests(target)).containsExactlyElementsOf(digests(SOURCE));
        }
    }

    private static ShardRange.Keys keys(String from, String to) {
        return new ShardRange.Keys(from == null ? null : List.of(from), to == null ? null : List.of(to));
    }

    @ParameterizedTest
    @ValueSource(strings = {SUPERUSER, OWNER})
    void a_shared_snapshot_shows_objects_as_they_were(String user) {
        Database written = TargetServer.database();
        written.run("SET ROLE " + OWNER + "; SELECT lo_from_bytea(7, 'before'), lo_from_bytea(8, 'before')");
        try (PostgresSource source = source(written, user);
                HeldSnapshot snapshot = source.hold()) {
            TableSpec objects = prepare(source);
            List<String> before = digests(written);
            written.run("SELECT lo_put(7, 0, 'changed'), lo_unlink(8), lo_from_bytea(9, 'new')");

            copy(source, objects, "0.0", WHOLE, Optional.of(snapshot.exported()));

            assertThat(digests(target)).containsExactlyElementsOf(before);
        }
    }

    @Test
    void twenty_thousand_objects_in_one_shard_take_no_lock_each_and_what_is_rolled_back_is_gone() {
        Database many = TargetServer.database();
        many.run("SELECT count(lo_from_bytea((200000 + i)::oid, convert_to(md5(i::text), 'UTF8')))"
                + " FROM generate_series(1, 20000) i");
        try (PostgresSource source = source(many, SUPERUSER)) {
            TableSpec objects = prepare(source);
            try (RangeReader reader = source.read(objects, WHOLE, Optional.empty());
                    LandingSession session = open(objects, "0.0", WHOLE, reader)) {
                relay(reader, session, 1_000_000);
                // It is closed without a commit: as when its node dies in the middle.
            }
            assertThat(target.number("SELECT count(*) FROM pg_largeobject_metadata"))
                    .isZero();
            assertThat(target.number("SELECT count(*) FROM godwit.claim")).isZero();
            String held = "SELECT count(*) FROM pg_locks l JOIN pg_stat_activity a USING (pid)"
                    + " WHERE a.datname = current_database() AND a.application_name LIKE 'godwit/%'";
            long most = 0;
            try (RangeReader reader = source.read(objects, WHOLE, Optional.empty());
                    LandingSession session = open(objects, "0.0", WHOLE, reader)) {
                long bytes = relay(reader, session, 600_000);
                most = target.number(held);
                bytes += relay(reader, session, Long.MAX_VALUE);
                session.commit(reader.rows(), bytes, "d");
            }

            assertThat(most).isBetween(1L, 50L);
            assertThat(digests(target)).hasSize(20_000).containsExactlyElementsOf(digests(many));
        }
    }

    @Test
    void many_small_objects_are_cut_although_their_bytes_are_few() {
        Database many = TargetServer.database();
        many.run("SELECT count(lo_create((200000 + i)::oid)) FROM generate_series(1, 2000) i");
        try (PostgresSource source = source(many, SUPERUSER)) {
            // Shards of the plan are of 1 MiB.
            assertThat(prepare(source).method()).isEqualTo(CutMethod.KEY);
        }
    }

    @Test
    void objects_that_the_role_may_not_read_are_counted() {
        Database mixed = TargetServer.database();
        mixed.run(
                "SET ROLE " + OWNER + "; SELECT lo_create(1), lo_create(2), lo_create(3); RESET ROLE",
                "GRANT SELECT ON LARGE OBJECT 2 TO PUBLIC",
                "GRANT SELECT ON LARGE OBJECT 3 TO " + STRANGER,
                "CREATE TABLE public.t (id int)",
                "GRANT SELECT ON public.t TO PUBLIC");
        try (PostgresSource stranger = source(mixed, STRANGER);
                PostgresSource owner = source(mixed, OWNER);
                PostgresSource all = source(mixed, READER_OF_ALL)) {
            assertThat(stranger.check(plan())).singleElement().satisfies(problem -> {
                assertThat(problem.code()).isEqualTo(ErrorCode.SOURCE_PRIVILEGE_MISSING);
                assertThat(problem.what()).contains("1 of 3 large objects");
            });
            assertThat(stranger.check(Plans.withTables(plan(), List.of("public.*"), List.of())))
                    .isEmpty();
            assertThat(owner.check(plan())).isEmpty();
            assertThat(all.check(plan())).isEmpty();
        }
    }

    @Test
    void a_target_with_objects_of_its_own_is_not_empty() {
        target.run("SELECT lo_create(0)");
        try (PostgresSource source = source(SOURCE, SUPERUSER)) {
            List<TableSpec> tables = source.tables(plan());

            assertThat(landings.check(plan(), tables))
                    .extracting(Problem::code, Problem::where)
                    .containsExactly(tuple(ErrorCode.TARGET_NOT_EMPTY, "pg_catalog.pg_largeobject"));
            assertThatThrownBy(() -> prepare(source))
                    .isInstanceOfSatisfying(
                            GodwitException.class, e -> assertThat(e.code()).isEqualTo(ErrorCode.TARGET_NOT_EMPTY));
        }
    }

    @Test
    void an_object_that_somebody_makes_in_the_target_meanwhile_is_told_and_not_overwritten() {
        try (PostgresSource source = source(SOURCE, SUPERUSER)) {
            TableSpec objects = prepare(source);
            target.run("SELECT lo_from_bytea(100002, 'mine')");

            assertThatThrownBy(() -> copy(source, objects, "0.0", WHOLE))
                    .isInstanceOfSatisfying(GodwitException.class, e -> {
                        assertThat(e.code()).isEqualTo(ErrorCode.TARGET_ROW_REFUSED);
                        assertThat(e.getMessage()).contains("large object of its own");
                    });
            assertThat(target.texts("SELECT convert_from(lo_get(oid), 'UTF8') FROM pg_largeobject_metadata"))
                    .containsExactly("mine");
        }
    }

    @ParameterizedTest
    @ValueSource(strings = {SUPERUSER, OWNER})
    void a_target_that_fires_no_triggers_gets_the_objects_or_says_why_not(String user) {
        target.run(
                "ALTER DATABASE " + target.name() + " SET session_replication_role = replica",
                "ALTER DATABASE " + target.name() + " OWNER TO " + OWNER);
        landings.close();
        landings = new PostgresTarget(target.address(user), "godwit test", 4);
        try (PostgresSource source = source(SOURCE, SUPERUSER)) {
            TableSpec objects = prepare(source);
            if (user.equals(SUPERUSER)) {
                copy(source, objects, "0.0", WHOLE);
                assertThat(digests(target)).containsExactlyElementsOf(digests(SOURCE));
            } else {
                assertThatThrownBy(() -> copy(source, objects, "0.0", WHOLE))
                        .isInstanceOfSatisfying(
                                GodwitException.class,
                                e -> assertThat(e.code()).isEqualTo(ErrorCode.TARGET_PRIVILEGE_MISSING));
                assertThat(target.number("SELECT count(*) FROM godwit.claim")).isZero();
            }
        }
    }

    @Test
    void what_stays_behind_is_told() {
        Database told = TargetServer.database();
        told.run(
                "SET ROLE " + OWNER + "; SELECT lo_create(1), lo_create(2); RESET ROLE",
                "COMMENT ON LARGE OBJECT 1 IS 'the first'",
                "GRANT SELECT ON LARGE OBJECT 2 TO PUBLIC",
                "CREATE TABLE public.t (id int)");
        Plan all = Plans.withSource(plan(), new Endpoint(told.address()));
        try (PostgresSource source = source(told, SUPERUSER)) {
            List<TableSpec> objects = source.tables(all).stream()
                    .filter(table -> LargeObjects.are(table.name()))
                    .toList();
            assertThat(PostgresPreflight.look(all, objects, List.of()).space().rowBytes())
                    .as("without what making objects costs")
                    .isLessThan(objects.get(0).estimatedBytes());
        }
        Plan some = Plans.withTables(all, List.of("public.*"), List.of());

        assertThat(PostgresPreflight.look(some, List.of(), List.of()).notes())
                .filteredOn(remark -> remark.code() == RemarkCode.LARGE_OBJECTS_LEFT_OUT)
                .singleElement()
                .satisfies(remark -> assertThat(remark.what()).contains("2 large objects"));
        assertThat(PostgresPreflight.look(all, List.of(), List.of()).warnings())
                .filteredOn(remark -> remark.code() == RemarkCode.LARGE_OBJECTS_OWNED_ANEW)
                .singleElement()
                .satisfies(remark ->
                        assertThat(remark.what()).contains("2 belong to others, 1 have grants, and 1 have comments"));
        try (PostgresSource source = source(told, SUPERUSER)) {
            assertThat(new ArrayList<>(source.tables(some))).noneMatch(table -> LargeObjects.are(table.name()));
        }
    }
}
