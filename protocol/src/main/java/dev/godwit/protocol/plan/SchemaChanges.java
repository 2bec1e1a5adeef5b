package dev.godwit.protocol.plan;

import com.fasterxml.jackson.annotation.JsonProperty;

/** What becomes of a table that the source alters while its changes are followed. */
public enum SchemaChanges {
    /** Columns that are added at the end, nullable and without a default, are added in the targets; all else pauses. */
    @JsonProperty("follow")
    FOLLOW,
    /** The table pauses. */
    @JsonProperty("pause")
    PAUSE
}
