package dev.godwit.node.postgres;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.godwit.node.postgres.TargetServer.Database;
import dev.godwit.node.schema.Need;
import dev.godwit.node.schema.NotCarried;
import dev.godwit.node.schema.ObjectKind;
import dev.godwit.node.schema.SchemaObject;
import dev.godwit.node.schema.SchemaPlan;
import dev.godwit.node.schema.Section;
import dev.godwit.node.testing.Plans;
import dev.godwit.protocol.error.ErrorCode;
import dev.godwit.protocol.error.GodwitException;
import dev.godwit.protocol.plan.Plan;
import dev.godwit.protocol.plan.SchemaMode;
import java.io.ByteArrayInputStream;
import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.io.InputStream;
import java.io.UncheckedIOException;
import java.nio.charset.StandardCharsets;
import java.sql.Connection;
import java.sql.ResultSet;
import java.sql.SQLException;
import java.sql.Statement;
import java.util.ArrayList;
import java.util.EnumSet;
import java.util.List;
import java.util.Map;
import java.util.Set;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;
import org.postgresql.PGConnection;
import org.postgresql.copy.CopyManager;

/** A database with objects of every kind is made anew, section by section, and compared by its catalogs. */
class WholeSchemaTest {
    private static Database source;
    private static SchemaPlan plan;
    private static List<String> wanted;

    /** Of every kind of object: owners, grants of others than the owner, on columns, and rights that owners have given up. */
    private static final String[] RIGHTS = {
        "DO $$ DECLARE r text; BEGIN FOREACH r IN ARRAY ARRAY['whole_owner', 'whole \"reader\"', 'whole_between'] LOOP"
                + " IF NOT EXISTS (SELECT FROM pg_roles WHERE rolname = r) THEN EXECUTE format('CREATE ROLE %I', r);"
                + " END IF; END LOOP; END $$",
        "GRANT USAGE ON SCHEMA shop TO whole_between, \"whole \"\"reader\"\"\"",
        "ALTER SCHEMA \"sch\"\"ema; DROP\" OWNER TO whole_owner",
        "ALTER TABLE shop.egg OWNER TO whole_owner",
        "ALTER TYPE shop.z_mood OWNER TO whole_owner",
        "ALTER DOMAIN shop.short OWNER TO whole_owner",
        "ALTER TYPE shop.b_pair OWNER TO whole_owner",
        "ALTER TYPE shop.text_range OWNER TO whole_owner",
        "ALTER SEQUENCE shop.free_standing OWNER TO whole_owner",
        "ALTER COLLATION shop.plain_c OWNER TO whole_owner",
        "ALTER STATISTICS shop.correlated OWNER TO whole_owner",
        "REVOKE DELETE ON shop.egg FROM whole_owner",
        "REVOKE ALL ON shop.chick FROM postgres",
        "REVOKE ALL ON TYPE shop.short FROM PUBLIC",
        "GRANT USAGE ON TYPE shop.short TO whole_between",
        "GRANT USAGE, UPDATE ON shop.free_standing TO \"whole \"\"reader\"\"\" WITH GRANT OPTION",
        "GRANT SELECT (id), UPDATE (id) ON shop.hen TO \"whole \"\"reader\"\"\" WITH GRANT OPTION",
        "GRANT INSERT ON shop.hen TO whole_between WITH GRANT OPTION",
        "SET ROLE whole_between",
        "GRANT INSERT ON shop.hen TO \"whole \"\"reader\"\"\"",
        "RESET ROLE"
    };

    private final Database target = TargetServer.database();

    @BeforeAll
    static void make() throws Exception {
        source = TargetServer.database();
        try (InputStream sql = WholeSchemaTest.class.getResourceAsStream("whole-schema.sql")) {
            source.run(new String(sql.readAllBytes(), StandardCharsets.UTF_8));
        }
        source.run(RIGHTS);
        plan = read(source);
        wanted = fingerprint(source).stream()
                .filter(line -> !line.contains("shop.calls") && !line.contains("elsewhere_fkey"))
                .toList();
    }

    private static Plan plan() {
        Plan any = TargetServer.plan("whole", SchemaMode.TABLES, source);
        return Plans.withRights(Plans.withTables(any, List.of("shop.*", "sch\"ema; DROP.*"), List.of()));
    }

    private static SchemaPlan read(Database database) {
        try (PostgresConnections connections = database.source();
                Connection connection = connections.take()) {
            return SchemaReader.read(connection, plan());
        } catch (SQLException e) {
            throw new IllegalStateException(e);
        }
    }

    private static List<String> fingerprint(Database database) {
        try (Connection connection = database.plain()) {
            return CatalogFingerprint.of(connection);
        } catch (SQLException e) {
            throw new IllegalStateException(e);
        }
    }

    private static List<String> rights(Database database) {
        try (Connection connection = database.plain()) {
            return withoutCalls(CatalogFingerprint.rights(connection)).stream()
                    .filter(line -> !line.contains("calls_index"))
                    .toList();
        } catch (SQLException e) {
            throw new IllegalStateException(e);
        }
    }

    /** What was made. */
    private static List<SchemaObject> make(Database database, List<SchemaObject> objects) {
        List<SchemaObject> made = new ArrayList<>();
        SchemaMaker maker = new SchemaMaker(plan.serverMajor(), 2);
        try (PostgresConnections connections =
                new PostgresConnections(database.address(), Side.TARGET, "godwit test", 2)) {
            TargetSessions sessions = new TargetSessions(connections);
            for (SchemaObject object : objects) {
                if (sessions.durably("", TargetSessions.UNBOUNDED, connection -> maker.make(connection, object))) {
                    made.add(object);
                }
            }
        }
        return made;
    }

    /** Plain COPY of every table that the target has. */
    private static void copyRows(Database to) {
        String tables = "SELECT format('%I.%I', n.nspname, c.relname) || coalesce((SELECT '(' || string_agg("
                + "quote_ident(a.attname), ',' ORDER BY a.attnum) || ')' FROM pg_attribute a WHERE a.attrelid = c.oid"
                + " AND a.attnum > 0 AND NOT a.attisdropped AND a.attgenerated = ''), '') FROM pg_class c"
                + " JOIN pg_namespace n ON n.oid = c.relnamespace WHERE c.relkind = 'r'"
                + " AND n.nspname IN ('shop', 'sch\"ema; DROP')";
        try (Connection reading = source.plain();
                Connection writing = to.plain()) {
            CopyManager out = reading.unwrap(PGConnection.class).getCopyAPI();
            CopyManager in = writing.unwrap(PGConnection.class).getCopyAPI();
            for (String table : source.texts(tables)) {
                ByteArrayOutputStream rows = new ByteArrayOutputStream();
                out.copyOut("COPY " + table + " TO STDOUT", rows);
                in.copyIn("COPY " + table + " FROM STDIN", new ByteArrayInputStream(rows.toByteArray()));
            }
        } catch (SQLException e) {
            throw new IllegalStateException(e);
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        }
    }

    private static SchemaPlan fittingTo(Database database) {
        try (PostgresConnections connections = database.source();
                Connection connection = connections.take()) {
            Set<Need> missing = SchemaNeeds.missing(connection, plan.needs());
            assertThat(plan.blockedBy(missing)).isEmpty();
            return plan.without(missing);
        } catch (SQLException e) {
            throw new IllegalStateException(e);
        }
    }

    private static SchemaPlan makeAll(Database database) {
        SchemaPlan fitting = fittingTo(database);
        make(database, fitting.section(Section.BEFORE));
        copyRows(database);
        make(database, fitting.section(Section.AFTER));
        make(database, fitting.section(Section.END));
        return fitting;
    }

    private static List<String> withoutCalls(List<String> lines) {
        return lines.stream().filter(line -> !line.contains("shop.calls")).toList();
    }

    @Test
    void every_kind_of_object_is_made_as_the_source_has_it() {
        assertThat(plan.objects()).extracting(SchemaObject::kind).contains(ObjectKind.values());

        makeAll(target);

        assertThat(withoutCalls(fingerprint(target))).containsExactlyElementsOf(wanted);
        assertThat(target.text("SELECT count(*) FROM shop.measure")).isEqualTo("40");
        assertThat(rights(target)).containsExactlyElementsOf(rights(source));
        assertThat(rights(target)).anyMatch(line -> line.contains("whole_between=a*/postgres"));
    }

    @Test
    void with_the_functions_that_are_called_on_the_target_what_calls_them_is_made_too() {
        target.run(
                "CREATE SCHEMA shop",
                "CREATE FUNCTION shop.next_number(int) RETURNS int LANGUAGE sql IMMUTABLE AS 'SELECT $1 + 1'");

        makeAll(target);

        assertThat(fingerprint(target))
                .containsExactlyElementsOf(fingerprint(source).stream()
                        .filter(line -> !line.contains("elsewhere_fkey"))
                        .toList());
    }

    @Test
    void making_it_all_again_changes_nothing() {
        SchemaPlan fitting = makeAll(target);
        List<String> before = fingerprint(target);

        List<SchemaObject> made = make(target, fitting.objects());

        assertThat(made).allMatch(object -> object.kind().isState());
        assertThat(fingerprint(target)).containsExactlyElementsOf(before);
        Remaining remaining = Remaining.of(fitting, read(target));
        assertThat(remaining.different()).isEmpty();
        assertThat(remaining.missing()).allMatch(WholeSchemaTest::isAlwaysSetAgain);
    }

    @Test
    void it_goes_on_after_a_stop_at_every_object() {
        SchemaPlan fitting = fittingTo(target);
        try (PostgresConnections connections =
                new PostgresConnections(target.address(), Side.TARGET, "godwit test", 2)) {
            goOnAfterAStopAtEveryObject(fitting, connections);
        }

        assertThat(withoutCalls(fingerprint(target))).containsExactlyElementsOf(wanted);
    }

    private void goOnAfterAStopAtEveryObject(SchemaPlan fitting, PostgresConnections connections) {
        SchemaMaker maker = new SchemaMaker(plan.serverMajor(), 2);
        TargetSessions sessions = new TargetSessions(connections);
        int made = 0;
        for (Section section : Section.values()) {
            for (SchemaObject object : fitting.section(section)) {
                // Each time would take a minute.
                if (made++ % 60 == 0 && !isAlwaysSetAgain(object)) {
                    Remaining remaining = Remaining.of(fitting, read(target));
                    assertThat(remaining.different()).isEmpty();
                    assertThat(remaining.missing().stream()
                                    .filter(next -> !isAlwaysSetAgain(next))
                                    .findFirst())
                            .contains(object);
                }
                breakOff(connections, object);
                sessions.durably("", TargetSessions.UNBOUNDED, connection -> maker.make(connection, object));
            }
            if (section == Section.BEFORE) {
                copyRows(target);
            }
        }
    }

    /** What one database has and another one lacks, or has otherwise. */
    private record Remaining(List<SchemaObject> missing, List<SchemaObject> different) {
        static Remaining of(SchemaPlan wanted, SchemaPlan there) {
            Map<SchemaObject.Key, SchemaObject> theirs = there.byKey();
            List<SchemaObject> missing = new ArrayList<>();
            List<SchemaObject> different = new ArrayList<>();
            for (SchemaObject object : wanted.objects()) {
                SchemaObject its = theirs.get(object.key());
                if (its == null || isAlwaysSetAgain(object)) {
                    missing.add(object);
                } else if (!object.isLike(its)) {
                    different.add(object);
                }
            }
            return new Remaining(missing, different);
        }
    }

    private static boolean isAlwaysSetAgain(SchemaObject object) {
        return object.kind().isState() || object.kind() == ObjectKind.SCHEMA;
    }

    private static void breakOff(PostgresConnections connections, SchemaObject object) {
        try (Connection connection = connections.take()) {
            new SchemaMaker(plan.serverMajor(), 2).make(connection, object);
            connection.rollback();
        } catch (SQLException e) {
            throw new IllegalStateException(e);
        }
    }

    @Test
    void what_is_not_carried_is_listed_by_kind_and_name() {
        assertThat(fittingTo(target).notCarried())
                .extracting(left -> left.kind() + " " + left.name())
                .contains(
                        "view shop.seen",
                        "materialised view shop.seen_once",
                        "function shop.next_number(integer)",
                        "function shop.fires()",
                        "procedure shop.does()",
                        "aggregate shop.adds(integer)",
                        "operator shop.### (integer, integer)",
                        "trigger shop.hen fires",
                        "rule shop.chick ruled",
                        "policy shop.calls allowed",
                        "row-level security shop.calls",
                        "publication published",
                        "foreign key shop.points_elsewhere elsewhere_fkey",
                        "column default shop.calls a",
                        "check constraint shop.calls called",
                        "index shop.calls calls_index");
        assertThat(plan.notCarried()).extracting(NotCarried::kind).doesNotContain("index", "check constraint");
    }

    @Test
    void an_index_that_a_failed_build_left_is_built_again() {
        SchemaPlan fitting = fittingTo(target);
        make(target, fitting.section(Section.BEFORE));
        target.run("INSERT INTO shop.by_index VALUES (1, 1), (2, 1)");
        assertThatThrownBy(() -> target.run("CREATE UNIQUE INDEX CONCURRENTLY by_index_identity ON shop.by_index (b)"))
                .hasMessageContaining("could not create unique index");
        List<SchemaObject> indexes = fitting.section(Section.AFTER).stream()
                .filter(object -> object.name().equals("by_index_identity"))
                .toList();

        assertThatThrownBy(() -> make(target, indexes)).isInstanceOfSatisfying(GodwitException.class, e -> {
            assertThat(e.code()).isEqualTo(ErrorCode.TARGET_KEY_NOT_UNIQUE);
            assertThat(e.getMessage()).contains("by_index_identity");
        });
        target.run("DELETE FROM shop.by_index WHERE a = 2");
        make(target, indexes);

        assertThat(target.text("SELECT indisvalid AND indisreplident FROM pg_index"
                        + " WHERE indexrelid = 'shop.by_index_identity'::regclass"))
                .isEqualTo("t");
    }

    @Test
    void something_else_of_the_same_name_is_refused_and_left_alone() {
        target.run(
                "CREATE SCHEMA shop",
                "CREATE TYPE shop.z_mood AS ENUM ('other')",
                "CREATE TABLE shop.egg (id bigint)",
                "CREATE VIEW shop.hen AS SELECT 1 AS id",
                "CREATE SEQUENCE shop.shared");
        Set<String> names = Set.of("z_mood", "egg", "hen", "shared");
        Set<ObjectKind> kinds = EnumSet.of(ObjectKind.ENUM, ObjectKind.TABLE, ObjectKind.SEQUENCE);
        List<SchemaObject> taken = plan.objects().stream()
                .filter(object -> names.contains(object.name()) && kinds.contains(object.kind()))
                .toList();
        assertThat(taken).hasSize(4);
        List<String> before = fingerprint(target);

        assertThat(taken)
                .allSatisfy(object -> assertThatThrownBy(() -> make(target, List.of(object)))
                        .isInstanceOfSatisfying(
                                GodwitException.class,
                                e -> assertThat(e.code()).isEqualTo(ErrorCode.TARGET_OBJECT_DIFFERS)));

        assertThat(fingerprint(target)).isEqualTo(before);
    }

    @Test
    void rows_that_break_a_foreign_key_are_told_without_their_values() {
        SchemaPlan fitting = fittingTo(target);
        make(target, fitting.section(Section.BEFORE));
        target.run("INSERT INTO shop.hen VALUES (1, 987654)");
        make(target, fitting.section(Section.AFTER));
        List<SchemaObject> keys = fitting.section(Section.END).stream()
                .filter(object -> object.name().equals("hen_egg_fkey"))
                .toList();
        assertThat(keys)
                .extracting(SchemaObject::kind)
                .containsExactly(ObjectKind.FOREIGN_KEY, ObjectKind.FOREIGN_KEY_VALIDATION);

        assertThatThrownBy(() -> make(target, keys)).isInstanceOfSatisfying(GodwitException.class, e -> {
            assertThat(e.code()).isEqualTo(ErrorCode.TARGET_FOREIGN_KEY_ORPHANS);
            assertThat(e.getMessage()).contains("hen_egg_fkey").doesNotContain("987654");
        });

        assertThat(target.text("SELECT convalidated FROM pg_constraint WHERE conname = 'hen_egg_fkey'"))
                .isEqualTo("f");
    }

    @Test
    void a_sequence_that_gave_values_on_the_target_is_not_set_back() {
        SchemaPlan fitting = makeAll(target);
        target.run("SELECT nextval('shop.free_standing'), nextval('shop.down'), nextval('shop.down')");

        make(target, fitting.section(Section.END));

        try (Connection connection = target.plain();
                Statement statement = connection.createStatement();
                ResultSet row = statement.executeQuery(
                        "SELECT f.last_value, d.last_value FROM shop.free_standing f, shop.down d")) {
            row.next();
            assertThat(row.getLong(1)).isEqualTo(6);
            assertThat(row.getLong(2)).isEqualTo(48);
        } catch (SQLException e) {
            throw new IllegalStateException(e);
        }
    }
}
