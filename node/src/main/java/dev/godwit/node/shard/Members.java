package dev.godwit.node.shard;

import java.util.Set;
import java.util.function.Function;
import java.util.stream.Collectors;
import java.util.stream.StreamSupport;
import org.apache.pekko.actor.typed.ActorSystem;
import org.apache.pekko.actor.typed.javadsl.ActorContext;
import org.apache.pekko.cluster.ClusterEvent.MemberRemoved;
import org.apache.pekko.cluster.Member;
import org.apache.pekko.cluster.MemberStatus;
import org.apache.pekko.cluster.typed.Cluster;
import org.apache.pekko.cluster.typed.Subscribe;

/** The nodes of this cluster, as an actor sees them. */
public final class Members {
    private Members() {}

    /** Names of those that have not left: {@link MemberName}. */
    static Set<String> names(ActorSystem<?> system) {
        Iterable<Member> members = Cluster.get(system).state().getMembers();
        return StreamSupport.stream(members.spliterator(), false)
                .filter(member -> member.status() != MemberStatus.removed())
                .map(MemberName::of)
                .collect(Collectors.toSet());
    }

    /** Tells the actor of each node that is removed from the cluster, from now on. */
    public static <C> void tellOfRemoved(ActorContext<C> context, Function<MemberRemoved, C> message) {
        Cluster.get(context.getSystem())
                .subscriptions()
                .tell(Subscribe.create(
                        context.messageAdapter(MemberRemoved.class, message::apply), MemberRemoved.class));
    }
}
