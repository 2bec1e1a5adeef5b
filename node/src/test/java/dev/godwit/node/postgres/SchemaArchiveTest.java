package dev.godwit.node.postgres;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.assertj.core.api.Assertions.tuple;
import static org.awaitility.Awaitility.await;

import dev.godwit.node.postgres.ArchiveSelection.Chunk;
import dev.godwit.node.postgres.ArchiveSelection.Part;
import dev.godwit.node.postgres.DumpServer.Database;
import dev.godwit.node.postgres.MaterialisedViews.Refresh;
import dev.godwit.node.postgres.SchemaArchive.Keep;
import dev.godwit.node.postgres.TableOfContents.Entry;
import dev.godwit.node.schema.Dumpable;
import dev.godwit.node.schema.NotCarried;
import dev.godwit.node.schema.SchemaObject;
import dev.godwit.node.schema.SchemaPlan;
import dev.godwit.node.schema.Section;
import dev.godwit.protocol.error.ErrorCode;
import dev.godwit.protocol.error.GodwitException;
import dev.godwit.protocol.error.Problem;
import dev.godwit.protocol.plan.Consistency;
import dev.godwit.protocol.plan.Endpoint;
import dev.godwit.protocol.plan.Limits;
import dev.godwit.protocol.plan.Plan;
import dev.godwit.protocol.plan.PostgresAddress;
import dev.godwit.protocol.plan.SchemaChanges;
import dev.godwit.protocol.plan.SchemaMode;
import java.io.ByteArrayInputStream;
import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.io.InputStream;
import java.nio.charset.StandardCharsets;
import java.sql.Connection;
import java.sql.SQLException;
import java.sql.Statement;
import java.time.Duration;
import java.util.ArrayList;
import java.util.EnumSet;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.atomic.AtomicReference;
import java.util.function.Function;
import java.util.stream.Stream;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;
import org.postgresql.PGConnection;
import org.postgresql.copy.CopyManager;

/** A database with objects of every kind is dumped and restored, and compared by what pg_dump says of both. */
class SchemaArchiveTest {
    private static final Duration LIMIT = Duration.ofMinutes(2);
    private static final int FEW = 7;
    private static final int MANY = 400;

    private static Database source;
    private static ClientPrograms programs;
    private static SchemaArchive archive;
    private static ArchiveObjects objects;

    private final Database target = DumpServer.database();

    @BeforeAll
    static void dump() throws Exception {
        programs = DumpServer.programs();
        source = DumpServer.database();
        for (String script : List.of("whole-schema.sql", "dumped-schema.sql")) {
            try (InputStream sql = SchemaArchiveTest.class.getResourceAsStream(script)) {
                source.run(new String(sql.readAllBytes(), StandardCharsets.UTF_8));
            }
        }
        archive = SchemaArchive.open(
                programs, SchemaArchive.dump(programs, source.address(), LIMIT, SchemaArchive.MOST_BYTES));
        objects = reading(connection -> ArchiveObjects.read(connection, archive.contents()));
    }

    @AfterAll
    static void close() {
        archive.close();
    }

    private static <T> T reading(TargetSessions.Work<T> work) {
        try (PostgresConnections connections = source.connections(Side.SOURCE);
                Connection connection = connections.take()) {
            return work.run(connection);
        } catch (SQLException e) {
            throw new IllegalStateException(e);
        }
    }

    private static Plan plan(List<String> include, List<String> exclude) {
        return new Plan(
                "godwit/v1",
                "Migration",
                "dumped",
                new Endpoint(source.address()),
                Map.of("main", new Endpoint(source.address())),
                Consistency.FROZEN,
                include,
                exclude,
                false,
                SchemaMode.DUMP,
                true,
                true,
                List.of(),
                SchemaChanges.FOLLOW,
                new Limits(2, 1 << 20, 64L << 20, 8, 8));
    }

    private static Plan everything() {
        return plan(List.of("*.*"), List.of());
    }

    private static ArchiveSelection selection(Plan plan) {
        return new ArchiveSelection(
                archive.contents(), objects, plan, reading(connection -> SchemaReader.read(connection, plan)));
    }

    /** Work with a fresh restorer, as a node has that goes on with another one's work. */
    private static <T> T restoring(ArchiveSelection selection, Database to, Function<ArchiveRestore, T> work) {
        try (PostgresConnections connections = to.connections(Side.TARGET)) {
            return work.apply(new ArchiveRestore(
                    archive,
                    selection.objects(),
                    to.address(),
                    new TargetSessions(connections),
                    EnumSet.allOf(Keep.class)));
        }
    }

    private static void restore(ArchiveSelection selection, Part part, Database to) {
        int atMost;
        try (Connection connection = to.plain()) {
            atMost = ArchiveRestore.entriesAtOnce(connection);
        } catch (SQLException e) {
            throw new IllegalStateException(e);
        }
        restoring(selection, to, restore -> {
            selection.chunks(part, atMost).forEach(chunk -> restore.restore(chunk, LIMIT));
            return null;
        });
    }

    private static void make(Plan plan, Database to, Section section) {
        SchemaPlan schema = reading(connection -> SchemaReader.read(connection, plan));
        SchemaMaker maker = new SchemaMaker(schema.serverMajor(), 2);
        try (PostgresConnections connections = to.connections(Side.TARGET)) {
            TargetSessions sessions = new TargetSessions(connections);
            for (SchemaObject object : schema.section(section)) {
                if (ArchiveSelection.isMadeElsewhere(object)) {
                    sessions.durably("", TargetSessions.UNBOUNDED, connection -> maker.make(connection, object));
                }
            }
        }
    }

    /** Plain COPY of every table that the target has. */
    private static void copyRows(Database to) {
        String tables = "SELECT format('%I.%I', n.nspname, c.relname) || coalesce((SELECT '(' || string_agg("
                + "quote_ident(a.attname), ',' ORDER BY a.attnum) || ')' FROM pg_attribute a WHERE a.attrelid = c.oid"
                + " AND a.attnum > 0 AND NOT a.attisdropped AND a.attgenerated = ''), '') FROM pg_class c"
                + " JOIN pg_namespace n ON n.oid = c.relnamespace WHERE c.relkind = 'r' AND c.oid >= 16384"
                + " AND n.nspname !~ '^pg_' ORDER BY 1";
        try (Connection reading = source.plain();
                Connection writing = to.plain()) {
            CopyManager out = reading.unwrap(PGConnection.class).getCopyAPI();
            CopyManager in = writing.unwrap(PGConnection.class).getCopyAPI();
            for (String table : to.texts(tables)) {
                ByteArrayOutputStream rows = new ByteArrayOutputStream();
                out.copyOut("COPY " + table + " TO STDOUT", rows);
                in.copyIn("COPY " + table + " FROM STDIN", new ByteArrayInputStream(rows.toByteArray()));
            }
        } catch (SQLException | IOException e) {
            throw new IllegalStateException(e);
        }
    }

    private static List<Refresh> refresh(ArchiveSelection selection, Database to) {
        List<Refresh> refreshes =
                reading(connection -> MaterialisedViews.refreshes(connection, selection.materialisedViews()));
        to.run(refreshes.stream().map(Refresh::statement).toArray(String[]::new));
        return refreshes;
    }

    private static void migrate(Plan plan, Database to) {
        ArchiveSelection selection = selection(plan);
        restore(selection, Part.BEFORE_ROWS, to);
        copyRows(to);
        make(plan, to, Section.AFTER);
        make(plan, to, Section.END);
        restore(selection, Part.AFTER_KEYS, to);
        refresh(selection, to);
        restore(selection, Part.LAST, to);
    }

    /** The schema as a script: for comparing, never for a database. */
    private static List<String> script(Database database, String... options) {
        List<String> command = new ArrayList<>(
                List.of(programs.dump().toString(), "--schema-only", "--no-publications", "--exclude-schema=godwit"));
        command.addAll(List.of(options));
        LibpqAddress address = LibpqAddress.of(database.address(), Side.SOURCE, "godwit test");
        command.add("--dbname=" + address.argument());
        try {
            ClientProgram.Outcome outcome = ClientProgram.run(command, address.environment(), LIMIT, 1 << 26);
            assertThat(outcome.isGood()).as(outcome.complaints().toString()).isTrue();
            // Newer ones begin and end with a random word.
            return new String(outcome.output(), StandardCharsets.UTF_8)
                    .lines()
                    .filter(line -> !line.startsWith("\\restrict") && !line.startsWith("\\unrestrict"))
                    .toList();
        } catch (IOException e) {
            throw new IllegalStateException(e);
        }
    }

    @Test
    void a_database_with_objects_of_every_kind_is_the_same_afterwards() {
        migrate(everything(), target);

        assertThat(String.join("\n", script(target))).isEqualTo(String.join("\n", script(source)));
        for (String view : List.of("z_base", "b_sum", "a_by_function", "of_key", "seen_once")) {
            String rows = "SELECT x::text FROM shop." + view + " x ORDER BY 1";
            assertThat(target.texts(rows)).isNotEmpty().isEqualTo(source.texts(rows));
        }
        assertThat(target.texts("SELECT relname FROM pg_class WHERE relkind = 'm' AND NOT relispopulated"))
                .containsExactly("empty_view");
        assertThat(selection(everything()).notCarried()).isEmpty();
    }

    @Test
    void every_chunk_may_be_restored_again_by_another_node() {
        ArchiveSelection selection = selection(everything());
        for (Part part : Part.values()) {
            if (part == Part.AFTER_KEYS) {
                copyRows(target);
                make(everything(), target, Section.AFTER);
                make(everything(), target, Section.END);
            } else if (part == Part.LAST) {
                refresh(selection, target);
            }
            List<Chunk> chunks = selection.chunks(part, FEW);
            assertThat(chunks.stream().map(Chunk::name)).doesNotHaveDuplicates();
            for (Chunk chunk : chunks) {
                restoring(selection, target, restore -> restore.restore(chunk, LIMIT));
                restoring(selection, target, restore -> restore.restore(chunk, LIMIT));
            }
        }
        for (Part part : Part.values()) {
            if (part != Part.LAST) {
                target.run("ALTER EVENT TRIGGER \"refuses \"\"all\"\"\" DISABLE");
            }
            for (Chunk chunk : selection.chunks(part, FEW)) {
                restoring(selection, target, restore -> restore.restore(chunk, LIMIT));
            }
        }
        target.run("ALTER EVENT TRIGGER \"refuses \"\"all\"\"\" ENABLE ALWAYS");

        assertThat(String.join("\n", script(target))).isEqualTo(String.join("\n", script(source)));
    }

    @Test
    void a_restore_that_is_broken_off_in_a_chunk_leaves_nothing_of_it_and_is_done_later() throws Exception {
        ArchiveSelection selection = selection(everything());
        Chunk first = selection.chunks(Part.BEFORE_ROWS, MANY).get(0);
        AtomicReference<Throwable> thrown = new AtomicReference<>();
        try (Connection other = target.plain();
                Statement statement = other.createStatement()) {
            other.setAutoCommit(false);
            statement.execute("CREATE SCHEMA shop");
            Thread restoring = new Thread(() -> {
                try {
                    restoring(selection, target, restore -> restore.restore(first, LIMIT));
                } catch (GodwitException e) {
                    thrown.set(e);
                }
            });
            restoring.start();
            awaitWaiting(1);

            restoring.interrupt();
            restoring.join(LIMIT.toMillis());

            assertThat(thrown.get()).hasMessageContaining("stopped before its end");
            other.rollback();
        }
        await().until(() -> target.texts("SELECT pid::text FROM pg_stat_activity WHERE application_name LIKE 'godwit%'"
                        + " AND datname = current_database()")
                .isEmpty());
        assertThat(target.texts("SELECT nspname FROM pg_namespace WHERE nspname IN ('shop', 'empty', 'ATTACH')"))
                .isEmpty();

        boolean restored = restoring(selection, target, restore -> restore.restore(first, LIMIT));
        assertThat(restored).isTrue();
    }

    @Test
    void of_two_nodes_that_restore_the_same_chunk_at_once_none_fails() throws Exception {
        ArchiveSelection selection = selection(everything());
        Chunk first = selection.chunks(Part.BEFORE_ROWS, MANY).get(0);
        List<CompletableFuture<Boolean>> both;
        try (Connection other = target.plain();
                Statement statement = other.createStatement()) {
            other.setAutoCommit(false);
            statement.execute("CREATE SCHEMA shop");
            both = Stream.of(1, 2)
                    .map(node -> CompletableFuture.supplyAsync(
                            () -> restoring(selection, target, restore -> restore.restore(first, LIMIT)),
                            work -> new Thread(work).start()))
                    .toList();
            awaitWaiting(2);

            other.rollback();
        }

        assertThat(both).allSatisfy(one -> assertThat(one.join()).isTrue());
        boolean there = restoring(selection, target, restore -> restore.isThere(first));
        assertThat(there).isTrue();
    }

    private void awaitWaiting(int sessions) {
        await().atMost(LIMIT)
                .until(() -> target.texts("SELECT pid::text FROM pg_stat_activity WHERE datname = current_database()"
                                        + " AND application_name = 'godwit schema' AND wait_event_type = 'Lock'")
                                .size()
                        == sessions);
    }

    @Test
    void an_object_of_somebody_else_in_the_way_is_named_and_nothing_is_made() {
        target.run("CREATE SCHEMA shop", "CREATE TYPE shop.z_mood AS ENUM ('other')");
        ArchiveSelection selection = selection(everything());
        Chunk first = selection.chunks(Part.BEFORE_ROWS, MANY).get(0);

        assertThatThrownBy(() -> restoring(selection, target, restore -> restore.restore(first, LIMIT)))
                .isInstanceOfSatisfying(GodwitException.class, e -> {
                    assertThat(e.code()).isEqualTo(ErrorCode.TARGET_OBJECT_DIFFERS);
                    assertThat(e.problem().where()).contains("shop.z_mood");
                });

        assertThat(target.texts("SELECT typname FROM pg_type t JOIN pg_namespace n ON n.oid = typnamespace"
                        + " WHERE nspname = 'shop' AND typtype = 'e'"))
                .containsExactly("z_mood");
    }

    @Test
    void owners_and_grants_that_are_not_kept_are_left_out() {
        ArchiveSelection selection = selection(everything());
        try (PostgresConnections connections = target.connections(Side.TARGET)) {
            ArchiveRestore restore = new ArchiveRestore(
                    archive, selection.objects(), target.address(), new TargetSessions(connections), Set.of());
            selection.chunks(Part.BEFORE_ROWS, MANY).forEach(chunk -> restore.restore(chunk, LIMIT));
        }

        assertThat(target.texts("SELECT rolname FROM pg_class c JOIN pg_roles r ON r.oid = relowner"
                        + " WHERE relname = 'orphan'"))
                .containsExactly("postgres");
        assertThat(target.texts("SELECT relname FROM pg_class WHERE relacl IS NOT NULL AND oid >= 16384"
                        + " UNION ALL SELECT 'default' FROM pg_default_acl"))
                .isEmpty();
    }

    @Test
    void schemas_and_extensions_that_are_there_before_are_left_as_they_are() {
        target.run(
                "CREATE SCHEMA shop",
                "CREATE EXTENSION hstore SCHEMA shop",
                "COMMENT ON EXTENSION hstore IS 'the target''s'",
                "CREATE SCHEMA empty");

        restore(selection(everything()), Part.BEFORE_ROWS, target);

        assertThat(target.texts("SELECT obj_description(oid) FROM pg_extension WHERE extname = 'hstore'"))
                .containsExactly("the target's");
        assertThat(target.texts("SELECT count(*)::text FROM pg_class WHERE relname = 'everything'"))
                .containsExactly("1");
    }

    @Test
    void an_excluded_table_is_left_out_with_all_that_hangs_on_it() {
        Plan plan = plan(List.of("*.*"), List.of("shop.audit", "shop.by_expression_a"));

        migrate(plan, target);

        assertThat(selection(plan).notCarried())
                .extracting(NotCarried::kind, NotCarried::reason)
                .contains(tuple("view", "It needs what the plan excludes: shop.audit."))
                .allSatisfy(left -> assertThat(left.toList().get(1).toString()).contains("shop.audit"));
        assertThat(selection(plan).notCarried())
                .extracting(NotCarried::kind)
                .containsExactlyInAnyOrder("view", "view", "materialized view", "function", "rule");
        assertThat(target.texts(
                        "SELECT relname FROM pg_class WHERE relname ~ 'audit' AND relkind IN ('r', 'v', 'm', 'S')"
                                + " ORDER BY 1"))
                .containsExactly("audit_id_seq", "audited");
        List<String> without = script(target);
        assertThat(without).noneMatch(line -> line.contains("audit_policy") || line.contains("by_expression_a"));
        assertThat(without).anyMatch(line -> line.contains("DEFAULT nextval('shop.audit_id_seq'"));
    }

    @Test
    void a_plan_for_some_tables_takes_what_they_need_and_no_more() {
        Plan plan = plan(List.of("shop.hen", "shop.egg"), List.of());

        migrate(plan, target);

        String relations = "SELECT c.relname FROM pg_class c JOIN pg_namespace n ON n.oid = c.relnamespace"
                + " WHERE n.nspname = 'shop' AND c.relkind IN ('r', 'p', 'v', 'm', 'S', 'f') ORDER BY 1";
        assertThat(target.texts(relations)).containsExactly("egg", "hen");
        assertThat(target.texts("SELECT tgname FROM pg_trigger WHERE NOT tgisinternal ORDER BY 1"))
                .containsExactly("always", "deferred", "fires", "off", "replica");
        assertThat(target.texts("SELECT nspname FROM pg_namespace WHERE nspname IN ('shop', 'godwit', 'ATTACH')"))
                .containsExactly("shop");
    }

    @Test
    void a_source_that_does_not_let_itself_be_dumped_says_why() {
        PostgresAddress there = source.address();
        PostgresAddress nobody = new PostgresAddress("127.0.0.1", 1, "x", "x", null, "disable", Map.of());
        PostgresAddress unknown =
                new PostgresAddress(there.host(), there.port(), "a='b\\", there.user(), null, "disable", Map.of());

        assertFails(nobody, ErrorCode.SOURCE_UNREACHABLE);
        assertFails(unknown, ErrorCode.SOURCE_LOGIN_REFUSED);
        assertFails(source.address("reader"), ErrorCode.SOURCE_PRIVILEGE_MISSING);
        try (PostgresSource asked = new PostgresSource(source.address("reader"), "godwit test", 1);
                PostgresSource superuser = new PostgresSource(source.address(), "godwit test", 1)) {
            assertThat(asked.dumpable().obstacles())
                    .extracting(Problem::code)
                    .containsExactly(ErrorCode.SOURCE_PRIVILEGE_MISSING);
            assertThat(superuser.dumpable()).isEqualTo(new Dumpable(programs.major(), List.of()));
        }
        assertThatThrownBy(() -> SchemaArchive.dump(programs, there, LIMIT, 1_000))
                .hasMessageContaining("more than is taken");
    }

    private static void assertFails(PostgresAddress address, ErrorCode code) {
        assertThatThrownBy(() -> SchemaArchive.dump(programs, address, LIMIT, SchemaArchive.MOST_BYTES))
                .isInstanceOfSatisfying(
                        GodwitException.class,
                        e -> assertThat(e.code()).as(e.getMessage()).isEqualTo(code));
    }

    @Test
    void values_of_rows_are_in_no_error() {
        target.run(
                "CREATE SCHEMA shop",
                "CREATE MATERIALIZED VIEW shop.z_base AS SELECT 1 AS id, 'a value'::text AS code"
                        + " UNION ALL SELECT 1, 'b value'");
        List<Entry> index = archive.contents().entries().values().stream()
                .filter(entry ->
                        entry.kind() == ArchiveKind.INDEX && entry.label().contains("z_base_id"))
                .toList();

        assertThatThrownBy(() -> archive.restore(index, target.address(), Set.of(), LIMIT))
                .isInstanceOfSatisfying(GodwitException.class, e -> {
                    assertThat(e.code()).isEqualTo(ErrorCode.TARGET_FAILED);
                    assertThat(e.problem().where()).contains("z_base_id");
                    assertThat(e.getMessage()).doesNotContain("(id)").doesNotContain("(1)");
                });
    }

    @Test
    void what_a_target_lacks_is_named() {
        List<Entry> table = archive.contents().entries().values().stream()
                .filter(entry ->
                        entry.kind() == ArchiveKind.TABLE && entry.label().contains(" orphan "))
                .toList();

        assertThatThrownBy(() -> archive.restore(table, target.address(), Set.of(), LIMIT))
                .isInstanceOfSatisfying(GodwitException.class, e -> {
                    assertThat(e.problem().what()).contains("schema \"shop\" does not exist");
                    assertThat(e.problem().where()).contains("TABLE shop orphan");
                });
    }
}
