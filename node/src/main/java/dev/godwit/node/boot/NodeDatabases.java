package dev.godwit.node.boot;

import dev.godwit.node.access.Databases;
import dev.godwit.node.postgres.ClientProgramSearch;
import dev.godwit.node.postgres.PostgresSource;
import dev.godwit.node.postgres.PostgresTarget;
import dev.godwit.node.progress.WorkerShare;
import dev.godwit.node.source.SourceDatabase;
import dev.godwit.node.target.SessionBudget;
import dev.godwit.node.target.TargetDatabase;
import dev.godwit.protocol.plan.Plan;
import dev.godwit.protocol.plan.PostgresAddress;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import java.util.concurrent.ConcurrentHashMap;

/**
 * Chooses the store that a plan names. A plan that changed under its name (another password, or, where it failed before
 * anything was copied, another database) gets other sessions, never those of the earlier address.
 */
final class NodeDatabases implements Databases {
    private final String node;
    private final ClientProgramSearch programs;
    private final Map<Key, SourceDatabase> sources = new ConcurrentHashMap<>();
    private final Map<Key, TargetDatabase> targets = new ConcurrentHashMap<>();
    private final Map<String, SessionBudget> budgets = new ConcurrentHashMap<>();

    private record Key(String migration, PostgresAddress address) {}

    /**
     * @param node name of this node, as databases show it
     * @param programs where this node looks for client programs
     */
    NodeDatabases(String node, ClientProgramSearch programs) {
        this.node = node;
        this.programs = programs;
    }

    @Override
    public SourceDatabase source(Plan plan) {
        return sources.computeIfAbsent(
                new Key(plan.name(), plan.source().postgres()),
                key -> new PostgresSource(
                        key.address(),
                        "godwit/" + key.migration(),
                        plan.limits().workersPerNode() + WorkerShare.SOURCE_QUESTIONS,
                        programs));
    }

    @Override
    public TargetDatabase target(Plan plan) {
        return targets.computeIfAbsent(
                new Key(plan.name(), plan.targets().values().iterator().next().postgres()),
                key -> new PostgresTarget(
                        // The check of connections knows our own sessions by how the name begins.
                        key.address(),
                        "godwit node " + node,
                        WorkerShare.sessions(plan.limits(), 1, 0) + WorkerShare.TARGET_QUESTIONS,
                        budget(plan),
                        programs));
    }

    /** One for the migration: what changes of a plan's address is the way to the same target. */
    @Override
    public SessionBudget budget(Plan plan) {
        return budgets.computeIfAbsent(
                plan.name(),
                name -> new SessionBudget(
                        WorkerShare.of(plan.limits(), 1, 0), WorkerShare.sessions(plan.limits(), 1, 0)));
    }

    @Override
    public void limit(Plan plan, int workers, int targetSessions) {
        source(plan).limit(workers + WorkerShare.SOURCE_QUESTIONS);
        target(plan).limit(targetSessions + WorkerShare.TARGET_QUESTIONS);
        budget(plan).resize(workers, targetSessions);
    }

    @Override
    public void close(String migration) {
        taken(sources, migration).forEach(SourceDatabase::close);
        taken(targets, migration).forEach(TargetDatabase::close);
        budgets.remove(migration);
    }

    private static <D> List<D> taken(Map<Key, D> databases, String migration) {
        return databases.keySet().stream()
                .filter(key -> key.migration().equals(migration))
                .map(databases::remove)
                .filter(Objects::nonNull)
                .toList();
    }
}
