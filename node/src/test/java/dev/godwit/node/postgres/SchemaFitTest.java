package dev.godwit.node.postgres;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.tuple;

import dev.godwit.node.postgres.TargetServer.Database;
import dev.godwit.node.schema.NotCarried;
import dev.godwit.node.target.TargetDatabase.Acceptance;
import dev.godwit.protocol.error.ErrorCode;
import dev.godwit.protocol.error.Problem;
import dev.godwit.protocol.plan.SchemaMode;
import java.util.List;
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
    void an_existing_table_is_compared_and_what_it_would_be_made_of_is_not_asked_for() {
        source.run(
                "CREATE FUNCTION twice(int) RETURNS int IMMUTABLE LANGUAGE sql AS 'SELECT $1 * 2'",
                "CREATE TABLE reckoned (id int, twice int GENERATED ALWAYS AS (public.twice(id)) STORED)");
        target.run("CREATE TABLE reckoned (id int, twice int GENERATED ALWAYS AS (id * 2) STORED)");

        assertThat(look().problems()).extracting(Problem::code).containsExactly(ErrorCode.TARGET_OBJECT_DIFFERS);
    }
}
