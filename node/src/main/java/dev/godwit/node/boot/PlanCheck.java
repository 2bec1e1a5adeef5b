package dev.godwit.node.boot;

import com.fasterxml.jackson.databind.json.JsonMapper;
import dev.godwit.node.config.NodeConfiguration;
import dev.godwit.node.migration.MigrationCheck;
import dev.godwit.node.plan.PlanReader;
import dev.godwit.node.plan.PlanRejected;
import dev.godwit.node.postgres.ClientProgramSearch;
import dev.godwit.node.postgres.PostgresPreflight;
import dev.godwit.node.progress.CopyForecast;
import dev.godwit.node.schema.NotCarried;
import dev.godwit.node.schema.SchemaChoice;
import dev.godwit.protocol.check.Remark;
import dev.godwit.protocol.error.ErrorCode;
import dev.godwit.protocol.error.GodwitException;
import dev.godwit.protocol.error.Problem;
import dev.godwit.protocol.plan.Limits;
import dev.godwit.protocol.plan.Plan;
import dev.godwit.protocol.table.CutMethod;
import dev.godwit.protocol.table.TableSpec;
import java.io.IOException;
import java.io.PrintStream;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.concurrent.ForkJoinPool;

/** Checks a plan against both databases without a cluster, and writes nothing. */
final class PlanCheck {
    /** The check runs on one machine; the nodes of a cluster may have other programs. */
    private static final String NODE = "this machine";

    private PlanCheck() {}

    /**
     * What is printed, as JSON.
     *
     * @param problems what keeps the plan from running
     * @param schema who makes the tables, and why; null where the plan can't be read
     * @param tables the biggest first; none where the source could not be asked for them
     * @param leftOut what is not made in the target
     * @param space what the target's disk needs; null if that is not known
     * @param estimate of the copy; null where there is no table
     */
    private record Report(
            List<Problem> problems,
            List<Remark> warnings,
            List<Remark> notes,
            SchemaChoice schema,
            List<Table> tables,
            List<NotCarried> leftOut,
            PostgresPreflight.Space space,
            CopyForecast estimate) {
        static Report of(List<Problem> problems) {
            return new Report(problems, List.of(), List.of(), null, List.of(), List.of(), null, null);
        }
    }

    /** @param lowSeconds for its copy alone, likely between it and {@code highSeconds} */
    private record Table(
            String table,
            CutMethod method,
            boolean binary,
            long estimatedBytes,
            long estimatedRows,
            long lowSeconds,
            long highSeconds) {
        static Table of(Limits limits, TableSpec spec) {
            CopyForecast.Alone alone = CopyForecast.alone(limits, spec);
            return new Table(
                    spec.name().text(),
                    spec.method(),
                    spec.binary(),
                    spec.estimatedBytes(),
                    spec.estimatedRows(),
                    alone.lowSeconds(),
                    alone.highSeconds());
        }
    }

    /** @return 0, or the exit code of the first problem */
    static int run(String file, PrintStream out) {
        Report report = report(file);
        try {
            out.println(JsonMapper.builder().build().writeValueAsString(report));
        } catch (IOException e) {
            throw new IllegalStateException("a report is always JSON", e);
        }
        return report.problems().isEmpty() ? 0 : report.problems().get(0).code().exitCode();
    }

    private static Report report(String file) {
        try {
            return report(PlanReader.read(text(file), file));
        } catch (PlanRejected e) {
            return Report.of(e.problems());
        } catch (GodwitException e) {
            return Report.of(List.of(e.problem()));
        }
    }

    private static Report report(Plan plan) {
        ClientProgramSearch programs = ClientProgramSearch.on(
                NODE, NodeConfiguration.clientPrograms(NodeConfiguration.load()).directory());
        NodeDatabases databases = new NodeDatabases("check", programs);
        try {
            MigrationCheck.Checked checked = MigrationCheck.of(
                    plan,
                    databases.source(plan),
                    databases.target(plan),
                    Map.of(NODE, programs.majors()),
                    ForkJoinPool.commonPool());
            List<TableSpec> tables = checked.tables();
            PostgresPreflight.Found found =
                    PostgresPreflight.look(plan.decided(checked.schema().mode()), tables, checked.problems());
            List<Remark> notes = new ArrayList<>(checked.notes());
            notes.addAll(found.notes());
            return new Report(
                    checked.problems(),
                    found.warnings(),
                    notes,
                    checked.schema(),
                    tables.stream().map(spec -> Table.of(plan.limits(), spec)).toList(),
                    checked.leftOut(),
                    found.space(),
                    tables.isEmpty() ? null : CopyForecast.of(plan.limits(), tables));
        } finally {
            databases.close(plan.name());
        }
    }

    private static String text(String file) {
        try {
            return Files.readString(Path.of(file));
        } catch (IOException e) {
            throw new GodwitException(
                    ErrorCode.USAGE,
                    "the plan can't be read (" + e.getClass().getSimpleName() + ")",
                    file,
                    "give the path of a readable UTF-8 file");
        }
    }
}
