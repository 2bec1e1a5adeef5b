package dev.godwit.ops.command;

import dev.godwit.ops.client.ClusterClient;
import dev.godwit.protocol.status.MigrationStatus;
import picocli.CommandLine.Command;
import picocli.CommandLine.Option;

/** Ends a migration that is in step: changes are captured no more. */
@Command(
        name = "complete",
        description = {
            "Ends a migration that is in step: changes are captured no more, and the source's slot is dropped.",
            "Stop writing to the source and let 'godwit sync NAME --until now' end well before."
        })
final class CompleteCommand extends ActionVerb {
    @Option(
            names = "--without-halted",
            description = "Leave tables behind whose changes are not followed any more, since the source altered them.")
    private boolean withoutHalted;

    @Override
    MigrationStatus act(ClusterClient client, String migration) {
        return client.complete(migration, withoutHalted);
    }

    @Override
    String next(String migration) {
        return "godwit status " + migration;
    }
}
