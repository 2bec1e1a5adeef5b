package dev.godwit.ops.demo;

import dev.godwit.protocol.plan.PostgresAddress;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;

/** The plan that the demo runs, as a user would write it. */
final class DemoPlan {
    static final String NAME = "demo";
    private static final long MIB = 1 << 20;
    private static final long SMALLEST_SHARD = 64 * 1024;

    private DemoPlan() {}

    /**
     * Many small shards and few workers, so that there is something to see and to kill.
     *
     * @param scale of the data set
     */
    static String text(PostgresAddress source, PostgresAddress target, double scale) {
        long shardBytes = Math.max(SMALLEST_SHARD, Math.round(Math.min(1, scale) * 4 * MIB));
        return """
                apiVersion: godwit/v1
                kind: Migration
                name: %s
                source:
                  postgres: %s
                targets:
                  main:
                    postgres: %s
                consistency: snapshot
                include: ["public.*", "sales.*"]
                schema: tables
                limits: {workersPerNode: 2, shardBytes: %d, memoryPerNode: 64MiB, sourceConnections: 24, targetConnections: 24}
                """.formatted(NAME, yaml(source), yaml(target), shardBytes);
    }

    private static String yaml(PostgresAddress address) {
        return "{host: %s, port: %d, database: %s, user: %s, password: {file: '%s'}, sslmode: %s}"
                .formatted(
                        address.host(),
                        address.port(),
                        address.database(),
                        address.user(),
                        address.password().file().replace("'", "''"),
                        address.sslmode());
    }

    static Path write(Path directory, String text) throws IOException {
        return Files.writeString(directory.resolve("plan.yaml"), text);
    }
}
