package dev.godwit.protocol.status;

import dev.godwit.protocol.Wire;

/**
 * One node's part in a migration.
 *
 * @param node address of the node in the cluster
 * @param http URL of its HTTP interface; empty if unknown
 * @param workers how many shards it may run at once
 * @param running how many it runs
 * @param readShare share of its workers' time spent waiting for the source, 0 to 1
 * @param writeShare share of its workers' time spent waiting for the target, 0 to 1
 * @param cpuShare the process's share of the machine's processors, 0 to 1
 * @param heapBytes heap in use
 * @param bufferBytes row data held now
 * @param sourceReachable whether its last use of the source worked
 * @param targetReachable whether its last use of the target worked
 * @param snapshotHeld whether it holds the migration's snapshot; false where there is none
 */
public record NodeStatus(
        String node,
        String http,
        int workers,
        int running,
        double readShare,
        double writeShare,
        double cpuShare,
        long heapBytes,
        long bufferBytes,
        boolean sourceReachable,
        boolean targetReachable,
        boolean snapshotHeld)
        implements Wire {}
