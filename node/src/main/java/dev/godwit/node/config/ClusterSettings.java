package dev.godwit.node.config;

import static dev.godwit.node.config.Section.require;
import static dev.godwit.node.config.Section.within;

import java.util.List;

/**
 * How other nodes reach this one.
 *
 * @param host name or address under which the other nodes reach this node, and on which it listens
 * @param port TCP port; 0 for any free one, up to 65535
 * @param roles what this node is for, shown in the cluster; may be empty
 */
public record ClusterSettings(String host, int port, List<String> roles) {
    public ClusterSettings {
        require(!host.isBlank(), "godwit.cluster.host", "It is not set.", "Set a name or address that nodes reach.");
        within(port, 0, 65_535, "godwit.cluster.port");
        roles = List.copyOf(roles);
        require(
                roles.stream().noneMatch(role -> role.isBlank() || role.startsWith("dc-")),
                "godwit.cluster.roles",
                "A role is blank or starts with dc-, which Pekko keeps for itself.",
                "Use other names.");
    }
}
