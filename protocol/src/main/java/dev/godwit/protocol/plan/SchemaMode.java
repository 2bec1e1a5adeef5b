package dev.godwit.protocol.plan;

import com.fasterxml.jackson.annotation.JsonProperty;
import java.util.Locale;

/** Who makes the tables in the targets. */
public enum SchemaMode {
    /** Godwit makes the whole schema, by PostgreSQL's own {@code pg_dump} and {@code pg_restore} on the nodes. */
    @JsonProperty("dump")
    DUMP,
    /**
     * Godwit makes from the source's catalogs all that tables are made of: before the rows what they need, and after them
     * indexes, constraints and sequences' positions.
     */
    @JsonProperty("tables")
    TABLES,
    /** The tables are there and empty. */
    @JsonProperty("existing")
    EXISTING;

    /** As in the plan. */
    public String word() {
        return name().toLowerCase(Locale.ROOT);
    }

    /** Whether Godwit makes them. */
    public boolean makesTables() {
        return this != EXISTING;
    }
}
