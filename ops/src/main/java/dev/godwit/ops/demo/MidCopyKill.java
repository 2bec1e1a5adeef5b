package dev.godwit.ops.demo;

import dev.godwit.ops.cluster.LocalCluster;
import dev.godwit.ops.cluster.NodeProcess;
import dev.godwit.protocol.status.MigrationStatus;
import dev.godwit.protocol.status.NodeStatus;
import dev.godwit.protocol.status.Phase;
import java.net.URI;
import java.util.Comparator;
import java.util.Optional;
import java.util.function.Consumer;
import java.util.function.Supplier;

/**
 * Kills a node that is copying when a third of the bytes have travelled, and makes sure that it was in mid-copy: shards
 * ran on it before, and the first status after it says that the migration was still copying.
 */
final class MidCopyKill implements Consumer<MigrationStatus> {
    private static final int AFTER_ONE_OF = 3;

    private final LocalCluster cluster;
    private final Supplier<URI> spared;
    private final Consumer<String> notices;
    private Optional<Kill> kill = Optional.empty();
    private boolean confirmed;

    /**
     * The deed.
     *
     * @param node that was killed
     * @param running shards that ran on it by the last status before
     */
    record Kill(NodeProcess node, int running) {}

    /** @param spared URL of the node that the client talks to, so that others can be seen to take over */
    MidCopyKill(LocalCluster cluster, Supplier<URI> spared, Consumer<String> notices) {
        this.cluster = cluster;
        this.spared = spared;
        this.notices = notices;
    }

    @Override
    public void accept(MigrationStatus status) {
        if (kill.isPresent()) {
            // Not all rows were in yet. Whether a shard runs at the very moment of the status is chance.
            confirmed = confirmed || status.phase() == Phase.COPYING;
        } else if (copying(status) && (status.bytes() + status.liveBytes()) * AFTER_ONE_OF >= status.estimatedBytes()) {
            kill = status.nodes().stream()
                    .filter(node -> node.running() > 0)
                    .sorted(Comparator.comparingInt(NodeStatus::running).reversed())
                    .flatMap(node -> process(node).stream().map(process -> new Kill(process, node.running())))
                    .findFirst();
            kill.ifPresent(this::execute);
        }
    }

    private void execute(Kill victim) {
        victim.node().kill();
        notices.accept("KILLED with SIGKILL in mid-copy: " + victim.node() + " at "
                + victim.node().http() + ", which was copying "
                + (victim.running() == 1 ? "1 shard" : victim.running() + " shards") + ". The others take over.");
    }

    private static boolean copying(MigrationStatus status) {
        return status.phase() == Phase.COPYING && status.shardsRunning() > 0;
    }

    private Optional<NodeProcess> process(NodeStatus node) {
        return cluster.nodes().stream()
                .filter(NodeProcess::alive)
                .filter(process -> !process.http().equals(spared.get()))
                .filter(process -> process.http().toString().equals(node.http().replaceAll("/+$", "")))
                .findFirst();
    }

    /** Empty if no node was killed. */
    Optional<Kill> kill() {
        return kill;
    }

    /** Whether a node was killed and the migration was seen copying afterwards. */
    boolean happenedInMidCopy() {
        return kill.isPresent() && confirmed;
    }
}
