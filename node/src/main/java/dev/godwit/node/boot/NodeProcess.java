package dev.godwit.node.boot;

import com.typesafe.config.Config;
import com.typesafe.config.ConfigValueFactory;
import dev.godwit.node.changes.ChangeCapture;
import dev.godwit.node.config.NodeConfiguration;
import dev.godwit.node.config.NodeSettings;
import dev.godwit.node.http.HttpServer;
import dev.godwit.node.http.HttpSettings;
import dev.godwit.node.http.NodeMetrics;
import dev.godwit.node.join.Joiner;
import dev.godwit.node.join.StateStore;
import dev.godwit.node.migration.Migration;
import dev.godwit.node.migration.NodeAgent;
import dev.godwit.node.migration.Reconciler;
import dev.godwit.node.postgres.ClientProgramSearch;
import dev.godwit.node.shard.BlockingDispatcher;
import dev.godwit.node.shard.MemberName;
import dev.godwit.node.shard.ShardCoordinator;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.time.Clock;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import java.util.Set;
import java.util.concurrent.CompletionException;
import java.util.concurrent.atomic.AtomicReference;
import org.apache.pekko.Done;
import org.apache.pekko.actor.CoordinatedShutdown;
import org.apache.pekko.actor.typed.ActorRef;
import org.apache.pekko.actor.typed.ActorSystem;
import org.apache.pekko.actor.typed.Behavior;
import org.apache.pekko.actor.typed.Props;
import org.apache.pekko.actor.typed.SupervisorStrategy;
import org.apache.pekko.actor.typed.javadsl.AskPattern;
import org.apache.pekko.actor.typed.javadsl.Behaviors;
import org.apache.pekko.actor.typed.receptionist.Receptionist;
import org.apache.pekko.cluster.sharding.typed.javadsl.ClusterSharding;
import org.apache.pekko.cluster.sharding.typed.javadsl.Entity;
import org.apache.pekko.cluster.typed.Cluster;
import org.apache.pekko.cluster.typed.ClusterSingleton;
import org.apache.pekko.cluster.typed.SingletonActor;
import org.apache.pekko.http.javadsl.ServerBinding;
import org.apache.pekko.persistence.typed.PersistenceId;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * One node: HTTP first, so that somebody answers; then the way into the cluster, which makes the journal's tables; then
 * the actors.
 */
final class NodeProcess {
    private static final Logger LOG = LoggerFactory.getLogger(NodeProcess.class);

    private final NodeSettings settings;
    private final ActorSystem<Void> system;
    private final StateStore store;
    private final Clock clock = Clock.systemUTC();
    private final AtomicReference<String> notReady = new AtomicReference<>("joining the cluster");
    private final LateGateway gateway = new LateGateway();

    private NodeProcess(NodeSettings settings, ActorSystem<Void> system) {
        this.settings = settings;
        this.system = system;
        this.store = StateStore.open(settings.stateStore());
    }

    /** Starts a node in this process and returns; the process lives until the node leaves. */
    static void start() {
        Config configuration = NodeConfiguration.load();
        NodeSettings settings = NodeConfiguration.settings(configuration);
        // Before anything else: a directory without programs that run is a mistake in the configuration.
        Set<Integer> programs = programs(settings, "this node").majors();
        ActorSystem<Void> system = ActorSystem.create(
                Behaviors.empty(),
                NodeConfiguration.SYSTEM_NAME,
                withRoles(NodeConfiguration.pekkoConfig(settings, configuration), settings, programs));
        new NodeProcess(settings, system).run();
    }

    private static ClientProgramSearch programs(NodeSettings settings, String node) {
        return ClientProgramSearch.on(node, settings.clientPrograms().directory());
    }

    /** The member's roles tell all others which client programs it has. */
    private static Config withRoles(Config configuration, NodeSettings settings, Set<Integer> programs) {
        List<String> roles = new ArrayList<>(settings.cluster().roles());
        programs.forEach(major -> roles.add(ClusterWiring.CLIENT_PROGRAMS + major));
        return configuration.withValue("pekko.cluster.roles", ConfigValueFactory.fromIterable(roles));
    }

    private void run() {
        String version = version();
        NodeMetrics metrics = new NodeMetrics(gateway, this::members, version, clock);
        HttpServer.start(
                        system,
                        HttpSettings.listeningOn(
                                settings.http().host(), settings.http().port()),
                        gateway,
                        () -> Optional.ofNullable(notReady.get()),
                        metrics)
                .thenCompose(binding -> Joiner.join(store, settings.join(), system, version, url(binding))
                        .thenApplyAsync(done -> begin(url(binding)), BlockingDispatcher.of(system)))
                .whenComplete((url, failure) -> {
                    if (failure == null) {
                        notReady.set(null);
                        System.out.println("godwit node ready on " + url);
                        System.out.flush();
                    } else {
                        Throwable cause = failure instanceof CompletionException ? failure.getCause() : failure;
                        LOG.error("the node can't start: {}", cause.getMessage());
                        CoordinatedShutdown.get(system).runAll(new StartFailed());
                    }
                });
    }

    private static String version() {
        return Optional.ofNullable(NodeProcess.class.getPackage().getImplementationVersion())
                .orElse("0.1.0-SNAPSHOT");
    }

    private int members() {
        int count = 0;
        for (var ignored : Cluster.get(system).state().getMembers()) {
            count++;
        }
        return count;
    }

    private String url(ServerBinding binding) {
        return url(binding.localAddress(), settings.cluster().host());
    }

    /** @param clusterHost under which others reach this node, where it listens on every address */
    static String url(InetSocketAddress address, String clusterHost) {
        InetAddress listening = address.getAddress();
        String host = listening == null
                ? address.getHostString()
                : listening.isAnyLocalAddress() ? clusterHost : listening.getHostAddress();
        return "http://" + (host.contains(":") ? "[" + host + "]" : host) + ":" + address.getPort();
    }

    /** Starts the actors. Blocks for a moment: asks the state store for its id. */
    private String begin(String url) {
        String cluster = store.id().toString().replace("-", "").substring(0, 12);
        String node = MemberName.of(Cluster.get(system).selfMember());
        NodeDatabases databases = new NodeDatabases(node, programs(settings, "node " + node));
        ClusterWiring wiring = new ClusterWiring(system, store, databases, cluster, url);
        ClusterSharding sharding = ClusterSharding.get(system);
        sharding.init(Entity.of(
                Migration.ENTITY_KEY,
                entity -> Migration.create(
                        PersistenceId.of(Migration.ENTITY_KEY.name(), entity.getEntityId()),
                        entity.getEntityId(),
                        clock,
                        wiring)));
        sharding.init(Entity.of(
                ShardCoordinator.ENTITY_KEY,
                entity -> ShardCoordinator.create(
                        PersistenceId.of(ShardCoordinator.ENTITY_KEY.name(), entity.getEntityId()),
                        databases,
                        wiring)));
        sharding.init(Entity.of(
                ChangeCapture.ENTITY_KEY,
                entity -> Behaviors.supervise(
                                ChangeCapture.create(entity.getEntityId(), node, databases, wiring, clock))
                        .onFailure(SupervisorStrategy.restart())));
        ActorRef<NodeAgent.Command> agent = system.systemActorOf(
                Behaviors.supervise(NodeAgent.create(wiring)).onFailure(SupervisorStrategy.restart()),
                "node-agent",
                Props.empty());
        system.receptionist().tell(Receptionist.register(NodeAgent.SERVICE_KEY, agent.narrow()));
        system.systemActorOf(agentsWatch(wiring), "agents-watch", Props.empty());
        ClusterSingleton.get(system)
                .init(SingletonActor.of(
                        Behaviors.supervise(Reconciler.create(wiring)).onFailure(SupervisorStrategy.restart()),
                        "reconciler"));
        drainOnShutdown(agent);
        gateway.set(new ClusterGateway(system, wiring));
        return url;
    }

    private static Behavior<Receptionist.Listing> agentsWatch(ClusterWiring wiring) {
        return Behaviors.setup(context -> {
            context.getSystem().receptionist().tell(Receptionist.subscribe(NodeAgent.SERVICE_KEY, context.getSelf()));
            return Behaviors.receiveMessage(listing -> {
                wiring.agents(listing.getServiceInstances(NodeAgent.SERVICE_KEY));
                return Behaviors.same();
            });
        });
    }

    /** Before the node leaves the cluster its running shards end, or, when their time is up, are given back. */
    private void drainOnShutdown(ActorRef<NodeAgent.Command> agent) {
        CoordinatedShutdown.get(system).addTask(CoordinatedShutdown.PhaseServiceRequestsDone(), "godwit-drain", () -> {
            notReady.set("leaving the cluster");
            return AskPattern.<NodeAgent.Command, Done>ask(
                            agent, NodeAgent.Drain::new, settings.drain().timeout(), system.scheduler())
                    .exceptionallyCompose(late -> {
                        agent.tell(new NodeAgent.DrainNow());
                        return AskPattern.ask(
                                agent, NodeAgent.Drain::new, settings.drain().giveUp(), system.scheduler());
                    })
                    .exceptionally(late -> Done.getInstance());
        });
    }

    private static final class StartFailed implements CoordinatedShutdown.Reason {}
}
