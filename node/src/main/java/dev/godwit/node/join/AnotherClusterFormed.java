package dev.godwit.node.join;

import org.apache.pekko.actor.CoordinatedShutdown;

/** Why a node shuts down: another cluster was formed on its state store. Its exit code stands in godwit-pekko.conf. */
final class AnotherClusterFormed implements CoordinatedShutdown.Reason {
    @Override
    public String toString() {
        return "another cluster was formed on the state store";
    }
}
