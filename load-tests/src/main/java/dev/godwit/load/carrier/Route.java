package dev.godwit.load.carrier;

import dev.godwit.load.Workspace;
import dev.godwit.load.postgres.BenchServer;

/**
 * From where to where.
 *
 * @param database its name, the same on both sides
 */
public record Route(Workspace workspace, BenchServer source, BenchServer target, String database) {
    /** Writes both servers' dirty pages, so that no carrier has to do it for the one before. */
    public void checkpoint() {
        source.execute(database, "CHECKPOINT");
        target.execute(database, "CHECKPOINT");
    }
}
