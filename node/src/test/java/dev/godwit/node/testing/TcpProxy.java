package dev.godwit.node.testing;

import java.io.IOException;
import java.io.InputStream;
import java.io.OutputStream;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.net.ServerSocket;
import java.net.Socket;
import java.nio.charset.StandardCharsets;
import java.util.Set;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicLong;
import java.util.concurrent.locks.Condition;
import java.util.concurrent.locks.ReentrantLock;

/**
 * A network that can be broken: passes bytes between clients and one server, unchanged, until it is told otherwise.
 * Listens on a free port of the loopback address if not told otherwise. All methods may be called from any thread and take effect on
 * connections that are open as well as on later ones, {@link #cutAll} excepted.
 */
public final class TcpProxy implements AutoCloseable {
    private static final int PIECE = 16 * 1024;
    private static final long UNLIMITED = Long.MAX_VALUE;

    private final InetSocketAddress server;
    private final ServerSocket listener;
    private final Set<Link> links = ConcurrentHashMap.newKeySet();
    private final AtomicLong accepted = new AtomicLong();
    private final AtomicLong bytesToServer = new AtomicLong();
    private final AtomicLong bytesToClients = new AtomicLong();
    private final ReentrantLock lock = new ReentrantLock();
    private final Condition changed = lock.newCondition();
    private boolean held;
    private boolean refusing;
    private boolean closed;
    private long bytesPerSecond = UNLIMITED;
    private Trap trap;
    private boolean sprung;

    /** Starts to listen. */
    public TcpProxy(String host, int port) {
        this(InetAddress.getLoopbackAddress(), 0, host, port);
    }

    /**
     * Starts to listen at a place of the caller's choice, such as the server's own port at another loopback address.
     *
     * @param listenPort 0 for any free one
     */
    public TcpProxy(InetAddress listen, int listenPort, String host, int port) {
        this.server = new InetSocketAddress(host, port);
        try {
            this.listener = new ServerSocket(listenPort, 200, listen);
        } catch (IOException e) {
            throw new IllegalStateException("no free port", e);
        }
        start("accept", this::accept);
    }

    /**
     * What is to happen when a client has sent certain bytes. Taken by the first client that sends them.
     *
     * @param next whether it springs with the client's next request only: what it sends after the server has answered
     */
    private record Trap(byte[] marker, Spring spring, boolean next) {}

    private enum Spring {
        CUT_BEFORE,
        CUT_AFTER_ANSWER,
        DROP_ANSWERS
    }

    public String host() {
        return listener.getInetAddress().getHostAddress();
    }

    public int port() {
        return listener.getLocalPort();
    }

    /** Everything passes again: nothing is held, refused or slowed, and no trap is set. What was held goes on its way. */
    public void pass() {
        change(() -> {
            held = false;
            refusing = false;
            bytesPerSecond = UNLIMITED;
            trap = null;
        });
    }

    /** Closes every open connection on both sides. Later ones pass. */
    public void cutAll() {
        links.forEach(Link::cut);
    }

    /** Closes every new connection at once; those that are open go on. */
    public void refuse() {
        change(() -> refusing = true);
    }

    /** A black hole: connections stay open, and new ones are accepted, but no byte goes through until {@link #pass}. */
    public void hold() {
        change(() -> held = true);
    }

    /** Slows each direction of each connection down to so many bytes per second; 1 or more. */
    public void rate(long bytes) {
        change(() -> bytesPerSecond = bytes);
    }

    /**
     * The next client that sends these bytes: they reach the server, and of the server's answers none comes through
     * from then on. The connection stays open.
     */
    public void dropAnswersAfter(String marker) {
        set(marker, Spring.DROP_ANSWERS, false);
    }

    /**
     * The next client that sends these bytes: they reach the server, and once the server answers, the answer is thrown
     * away and the connection closed on both sides. So the server has surely done what it was asked.
     */
    public void cutAfterAnswerTo(String marker) {
        set(marker, Spring.CUT_AFTER_ANSWER, false);
    }

    /**
     * {@link #cutAfterAnswerTo} for the request that follows the one with these bytes. For a COMMIT, say what the
     * statement before it holds: the driver prepares COMMIT, so the word itself is sent once per session only.
     */
    public void cutAfterAnswerToNext(String marker) {
        set(marker, Spring.CUT_AFTER_ANSWER, true);
    }

    /** The next client that sends these bytes: the piece with the last of them does not reach the server, and both sides are closed. */
    public void cutBefore(String marker) {
        set(marker, Spring.CUT_BEFORE, false);
    }

    /** {@link #cutBefore} for the request that follows the one with these bytes, see {@link #cutAfterAnswerToNext}. */
    public void cutBeforeNext(String marker) {
        set(marker, Spring.CUT_BEFORE, true);
    }

    private void set(String marker, Spring spring, boolean next) {
        byte[] bytes = marker.getBytes(StandardCharsets.UTF_8);
        if (bytes.length == 0) {
            throw new IllegalArgumentException("a marker has at least one byte");
        }
        change(() -> {
            trap = new Trap(bytes, spring, next);
            sprung = false;
        });
    }

    /** Whether the trap that was set last has sprung. */
    public boolean sprung() {
        lock.lock();
        try {
            return sprung;
        } finally {
            lock.unlock();
        }
    }

    /** Connections that are open now. */
    public int open() {
        return links.size();
    }

    /** Connections that clients made so far. */
    public long accepted() {
        return accepted.get();
    }

    public long bytesToServer() {
        return bytesToServer.get();
    }

    public long bytesToClients() {
        return bytesToClients.get();
    }

    @Override
    public void close() {
        change(() -> closed = true);
        closeQuietly(listener);
        cutAll();
    }

    private void change(Runnable change) {
        lock.lock();
        try {
            change.run();
            changed.signalAll();
        } finally {
            lock.unlock();
        }
    }

    private void accept() {
        while (true) {
            Socket client;
            try {
                client = listener.accept();
            } catch (IOException e) {
                return;
            }
            accepted.incrementAndGet();
            start("link", () -> link(client));
        }
    }

    private void link(Socket client) {
        Socket upstream = new Socket();
        Link link = new Link(client, upstream);
        links.add(link);
        try {
            if (refusesOrIsClosed()) {
                link.cut();
                return;
            }
            upstream.connect(server, 5_000);
            client.setTcpNoDelay(true);
            upstream.setTcpNoDelay(true);
        } catch (IOException e) {
            link.cut();
            return;
        }
        start("answers", link::answers);
        link.requests();
    }

    private boolean refusesOrIsClosed() {
        lock.lock();
        try {
            return refusing || closed;
        } finally {
            lock.unlock();
        }
    }

    /** Returns once bytes may go on: at once, or after a hold; slows the caller down to the rate. */
    private void admit(int bytes, Link link) throws InterruptedException {
        lock.lock();
        try {
            while (held && !link.cut) {
                changed.await();
            }
            long nanos = bytesPerSecond == UNLIMITED ? 0 : TimeUnit.SECONDS.toNanos(bytes) / bytesPerSecond;
            while (nanos > 0 && bytesPerSecond != UNLIMITED && !link.cut) {
                nanos = changed.awaitNanos(nanos);
            }
            while (held && !link.cut) {
                changed.await();
            }
        } finally {
            lock.unlock();
        }
    }

    private static void start(String name, Runnable task) {
        Thread thread = new Thread(task, "tcp-proxy-" + name);
        thread.setDaemon(true);
        thread.start();
    }

    private static void closeQuietly(AutoCloseable closeable) {
        try {
            closeable.close();
        } catch (Exception e) {
            // It is to be gone, and it is.
        }
    }

    /** One client's connection. */
    private final class Link {
        private final Socket client;
        private final Socket upstream;
        private volatile boolean cut;
        private volatile Spring springing;
        private Trap watched;
        private Trap taken;
        private boolean answered;
        private int matched;

        Link(Socket client, Socket upstream) {
            this.client = client;
            this.upstream = upstream;
        }

        void cut() {
            cut = true;
            links.remove(this);
            closeQuietly(client);
            closeQuietly(upstream);
            change(() -> {});
        }

        void requests() {
            byte[] piece = new byte[PIECE];
            try {
                InputStream in = client.getInputStream();
                OutputStream out = upstream.getOutputStream();
                for (int n = in.read(piece); n >= 0; n = in.read(piece)) {
                    admit(n, this);
                    if (springs(piece, n) && springing == Spring.CUT_BEFORE) {
                        break;
                    }
                    out.write(piece, 0, n);
                    bytesToServer.addAndGet(n);
                }
            } catch (IOException e) {
                // One side is gone, so is the other.
            } catch (InterruptedException e) {
                Thread.currentThread().interrupt();
            }
            cut();
        }

        void answers() {
            byte[] piece = new byte[PIECE];
            try {
                InputStream in = upstream.getInputStream();
                OutputStream out = client.getOutputStream();
                for (int n = in.read(piece); n >= 0; n = in.read(piece)) {
                    admit(n, this);
                    change(() -> answered = true);
                    if (springing == Spring.CUT_AFTER_ANSWER) {
                        break;
                    } else if (springing == null) {
                        out.write(piece, 0, n);
                        bytesToClients.addAndGet(n);
                    }
                }
            } catch (IOException e) {
                // One side is gone, so is the other.
            } catch (InterruptedException e) {
                Thread.currentThread().interrupt();
            }
            cut();
        }

        /**
         * Whether the trap springs with this piece. The marker may come in several pieces; the first link that sees all
         * of it takes the trap.
         */
        private boolean springs(byte[] piece, int n) {
            lock.lock();
            try {
                if (springing != null) {
                    return false;
                }
                if (taken == null && !sees(piece, n) || taken.next() && !answered) {
                    return false;
                }
                springing = taken.spring();
                sprung = true;
                return true;
            } finally {
                lock.unlock();
            }
        }

        private boolean sees(byte[] piece, int n) {
            if (trap != watched) {
                watched = trap;
                matched = 0;
            }
            for (int i = 0; i < n && trap != null; i++) {
                matched = advance(trap.marker(), matched, piece[i]);
                if (matched == trap.marker().length) {
                    taken = trap;
                    trap = null;
                    answered = false;
                    return true;
                }
            }
            return false;
        }

        /** The longest beginning of the marker that the bytes end with, now that one more has come. */
        private static int advance(byte[] marker, int matched, byte next) {
            int length = matched;
            while (length >= 0) {
                if (marker[length] == next && endsWith(marker, matched, length)) {
                    return length + 1;
                }
                length--;
            }
            return 0;
        }

        /** Whether the first {@code matched} bytes of the marker end with its first {@code length} bytes. */
        private static boolean endsWith(byte[] marker, int matched, int length) {
            for (int i = 0; i < length; i++) {
                if (marker[matched - length + i] != marker[i]) {
                    return false;
                }
            }
            return true;
        }
    }
}
