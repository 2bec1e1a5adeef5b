package dev.godwit.ops.command;

import dev.godwit.ops.view.StatusText;
import dev.godwit.protocol.status.MigrationStatus;
import picocli.CommandLine.Command;
import picocli.CommandLine.Mixin;
import picocli.CommandLine.Parameters;

/** Lets the running shards finish and hands out no more. */
@Command(name = "pause", description = "Lets the running shards finish and hands out no more.")
final class PauseCommand extends Verb {
    @Mixin
    private ServerOption server;

    @Parameters(paramLabel = "NAME", description = "Name of the migration.")
    private String name;

    @Override
    public Integer call() {
        MigrationStatus status = server.client(terminal()).pause(name);
        answer(
                status,
                new StatusText(terminal().outStyle()).block(status, java.util.List.of(), 0),
                "godwit resume " + status.name() + server.suffix());
        return 0;
    }
}
