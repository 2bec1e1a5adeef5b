package dev.godwit.node.join;

import com.typesafe.config.Config;
import dev.godwit.node.config.NodeConfiguration;
import dev.godwit.node.config.NodeSettings;
import java.time.Duration;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.TimeUnit;
import org.apache.pekko.Done;
import org.apache.pekko.actor.CoordinatedShutdown;
import org.apache.pekko.actor.typed.ActorSystem;
import org.apache.pekko.actor.typed.javadsl.Behaviors;
import org.apache.pekko.cluster.MemberStatus;
import org.apache.pekko.cluster.typed.Cluster;

/** As much of a node as joining takes; several fit into one JVM. */
final class TestNode implements AutoCloseable {
    private static final Duration PATIENCE = Duration.ofSeconds(60);

    final ActorSystem<Void> system;
    final StateStore store;
    final CompletableFuture<Done> joined;

    private TestNode(Config configuration) {
        NodeSettings settings = NodeConfiguration.settings(configuration);
        store = StateStore.open(settings.stateStore());
        system = ActorSystem.create(
                Behaviors.empty(),
                NodeConfiguration.SYSTEM_NAME,
                NodeConfiguration.pekkoConfig(settings, configuration));
        joined = Joiner.join(store, settings.join(), system, "test", "").toCompletableFuture();
    }

    static TestNode start(Config configuration) {
        return new TestNode(configuration);
    }

    TestNode awaitJoined() throws Exception {
        joined.get(PATIENCE.toSeconds(), TimeUnit.SECONDS);
        return this;
    }

    String address() {
        return Cluster.get(system).selfMember().address().toString();
    }

    long membersUp() {
        int up = 0;
        for (org.apache.pekko.cluster.Member member :
                Cluster.get(system).state().getMembers()) {
            up += member.status().equals(MemberStatus.up()) ? 1 : 0;
        }
        return up;
    }

    /** Without a word to the cluster or the store. */
    void die() throws Exception {
        system.terminate();
        awaitEnd();
    }

    void leave() throws Exception {
        CoordinatedShutdown.get(system).runAll(CoordinatedShutdown.unknownReason());
        awaitEnd();
    }

    void awaitEnd() throws Exception {
        system.getWhenTerminated().toCompletableFuture().get(PATIENCE.toSeconds(), TimeUnit.SECONDS);
    }

    @Override
    public void close() throws Exception {
        die();
        store.close();
    }
}
