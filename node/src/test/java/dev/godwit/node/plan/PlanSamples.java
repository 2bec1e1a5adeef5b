package dev.godwit.node.plan;

/** Plans that several tests use. */
final class PlanSamples {
    /** Every key that most people need. */
    static final String SHOP = """
            apiVersion: godwit/v1
            kind: Migration
            name: shop
            source:
              postgres: {host: 127.0.0.1, port: 5432, database: shop, user: reader, password: {env: SHOP_PASSWORD}, sslmode: prefer}
            targets:
              main:
                postgres: {host: 127.0.0.1, port: 5433, database: shop, user: owner, password: {file: /run/secrets/shop}}
            consistency: snapshot        # frozen | snapshot | online
            include: ["public.*", "sales.orders"]
            exclude: ["public.audit_*"]
            schema: tables               # dump | tables | existing
            limits: {workersPerNode: 4, shardBytes: 128MiB, memoryPerNode: 256MiB, sourceConnections: 32, targetConnections: 32}
            """;

    /** The required keys alone, in eight lines. */
    static final String SMALLEST = """
            apiVersion: godwit/v1
            kind: Migration
            name: shop
            source:
              postgres: {host: 10.0.0.1, database: shop, user: reader}
            targets:
              main:
                postgres: {host: 10.0.0.2, database: shop, user: owner}
            """;

    private PlanSamples() {}

    /** The same with the source's address in lines of its own, and the given lines from line 9 on among them. */
    static String block(String lines) {
        return SMALLEST.replace(
                "  postgres: {host: 10.0.0.1, database: shop, user: reader}\n",
                "  postgres:\n    host: 10.0.0.1\n    database: shop\n    user: reader\n" + lines + "\n");
    }
}
