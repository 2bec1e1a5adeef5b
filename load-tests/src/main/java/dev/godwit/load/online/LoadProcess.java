package dev.godwit.load.online;

import dev.godwit.load.Workspace;
import dev.godwit.load.cluster.GodwitNode;
import dev.godwit.load.cluster.NodeTestClasses;
import dev.godwit.load.postgres.BenchServer;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Collection;
import java.util.List;
import java.util.concurrent.TimeUnit;

/** What writes the source, in a JVM of its own: it stands beside the node's tests, which use it too. Closing it kills it. */
final class LoadProcess implements AutoCloseable {
    private static final String MAIN = "dev.godwit.node.online.WriteLoadProcess";
    private static final int ENDS_WITHIN_SECONDS = 120;

    private final Process process;

    private LoadProcess(Process process) {
        this.process = process;
    }

    /** Makes the tables and fills them. */
    static void create(Workspace workspace, BenchServer server, String database, int rows) {
        try (LoadProcess load = start(workspace, "create", address(server, database), Integer.toString(rows))) {
            load.end();
        }
    }

    /**
     * Begins to write.
     *
     * @param rows as it was created with
     * @param hanging writers whose commits hang, beside the others
     */
    static LoadProcess write(
            Workspace workspace, BenchServer server, String database, int rows, long seed, int writers, int hanging) {
        return start(
                workspace,
                "write",
                address(server, database),
                Integer.toString(rows),
                Long.toString(seed),
                Integer.toString(writers),
                Integer.toString(hanging),
                "5");
    }

    /** In which rows two databases differ, in words. */
    static String compare(
            Workspace workspace,
            BenchServer source,
            String sourceDatabase,
            BenchServer target,
            String targetDatabase,
            Collection<String> tables) {
        List<String> arguments =
                new ArrayList<>(List.of("compare", address(source, sourceDatabase), address(target, targetDatabase)));
        arguments.addAll(tables);
        try (LoadProcess load = start(workspace, arguments.toArray(String[]::new))) {
            return load.end();
        }
    }

    private static String address(BenchServer server, String database) {
        return server.port() + "/" + database + "/" + BenchServer.ROLE;
    }

    private static LoadProcess start(Workspace workspace, String... arguments) {
        List<String> command = new ArrayList<>(List.of(
                Path.of(System.getProperty("java.home"), "bin", "java").toString(),
                "-Xmx256m",
                "-XX:+UseSerialGC",
                "-cp",
                NodeTestClasses.path(workspace.home()),
                MAIN));
        command.addAll(List.of(arguments));
        ProcessBuilder builder = new ProcessBuilder(command)
                .redirectError(ProcessBuilder.Redirect.appendTo(
                        workspace.directory().resolve("load.log").toFile()));
        builder.environment().put(GodwitNode.PASSWORD_VARIABLE, workspace.password());
        try {
            Process process = builder.start();
            Runtime.getRuntime().addShutdownHook(new Thread(process::destroyForcibly));
            return new LoadProcess(process);
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        }
    }

    /**
     * Tells it to end, and waits.
     *
     * @return what it said
     */
    String end() {
        try {
            process.getOutputStream().close();
            String said = new String(process.getInputStream().readAllBytes(), StandardCharsets.UTF_8);
            if (!process.waitFor(ENDS_WITHIN_SECONDS, TimeUnit.SECONDS) || process.exitValue() != 0) {
                throw new IllegalStateException("the write load has failed; keep its log by --keep. It said: " + said);
            }
            return said;
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        } catch (InterruptedException e) {
            Thread.currentThread().interrupt();
            throw new IllegalStateException("interrupted", e);
        }
    }

    @Override
    public void close() {
        process.destroyForcibly();
    }
}
