package dev.godwit.load.copy;

import dev.godwit.load.postgres.BenchServer;
import java.nio.file.Path;

/**
 * What both carriers have in common in one run.
 *
 * @param home Godwit's directory
 * @param password of the servers
 * @param consistency {@code snapshot}, which cuts by blocks, or {@code frozen}, which cuts by key
 * @param heap of the node
 */
record Rigging(
        Path home,
        Path directory,
        BenchServer source,
        BenchServer target,
        String password,
        String consistency,
        String heap,
        String shardBytes,
        int rows) {
    boolean byBlocks() {
        return consistency.equals("snapshot");
    }
}
