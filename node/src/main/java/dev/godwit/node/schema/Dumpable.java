package dev.godwit.node.schema;

import dev.godwit.protocol.error.Problem;
import java.util.List;

/**
 * What decides whether one side's schema can be dumped, or restored, by client programs.
 *
 * @param major PostgreSQL's major version
 * @param obstacles why it can't be; empty if nothing is in the way
 */
public record Dumpable(int major, List<Problem> obstacles) {
    public Dumpable {
        obstacles = List.copyOf(obstacles);
    }
}
