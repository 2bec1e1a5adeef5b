package dev.godwit.protocol.status;

import dev.godwit.protocol.Wire;

/**
 * One node's part in a migration. Shares are of the last seconds.
 *
 * @param node address of the node in the cluster
 * @param http URL of its HTTP interface; empty if unknown
 * @param workers how many shards it may run at once by the plan
 * @param running how many it runs
 * @param inFlight shards and builds together
 * @param readShare share of its workers' time spent waiting for the source, 0 to 1
 * @param writeShare share of its workers' time spent waiting for the target, commits included, 0 to 1
 * @param busyShare share of its workers' time spent by themselves, on passing bytes on, 0 to 1
 * @param sourceNetworkShare how much of the source's sessions that it reads from wait for it to take bytes, 0 to 1; -1 if
 *     that is not known
 * @param targetNetworkShare how much of the target's sessions that it writes to wait for its bytes, likewise
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
        InFlight inFlight,
        double readShare,
        double writeShare,
        double busyShare,
        double sourceNetworkShare,
        double targetNetworkShare,
        double cpuShare,
        long heapBytes,
        long bufferBytes,
        boolean sourceReachable,
        boolean targetReachable,
        boolean snapshotHeld)
        implements Wire {}
