package dev.godwit.ops.command;

import dev.godwit.ops.client.RefusedException;
import dev.godwit.ops.cluster.PlanFile;
import dev.godwit.ops.view.Outcome;
import dev.godwit.ops.view.StatusText;
import dev.godwit.protocol.status.Action;
import dev.godwit.protocol.status.MigrationStatus;
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
        PlanFile file = PlanFile.read(plan);
        MigrationStatus status;
        try {
            status = server.client(terminal()).apply(file.text());
        } catch (RefusedException e) {
            throw file.refusal(e);
        }
        answer(status, new StatusText(terminal().outStyle()).block(status, List.of(), 0), next(status));
        return status.phase().ended() ? Outcome.of(status).orElse(Outcome.FAILURE) : 0;
    }

    private String next(MigrationStatus status) {
        if (status.allowedActions().contains(Action.RESUME.word())) {
            return "godwit resume " + status.name() + server.suffix();
        }
        return switch (status.phase()) {
            case FAILED -> "godwit check " + plan;
            case COMPLETED -> "nothing: this plan was carried out; another name makes another migration";
            case CANCELLED -> "give the plan another name: a cancelled migration does not go on";
            default -> "godwit status " + status.name() + " --watch" + server.suffix();
        };
    }
}
