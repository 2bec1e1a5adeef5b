package dev.godwit.node.boot;

import dev.godwit.node.access.Databases;
import dev.godwit.node.changes.ChangeCapture;
import dev.godwit.node.changes.ChangeTally;
import dev.godwit.node.changes.ChangesByMessage;
import dev.godwit.node.join.StateStore;
import dev.godwit.node.migration.Migration;
import dev.godwit.node.migration.MigrationHere;
import dev.godwit.node.migration.NodeAgent;
import dev.godwit.node.migration.Reconciler;
import dev.godwit.node.shard.BlockingDispatcher;
import dev.godwit.node.shard.ChangeReader;
import dev.godwit.node.shard.MemberName;
import dev.godwit.node.shard.ShardCoordinator;
import dev.godwit.node.shard.ShardWorker;
import dev.godwit.protocol.plan.Plan;
import dev.godwit.protocol.status.TableStatus;
import dev.godwit.protocol.table.TableName;
import java.nio.charset.StandardCharsets;
import java.security.MessageDigest;
import java.security.NoSuchAlgorithmException;
import java.util.HexFormat;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.TreeMap;
import java.util.TreeSet;
import java.util.concurrent.Executor;
import java.util.function.Function;
import java.util.stream.StreamSupport;
import org.apache.pekko.actor.typed.ActorRef;
import org.apache.pekko.actor.typed.ActorSystem;
import org.apache.pekko.cluster.Member;
import org.apache.pekko.cluster.MemberStatus;
import org.apache.pekko.cluster.sharding.typed.javadsl.ClusterSharding;
import org.apache.pekko.cluster.sharding.typed.javadsl.EntityRef;
import org.apache.pekko.cluster.typed.Cluster;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/** How the actors of one node reach each other over the cluster. */
final class ClusterWiring
        implements Migration.Surroundings,
                MigrationHere.Surroundings,
                Reconciler.Surroundings,
                ShardCoordinator.Owner,
                ChangeCapture.Owner {
    private static final Logger LOG = LoggerFactory.getLogger(ClusterWiring.class);

    /** Begins the roles of a node that has found client programs; their major version follows. */
    static final String CLIENT_PROGRAMS = "client-programs-";

    private final ActorSystem<?> system;
    private final StateStore store;
    private final Databases databases;
    private final String cluster;
    private final String http;
    private final Executor blocking;
    private final String node;
    private volatile Set<ActorRef<NodeAgent.Message>> agents = Set.of();

    /**
     * @param cluster id of the cluster
     * @param http URL of this node's HTTP interface
     */
    ClusterWiring(ActorSystem<?> system, StateStore store, Databases databases, String cluster, String http) {
        this.system = system;
        this.store = store;
        this.databases = databases;
        this.cluster = cluster;
        this.http = http;
        this.blocking = BlockingDispatcher.of(system);
        this.node = MemberName.of(Cluster.get(system).selfMember());
    }

    /** Called when the set of agents has changed. */
    void agents(Set<ActorRef<NodeAgent.Message>> now) {
        agents = Set.copyOf(now);
    }

    @Override
    public String cluster() {
        return cluster;
    }

    @Override
    public String node() {
        return node;
    }

    @Override
    public String http() {
        return http;
    }

    @Override
    public Databases databases() {
        return databases;
    }

    EntityRef<Migration.Command> migration(String name) {
        return ClusterSharding.get(system).entityRefFor(Migration.ENTITY_KEY, name);
    }

    EntityRef<ShardCoordinator.Command> coordinator(String migration, TableName table) {
        return ClusterSharding.get(system).entityRefFor(ShardCoordinator.ENTITY_KEY, coordinatorId(migration, table));
    }

    /** A table's name may be longer than the journal's ids, and hold characters that these may not. */
    private static String coordinatorId(String migration, TableName table) {
        try {
            byte[] hash =
                    MessageDigest.getInstance("SHA-256").digest(table.text().getBytes(StandardCharsets.UTF_8));
            return migration + "/" + HexFormat.of().formatHex(hash, 0, 16);
        } catch (NoSuchAlgorithmException e) {
            throw new IllegalStateException("every Java platform has SHA-256", e);
        }
    }

    /** As a member's roles say it: all nodes know them at once, without asking. */
    @Override
    public Map<String, Set<Integer>> clientPrograms() {
        Map<String, Set<Integer>> programs = new TreeMap<>();
        for (Member member : Cluster.get(system).state().getMembers()) {
            Set<Integer> majors = new TreeSet<>();
            member.getRoles().stream()
                    .filter(role -> role.matches(CLIENT_PROGRAMS + "\\d{1,4}"))
                    .forEach(role -> majors.add(Integer.valueOf(role.substring(CLIENT_PROGRAMS.length()))));
            programs.put(MemberName.of(member), majors);
        }
        return programs;
    }

    @Override
    public void tellAgents(NodeAgent.Message message) {
        agents.forEach(agent -> agent.tell(message));
    }

    @Override
    public void tellCoordinator(String migration, TableName table, ShardCoordinator.Message message) {
        coordinator(migration, table).tell(message);
    }

    EntityRef<ChangeCapture.Command> capture(String migration) {
        return ClusterSharding.get(system).entityRefFor(ChangeCapture.ENTITY_KEY, migration);
    }

    @Override
    public void tellCapture(String migration, ChangeCapture.Message message) {
        capture(migration).tell(message);
    }

    @Override
    public void captureReports(String migration, ChangeCapture.Report report) {
        tellMigration(migration, new Migration.CaptureReport(report));
    }

    @Override
    public void changesCounted(String migration, List<ChangeTally.OfTable> counted) {
        tellMigration(migration, new Migration.ChangesCounted(counted));
    }

    @Override
    public ChangeReader changes(String migration) {
        return new ChangesByMessage(capture(migration));
    }

    @Override
    public void tellMigration(String migration, Migration.Message message) {
        migration(migration).tell(message);
    }

    @Override
    public void tableReports(String migration, TableStatus status, String foreignCluster) {
        tellMigration(migration, new Migration.TableReport(status, foreignCluster));
    }

    @Override
    public Function<TableName, ShardWorker.Recipient> coordinators(String migration) {
        return table -> coordinator(migration, table)::tell;
    }

    @Override
    public MigrationHere.Rank rank() {
        List<Member> up = StreamSupport.stream(
                        Cluster.get(system).state().getMembers().spliterator(), false)
                .filter(member -> member.status() == MemberStatus.up())
                .toList();
        int place = up.indexOf(Cluster.get(system).selfMember());
        return new MigrationHere.Rank(Math.max(1, up.size()), Math.max(0, place));
    }

    @Override
    public void ended(String migration) {
        note(() -> store.endJob(migration), migration);
    }

    @Override
    public void reopened(String migration) {
        note(() -> store.reopenJob(migration), migration);
    }

    /** A note that is lost costs a call of the reconciler now and then, no more. */
    private void note(Runnable writing, String migration) {
        blocking.execute(() -> {
            try {
                writing.run();
            } catch (RuntimeException e) {
                LOG.warn("the job {} could not be noted in the state store: {}", migration, e.getMessage());
            }
        });
    }

    @Override
    public List<Reconciler.Due> due() {
        return store.jobs().stream()
                .filter(job -> !job.ended())
                .map(job -> new Reconciler.Due(job.name(), StoredPlan.read(job.plan()), job.planDigest()))
                .toList();
    }

    /** All names in the job table. Blocks. */
    List<String> names() {
        return store.jobs().stream().map(job -> job.name()).toList();
    }

    /** Blocks. */
    void replaceJob(Plan plan, String digest) {
        store.replaceJob(plan.name(), StoredPlan.write(plan), digest);
    }

    /**
     * Writes a job down, first writer wins. Blocks.
     *
     * @return the digest of the plan that is there now
     */
    String addJob(Plan plan, String digest, String by) {
        return store.addJob(plan.name(), StoredPlan.write(plan), digest, by).planDigest();
    }
}
