package dev.godwit.node.boot;

import dev.godwit.node.access.Databases;
import dev.godwit.node.postgres.PostgresSource;
import dev.godwit.node.postgres.PostgresTarget;
import dev.godwit.node.progress.WorkerShare;
import dev.godwit.node.source.SourceDatabase;
import dev.godwit.node.target.TargetDatabase;
import dev.godwit.protocol.plan.Plan;
import java.util.Map;
import java.util.concurrent.ConcurrentHashMap;

/** Chooses the store that a plan names. */
final class NodeDatabases implements Databases {
    private final String node;
    private final Map<String, SourceDatabase> sources = new ConcurrentHashMap<>();
    private final Map<String, TargetDatabase> targets = new ConcurrentHashMap<>();

    /** @param node name of this node, as databases show it */
    NodeDatabases(String node) {
        this.node = node;
    }

    @Override
    public SourceDatabase source(Plan plan) {
        return sources.computeIfAbsent(
                plan.name(),
                name -> new PostgresSource(
                        plan.source().postgres(),
                        "godwit/" + name,
                        plan.limits().workersPerNode() + WorkerShare.SOURCE_QUESTIONS));
    }

    @Override
    public TargetDatabase target(Plan plan) {
        return targets.computeIfAbsent(
                plan.name(),
                name -> new PostgresTarget(
                        // The check of connections knows our own sessions by how the name begins.
                        plan.targets().values().iterator().next().postgres(),
                        "godwit node " + node,
                        plan.limits().workersPerNode() + WorkerShare.TARGET_QUESTIONS));
    }

    @Override
    public void limit(Plan plan, int workers) {
        source(plan).limit(workers + WorkerShare.SOURCE_QUESTIONS);
        target(plan).limit(workers + WorkerShare.TARGET_QUESTIONS);
    }

    @Override
    public void close(String migration) {
        SourceDatabase source = sources.remove(migration);
        TargetDatabase target = targets.remove(migration);
        if (source != null) {
            source.close();
        }
        if (target != null) {
            target.close();
        }
    }
}
