package dev.godwit.ops.demo;

import java.io.IOException;
import java.io.InputStream;
import java.io.UncheckedIOException;
import java.nio.charset.StandardCharsets;
import java.sql.Connection;
import java.sql.SQLException;
import java.sql.Statement;
import java.util.ArrayDeque;
import java.util.ArrayList;
import java.util.Deque;
import java.util.List;
import java.util.concurrent.Callable;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.Future;

/** The shop's data: made in the database, the same for the same scale each time. */
final class SampleData {
    private static final int PARALLEL = 2;
    private static final long KIB = 1024;

    /** The biggest first, so that the last one to be made is small. */
    private static final List<Part> PARTS = List.of(
            new Part("documents", 6, 2),
            new Part("events", 250_000, 10),
            new Part("order_items", 250_000, 10),
            new Part("orders", 250_000, 10),
            new Part("sessions", 180_000, 10),
            new Part("users", 100_000, 10),
            new Part("audit_log", 120_000, 10),
            new Part("products", 20_000, 10),
            new Part("ledger", 150_000, 10),
            new Part("types", 4_000, 40),
            new Part("notes", 10_000, 10));

    private final double scale;

    /**
     * @param script resource that makes it
     * @param rows at scale 1; order_items has orders here, and two rows for each
     * @param atLeast rows at the smallest scale
     */
    private record Part(String script, long rows, long atLeast) {}

    /** @param scale 1 for about 1.5 million rows */
    SampleData(double scale) {
        this.scale = scale;
    }

    /**
     * Makes what tables need and a migration does not bring along: schemas and types. For source and target.
     *
     * @param owner role that owns the schemas and types
     */
    static void createTypes(DemoServer server, String owner) throws SQLException {
        try (Connection connection = server.connect();
                Statement statement = connection.createStatement()) {
            statement.execute("SET ROLE " + owner);
            statement.execute(script("types-of-columns"));
        }
    }

    /** Makes and analyses all tables. */
    void create(DemoServer source, String owner) throws SQLException {
        try (Connection connection = source.connect();
                Statement statement = connection.createStatement()) {
            statement.execute("SET ROLE " + owner);
            statement.execute(script("functions"));
        }
        inParallel(
                source,
                PARTS.stream()
                        .map(part -> "SET ROLE " + owner + ";\n" + filled(part) + ";\nRESET ROLE")
                        .toList());
        try (Connection connection = source.connect();
                Statement statement = connection.createStatement()) {
            statement.execute("DROP SCHEMA sample CASCADE");
            statement.execute("VACUUM (ANALYZE)");
        }
    }

    private String filled(Part part) {
        long rows = Math.max(part.atLeast(), Math.round(part.rows() * scale));
        // rows of 5 to 20 MB; a tiny data set has smaller ones
        long unit = Math.max(64 * KIB, Math.round(Math.min(1, scale) * 5_000 * KIB));
        return script(part.script()).replace("${rows}", Long.toString(rows)).replace("${unit}", Long.toString(unit));
    }

    private static void inParallel(DemoServer source, List<String> scripts) throws SQLException {
        Deque<String> waiting = new ArrayDeque<>(scripts);
        Callable<Void> worker = () -> {
            try (Connection connection = source.connect();
                    Statement statement = connection.createStatement()) {
                for (String script = next(waiting); script != null; script = next(waiting)) {
                    statement.execute(script);
                }
                return null;
            }
        };
        ExecutorService threads = Executors.newFixedThreadPool(PARALLEL);
        try {
            List<Future<Void>> running = new ArrayList<>();
            for (int i = 0; i < PARALLEL; i++) {
                running.add(threads.submit(worker));
            }
            for (Future<Void> one : running) {
                one.get();
            }
        } catch (ExecutionException e) {
            if (e.getCause() instanceof SQLException cause) {
                throw cause;
            }
            throw new IllegalStateException(e.getCause());
        } catch (InterruptedException e) {
            Thread.currentThread().interrupt();
            throw new IllegalStateException("interrupted", e);
        } finally {
            threads.shutdownNow();
        }
    }

    private static String next(Deque<String> waiting) {
        synchronized (waiting) {
            return waiting.poll();
        }
    }

    private static String script(String name) {
        try (InputStream stream = SampleData.class.getResourceAsStream(name + ".sql")) {
            return new String(stream.readAllBytes(), StandardCharsets.UTF_8);
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        }
    }
}
