package dev.godwit.node.cluster;

/**
 * A plan as a user would write it.
 *
 * @param name of the migration
 * @param sourcePort on the loopback address; of a proxy, usually
 * @param source name of the database
 * @param targetPort likewise
 * @param target name of the database
 * @param consistency frozen or snapshot
 * @param schema tables or existing
 * @param workersPerNode most shards at once per node
 * @param shardBytes as the plan takes it
 * @param memoryPerNode as the plan takes it
 * @param furtherLimits further entries of the plan's limits, each with a comma before it; empty: none
 */
public record PlanText(
        String name,
        int sourcePort,
        String source,
        int targetPort,
        String target,
        String consistency,
        String schema,
        int workersPerNode,
        String shardBytes,
        String memoryPerNode,
        String furtherLimits) {
    /** Everything in schema public, frozen, in shards of 128 KiB, two at once on each node. */
    public static PlanText of(String name, Databases databases) {
        return new PlanText(
                name,
                databases.toSource().port(),
                databases.source().name(),
                databases.toTarget().port(),
                databases.target().name(),
                "frozen",
                "tables",
                2,
                "128KiB",
                "64MiB",
                "");
    }

    public PlanText withConsistency(String mode) {
        return new PlanText(
                name,
                sourcePort,
                source,
                targetPort,
                target,
                mode,
                schema,
                workersPerNode,
                shardBytes,
                memoryPerNode,
                furtherLimits);
    }

    public PlanText withWorkersPerNode(int workers) {
        return new PlanText(
                name,
                sourcePort,
                source,
                targetPort,
                target,
                consistency,
                schema,
                workers,
                shardBytes,
                memoryPerNode,
                furtherLimits);
    }

    public PlanText withShardBytes(String bytes) {
        return new PlanText(
                name,
                sourcePort,
                source,
                targetPort,
                target,
                consistency,
                schema,
                workersPerNode,
                bytes,
                memoryPerNode,
                furtherLimits);
    }

    public PlanText withMemoryPerNode(String bytes) {
        return new PlanText(
                name,
                sourcePort,
                source,
                targetPort,
                target,
                consistency,
                schema,
                workersPerNode,
                shardBytes,
                bytes,
                furtherLimits);
    }

    public PlanText withSchema(String mode) {
        return new PlanText(
                name,
                sourcePort,
                source,
                targetPort,
                target,
                consistency,
                mode,
                workersPerNode,
                shardBytes,
                memoryPerNode,
                furtherLimits);
    }

    /** @param limit as the plan takes it: key and value */
    public PlanText withLimit(String limit) {
        return new PlanText(
                name,
                sourcePort,
                source,
                targetPort,
                target,
                consistency,
                schema,
                workersPerNode,
                shardBytes,
                memoryPerNode,
                furtherLimits + ", " + limit);
    }

    public String yaml() {
        return """
                apiVersion: godwit/v1
                kind: Migration
                name: %s
                source:
                  postgres: {host: 127.0.0.1, port: %d, database: %s, user: postgres, sslmode: disable}
                targets:
                  main:
                    postgres: {host: 127.0.0.1, port: %d, database: %s, user: postgres, sslmode: disable}
                consistency: %s
                include: ["public.*"]
                schema: %s
                limits: {workersPerNode: %d, shardBytes: %s, memoryPerNode: %s, sourceConnections: 40, targetConnections: 40%s}
                """.formatted(
                        name,
                        sourcePort,
                        source,
                        targetPort,
                        target,
                        consistency,
                        schema,
                        workersPerNode,
                        shardBytes,
                        memoryPerNode,
                        furtherLimits);
    }
}
