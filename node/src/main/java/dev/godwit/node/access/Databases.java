package dev.godwit.node.access;

import dev.godwit.node.source.SourceDatabase;
import dev.godwit.node.target.TargetDatabase;
import dev.godwit.protocol.plan.Plan;

/**
 * The databases of the migrations that run on this node, opened on first use and shared by all who work for the same
 * migration. Thread-safe. Opening connects to nothing.
 */
public interface Databases {
    SourceDatabase source(Plan plan);

    /** The plan's first target. */
    TargetDatabase target(Plan plan);

    /** Bounds this node's sessions of a migration to what so many workers need, beside the held snapshot. */
    void limit(Plan plan, int workers);

    /** Ends this node's sessions of a migration; they are opened again on the next use. */
    void close(String migration);
}
