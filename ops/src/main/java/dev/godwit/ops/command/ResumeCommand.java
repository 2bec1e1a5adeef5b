package dev.godwit.ops.command;

import dev.godwit.ops.view.StatusText;
import dev.godwit.protocol.status.MigrationStatus;
import picocli.CommandLine.Command;
import picocli.CommandLine.Mixin;
import picocli.CommandLine.Parameters;

/** Goes on with a paused migration, or with its paused tables. */
@Command(name = "resume", description = "Goes on with a paused migration, or with its paused tables.")
final class ResumeCommand extends Verb {
    @Mixin
    private ServerOption server;

    @Parameters(paramLabel = "NAME", description = "Name of the migration.")
    private String name;

    @Override
    public Integer call() {
        MigrationStatus status = server.client(terminal()).resume(name);
        answer(
                status,
                new StatusText(terminal().outStyle()).block(status, java.util.List.of(), 0),
                "godwit status " + status.name() + " --watch" + server.suffix());
        return 0;
    }
}
