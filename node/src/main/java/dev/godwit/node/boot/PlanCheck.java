package dev.godwit.node.boot;

import com.fasterxml.jackson.databind.json.JsonMapper;
import dev.godwit.node.migration.Preparation;
import dev.godwit.node.plan.PlanReader;
import dev.godwit.node.plan.PlanRejected;
import dev.godwit.node.schema.NotCarried;
import dev.godwit.node.source.SourceDatabase;
import dev.godwit.node.target.TargetDatabase;
import dev.godwit.protocol.error.ErrorCode;
import dev.godwit.protocol.error.GodwitException;
import dev.godwit.protocol.error.Problem;
import dev.godwit.protocol.plan.Plan;
import dev.godwit.protocol.table.CutMethod;
import dev.godwit.protocol.table.TableSpec;
import java.io.IOException;
import java.io.PrintStream;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;

/** Checks a plan against both databases without a cluster, and writes nothing. */
final class PlanCheck {
    private PlanCheck() {}

    /** What is printed, as JSON. */
    private record Report(List<Problem> problems, List<Table> tables, List<NotCarried> leftOut) {}

    private record Table(String table, CutMethod method, boolean binary, long estimatedBytes, long estimatedRows) {}

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
        NodeDatabases databases = new NodeDatabases("check");
        Plan plan = null;
        try {
            plan = PlanReader.read(text(file), file);
            SourceDatabase source = databases.source(plan);
            TargetDatabase target = databases.target(plan);
            Preparation.Checked checked = Preparation.check(plan, source, target);
            return new Report(
                    checked.problems(),
                    checked.tables().stream().map(PlanCheck::table).toList(),
                    checked.leftOut());
        } catch (PlanRejected e) {
            return new Report(e.problems(), List.of(), List.of());
        } catch (GodwitException e) {
            return new Report(List.of(e.problem()), List.of(), List.of());
        } finally {
            if (plan != null) {
                databases.close(plan.name());
            }
        }
    }

    private static Table table(TableSpec spec) {
        return new Table(spec.name().text(), spec.method(), spec.binary(), spec.estimatedBytes(), spec.estimatedRows());
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
