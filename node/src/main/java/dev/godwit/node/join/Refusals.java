package dev.godwit.node.join;

import java.io.IOException;
import java.net.ConnectException;
import java.net.InetSocketAddress;
import java.nio.channels.AsynchronousSocketChannel;
import java.time.Duration;
import java.util.Collection;
import java.util.HashSet;
import java.util.LinkedHashMap;
import java.util.Map;
import java.util.Set;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.Future;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.TimeoutException;
import org.apache.pekko.actor.Address;
import org.apache.pekko.actor.AddressFromURIString;

/** Tells which addresses refuse a TCP connection: nothing listens there. Silence and every other error prove nothing. */
final class Refusals {
    private Refusals() {}

    /** Asks all at once and waits for at most {@code timeout} in all. */
    static Set<String> among(Collection<String> addresses, Duration timeout) throws InterruptedException {
        Map<AsynchronousSocketChannel, String> channels = new LinkedHashMap<>();
        Map<AsynchronousSocketChannel, Future<Void>> connects = new LinkedHashMap<>();
        Set<String> refusing = new HashSet<>();
        try {
            for (String address : addresses) {
                InetSocketAddress place = place(address);
                if (!place.isUnresolved()) {
                    AsynchronousSocketChannel channel = AsynchronousSocketChannel.open();
                    channels.put(channel, address);
                    connects.put(channel, channel.connect(place));
                }
            }
            long deadline = System.nanoTime() + timeout.toNanos();
            for (Map.Entry<AsynchronousSocketChannel, Future<Void>> connect : connects.entrySet()) {
                if (refused(connect.getValue(), deadline - System.nanoTime())) {
                    refusing.add(channels.get(connect.getKey()));
                }
            }
        } catch (IOException e) {
            // No socket to be had on this node: nothing more is learnt now.
            return refusing;
        } finally {
            channels.keySet().forEach(Refusals::close);
        }
        return refusing;
    }

    private static boolean refused(Future<Void> connect, long nanos) throws InterruptedException {
        try {
            connect.get(Math.max(0, nanos), TimeUnit.NANOSECONDS);
            return false;
        } catch (ExecutionException e) {
            return e.getCause() instanceof ConnectException;
        } catch (TimeoutException e) {
            return false;
        }
    }

    private static InetSocketAddress place(String address) {
        Address parsed = AddressFromURIString.parse(address);
        return new InetSocketAddress(
                parsed.getHost().orElse(""), parsed.getPort().orElse(0));
    }

    private static void close(AsynchronousSocketChannel channel) {
        try {
            channel.close();
        } catch (IOException e) {
            // It was only a question.
        }
    }
}
