package dev.godwit.node.testing;

import dev.godwit.protocol.plan.Consistency;
import dev.godwit.protocol.plan.Endpoint;
import dev.godwit.protocol.plan.Limits;
import dev.godwit.protocol.plan.Plan;
import java.util.List;

/** Plans like another one but for one thing. */
public final class Plans {
    private Plans() {}

    public static Plan withSource(Plan plan, Endpoint source) {
        return like(plan, source, plan.include(), plan.exclude(), plan.leaveOut(), plan.limits());
    }

    public static Plan withTables(Plan plan, List<String> include, List<String> exclude) {
        return like(plan, plan.source(), include, exclude, plan.leaveOut(), plan.limits());
    }

    public static Plan withLeaveOut(Plan plan, String... leaveOut) {
        return like(plan, plan.source(), plan.include(), plan.exclude(), List.of(leaveOut), plan.limits());
    }

    public static Plan withLimits(Plan plan, Limits limits) {
        return like(plan, plan.source(), plan.include(), plan.exclude(), plan.leaveOut(), limits);
    }

    public static Plan withConsistency(Plan plan, Consistency consistency) {
        return new Plan(
                plan.apiVersion(),
                plan.kind(),
                plan.name(),
                plan.source(),
                plan.targets(),
                consistency,
                plan.include(),
                plan.exclude(),
                plan.schema(),
                plan.leaveOut(),
                plan.limits());
    }

    private static Plan like(
            Plan plan,
            Endpoint source,
            List<String> include,
            List<String> exclude,
            List<String> leaveOut,
            Limits limits) {
        return new Plan(
                plan.apiVersion(),
                plan.kind(),
                plan.name(),
                source,
                plan.targets(),
                plan.consistency(),
                include,
                exclude,
                Plan.meansLargeObjects(include),
                plan.schema(),
                plan.owners(),
                plan.grants(),
                leaveOut,
                plan.schemaChanges(),
                limits);
    }

    /** With owners and grants. */
    public static Plan withRights(Plan plan) {
        return new Plan(
                plan.apiVersion(),
                plan.kind(),
                plan.name(),
                plan.source(),
                plan.targets(),
                plan.consistency(),
                plan.include(),
                plan.exclude(),
                plan.largeObjects(),
                plan.schema(),
                true,
                true,
                plan.leaveOut(),
                plan.schemaChanges(),
                plan.limits());
    }
}
