package dev.godwit.ops.command;

import dev.godwit.ops.client.ClusterClient;
import dev.godwit.ops.view.Terminal;
import picocli.CommandLine.Option;

/** Which cluster a verb talks to. */
final class ServerOption {
    private static final String DEFAULT_URL = "http://127.0.0.1:7080";

    @Option(
            names = "--server",
            paramLabel = "URL",
            description = "URL of a node, or of several separated by commas"
                    + " (default: the environment variable GODWIT_URL, else " + DEFAULT_URL + ").")
    private String url;

    ClusterClient client(Terminal terminal) {
        if (url != null) {
            return ClusterClient.of(url);
        }
        String named = terminal.environment().getOrDefault("GODWIT_URL", "");
        return ClusterClient.of(named.isEmpty() ? DEFAULT_URL : named);
    }

    /** For commands that are proposed: names the server if the user had to. */
    String suffix() {
        return url == null ? "" : " --server " + url;
    }
}
