package dev.godwit.protocol.status;

import com.fasterxml.jackson.annotation.JsonProperty;

/** Where a shard that is not yet done stands. */
public enum ShardState {
    @JsonProperty("waiting")
    WAITING,
    @JsonProperty("running")
    RUNNING,
    @JsonProperty("backing-off")
    BACKING_OFF
}
