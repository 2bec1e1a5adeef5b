package dev.godwit.ops.command;

import dev.godwit.ops.client.ClusterClient;
import dev.godwit.ops.view.StatusText;
import dev.godwit.protocol.status.MigrationStatus;
import java.util.List;
import picocli.CommandLine.Mixin;
import picocli.CommandLine.Parameters;

/** Tells one migration to do something, and shows where it stands then. */
abstract class ActionVerb extends Verb {
    @Mixin
    private ServerOption server;

    @Parameters(paramLabel = "NAME", description = "Name of the migration.")
    private String name;

    /** Tells it. */
    abstract MigrationStatus act(ClusterClient client, String migration);

    /** The next useful command, without its server. */
    abstract String next(String migration);

    @Override
    public final Integer call() {
        MigrationStatus status = act(server.client(terminal()), name);
        answer(
                status,
                new StatusText(terminal().outStyle()).block(status, List.of(), 0),
                next(status.name()) + server.suffix());
        return 0;
    }
}
