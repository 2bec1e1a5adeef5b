package dev.godwit.node.join;

import java.util.List;

/**
 * What a node tells of itself.
 *
 * @param address its address in the cluster, as Pekko writes it: {@code pekko://godwit@host:port}
 * @param roles what it is for
 * @param version version of Godwit that it runs
 * @param httpUrl base URL of its HTTP interface; empty if it has none
 */
public record Registration(String address, List<String> roles, String version, String httpUrl) {
    public Registration {
        roles = List.copyOf(roles);
    }
}
