package dev.godwit.node.faults;

import dev.godwit.node.cluster.Api;
import dev.godwit.node.cluster.Database;
import dev.godwit.node.cluster.NodeJvm;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.net.http.HttpResponse;
import java.util.List;

/**
 * A plan as a user would write it, with any address on each side: also one that can't work.
 *
 * @param source address, as {@link #address} makes it
 * @param target likewise
 * @param include the list's items
 * @param leaveOut the list's items
 * @param limits the members of the mapping; empty for this class's own
 */
record PlanYaml(
        String name,
        String source,
        String target,
        String consistency,
        String schema,
        String include,
        String leaveOut,
        String limits) {
    static final long MEMORY_PER_NODE_BYTES = 16L << 20;

    private static final Api HTTP = new Api(List::of);

    /** Everything in schema public, frozen, in shards of 256 KiB, two at once on each node. */
    static PlanYaml of(String name, String source, String target) {
        return new PlanYaml(
                name,
                source,
                target,
                "frozen",
                "tables",
                "\"public.*\"",
                "",
                "workersPerNode: 2, shardBytes: 256KiB, memoryPerNode: 16MiB, sourceConnections: 16,"
                        + " targetConnections: 16");
    }

    static PlanYaml of(String name, Database source, Database target) {
        return of(name, address(source), address(target));
    }

    static String address(Database database) {
        return address(database.port(), database.name());
    }

    /** @param port of a proxy, perhaps */
    static String address(int port, String database) {
        return address(Database.HOST, port, database, Database.USER, "");
    }

    /** @param more further members, such as {@code password: {env: NAME}}; may be empty */
    static String address(String host, int port, String database, String user, String more) {
        return "{host: " + host + ", port: " + port + ", database: " + database + ", user: " + user
                + ", sslmode: disable" + (more.isEmpty() ? "" : ", " + more) + "}";
    }

    PlanYaml withConsistency(String mode) {
        return new PlanYaml(name, source, target, mode, schema, include, leaveOut, limits);
    }

    PlanYaml withSchema(String mode) {
        return new PlanYaml(name, source, target, consistency, mode, include, leaveOut, limits);
    }

    PlanYaml withInclude(String patterns) {
        return new PlanYaml(name, source, target, consistency, schema, patterns, leaveOut, limits);
    }

    PlanYaml withLeaveOut(String patterns) {
        return new PlanYaml(name, source, target, consistency, schema, include, patterns, limits);
    }

    PlanYaml withLimits(String members) {
        return new PlanYaml(name, source, target, consistency, schema, include, leaveOut, members);
    }

    String yaml() {
        return """
                apiVersion: godwit/v1
                kind: Migration
                name: %s
                source: {postgres: %s}
                targets: {main: {postgres: %s}}
                consistency: %s
                include: [%s]
                schema: %s
                leaveOut: [%s]
                limits: {%s}
                """.formatted(name, source, target, consistency, include, schema, leaveOut, limits);
    }

    /** Hands it in; whatever is answered is returned. */
    HttpResponse<String> submit(NodeJvm node) {
        return post(node, yaml());
    }

    static HttpResponse<String> post(NodeJvm node, String text) {
        try {
            return HTTP.send(node.http(), "POST", "/v1/migrations", text);
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        }
    }
}
