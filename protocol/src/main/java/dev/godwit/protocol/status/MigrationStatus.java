package dev.godwit.protocol.status;

import dev.godwit.protocol.Wire;
import dev.godwit.protocol.error.Problem;
import java.time.Instant;
import java.util.List;
import java.util.Objects;

/**
 * What a migration says of itself.
 *
 * @param name of the migration
 * @param phase where it stands
 * @param health whether it really moves
 * @param reason why it does not move, or what needs a person, in words; empty if there is nothing to say
 * @param limit what holds it now; null if it does not run
 * @param consistency as in the plan
 * @param schema who makes the tables: dump, tables or existing; empty as long as that is not decided
 * @param schemaReason why that was decided; empty where the plan says it
 * @param guarantee {@code exactly-once} or {@code effectively-once}
 * @param submittedAt when the plan was handed in
 * @param lastCheckpointAt when a claim was last seen committed; null if none was yet
 * @param rows rows whose claims are committed
 * @param bytes bytes of those
 * @param liveRows rows under way
 * @param liveBytes bytes under way
 * @param estimatedBytes bytes that are to travel, by what the shards so far took; at least {@code bytes}
 * @param rowsPerSecond over the last seconds
 * @param bytesPerSecond over the last seconds
 * @param etaLowSeconds lower end of the estimate of the time left; -1 if there is no ground for one
 * @param etaHighSeconds upper end; -1 likewise
 * @param tablesTotal number of tables
 * @param tablesDone completed tables
 * @param tablesPaused paused tables
 * @param shardsDone shards landed
 * @param shardsRunning shards under way
 * @param retries failed tries so far
 * @param nodes the nodes that take part
 * @param capture how changes come over; null where the plan's consistency is not online
 * @param problems what stopped or paused it
 * @param alarms what a person should look at although it goes on
 * @param allowedActions actions that would be taken now: pause, resume, cancel, complete
 */
public record MigrationStatus(
        String name,
        Phase phase,
        Health health,
        String reason,
        LimitStatus limit,
        String consistency,
        String schema,
        String schemaReason,
        String guarantee,
        Instant submittedAt,
        Instant lastCheckpointAt,
        long rows,
        long bytes,
        long liveRows,
        long liveBytes,
        long estimatedBytes,
        double rowsPerSecond,
        double bytesPerSecond,
        long etaLowSeconds,
        long etaHighSeconds,
        int tablesTotal,
        int tablesDone,
        int tablesPaused,
        long shardsDone,
        int shardsRunning,
        long retries,
        List<NodeStatus> nodes,
        CaptureStatus capture,
        List<Problem> problems,
        List<Problem> alarms,
        List<String> allowedActions)
        implements Wire {
    public MigrationStatus {
        schema = Objects.requireNonNullElse(schema, ""); // an older node does not tell it
        schemaReason = Objects.requireNonNullElse(schemaReason, "");
        nodes = List.copyOf(nodes);
        problems = List.copyOf(problems);
        alarms = alarms == null ? List.of() : List.copyOf(alarms); // likewise
        allowedActions = List.copyOf(allowedActions);
    }
}
