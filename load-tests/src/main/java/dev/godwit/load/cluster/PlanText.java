package dev.godwit.load.cluster;

import dev.godwit.load.postgres.BenchServer;

/** Plans of the benchmarks. */
public final class PlanText {
    private PlanText() {}

    /**
     * @param schema {@code tables} or {@code existing}
     * @param shardBytes as a plan takes it, for example {@code 128MiB}
     */
    public static String of(
            String name,
            BenchServer source,
            String sourceDatabase,
            BenchServer target,
            String targetDatabase,
            String consistency,
            String schema,
            int workers,
            String shardBytes) {
        return """
                apiVersion: godwit/v1
                kind: Migration
                name: %s
                source:
                  postgres: %s
                targets:
                  main:
                    postgres: %s
                consistency: %s
                include: ["public.*"]
                schema: %s
                limits: {workersPerNode: %d, shardBytes: %s, memoryPerNode: 256MiB, sourceConnections: 32, targetConnections: 32}
                """.formatted(
                        name,
                        address(source, sourceDatabase),
                        address(target, targetDatabase),
                        consistency,
                        schema,
                        workers,
                        shardBytes);
    }

    private static String address(BenchServer server, String database) {
        return "{host: %s, port: %d, database: %s, user: %s, password: {env: %s}, sslmode: disable}"
                .formatted(server.host(), server.port(), database, BenchServer.ROLE, GodwitNode.PASSWORD_VARIABLE);
    }
}
