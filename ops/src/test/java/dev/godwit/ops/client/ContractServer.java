package dev.godwit.ops.client;

import com.sun.net.httpserver.HttpExchange;
import com.sun.net.httpserver.HttpServer;
import java.io.IOException;
import java.io.OutputStream;
import java.io.UncheckedIOException;
import java.net.InetSocketAddress;
import java.net.URI;
import java.nio.charset.StandardCharsets;
import java.util.List;
import java.util.Map;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.CopyOnWriteArrayList;
import java.util.concurrent.Executors;
import java.util.function.Function;

/** A node as the HTTP contract describes it: fixed answers by method and path, and the requests that came. */
public final class ContractServer implements AutoCloseable {
    private final HttpServer server;
    private final Map<String, Function<String, Reply>> answers = new ConcurrentHashMap<>();
    private final List<String> requests = new CopyOnWriteArrayList<>();

    /** An answer; its body's form follows from its status. */
    public record Reply(int status, String body) {}

    public ContractServer() {
        try {
            server = HttpServer.create(new InetSocketAddress("127.0.0.1", 0), 0);
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        }
        server.setExecutor(Executors.newCachedThreadPool(task -> {
            Thread thread = new Thread(task);
            thread.setDaemon(true);
            return thread;
        }));
        server.createContext("/", this::handle);
        server.start();
    }

    /** @param request for example {@code GET /v1/migrations}; the answer is made from the request's body */
    public ContractServer on(String request, Function<String, Reply> answer) {
        answers.put(request, answer);
        return this;
    }

    public ContractServer on(String request, int status, Object body) {
        String text = body instanceof String s ? s : Json.line(body);
        return on(request, sent -> new Reply(status, text));
    }

    public URI url() {
        return URI.create("http://127.0.0.1:" + server.getAddress().getPort());
    }

    public List<String> requests() {
        return requests;
    }

    private void handle(HttpExchange exchange) throws IOException {
        String sent = new String(exchange.getRequestBody().readAllBytes(), StandardCharsets.UTF_8);
        String request = exchange.getRequestMethod() + " " + exchange.getRequestURI();
        requests.add(request);
        Function<String, Reply> answer = answers.getOrDefault(
                request,
                body -> new Reply(404, problem("MIGRATION_NOT_FOUND", 404, "There is no such migration.", "")));
        Reply reply = answer.apply(sent);
        String type = request.endsWith("/events")
                ? "text/event-stream"
                : reply.status() < 400 ? "application/json" : "application/problem+json";
        exchange.getResponseHeaders().add("Content-Type", type);
        byte[] bytes = reply.body().getBytes(StandardCharsets.UTF_8);
        exchange.sendResponseHeaders(reply.status(), bytes.length == 0 ? -1 : bytes.length);
        try (OutputStream body = exchange.getResponseBody()) {
            body.write(bytes);
        }
    }

    public static String problem(String code, int status, String detail, String fix) {
        return Json.line(Map.of(
                "type", "urn:godwit:problem:" + code,
                "title", code,
                "status", status,
                "code", code,
                "detail", detail,
                "where", "here",
                "fix", fix,
                "problems", List.of()));
    }

    @Override
    public void close() {
        server.stop(0);
    }
}
