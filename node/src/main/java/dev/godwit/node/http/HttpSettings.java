package dev.godwit.node.http;

import java.time.Duration;
import java.util.Objects;

/**
 * Where the node's HTTP server listens, and its bounds.
 *
 * @param host name or address to listen on
 * @param port port to listen on, 0 to 65535; 0 takes any free port
 * @param maxConnections open connections, at least 1; further ones wait in the backlog
 * @param maxEventStreams open event streams, 1 to {@code maxConnections}; a further one is answered with 503
 * @param heartbeat how long an event stream is silent before it sends a comment; above zero
 * @param requestTimeout how long an answer may take before the caller gets 504; above zero
 * @param idleTimeout how long a connection may be silent in both directions, which is also how long a client that
 *     does not read its event stream is kept; longer than {@code heartbeat}
 * @param shutdownTimeout how long open requests are waited for when the node leaves; above zero
 */
public record HttpSettings(
        String host,
        int port,
        int maxConnections,
        int maxEventStreams,
        Duration heartbeat,
        Duration requestTimeout,
        Duration idleTimeout,
        Duration shutdownTimeout) {
    public HttpSettings {
        Objects.requireNonNull(host, "host");
        require(port >= 0 && port <= 65_535, "port must be 0 to 65535");
        require(maxConnections >= 1, "maxConnections must be at least 1");
        require(
                maxEventStreams >= 1 && maxEventStreams <= maxConnections,
                "maxEventStreams must be 1 to maxConnections");
        require(positive(heartbeat), "heartbeat must be above zero");
        require(positive(requestTimeout), "requestTimeout must be above zero");
        require(idleTimeout.compareTo(heartbeat) > 0, "idleTimeout must be longer than heartbeat");
        require(positive(shutdownTimeout), "shutdownTimeout must be above zero");
    }

    /** The usual bounds. */
    public static HttpSettings listeningOn(String host, int port) {
        return new HttpSettings(
                host,
                port,
                1_024,
                500,
                Duration.ofSeconds(10),
                Duration.ofSeconds(20),
                Duration.ofSeconds(60),
                Duration.ofSeconds(4));
    }

    private static boolean positive(Duration duration) {
        return duration.compareTo(Duration.ZERO) > 0;
    }

    private static void require(boolean holds, String message) {
        if (!holds) {
            throw new IllegalArgumentException(message);
        }
    }
}
