package dev.godwit.protocol.plan;

import com.fasterxml.jackson.annotation.JsonProperty;

/** Who makes the tables in the targets. */
public enum SchemaMode {
    /**
     * Godwit makes from the source's catalogs all that tables are made of: before the rows what they need, and after them
     * indexes, constraints and sequences' positions.
     */
    @JsonProperty("tables")
    TABLES,
    /** The tables are there and empty. */
    @JsonProperty("existing")
    EXISTING
}
