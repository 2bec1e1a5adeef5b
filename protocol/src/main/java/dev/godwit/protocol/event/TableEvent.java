package dev.godwit.protocol.event;

import com.fasterxml.jackson.annotation.JsonSubTypes;
import com.fasterxml.jackson.annotation.JsonTypeInfo;
import dev.godwit.protocol.error.Problem;
import dev.godwit.protocol.table.TableSpec;
import java.util.List;

/**
 * What was decided about one table's shards. Ranges are not in here, since their bounds are values of rows: they are
 * kept in the target, and read from there when a coordinator recovers.
 */
@JsonTypeInfo(use = JsonTypeInfo.Id.NAME, property = "event")
@JsonSubTypes({
    @JsonSubTypes.Type(value = TableEvent.TableOpened.class, name = "table-opened"),
    @JsonSubTypes.Type(value = TableEvent.WindowCut.class, name = "window-cut"),
    @JsonSubTypes.Type(value = TableEvent.ShardStarted.class, name = "shard-started"),
    @JsonSubTypes.Type(value = TableEvent.ShardLanded.class, name = "shard-landed"),
    @JsonSubTypes.Type(value = TableEvent.ShardFailed.class, name = "shard-failed"),
    @JsonSubTypes.Type(value = TableEvent.ShardsReleased.class, name = "shards-released"),
    @JsonSubTypes.Type(value = TableEvent.ShardRetired.class, name = "shard-retired"),
    @JsonSubTypes.Type(value = TableEvent.ShardsReopened.class, name = "shards-reopened"),
    @JsonSubTypes.Type(value = TableEvent.TableHalted.class, name = "table-halted"),
    @JsonSubTypes.Type(value = TableEvent.TableContinued.class, name = "table-continued"),
    @JsonSubTypes.Type(value = TableEvent.ClaimsConfirmed.class, name = "claims-confirmed"),
    @JsonSubTypes.Type(value = TableEvent.KeysBuilt.class, name = "keys-built")
})
public sealed interface TableEvent {
    /** The coordinator got its table. */
    record TableOpened(String migration, TableSpec table) implements TableEvent {}

    /**
     * The next shards were cut and their ranges are durable in the target.
     *
     * @param window the window's name
     * @param shards how many, at least 1
     * @param last whether the table ends with them
     */
    record WindowCut(String window, int shards, boolean last) implements TableEvent {}

    /**
     * A worker was given a shard.
     *
     * @param worker path of the worker's actor
     * @param node address of its node
     * @param attempt 1 for the first try
     */
    record ShardStarted(String shard, String worker, String node, int attempt) implements TableEvent {}

    /**
     * The claim and the rows of a shard are committed in the target.
     *
     * @param rows rows in the target by this shard
     * @param bytes bytes that travelled
     * @param durationMillis from the first read to the commit; 0 if it was found to be there already
     * @param node that wrote it, as the claim says
     */
    record ShardLanded(String shard, long rows, long bytes, long durationMillis, String node) implements TableEvent {}

    /** A try came to nothing; the shard waits for its next. */
    record ShardFailed(String shard, Problem problem, int attempt) implements TableEvent {}

    /** A node was lost, or gave its shards back; they wait for another. Not a failed try. */
    record ShardsReleased(List<String> shards, String node) implements TableEvent {
        public ShardsReleased {
            shards = List.copyOf(shards);
        }
    }

    /**
     * A shard turned out to be too big. Its claim says {@code retired}, and its pieces are durable in the target as the
     * window of its name.
     */
    record ShardRetired(String shard, int pieces) implements TableEvent {}

    /** The target lost claims that were reported as landed (it crashed, or was restored): they are copied again. */
    record ShardsReopened(List<String> shards, long rows, long bytes) implements TableEvent {
        public ShardsReopened {
            shards = List.copyOf(shards);
        }
    }

    /** Nothing more of this table is handed out until someone resumes it. */
    record TableHalted(Problem problem) implements TableEvent {}

    record TableContinued(String by) implements TableEvent {}

    /** Every range of the table has its claim in the target, and these are flushed to its disk. */
    record ClaimsConfirmed(long rows, long bytes, long shards) implements TableEvent {}

    /** What belongs to the table alone is made: indexes, keys and the like. */
    record KeysBuilt() implements TableEvent {}
}
