package dev.godwit.ops.command;

import dev.godwit.ops.client.ClusterClient;
import dev.godwit.protocol.status.MigrationStatus;
import picocli.CommandLine.Command;

/** Lets the running shards finish and hands out no more. */
@Command(name = "pause", description = "Lets the running shards finish and hands out no more.")
final class PauseCommand extends ActionVerb {
    @Override
    MigrationStatus act(ClusterClient client, String migration) {
        return client.pause(migration);
    }

    @Override
    String next(String migration) {
        return "godwit resume " + migration;
    }
}
