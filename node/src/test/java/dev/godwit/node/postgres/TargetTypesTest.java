package dev.godwit.node.postgres;

import static dev.godwit.node.postgres.TargetServer.entry;
import static dev.godwit.node.postgres.TargetServer.plan;
import static dev.godwit.protocol.error.ErrorCode.TARGET_COLUMN_TYPE;
import static dev.godwit.protocol.error.ErrorCode.TARGET_TYPE_MISSING;
import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatCode;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.godwit.node.postgres.TargetServer.Database;
import dev.godwit.node.testing.CatalogSchema;
import dev.godwit.protocol.error.ErrorCode;
import dev.godwit.protocol.error.GodwitException;
import dev.godwit.protocol.plan.SchemaMode;
import dev.godwit.protocol.table.TableSpec;
import java.util.List;
import java.util.stream.Stream;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.FieldSource;

/**
 * Types of users that both sides have under one name. A value travels by the type's shape, so another shape would swap
 * or change values without a word.
 */
class TargetTypesTest {
    private final Database source = TargetServer.database();
    private final Database database = TargetServer.database();
    private PostgresTarget target;

    /**
     * @param what is different, or equal
     * @param column type of the column that travels
     * @param source commands that make the types there
     * @param target likewise
     * @param code of the refusal; null if there is none
     * @param named the type that the refusal names
     */
    private record Shapes(
            String what, String column, List<String> source, List<String> target, ErrorCode code, String named) {
        static Shapes equal(String what, String column, String... both) {
            return new Shapes(what, column, List.of(both), List.of(both), null, null);
        }

        static Shapes accepted(String what, String column, String source, String target) {
            return new Shapes(what, column, List.of(source), List.of(target), null, null);
        }

        static Shapes refused(String what, String column, String source, String target) {
            return new Shapes(what, column, List.of(source), List.of(target), TARGET_COLUMN_TYPE, "public.kind");
        }

        Shapes upon(String... more) {
            return new Shapes(what, column, and(source, more), and(target, more), code, named);
        }

        Shapes with(ErrorCode other) {
            return new Shapes(what, column, source, target, other, named);
        }

        private static List<String> and(List<String> first, String... more) {
            return Stream.concat(first.stream(), Stream.of(more)).toList();
        }

        @Override
        public String toString() {
            return what;
        }
    }

    static final List<Shapes> DIFFERENT = List.of(
            Shapes.refused(
                    "a composite's attributes in another order",
                    "kind",
                    "CREATE TYPE kind AS (a int, b int)",
                    "CREATE TYPE kind AS (b int, a int)"),
            Shapes.refused(
                    "a composite with an attribute of another type",
                    "kind",
                    "CREATE TYPE kind AS (a int, b varchar(9))",
                    "CREATE TYPE kind AS (a int, b varchar(8))"),
            Shapes.refused(
                    "a composite with an attribute more",
                    "kind",
                    "CREATE TYPE kind AS (a int)",
                    "CREATE TYPE kind AS (a int, b int)"),
            Shapes.refused(
                    "an array of another composite",
                    "kind[]",
                    "CREATE TYPE kind AS (a int, b int)",
                    "CREATE TYPE kind AS (b int, a int)"),
            Shapes.refused(
                            "a composite inside a composite",
                            "outside",
                            "CREATE TYPE kind AS (a int, b int)",
                            "CREATE TYPE kind AS (b int, a int)")
                    .upon("CREATE TYPE outside AS (id int, inside kind[])"),
            Shapes.refused(
                            "a domain over another composite",
                            "outside",
                            "CREATE TYPE kind AS (a int, b int)",
                            "CREATE TYPE kind AS (b int, a int)")
                    .upon("CREATE DOMAIN outside AS kind"),
            Shapes.refused(
                    "the row type of a table with other columns",
                    "kind",
                    "CREATE TABLE kind (a int, b int)",
                    "CREATE TABLE kind (b int, a int)"),
            Shapes.refused(
                    "a domain over another type", "kind", "CREATE DOMAIN kind AS int", "CREATE DOMAIN kind AS bigint"),
            Shapes.refused(
                    "a domain with another modifier",
                    "kind",
                    "CREATE DOMAIN kind AS numeric(10,2)",
                    "CREATE DOMAIN kind AS numeric(10,1)"),
            Shapes.refused(
                            "a domain inside a composite",
                            "outside",
                            "CREATE DOMAIN kind AS numeric(10,2)",
                            "CREATE DOMAIN kind AS numeric(10,1)")
                    .upon("CREATE TYPE outside AS (id int, inside kind)"),
            Shapes.refused(
                    "a range over another type",
                    "kind",
                    "CREATE TYPE kind AS RANGE (subtype = numeric)",
                    "CREATE TYPE kind AS RANGE (subtype = float8)"),
            Shapes.refused(
                    "many ranges over another type",
                    "kinds",
                    "CREATE TYPE kind AS RANGE (subtype = numeric, multirange_type_name = kinds)",
                    "CREATE TYPE kind AS RANGE (subtype = float8, multirange_type_name = kinds)"),
            Shapes.refused(
                    "a type of another kind", "kind", "CREATE TYPE kind AS (a int)", "CREATE DOMAIN kind AS int"),
            Shapes.refused(
                            "an enum type with other labels",
                            "kind",
                            "CREATE TYPE kind AS ENUM ('a', 'b')",
                            "CREATE TYPE kind AS ENUM ('a', 'c')")
                    .with(TARGET_TYPE_MISSING),
            Shapes.refused(
                            "an enum type with other labels inside a composite",
                            "outside",
                            "CREATE TYPE kind AS ENUM ('a', 'b')",
                            "CREATE TYPE kind AS ENUM ('a', 'c')")
                    .upon("CREATE TYPE outside AS (id int, inside kind)")
                    .with(TARGET_TYPE_MISSING));

    static final List<Shapes> EQUAL = List.of(
            Shapes.equal("a composite", "kind", "CREATE TYPE kind AS (a int, b varchar(9))"),
            Shapes.equal(
                    "a composite inside a composite",
                    "outside",
                    "CREATE TYPE kind AS (a int, \"B b\" text)",
                    "CREATE TYPE outside AS (id int, inside kind[])"),
            Shapes.equal("a domain", "kind", "CREATE DOMAIN kind AS numeric(10,2)"),
            Shapes.equal("a range", "kind", "CREATE TYPE kind AS RANGE (subtype = numeric)"),
            Shapes.equal(
                    "many ranges",
                    "kinds",
                    "CREATE TYPE kind AS RANGE (subtype = numeric, multirange_type_name = kinds)"),
            Shapes.equal("an enum type", "kind", "CREATE TYPE kind AS ENUM ('a', 'b')"),
            Shapes.accepted(
                    "an enum type with more labels",
                    "kind",
                    "CREATE TYPE kind AS ENUM ('a', 'b')",
                    "CREATE TYPE kind AS ENUM ('c', 'a', 'b')"),
            Shapes.accepted(
                    "a composite that lost an attribute",
                    "kind",
                    "CREATE TYPE kind AS (a int, b int)",
                    "CREATE TYPE kind AS (a int, gone text, b int); ALTER TYPE kind DROP ATTRIBUTE gone"));

    @BeforeEach
    void start() {
        target = new PostgresTarget(database.address(), "godwit test", 8);
        target.enter(entry("shop"));
    }

    @AfterEach
    void stop() {
        target.close();
    }

    private TableSpec made(Shapes shapes) {
        shapes.source().forEach(source::run);
        shapes.target().forEach(database::run);
        source.run("CREATE TABLE t (id int PRIMARY KEY, v " + shapes.column() + ")");
        return source.spec("public", "t", false, "id");
    }

    private void prepare(SchemaMode mode, TableSpec table) {
        target.prepare(plan("shop", mode, database), List.of(table), new CatalogSchema(source::schema));
    }

    @ParameterizedTest
    @FieldSource("DIFFERENT")
    void a_type_of_another_shape_is_refused_before_a_row_lands(Shapes shapes) {
        TableSpec table = made(shapes);

        assertRefused(SchemaMode.TABLES, table, shapes);
        assertThat(database.text("SELECT to_regclass('public.t')")).isNull();
        database.run("CREATE TABLE t (id int PRIMARY KEY, v " + shapes.column() + ")");
        assertRefused(SchemaMode.EXISTING, table, shapes);
        assertThat(database.number("SELECT count(*) FROM godwit.target_table")).isZero();
    }

    private void assertRefused(SchemaMode mode, TableSpec table, Shapes shapes) {
        assertThatThrownBy(() -> prepare(mode, table)).isInstanceOfSatisfying(GodwitException.class, e -> {
            assertThat(e.code()).isEqualTo(shapes.code());
            assertThat(e.problem().where()).isEqualTo(shapes.named());
            assertThat(e.problem().fix()).isNotEmpty();
        });
    }

    @ParameterizedTest
    @FieldSource("EQUAL")
    void a_type_of_the_same_shape_is_accepted(Shapes shapes) {
        TableSpec table = made(shapes);

        assertThatCode(() -> prepare(SchemaMode.TABLES, table)).doesNotThrowAnyException();
        assertThatCode(() -> prepare(SchemaMode.EXISTING, table)).doesNotThrowAnyException();
    }
}
