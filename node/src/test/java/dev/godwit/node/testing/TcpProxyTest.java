package dev.godwit.node.testing;

import static java.nio.charset.StandardCharsets.UTF_8;
import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.awaitility.Awaitility.await;

import java.io.IOException;
import java.net.InetAddress;
import java.net.ServerSocket;
import java.net.Socket;
import java.net.SocketTimeoutException;
import java.time.Duration;
import java.util.Random;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;

/** The proxy in front of a server that answers every byte with itself. */
class TcpProxyTest {
    private ServerSocket echo;
    private TcpProxy proxy;

    @BeforeEach
    void start() throws IOException {
        echo = new ServerSocket(0, 50, InetAddress.getLoopbackAddress());
        Thread server = new Thread(this::serve, "echo");
        server.setDaemon(true);
        server.start();
        proxy = new TcpProxy(echo.getInetAddress().getHostAddress(), echo.getLocalPort());
    }

    @AfterEach
    void stop() throws IOException {
        proxy.close();
        echo.close();
    }

    private void serve() {
        while (!echo.isClosed()) {
            try {
                Socket socket = echo.accept();
                Thread answers = new Thread(
                        () -> {
                            try (socket) {
                                socket.getInputStream().transferTo(socket.getOutputStream());
                            } catch (IOException e) {
                                // The client is gone.
                            }
                        },
                        "echo-answers");
                answers.setDaemon(true);
                answers.start();
            } catch (IOException e) {
                return;
            }
        }
    }

    private Socket client() throws IOException {
        Socket socket = new Socket(proxy.host(), proxy.port());
        socket.setSoTimeout(10_000);
        return socket;
    }

    private static void send(Socket socket, String text) throws IOException {
        socket.getOutputStream().write(text.getBytes(UTF_8));
    }

    private static String receive(Socket socket, int bytes) throws IOException {
        return new String(socket.getInputStream().readNBytes(bytes), UTF_8);
    }

    private static void isSilent(Socket socket) throws IOException {
        socket.setSoTimeout(300);
        assertThatThrownBy(() -> socket.getInputStream().read()).isInstanceOf(SocketTimeoutException.class);
        socket.setSoTimeout(10_000);
    }

    private static void isCut(Socket socket) {
        try {
            assertThat(socket.getInputStream().read()).isEqualTo(-1);
        } catch (SocketTimeoutException e) {
            throw new AssertionError("the connection is still open", e);
        } catch (IOException e) {
            // Reset: cut as well.
        }
    }

    @Test
    void passes_every_byte_unchanged() throws Exception {
        byte[] bytes = new byte[3_000_000];
        new Random(7).nextBytes(bytes);
        try (Socket socket = client()) {
            Thread writer = new Thread(() -> {
                try {
                    socket.getOutputStream().write(bytes);
                } catch (IOException e) {
                    throw new IllegalStateException(e);
                }
            });
            writer.start();
            assertThat(socket.getInputStream().readNBytes(bytes.length)).isEqualTo(bytes);
            writer.join();
        }
        await().until(() -> proxy.open() == 0);
        assertThat(proxy.bytesToServer()).isEqualTo(bytes.length);
        assertThat(proxy.bytesToClients()).isEqualTo(bytes.length);
        assertThat(proxy.accepted()).isEqualTo(1);
    }

    @Test
    void cuts_what_is_open_and_passes_what_comes_later() throws Exception {
        try (Socket first = client()) {
            send(first, "a");
            assertThat(receive(first, 1)).isEqualTo("a");
            proxy.cutAll();
            isCut(first);
        }
        try (Socket second = client()) {
            send(second, "b");
            assertThat(receive(second, 1)).isEqualTo("b");
        }
    }

    @Test
    void refuses_new_connections_and_leaves_open_ones_alone() throws Exception {
        try (Socket first = client()) {
            send(first, "a");
            assertThat(receive(first, 1)).isEqualTo("a");
            proxy.refuse();
            try (Socket second = client()) {
                isCut(second);
            }
            send(first, "b");
            assertThat(receive(first, 1)).isEqualTo("b");
        }
    }

    @Test
    void holds_bytes_back_until_they_may_pass() throws Exception {
        try (Socket socket = client()) {
            proxy.hold();
            send(socket, "abc");
            isSilent(socket);
            proxy.pass();
            assertThat(receive(socket, 3)).isEqualTo("abc");
        }
    }

    @Test
    void slows_bytes_down() throws Exception {
        proxy.rate(20_000);
        try (Socket socket = client()) {
            long began = System.nanoTime();
            send(socket, "x".repeat(10_000));
            receive(socket, 10_000);
            assertThat(Duration.ofNanos(System.nanoTime() - began))
                    .isBetween(Duration.ofMillis(450), Duration.ofSeconds(8));
        }
    }

    @Test
    void cuts_before_a_marker_that_comes_in_pieces() throws Exception {
        proxy.cutBefore("aab");
        try (Socket socket = client()) {
            for (String piece : new String[] {"xa", "a", "a"}) {
                send(socket, piece);
                assertThat(receive(socket, piece.length())).isEqualTo(piece);
            }
            assertThat(proxy.sprung()).isFalse();
            send(socket, "b");
            isCut(socket);
        }
        assertThat(proxy.sprung()).isTrue();
        assertThat(proxy.bytesToServer()).isEqualTo(4);
    }

    @Test
    void cuts_after_the_server_has_answered_a_marker() throws Exception {
        proxy.cutAfterAnswerTo("end");
        try (Socket socket = client();
                Socket other = client()) {
            send(socket, "the end");
            isCut(socket);
            send(other, "the end");
            assertThat(receive(other, 7)).isEqualTo("the end");
        }
        assertThat(proxy.bytesToServer()).isEqualTo(14);
    }

    @Test
    void drops_the_answers_after_a_marker_and_nothing_else() throws Exception {
        proxy.dropAnswersAfter("end");
        try (Socket socket = client()) {
            send(socket, "the end");
            isSilent(socket);
            send(socket, "more");
            isSilent(socket);
        }
        await().until(() -> proxy.bytesToServer() == 11);
    }

    @Test
    void cuts_around_the_request_that_follows_a_marker() throws Exception {
        proxy.cutBeforeNext("end");
        try (Socket socket = client()) {
            send(socket, "the end");
            assertThat(receive(socket, 7)).isEqualTo("the end");
            assertThat(proxy.sprung()).isFalse();
            send(socket, "more");
            isCut(socket);
        }
        assertThat(proxy.sprung()).isTrue();
        assertThat(proxy.bytesToServer()).isEqualTo(7);

        proxy.cutAfterAnswerToNext("end");
        try (Socket socket = client()) {
            send(socket, "the end");
            assertThat(receive(socket, 7)).isEqualTo("the end");
            send(socket, "more");
            isCut(socket);
        }
        assertThat(proxy.bytesToServer()).isEqualTo(18);
    }
}
