package dev.godwit.node.config;

import java.util.Objects;

/** Everything that a node is told by its configuration. Holds no secret that shows in a text. */
public record NodeSettings(
        StateStoreSettings stateStore,
        ClusterSettings cluster,
        JoinSettings join,
        HttpSettings http,
        DrainSettings drain,
        ClientProgramSettings clientPrograms) {
    public NodeSettings {
        Objects.requireNonNull(stateStore, "stateStore");
        Objects.requireNonNull(cluster, "cluster");
        Objects.requireNonNull(join, "join");
        Objects.requireNonNull(http, "http");
        Objects.requireNonNull(drain, "drain");
        Objects.requireNonNull(clientPrograms, "clientPrograms");
    }
}
