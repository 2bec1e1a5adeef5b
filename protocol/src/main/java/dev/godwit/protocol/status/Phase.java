package dev.godwit.protocol.status;

import com.fasterxml.jackson.annotation.JsonProperty;

/** Where a migration stands. */
public enum Phase {
    @JsonProperty("drafted")
    DRAFTED,
    @JsonProperty("checked")
    CHECKED,
    @JsonProperty("prepared")
    PREPARED,
    @JsonProperty("copying")
    COPYING,
    @JsonProperty("indexing")
    INDEXING,
    /** All rows are there; what has changed at the source since is being applied. */
    @JsonProperty("catching-up")
    CATCHING_UP,
    /** What changes at the source is in the targets a moment later. */
    @JsonProperty("in-step")
    IN_STEP,
    @JsonProperty("completed")
    COMPLETED,
    @JsonProperty("paused")
    PAUSED,
    @JsonProperty("failed")
    FAILED,
    @JsonProperty("cancelled")
    CANCELLED;

    /** Whether nothing more happens by itself. */
    public boolean ended() {
        return this == COMPLETED || this == FAILED || this == CANCELLED;
    }

    /** The word that people see. */
    public String word() {
        return name().toLowerCase(java.util.Locale.ROOT).replace('_', '-');
    }
}
