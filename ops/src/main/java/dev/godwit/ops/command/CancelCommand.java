package dev.godwit.ops.command;

import dev.godwit.ops.view.StatusText;
import dev.godwit.protocol.status.MigrationStatus;
import picocli.CommandLine.Command;
import picocli.CommandLine.Mixin;
import picocli.CommandLine.Parameters;

/** Ends a migration for good; what is copied stays in the target. */
@Command(name = "cancel", description = "Ends a migration for good; what is copied stays in the target.")
final class CancelCommand extends Verb {
    @Mixin
    private ServerOption server;

    @Parameters(paramLabel = "NAME", description = "Name of the migration.")
    private String name;

    @Override
    public Integer call() {
        MigrationStatus status = server.client(terminal()).cancel(name);
        answer(
                status,
                new StatusText(terminal().outStyle()).block(status, java.util.List.of(), 0),
                "godwit status " + status.name() + server.suffix());
        return 0;
    }
}
