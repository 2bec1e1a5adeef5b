package dev.godwit.node.boot;

import dev.godwit.node.access.Databases;
import dev.godwit.node.postgres.PostgresSource;
import dev.godwit.node.postgres.PostgresTarget;
import dev.godwit.node.source.SourceDatabase;
import dev.godwit.node.target.TargetDatabase;
import dev.godwit.protocol.plan.Plan;
import java.util.Map;
import java.util.concurrent.ConcurrentHashMap;

/** Chooses the store that a plan names. */
final class NodeDatabases implements Databases {
    /** Connections beside those of the workers: a coordinator's questions, and the steps of the preparation. */
    private static final int BESIDE_WORKERS = 2;

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
                plan.name(), name -> new PostgresSource(plan.source().postgres(), "godwit/" + name, connections(plan)));
    }

    @Override
    public TargetDatabase target(Plan plan) {
        return targets.computeIfAbsent(
                plan.name(),
                name -> new PostgresTarget(
                        // The check of connections knows our own sessions by how the name begins.
                        plan.targets().values().iterator().next().postgres(),
                        "godwit node " + node,
                        connections(plan)));
    }

    private static int connections(Plan plan) {
        return plan.limits().workersPerNode() + BESIDE_WORKERS;
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
