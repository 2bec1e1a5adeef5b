package dev.godwit.node.schema;

import java.util.List;

/**
 * What decides whether one side's schema can be dumped, or restored, by client programs.
 *
 * @param major PostgreSQL's major version
 * @param obstacles why it can't be, each in words that follow on "since"; empty if nothing is in the way
 */
public record Dumpable(int major, List<String> obstacles) {
    public Dumpable {
        obstacles = List.copyOf(obstacles);
    }
}
