package dev.godwit.ops.command;

import dev.godwit.ops.client.ClusterClient;
import dev.godwit.protocol.status.MigrationStatus;
import picocli.CommandLine.Command;

/** Goes on with a paused migration, or with its paused tables. */
@Command(name = "resume", description = "Goes on with a paused migration, or with its paused tables.")
final class ResumeCommand extends ActionVerb {
    @Override
    MigrationStatus act(ClusterClient client, String migration) {
        return client.resume(migration);
    }

    @Override
    String next(String migration) {
        return "godwit status " + migration + " --watch";
    }
}
