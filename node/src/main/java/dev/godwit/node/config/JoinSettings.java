package dev.godwit.node.config;

import static dev.godwit.node.config.Section.require;
import static dev.godwit.node.config.Section.within;

import java.time.Duration;

/**
 * When a node counts as alive in the state store. All nodes must have the same values.
 *
 * @param heartbeatInterval between two writes of a node's last seen, 100 ms to 1 min
 * @param freshWithin a member that was silent for longer may be gone, at least three intervals, at most 10 min
 * @param forgetAfter rows that are silent for longer are deleted, 1 min to 30 days, more than {@code freshWithin}
 */
public record JoinSettings(Duration heartbeatInterval, Duration freshWithin, Duration forgetAfter) {
    private static final String PATH = "godwit.join.";

    public JoinSettings {
        within(heartbeatInterval, Duration.ofMillis(100), Duration.ofMinutes(1), PATH + "heartbeat-interval");
        within(freshWithin, heartbeatInterval.multipliedBy(3), Duration.ofMinutes(10), PATH + "fresh-within");
        within(forgetAfter, Duration.ofMinutes(1), Duration.ofDays(30), PATH + "forget-after");
        require(
                forgetAfter.compareTo(freshWithin) > 0,
                PATH + "forget-after",
                "It is not more than fresh-within.",
                "Set a longer time.");
    }
}
