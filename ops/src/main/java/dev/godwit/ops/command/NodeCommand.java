package dev.godwit.ops.command;

import dev.godwit.ops.cluster.Installation;
import dev.godwit.ops.cluster.StateStore;
import dev.godwit.ops.view.Outcome;
import dev.godwit.protocol.error.ErrorCode;
import dev.godwit.protocol.error.GodwitException;
import dev.godwit.protocol.plan.PostgresAddress;
import dev.godwit.protocol.plan.SecretRef;
import java.io.IOException;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import picocli.CommandLine.Command;
import picocli.CommandLine.Model.CommandSpec;
import picocli.CommandLine.Option;
import picocli.CommandLine.ParameterException;
import picocli.CommandLine.Spec;

/** One cluster node in the foreground. Nodes with the same state store find each other. */
@Command(
        name = "node",
        description = {
            "Runs one cluster node in the foreground.",
            "Nodes with the same state store find each other; each is as good as any other.",
            "SIGTERM or Ctrl-C ends it: its running shards commit or are given back."
        })
final class NodeCommand extends Verb {
    @Option(names = "--state-store-host", required = true, paramLabel = "HOST", description = "PostgreSQL's host.")
    private String host;

    @Option(names = "--state-store-port", paramLabel = "PORT", description = "Its port (default: ${DEFAULT-VALUE}).")
    private int port = 5432;

    @Option(names = "--state-store-database", required = true, paramLabel = "NAME", description = "The database.")
    private String database;

    @Option(names = "--state-store-user", required = true, paramLabel = "ROLE", description = "The role that logs in.")
    private String user;

    @Option(
            names = "--state-store-password-env",
            paramLabel = "NAME",
            description = "Environment variable that holds the password.")
    private String passwordVariable;

    @Option(names = "--state-store-password-file", paramLabel = "FILE", description = "File that holds the password.")
    private String passwordFile;

    @Option(
            names = "--state-store-sslmode",
            paramLabel = "MODE",
            description = "disable, allow, prefer, require, verify-ca, verify-full (default: ${DEFAULT-VALUE}).")
    private String sslMode = "prefer";

    @Option(
            names = "--state-store-schema",
            paramLabel = "NAME",
            description = "Schema of the cluster's tables (default: ${DEFAULT-VALUE}).")
    private String schema = "godwit";

    @Option(
            names = "--cluster-host",
            paramLabel = "HOST",
            description = "Address at which other nodes reach this one (default: ${DEFAULT-VALUE}).")
    private String clusterHost = "127.0.0.1";

    @Option(
            names = "--cluster-port",
            paramLabel = "PORT",
            description = "Its port; 0 for any free one (default: ${DEFAULT-VALUE}).")
    private int clusterPort;

    @Option(
            names = "--http-host",
            paramLabel = "HOST",
            description = "Address that HTTP listens on (default: ${DEFAULT-VALUE}).")
    private String httpHost = "127.0.0.1";

    @Option(
            names = "--http-port",
            paramLabel = "PORT",
            description = "Its port; 0 for any free one (default: ${DEFAULT-VALUE}).")
    private int httpPort = 7080;

    @Option(
            names = "--heap",
            paramLabel = "SIZE",
            description = "Largest heap, as -Xmx takes it (default: ${DEFAULT-VALUE}).")
    private String heap = "1g";

    @Option(
            names = "--print-command",
            hidden = true,
            description = "For the script: print the command, one word a line.")
    private boolean printCommand;

    @Spec
    private CommandSpec spec;

    @Override
    public Integer call() {
        Installation installation = godwit().installation();
        List<String> command = installation.nodeCommand(heap, settings(), "node");
        if (!printCommand) {
            return runInForeground(command);
        }
        if (command.stream().anyMatch(word -> word.indexOf('\n') >= 0)) {
            throw new ParameterException(spec.commandLine(), "A value has a line break.");
        }
        command.forEach(terminal().out()::println);
        return 0;
    }

    private Map<String, String> settings() {
        port(port, 1, "--state-store-port");
        port(clusterPort, 0, "--cluster-port");
        port(httpPort, 0, "--http-port");
        if (passwordVariable != null && passwordFile != null) {
            throw new ParameterException(
                    spec.commandLine(), "The password is in a variable or in a file, not in both.");
        }
        SecretRef password =
                passwordVariable == null && passwordFile == null ? null : new SecretRef(passwordVariable, passwordFile);
        Map<String, String> settings = new LinkedHashMap<>(
                new StateStore(new PostgresAddress(host, port, database, user, password, sslMode, Map.of()), schema)
                        .settings());
        settings.put("godwit.cluster.host", clusterHost);
        settings.put("godwit.cluster.port", Integer.toString(clusterPort));
        settings.put("godwit.http.host", httpHost);
        settings.put("godwit.http.port", Integer.toString(httpPort));
        return settings;
    }

    private void port(int value, int lowest, String option) {
        if (value < lowest || value > 65_535) {
            throw new ParameterException(spec.commandLine(), option + " takes " + lowest + " to 65535.");
        }
    }

    /** Without the script: the node is a child, and ends with this process. */
    private static int runInForeground(List<String> command) {
        try {
            Process node = new ProcessBuilder(command).inheritIO().start();
            Thread hook = new Thread(node::destroy, "godwit-node-end");
            Runtime.getRuntime().addShutdownHook(hook);
            return node.waitFor();
        } catch (IOException e) {
            throw new GodwitException(ErrorCode.INTERNAL, "The node's process could not be started.", "", "");
        } catch (InterruptedException e) {
            Thread.currentThread().interrupt();
            return Outcome.INTERRUPTED;
        }
    }
}
