package dev.godwit.protocol.status;

import com.fasterxml.jackson.annotation.JsonProperty;

/** What keeps a migration from going faster. */
public enum Limit {
    /** Shards wait for the source's rows. */
    @JsonProperty("source")
    SOURCE,
    /** Shards wait for the target to take rows, or nothing but indexes is left to be made there. */
    @JsonProperty("target")
    TARGET,
    /** Nodes wait for a database that waits for them. */
    @JsonProperty("network")
    NETWORK,
    /** The nodes' own processors. */
    @JsonProperty("node")
    NODE,
    /** The plan's ceilings are reached, and each session up to there has brought more. */
    @JsonProperty("plan")
    PLAN,
    /** Nothing, as far as is known. */
    @JsonProperty("none")
    NONE;

    /** The word that people see. */
    public String word() {
        return name().toLowerCase(java.util.Locale.ROOT);
    }
}
