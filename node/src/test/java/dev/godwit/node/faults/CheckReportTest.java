package dev.godwit.node.faults;

import static org.assertj.core.api.Assertions.assertThat;

import com.fasterxml.jackson.databind.JsonNode;
import dev.godwit.node.cluster.Database;
import dev.godwit.node.cluster.Postgres;
import dev.godwit.protocol.error.ErrorCode;
import dev.godwit.protocol.error.Problem;
import java.nio.file.Path;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** The whole answer of {@code check}, as a process of its own gives it. */
class CheckReportTest {
    private final Database source = Postgres.source().database("source");
    private final Database target = Postgres.target().database("target");

    @TempDir
    private Path directory;

    @Test
    void warnings_notes_tables_and_estimate_leave_the_exit_code_at_0() {
        source.run(
                "CREATE TABLE item (id int PRIMARY KEY, note text)",
                "INSERT INTO item SELECT i, repeat('x', 100) FROM generate_series(1, 10000) i",
                "CREATE INDEX by_note ON item (note)",
                "CREATE VIEW notes AS SELECT note FROM item",
                "CREATE TABLE log (line text)",
                "SELECT lo_create(0)",
                "ANALYZE",
                "ALTER DATABASE " + source.name() + " SET statement_timeout = '5min'");

        PlanCheckProcess check = PlanCheckProcess.run(
                directory,
                PlanYaml.of("sound", source, target).withLeaveOut("\"view *\"").yaml());

        assertThat(check.exitCode()).isZero();
        assertThat(check.problems()).isEmpty();
        assertThat(check.codes("warnings")).contains("TARGET_NOT_CRASH_SAFE");
        assertThat(check.codes("notes"))
                .containsExactly(
                        "OWNERS_LEFT_OUT",
                        "SESSION_TIMEOUT_LIFTED",
                        "TABLES_WITHOUT_KEY",
                        "LARGE_OBJECTS_LEFT_OUT",
                        "SPACE_NEEDED");
        JsonNode report = check.report();
        assertThat(report.get("tables").findValuesAsText("table")).containsExactly("public.item", "public.log");
        assertThat(report.get("tables").get(0).get("highSeconds").asLong()).isPositive();
        assertThat(report.get("leftOut").findValuesAsText("name")).containsExactly("public.notes");
        assertThat(report.get("space").get("rowBytes").asLong()).isGreaterThan(1_000_000);
        assertThat(report.get("estimate").get("workers").asInt()).isEqualTo(2);
        assertThat(report.get("estimate").get("basis").asText()).contains("MB/s");
    }

    @Test
    void a_missing_extension_is_a_problem_beside_those_of_the_databases() {
        source.run(
                "CREATE EXTENSION hstore",
                "CREATE TABLE item (id int PRIMARY KEY, more hstore)",
                "CREATE TABLE other (id int)");
        target.run("CREATE TABLE other (id text)");

        PlanCheckProcess check = PlanCheckProcess.run(
                directory, PlanYaml.of("extension", source, target).yaml());

        assertThat(check.problems())
                .extracting(Problem::code)
                .containsExactly(ErrorCode.TARGET_COLUMN_TYPE, ErrorCode.TARGET_EXTENSION_MISSING);
        assertThat(check.exitCode()).isEqualTo(7);
        assertThat(check.codes("notes")).contains("SPACE_NEEDED");
    }
}
