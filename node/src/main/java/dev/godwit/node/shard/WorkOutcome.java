package dev.godwit.node.shard;

import com.fasterxml.jackson.annotation.JsonSubTypes;
import com.fasterxml.jackson.annotation.JsonTypeInfo;
import dev.godwit.protocol.error.Problem;
import dev.godwit.protocol.table.TableName;
import java.util.List;

/** What became of one try to copy a shard. */
@JsonTypeInfo(use = JsonTypeInfo.Id.NAME, property = "outcome")
@JsonSubTypes({
    @JsonSubTypes.Type(value = WorkOutcome.Landed.class, name = "landed"),
    @JsonSubTypes.Type(value = WorkOutcome.AlreadyRetired.class, name = "already-retired"),
    @JsonSubTypes.Type(value = WorkOutcome.TooBig.class, name = "too-big"),
    @JsonSubTypes.Type(value = WorkOutcome.Failed.class, name = "failed"),
    @JsonSubTypes.Type(value = WorkOutcome.GivenBack.class, name = "given-back"),
    @JsonSubTypes.Type(value = WorkOutcome.BundleLanded.class, name = "bundle-landed")
})
public sealed interface WorkOutcome {
    /**
     * Its claim is committed.
     *
     * @param durationMillis from the first read to the commit; 0 if somebody else had landed it
     * @param node that wrote it, as the claim says
     */
    record Landed(long rows, long bytes, long durationMillis, String node) implements WorkOutcome {}

    /** Its claim says retired, and there are this many pieces. */
    record AlreadyRetired(int pieces) implements WorkOutcome {}

    /** It was given up on the way because it is much bigger than aimed at. */
    record TooBig(long bytesSoFar) implements WorkOutcome {}

    record Failed(Problem problem) implements WorkOutcome {}

    /** The node leaves, or the migration was stopped: nothing is wrong with the shard. */
    record GivenBack() implements WorkOutcome {}

    /**
     * The claims of small tables are committed and durable, and what belongs to each is made.
     *
     * @param apart those that are cut or claimed in another way: each is to be copied by itself
     */
    record BundleLanded(List<LandedTable> tables, List<TableName> apart) implements WorkOutcome {
        public BundleLanded {
            tables = List.copyOf(tables);
            apart = List.copyOf(apart);
        }
    }

    record LandedTable(TableName table, long rows, long bytes) {}
}
