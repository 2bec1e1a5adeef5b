package dev.godwit.node.postgres;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.tuple;

import dev.godwit.node.postgres.TargetServer.Database;
import dev.godwit.node.schema.NotCarried;
import dev.godwit.node.schema.Rights;
import dev.godwit.node.target.TargetDatabase.Acceptance;
import dev.godwit.node.testing.Plans;
import dev.godwit.protocol.check.Remark;
import dev.godwit.protocol.check.RemarkCode;
import dev.godwit.protocol.error.ErrorCode;
import dev.godwit.protocol.error.Problem;
import dev.godwit.protocol.plan.Plan;
import dev.godwit.protocol.plan.SchemaMode;
import java.sql.Connection;
import java.sql.SQLException;
import java.util.List;
import java.util.Map;
import java.util.Set;
import org.junit.jupiter.api.Test;

/** What a target says of a source's schema, before anything is made. */
class SchemaFitTest {
    private final Database source = TargetServer.database();
    private final Database target = TargetServer.database();

    private Acceptance look() {
        try (PostgresTarget asked = new PostgresTarget(target.address(), "godwit test", 2)) {
            return asked.accepts(TargetServer.plan("shop", SchemaMode.TABLES, target), List.of(), source.schema());
        }
    }

    /** Of extensions alone: whether this machine has client programs of this version does not matter. */
    private List<Problem> extensionsMissingForDump(String user) {
        try (PostgresTarget asked = new PostgresTarget(target.address(user), "godwit test", 2)) {
            return asked
                    .accepts(TargetServer.plan("shop", SchemaMode.DUMP, target), List.of(), source.schema())
                    .problems()
                    .stream()
                    .filter(problem -> problem.code() == ErrorCode.TARGET_EXTENSION_MISSING)
                    .toList();
        }
    }

    @Test
    void an_empty_target_takes_all_and_nothing_is_written() {
        source.run("CREATE TABLE item (id serial PRIMARY KEY, up int REFERENCES item)");

        Acceptance found = look();

        assertThat(found.problems()).isEmpty();
        assertThat(found.leftOut()).isEmpty();
        assertThat(target.number("SELECT count(*) FROM pg_class WHERE relnamespace = 'public'::regnamespace"))
                .isZero();
    }

    @Test
    void what_the_target_has_of_the_same_is_no_problem_and_what_differs_is_one() {
        source.run("CREATE TABLE item (id int PRIMARY KEY, a int, b int)", "CREATE INDEX item_a ON item (a)");
        target.run("CREATE TABLE item (id int PRIMARY KEY, a int, b int)", "CREATE INDEX item_a ON item (a)");
        assertThat(look().problems()).isEmpty();

        target.run("DROP INDEX item_a", "CREATE INDEX item_a ON item (b)");

        assertThat(look().problems())
                .extracting(Problem::code, Problem::where)
                .containsExactly(tuple(ErrorCode.TARGET_OBJECT_DIFFERS, "index public.item item_a"));
    }

    @Test
    void extensions_that_rows_need_are_problems_and_others_leave_something_out() {
        source.run(
                "CREATE SCHEMA ext",
                "CREATE EXTENSION citext SCHEMA ext",
                "CREATE EXTENSION pg_trgm SCHEMA ext",
                "CREATE TABLE person (id int PRIMARY KEY, mail ext.citext)",
                "CREATE TABLE page (id int PRIMARY KEY, words text)",
                "CREATE INDEX page_words ON page USING gin (words ext.gin_trgm_ops)",
                "CREATE FUNCTION twice(int) RETURNS int IMMUTABLE LANGUAGE sql AS 'SELECT $1 * 2'",
                "CREATE TABLE reckoned (id int, twice int GENERATED ALWAYS AS (public.twice(id)) STORED)");

        Acceptance found = look();

        assertThat(found.problems())
                .extracting(Problem::code)
                .containsExactlyInAnyOrder(ErrorCode.TARGET_EXTENSION_MISSING, ErrorCode.TARGET_OBJECT_MISSING);
        assertThat(found.problems())
                .extracting(Problem::what)
                .anySatisfy(what -> assertThat(what)
                        .isEqualTo("The target has no extension citext, which is needed by table public.person."));
        assertThat(found.problems())
                .extracting(Problem::fix)
                .anySatisfy(fix -> assertThat(fix).startsWith("CREATE EXTENSION citext in the target"));
        assertThat(found.problems())
                .extracting(Problem::what)
                .anySatisfy(what -> assertThat(what)
                        .isEqualTo("The target has no function public.twice(integer), which is needed by table"
                                + " public.reckoned."));
        assertThat(found.leftOut())
                .extracting(NotCarried::kind, NotCarried::name)
                .contains(tuple("index", "public.page page_words"));

        target.run(
                "CREATE SCHEMA ext",
                "CREATE EXTENSION citext SCHEMA ext",
                "CREATE FUNCTION twice(int) RETURNS int IMMUTABLE LANGUAGE sql AS 'SELECT $1 * 2'");
        Acceptance mended = look();
        assertThat(mended.problems()).isEmpty();
        assertThat(mended.leftOut())
                .filteredOn(left -> left.kind().equals("extension"))
                .extracting(NotCarried::name)
                .containsExactly("pg_trgm");
    }

    @Test
    void an_archives_extensions_that_this_user_can_not_make_are_problems() {
        source.run(
                "CREATE EXTENSION citext",
                "CREATE EXTENSION pageinspect",
                // as if its files were missing here
                "UPDATE pg_extension SET extname = 'unheard_of' WHERE extname = 'pageinspect'",
                "CREATE EXTENSION pg_buffercache");

        assertThat(extensionsMissingForDump("postgres"))
                .extracting(Problem::what)
                .containsExactly(
                        "The target has no extension unheard_of, which schema: dump brings, and its server does not have"
                                + " the extension's files.");

        target.run("CREATE ROLE moves LOGIN", "GRANT ALL ON SCHEMA public TO moves");
        target.run("GRANT CREATE ON DATABASE " + target.name() + " TO moves");
        try {
            assertThat(extensionsMissingForDump("moves"))
                    .extracting(Problem::what)
                    .containsExactlyInAnyOrder(
                            "The target has no extension pg_buffercache, which schema: dump brings, and the target's"
                                    + " user may not create it.",
                            "The target has no extension unheard_of, which schema: dump brings, and its server does not"
                                    + " have the extension's files.");
        } finally {
            target.run("DROP OWNED BY moves", "DROP ROLE moves");
        }
    }

    @Test
    void an_existing_table_is_compared_and_what_it_would_be_made_of_is_not_asked_for() {
        source.run(
                "CREATE FUNCTION twice(int) RETURNS int IMMUTABLE LANGUAGE sql AS 'SELECT $1 * 2'",
                "CREATE TABLE reckoned (id int, twice int GENERATED ALWAYS AS (public.twice(id)) STORED)");
        target.run("CREATE TABLE reckoned (id int, twice int GENERATED ALWAYS AS (id * 2) STORED)");

        assertThat(look().problems()).extracting(Problem::code).containsExactly(ErrorCode.TARGET_OBJECT_DIFFERS);
    }

    @Test
    void what_would_be_in_the_way_once_all_rows_are_in_is_told_before() {
        source.run(
                "CREATE SCHEMA ext",
                "CREATE EXTENSION citext SCHEMA ext",
                "CREATE TABLE person (id int PRIMARY KEY, mail ext.citext UNIQUE, n int, CHECK (n > 0),"
                        + " CONSTRAINT up FOREIGN KEY (n) REFERENCES person)",
                "CREATE INDEX person_n ON person (n)",
                "CREATE STATISTICS person_s ON id, n FROM person");
        target.run(
                "CREATE EXTENSION citext",
                "CREATE VIEW person_n AS SELECT 1",
                "CREATE TABLE other (id int CONSTRAINT person_pkey PRIMARY KEY, n int)",
                "CREATE STATISTICS person_s ON id, n FROM other");

        assertThat(look().problems())
                .extracting(Problem::code, Problem::where)
                .contains(
                        tuple(ErrorCode.TARGET_NAME_TAKEN, "index public.person person_n"),
                        tuple(ErrorCode.TARGET_NAME_TAKEN, "index public.person person_pkey"),
                        tuple(ErrorCode.TARGET_NAME_TAKEN, "statistics object public.person person_s"));
        assertThat(look().problems())
                .extracting(Problem::what)
                .contains(
                        "The name is taken in the target by a view.",
                        "The name is taken in the target by an index of public.other.",
                        "The extension citext is in the schema public of the target and in the schema ext of the source.");

        target.run(
                "DROP VIEW person_n",
                "DROP TABLE other",
                "CREATE SCHEMA ext",
                "ALTER EXTENSION citext SET SCHEMA ext",
                "CREATE TABLE person (id int NOT NULL, mail ext.citext, n int, CONSTRAINT up CHECK (n < 7))");

        assertThat(look().problems())
                .extracting(Problem::code, Problem::where)
                .contains(tuple(ErrorCode.TARGET_NAME_TAKEN, "foreign key public.person up"))
                .noneMatch(problem -> problem.toList().contains(ErrorCode.TARGET_EXTENSION_ELSEWHERE));
    }

    @Test
    void tables_of_others_that_are_to_get_an_index_are_told_before() throws SQLException {
        source.run("CREATE TABLE item (id int PRIMARY KEY)");
        target.run(
                "DROP ROLE IF EXISTS fit_owner",
                "DROP ROLE IF EXISTS fit_user",
                "CREATE ROLE fit_owner",
                "CREATE ROLE fit_user LOGIN",
                "CREATE TABLE item (id int NOT NULL)",
                "ALTER TABLE item OWNER TO fit_owner");
        try {
            assertThat(asUser("fit_user", "fit_owner"))
                    .extracting(Problem::code)
                    .containsExactly(ErrorCode.TARGET_OWNER_OTHER);
            target.run("GRANT fit_owner TO fit_user");
            assertThat(asUser("fit_user", "fit_owner")).isEmpty();
        } finally {
            target.run("DROP TABLE item", "DROP ROLE fit_user", "DROP ROLE fit_owner");
        }
    }

    private List<Problem> asUser(String user, String mentioned) {
        try (PostgresTarget asked = new PostgresTarget(target.address(user), "godwit test", 2)) {
            return asked
                    .accepts(TargetServer.plan("shop", SchemaMode.TABLES, target), List.of(), source.schema())
                    .problems()
                    .stream()
                    .filter(problem -> problem.what().contains(mentioned))
                    .toList();
        }
    }

    @Test
    void roles_that_policies_name_are_known() {
        source.run(
                "DROP ROLE IF EXISTS fit_policy",
                "CREATE ROLE fit_policy",
                "CREATE TABLE item (id int)",
                "CREATE POLICY own ON item TO fit_policy USING (true)",
                "CREATE POLICY all_of_it ON item USING (true)");
        try {
            assertThat(source.schema().rights().named()).containsExactly("fit_policy");
        } finally {
            source.run("DROP TABLE item", "DROP ROLE fit_policy");
        }
    }

    @Test
    void roles_that_the_target_lacks_and_those_that_its_user_is_not_are_told_by_name() throws SQLException {
        Plan plan = Plans.withRights(TargetServer.plan("shop", SchemaMode.TABLES, target));
        Rights rights = new Rights(
                Map.of("nobody one", 2, "postgres", 1),
                Map.of("nobody two", 1, Rights.PUBLIC, 3),
                Set.of("nobody one", "postgres"),
                Set.of(),
                4,
                Set.of("nobody three"));
        target.run("DROP ROLE IF EXISTS fit_plain", "CREATE ROLE fit_plain LOGIN");
        try (Connection superuser = target.plain();
                Connection plain = target.plain("fit_plain")) {
            assertThat(RightsFit.problems(superuser, plan, rights, "here"))
                    .extracting(Problem::code, Problem::what)
                    .containsExactly(tuple(
                            ErrorCode.TARGET_ROLE_MISSING,
                            "The target lacks 2 roles that own something, are granted something or are named by policies or"
                                    + " user mappings: nobody one, nobody two."));
            assertThat(RightsFit.problems(plain, plan, rights, "here"))
                    .extracting(Problem::code)
                    .containsExactly(ErrorCode.TARGET_ROLE_MISSING, ErrorCode.TARGET_PRIVILEGE_MISSING);
            assertThat(RightsFit.problems(plain, TargetServer.plan("shop", SchemaMode.TABLES, target), rights, "here"))
                    .isEmpty();
            // An archive's policies name them, whatever the plan says of owners and grants.
            assertThat(RightsFit.problems(plain, TargetServer.plan("shop", SchemaMode.DUMP, target), rights, "here"))
                    .extracting(Problem::code, Problem::what)
                    .containsExactly(tuple(
                            ErrorCode.TARGET_ROLE_MISSING,
                            "The target lacks 1 roles that own something, are granted something or are named by policies or"
                                    + " user mappings: nobody three."));
        } finally {
            target.run("DROP ROLE fit_plain");
        }
        assertThat(rights.notes(TargetServer.plan("shop", SchemaMode.TABLES, target)))
                .extracting(Remark::code, Remark::what)
                .containsExactly(
                        tuple(
                                RemarkCode.OWNERS_LEFT_OUT,
                                "Owners are left out: what is made belongs to the target's user. At the source 3 objects"
                                        + " belong to 2 roles: nobody one (2), postgres (1)."),
                        tuple(
                                RemarkCode.GRANTS_LEFT_OUT,
                                "Grants are left out: 4 objects of the source have some, to 2 roles: PUBLIC (3), nobody two"
                                        + " (1)."));
        assertThat(rights.notes(plan)).isEmpty();
    }

    @Test
    void what_an_older_target_does_not_know_is_told_before() {
        source.run(
                "CREATE TABLE item (id int PRIMARY KEY, a int, t text COMPRESSION pglz, UNIQUE NULLS NOT DISTINCT (a))",
                "CREATE TABLE fine (id int, \"NULLS NOT DISTINCT\" text DEFAULT 'NULLS NOT DISTINCT')",
                "CREATE COLLATION plain (provider = builtin, locale = 'C.UTF-8')",
                "CREATE STATISTICS odd ON (a + 1), a FROM item",
                "CREATE TYPE span AS RANGE (SUBTYPE = int)");

        assertThat(SchemaFeatures.problems(source.schema(), 17, true, "here")).isEmpty();
        assertThat(SchemaFeatures.problems(source.schema(), 16, true, "here"))
                .extracting(Problem::what)
                .containsExactly(
                        "The target is PostgreSQL 16 and does not know the collation provider builtin, which is from"
                                + " 17: needed by collation public.plain.");
        assertThat(SchemaFeatures.problems(source.schema(), 13, true, "here"))
                .extracting(Problem::what)
                .hasSize(5)
                .anySatisfy(what -> assertThat(what)
                        .isEqualTo("The target is PostgreSQL 13 and does not know NULLS NOT DISTINCT, which is from 15:"
                                + " needed by index public.item item_a_key."));
        // This server is built without it, so that nothing but the catalog can be made to say so.
        source.run("UPDATE pg_attribute SET attcompression = 'l' WHERE attrelid = 'item'::regclass AND attname = 't'");
        assertThat(look().problems())
                .extracting(Problem::code, Problem::what)
                .containsExactly(tuple(
                        ErrorCode.TARGET_FEATURE_MISSING,
                        "The target's server was built without the compression lz4: needed by table public.item."));
    }
}
