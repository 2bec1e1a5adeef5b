package dev.godwit.protocol.status;

import com.fasterxml.jackson.annotation.JsonProperty;

/** Where a table stands. */
public enum TableState {
    @JsonProperty("waiting")
    WAITING,
    @JsonProperty("copying")
    COPYING,
    @JsonProperty("confirming")
    CONFIRMING,
    @JsonProperty("indexing")
    INDEXING,
    @JsonProperty("completed")
    COMPLETED,
    @JsonProperty("paused")
    PAUSED
}
