package dev.godwit.protocol.status;

import dev.godwit.protocol.Wire;
import dev.godwit.protocol.error.Problem;

/**
 * A shard that is cut and not yet done.
 *
 * @param id name within the table
 * @param range the range, for people; bounds of keys are shown to whoever may ask for shards
 * @param state where it stands
 * @param node that copies it; empty if none does
 * @param attempts tries begun so far
 * @param bytes bytes that travelled in the running try
 * @param rows rows that travelled in the running try
 * @param lastProblem of the last failed try; null if none failed
 */
public record ShardStatus(
        String id,
        String range,
        ShardState state,
        String node,
        int attempts,
        long bytes,
        long rows,
        Problem lastProblem)
        implements Wire {}
