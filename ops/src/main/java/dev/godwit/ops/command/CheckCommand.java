package dev.godwit.ops.command;

import dev.godwit.ops.cluster.PlanCheck;
import dev.godwit.ops.cluster.PlanFile;
import dev.godwit.ops.view.CheckText;
import java.nio.file.Path;
import picocli.CommandLine.Command;
import picocli.CommandLine.Parameters;

/** Every problem of a plan at once, and what else is worth knowing before it runs. */
@Command(name = "check", description = "Shows every problem of a plan at once, and writes nothing.")
final class CheckCommand extends Verb {
    @Parameters(paramLabel = "PLAN", description = "The plan's YAML file.")
    private Path plan;

    @Override
    public Integer call() {
        PlanFile.read(plan);
        PlanCheck.Report report = new PlanCheck(godwit().installation()).run(plan);
        answer(
                report.json(),
                new CheckText(terminal().outStyle())
                        .lines(report.json(), report.problems(), report.warnings(), report.notes()),
                (report.problems().isEmpty() ? "godwit run " : "godwit check ") + plan);
        return report.exitCode();
    }
}
