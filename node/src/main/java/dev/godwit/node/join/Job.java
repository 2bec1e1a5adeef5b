package dev.godwit.node.join;

import java.time.Instant;

/**
 * A migration that was handed in.
 *
 * @param name the migration's name
 * @param plan the plan as JSON text; secrets are references
 * @param planDigest digest of the plan, by which the same plan is known again
 * @param submittedBy who handed it in
 * @param submittedAt when, by the database's clock
 * @param ended whether nothing is left to do
 */
public record Job(
        String name, String plan, String planDigest, String submittedBy, Instant submittedAt, boolean ended) {}
