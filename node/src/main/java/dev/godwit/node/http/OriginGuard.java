package dev.godwit.node.http;

import dev.godwit.protocol.error.ErrorCode;
import dev.godwit.protocol.error.Problem;
import java.net.InetAddress;
import java.net.UnknownHostException;
import java.util.Locale;
import java.util.Optional;
import java.util.regex.Pattern;
import org.apache.pekko.http.javadsl.model.HttpHeader;
import org.apache.pekko.http.javadsl.model.HttpMethods;
import org.apache.pekko.http.javadsl.model.HttpRequest;

/**
 * Keeps other web sites' pages, which run in the browser of somebody who can reach this node, from using it.
 *
 * <ul>
 *   <li>Where the node listens on loopback only, {@code Host} must name loopback: a page whose own name was rebound to
 *       127.0.0.1 still sends its own name. This holds for reading too.
 *   <li>A request that is not GET or HEAD must not come from another origin: where {@code Origin} is sent it must be
 *       this node as {@code Host} names it, and {@code Sec-Fetch-Site} must not be {@code cross-site} or
 *       {@code same-site}.
 * </ul>
 *
 * Programs send neither {@code Origin} nor {@code Sec-Fetch-Site}. This is no authentication.
 */
final class OriginGuard {
    private static final Pattern LOOPBACK_HOST =
            Pattern.compile("(localhost|127(\\.\\d{1,3}){3}|\\[::1])(:\\d{1,5})?", Pattern.CASE_INSENSITIVE);

    private final boolean loopbackOnly;

    OriginGuard(boolean loopbackOnly) {
        this.loopbackOnly = loopbackOnly;
    }

    /** Whether a server that listens on this name or address is reached from its own machine only. */
    static boolean isLoopback(String host) {
        try {
            return InetAddress.getByName(host).isLoopbackAddress();
        } catch (UnknownHostException e) {
            return false;
        }
    }

    /** Why the request is refused; empty if it is not. */
    Optional<Problem> refusal(HttpRequest request) {
        String host = header(request, "Host").orElse("");
        if (loopbackOnly && !LOOPBACK_HOST.matcher(host).matches()) {
            return refuse(
                    "This node listens on loopback only, and the Host header does not name loopback.",
                    "Use http://127.0.0.1 or http://localhost, or let the node listen on another address (godwit.http.host).");
        }
        boolean reads =
                request.method().equals(HttpMethods.GET) || request.method().equals(HttpMethods.HEAD);
        if (!reads && (isForeign(header(request, "Origin"), host) || isCrossSite(header(request, "Sec-Fetch-Site")))) {
            return refuse(
                    "The request comes from a page of another origin.",
                    "Send it from the node's own page, from the command line, or without an Origin header.");
        }
        return Optional.empty();
    }

    private static boolean isForeign(Optional<String> origin, String host) {
        return origin.isPresent()
                && !origin.get().equalsIgnoreCase("http://" + host)
                && !origin.get().equalsIgnoreCase("https://" + host);
    }

    private static boolean isCrossSite(Optional<String> fetchSite) {
        String site = fetchSite.orElse("").toLowerCase(Locale.ROOT);
        return site.equals("cross-site") || site.equals("same-site");
    }

    private static Optional<String> header(HttpRequest request, String name) {
        return request.getHeader(name).map(HttpHeader::value);
    }

    private static Optional<Problem> refuse(String what, String fix) {
        return Optional.of(new Problem(ErrorCode.REQUEST_REFUSED, what, "", fix));
    }
}
