package dev.godwit.node.config;

import java.time.Duration;

/**
 * How a node leaves.
 *
 * @param timeout how long running shards may take to end; 0 s to 1 h
 * @param giveUp how long giving them up may take then; 1 s to 1 min
 */
public record DrainSettings(Duration timeout, Duration giveUp) {
    public DrainSettings {
        Section.within(timeout, Duration.ZERO, Duration.ofHours(1), "godwit.drain.timeout");
        Section.within(giveUp, Duration.ofSeconds(1), Duration.ofMinutes(1), "godwit.drain.give-up");
    }
}
