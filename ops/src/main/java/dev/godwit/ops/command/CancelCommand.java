package dev.godwit.ops.command;

import dev.godwit.ops.client.ClusterClient;
import dev.godwit.protocol.status.MigrationStatus;
import picocli.CommandLine.Command;

/** Ends a migration for good; what is copied stays in the target. */
@Command(name = "cancel", description = "Ends a migration for good; what is copied stays in the target.")
final class CancelCommand extends ActionVerb {
    @Override
    MigrationStatus act(ClusterClient client, String migration) {
        return client.cancel(migration);
    }

    @Override
    String next(String migration) {
        return "godwit status " + migration;
    }
}
