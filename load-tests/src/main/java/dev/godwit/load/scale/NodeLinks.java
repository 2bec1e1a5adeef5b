package dev.godwit.load.scale;

import dev.godwit.load.cluster.GodwitNode;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.util.ArrayList;
import java.util.List;
import java.util.stream.IntStream;

/**
 * A network for nodes: each in a namespace of its own, with a link of bounded rate to a bridge of this machine, at which
 * the servers listen. Needs root, ip and tc (iproute2), and a kernel with namespaces, veth, bridges and tbf.
 *
 * <p>All names carry this process's number; what was made goes when it is closed, and when the process is interrupted.
 */
final class NodeLinks implements AutoCloseable {
    /** What a link may send at once, and how long a packet may wait for its turn. */
    private static final List<String> SHAPE = List.of("burst", "256kb", "latency", "50ms");

    private static final int FIRST_NODE = 10;

    private final String prefix = "gw" + ProcessHandle.current().pid();
    private final String bridge = prefix + "b";
    private final String network = "10.213." + ProcessHandle.current().pid() % 256 + ".";
    private final int links;
    private final Thread atInterruption = new Thread(this::remove);

    /**
     * @param links nodes that there may be; 1 or more
     * @param rate of each link and in each direction, as {@code tc} takes it
     * @throws IllegalStateException if this machine does not let it; nothing is left then
     */
    NodeLinks(int links, String rate) {
        this.links = links;
        Runtime.getRuntime().addShutdownHook(atInterruption);
        try {
            run("ip", "link", "add", bridge, "type", "bridge");
            run("ip", "address", "add", host() + "/24", "dev", bridge);
            run("ip", "link", "set", bridge, "up");
            for (int i = 0; i < links; i++) {
                link(i, rate);
            }
        } catch (IllegalStateException e) {
            close();
            throw e;
        }
    }

    private void link(int i, String rate) {
        String space = space(i);
        String inside = space + "i";
        run("ip", "netns", "add", space);
        run("ip", "link", "add", space, "type", "veth", "peer", "name", inside);
        run("ip", "link", "set", inside, "netns", space);
        run("ip", "link", "set", space, "master", bridge, "up");
        run("ip", "-n", space, "address", "add", address(i) + "/24", "dev", inside);
        run("ip", "-n", space, "link", "set", inside, "up");
        run("ip", "-n", space, "link", "set", "lo", "up");
        // Either end bounds what it sends.
        shape(List.of("tc"), space, rate);
        shape(List.of("tc", "-n", space), inside, rate);
    }

    private static void shape(List<String> tc, String device, String rate) {
        List<String> command = new ArrayList<>(tc);
        command.addAll(List.of("qdisc", "add", "dev", device, "root", "tbf", "rate", rate));
        command.addAll(SHAPE);
        run(command.toArray(String[]::new));
    }

    /** The address of this machine on the bridge. */
    String host() {
        return network + "1";
    }

    /** The places of the first so many nodes. */
    List<GodwitNode.Place> places(int count) {
        return IntStream.range(0, count)
                .mapToObj(i -> new GodwitNode.Place(address(i), List.of("ip", "netns", "exec", space(i))))
                .toList();
    }

    private String space(int i) {
        return prefix + "n" + i;
    }

    private String address(int i) {
        return network + (FIRST_NODE + i);
    }

    @Override
    public void close() {
        Runtime.getRuntime().removeShutdownHook(atInterruption);
        remove();
    }

    /** Removes all that there is of it; what was not made is no loss. */
    private void remove() {
        for (int i = 0; i < links; i++) {
            tryTo("ip", "link", "delete", space(i));
            tryTo("ip", "netns", "delete", space(i));
        }
        tryTo("ip", "link", "delete", bridge);
    }

    private static void tryTo(String... command) {
        try {
            run(command);
        } catch (IllegalStateException e) {
            // it was not there
        }
    }

    private static void run(String... command) {
        try {
            Process process =
                    new ProcessBuilder(command).redirectErrorStream(true).start();
            process.getOutputStream().close();
            String said = new String(process.getInputStream().readAllBytes(), StandardCharsets.UTF_8).strip();
            if (process.waitFor() != 0) {
                throw new IllegalStateException("the network of the nodes can't be made (it needs root, iproute2 and"
                        + " network namespaces): " + String.join(" ", command) + ": " + said);
            }
        } catch (IOException e) {
            throw new IllegalStateException(command[0] + " can't be run. Fix: install iproute2", e);
        } catch (InterruptedException e) {
            Thread.currentThread().interrupt();
            throw new IllegalStateException("interrupted", e);
        }
    }
}
