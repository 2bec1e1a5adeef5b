package dev.godwit.load.peers;

import java.util.List;

/**
 * What Godwit's time is to be at most, of that of the fastest of some peers.
 *
 * @param peers by name
 * @param time factor
 * @param processor the same for processor seconds, of those of the same peer; NaN if there is no aim
 */
public record Aim(List<String> peers, double time, double processor) {}
