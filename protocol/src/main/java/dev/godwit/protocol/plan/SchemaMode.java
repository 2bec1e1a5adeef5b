package dev.godwit.protocol.plan;

import com.fasterxml.jackson.annotation.JsonProperty;

/** Who makes the tables in the targets. */
public enum SchemaMode {
    /** Godwit creates the tables and, once their rows are in, the primary keys. */
    @JsonProperty("tables")
    TABLES,
    /** The tables are there and empty. */
    @JsonProperty("existing")
    EXISTING
}
