package dev.godwit.node.config;

import static dev.godwit.node.config.Section.require;
import static dev.godwit.node.config.Section.within;

/**
 * Where the node answers HTTP.
 *
 * @param host address to listen on
 * @param port TCP port; 0 for any free one, up to 65535
 */
public record HttpSettings(String host, int port) {
    public HttpSettings {
        require(!host.isBlank(), "godwit.http.host", "It is not set.", "Set an address to listen on.");
        within(port, 0, 65_535, "godwit.http.port");
    }
}
