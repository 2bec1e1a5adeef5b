package dev.godwit.protocol.status;

import dev.godwit.protocol.Wire;

/**
 * What holds a migration now, and how that is known.
 *
 * @param by what holds it
 * @param share of the time that it holds it, 0 to 1; 0 where there is no such measure
 * @param evidence in words
 */
public record LimitStatus(Limit by, double share, String evidence) implements Wire {}
