package dev.godwit.node.join;

import java.time.Duration;
import java.time.Instant;
import java.util.UUID;

/**
 * A node that is, or was, a member of the cluster that lives on the state store.
 *
 * @param node what it tells of itself
 * @param incarnation the cluster that it joined
 * @param startedAt when it registered, by the database's clock
 * @param silentFor time since its last heartbeat, by the database's clock
 */
public record Member(Registration node, UUID incarnation, Instant startedAt, Duration silentFor) {
    public String address() {
        return node.address();
    }
}
