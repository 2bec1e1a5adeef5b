package dev.godwit.ops.command;

import dev.godwit.ops.cluster.PlanFile;
import dev.godwit.ops.view.Outcome;
import dev.godwit.ops.view.StatusText;
import dev.godwit.protocol.status.MigrationStatus;
import dev.godwit.protocol.status.Phase;
import java.nio.file.Path;
import java.util.List;
import picocli.CommandLine.Command;
import picocli.CommandLine.Mixin;
import picocli.CommandLine.Parameters;

/** Hands a plan to a running cluster. */
@Command(name = "apply", description = "Hands a plan to a running cluster; the same plan again resumes.")
final class ApplyCommand extends Verb {
    @Mixin
    private ServerOption server;

    @Parameters(paramLabel = "PLAN", description = "The plan's YAML file.")
    private Path plan;

    @Override
    public Integer call() {
        MigrationStatus status =
                server.client(terminal()).apply(PlanFile.read(plan).text());
        boolean failed = status.phase() == Phase.FAILED;
        answer(
                status,
                new StatusText(terminal().outStyle()).block(status, List.of(), 0),
                failed ? "godwit check " + plan : "godwit status " + status.name() + " --watch" + server.suffix());
        return failed ? Outcome.of(status).orElse(Outcome.FAILURE) : 0;
    }
}
