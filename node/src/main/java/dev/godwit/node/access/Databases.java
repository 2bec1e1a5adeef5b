package dev.godwit.node.access;

import dev.godwit.node.source.SourceDatabase;
import dev.godwit.node.target.SessionBudget;
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

    /** What shards and builds share of the sessions of {@link #target} on this node; the same until {@link #close}. */
    SessionBudget budget(Plan plan);

    /**
     * Bounds this node's sessions of a migration, beside the held snapshot.
     *
     * @param workers shards at once
     * @param targetSessions shards and builds at once, in the target
     */
    void limit(Plan plan, int workers, int targetSessions);

    /** Ends this node's sessions of a migration; they are opened again on the next use. */
    void close(String migration);
}
