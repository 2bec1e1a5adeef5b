package dev.godwit.protocol.status;

import dev.godwit.protocol.Wire;

/**
 * What a node may have in flight in the target at once: shards and builds together.
 *
 * @param builds indexes and constraints that are being built
 * @param buildsWaiting those that wait for their turn
 * @param allowed shards and builds now: it follows what more of them have brought
 * @param ceiling shards and builds at most, by the plan
 * @param scales whether the ceiling is allowed, and more in flight have brought more up to there
 */
public record InFlight(int builds, int buildsWaiting, int allowed, int ceiling, boolean scales) implements Wire {}
