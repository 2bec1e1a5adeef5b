package dev.godwit.ops.command;

import dev.godwit.ops.client.ClusterClient;
import dev.godwit.protocol.status.MigrationStatus;
import picocli.CommandLine.Command;

/** Ends a migration that is in step: changes are captured no more. */
@Command(
        name = "complete",
        description = {
            "Ends a migration that is in step: changes are captured no more, and the source's slot is dropped.",
            "Stop writing to the source and let 'godwit sync NAME --until now' end well before."
        })
final class CompleteCommand extends ActionVerb {
    @Override
    MigrationStatus act(ClusterClient client, String migration) {
        return client.complete(migration);
    }

    @Override
    String next(String migration) {
        return "godwit status " + migration;
    }
}
