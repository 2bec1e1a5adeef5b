package dev.godwit.node.join;

import java.util.List;
import java.util.Optional;
import java.util.UUID;

/**
 * The cluster as the state store knows it.
 *
 * @param incarnation the cluster that may live on this store; empty if none was ever formed
 * @param members its members by last heartbeat, the latest first, at most 100; they may be dead
 */
public record Membership(Optional<UUID> incarnation, List<Member> members) {
    public Membership {
        members = List.copyOf(members);
    }
}
