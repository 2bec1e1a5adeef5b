package dev.godwit.ops.view;

import dev.godwit.protocol.error.ErrorCode;
import dev.godwit.protocol.error.Problem;
import dev.godwit.protocol.status.CaptureStatus;
import dev.godwit.protocol.status.CountedChanges;
import dev.godwit.protocol.status.Health;
import dev.godwit.protocol.status.InFlight;
import dev.godwit.protocol.status.Limit;
import dev.godwit.protocol.status.LimitStatus;
import dev.godwit.protocol.status.MigrationStatus;
import dev.godwit.protocol.status.NodeStatus;
import dev.godwit.protocol.status.Phase;
import dev.godwit.protocol.status.TableState;
import dev.godwit.protocol.status.TableStatus;
import java.time.Instant;
import java.util.List;

/** Statuses for tests. */
public final class Statuses {
    private static final Instant AT = Instant.parse("2026-11-21T10:00:00Z");

    private Statuses() {}

    public static MigrationStatus copying(long bytes) {
        return status(Phase.COPYING, Health.RUNNING, "", bytes, List.of());
    }

    public static MigrationStatus copying(long bytes, List<NodeStatus> nodes) {
        return status(Phase.COPYING, Health.RUNNING, "", bytes, List.of(), nodes);
    }

    public static MigrationStatus completed() {
        return status(Phase.COMPLETED, Health.IDLE, "", 300_000_000, List.of());
    }

    public static MigrationStatus status(
            Phase phase, Health health, String reason, long bytes, List<Problem> problems) {
        return status(
                phase,
                health,
                reason,
                bytes,
                problems,
                List.of(node("http://127.0.0.1:7081", 2), node("http://127.0.0.1:7082", 2)));
    }

    /** One whose source keeps much of its log. */
    public static MigrationStatus capturing(boolean running, CountedChanges counted) {
        CaptureStatus capture = new CaptureStatus(
                running, "n", 4096, 3, 0.5, 0, counted, AT, "extended", 1_100_000_000, 100_000_000, 0, null);
        Problem alarm = new Problem(ErrorCode.SOURCE_SLOT_NEAR_LIMIT, "much", "slot", "look");
        return status(Phase.COPYING, Health.DEGRADED, "much", 0, List.of(), List.of(), capture, List.of(alarm));
    }

    private static MigrationStatus status(
            Phase phase, Health health, String reason, long bytes, List<Problem> problems, List<NodeStatus> nodes) {
        return status(phase, health, reason, bytes, problems, nodes, null, List.of());
    }

    private static MigrationStatus status(
            Phase phase,
            Health health,
            String reason,
            long bytes,
            List<Problem> problems,
            List<NodeStatus> nodes,
            CaptureStatus capture,
            List<Problem> alarms) {
        return new MigrationStatus(
                "shop",
                phase,
                health,
                reason,
                new LimitStatus(Limit.TARGET, 0.84, "writes wait 84 % of the time"),
                "snapshot",
                "tables",
                "",
                "exactly-once",
                AT,
                AT,
                612_000,
                bytes,
                340,
                1_000_000,
                300_000_000,
                52_100.4,
                12_340_000,
                130,
                210,
                11,
                phase == Phase.COMPLETED ? 11 : 3,
                0,
                31,
                phase == Phase.COPYING ? 4 : 0,
                1,
                nodes,
                capture,
                problems,
                alarms,
                List.of(phase == Phase.PAUSED ? "resume" : "pause", "cancel"));
    }

    public static NodeStatus node(String http, int running) {
        return node(http, running, new InFlight(0, 0, 4, 4, false));
    }

    public static NodeStatus node(String http, int running, InFlight inFlight) {
        return new NodeStatus(
                "godwit@127.0.0.1:25520",
                http,
                4,
                running,
                inFlight,
                0.2,
                0.7,
                0.1,
                -1,
                0,
                0.5,
                100_000_000,
                8_000_000,
                true,
                true,
                true);
    }

    public static TableStatus table(String name, TableState state, long estimatedBytes) {
        return new TableStatus(name, state, 1000, 100_000, 10, 1000, 2000, estimatedBytes, 5, 1, 4, true, 0, null);
    }
}
