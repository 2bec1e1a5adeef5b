package dev.godwit.protocol.plan;

import com.fasterxml.jackson.annotation.JsonProperty;

/** Which moment of the source the targets show when the copy is done. */
public enum Consistency {
    /** The user promises that the source is not written; every shard takes its own snapshot. */
    @JsonProperty("frozen")
    FROZEN,
    /** One exported snapshot for all shards on all nodes. */
    @JsonProperty("snapshot")
    SNAPSHOT,
    /** The source goes on being written and the change stream joins in. */
    @JsonProperty("online")
    ONLINE
}
