package dev.godwit.load.cluster;

import dev.godwit.load.Workspace;
import dev.godwit.load.postgres.BenchServer;
import java.io.BufferedReader;
import java.io.IOException;
import java.net.URI;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.TimeoutException;
import java.util.regex.Matcher;
import java.util.regex.Pattern;

/** One node's process, started by the script {@code godwit}, which gives its place to the node. */
public final class GodwitNode implements AutoCloseable {
    /** Environment variable of the password that all servers of a run share. */
    public static final String PASSWORD_VARIABLE = "GODWIT_LOAD_PASSWORD";

    private static final Pattern READY = Pattern.compile("godwit node ready on (http://\\S+)");
    private static final long READY_WITHIN_SECONDS = 120;
    private static final long ENDS_WITHIN_SECONDS = 40;

    private final Process process;
    private final Path log;
    private final long startedNanos = System.nanoTime();
    private final CompletableFuture<URI> ready = new CompletableFuture<>();

    private GodwitNode(Process process, Path log) {
        this.process = process;
        this.log = log;
    }

    /**
     * How nodes of a run are started.
     *
     * @param home Godwit's directory
     * @param server holds the state store
     * @param database of the state store
     * @param heap largest heap, as {@code -Xmx} takes it
     * @param logs directory of the logs
     */
    public record Settings(Path home, BenchServer server, String database, String password, String heap, Path logs) {
        /** Of the nodes of a benchmark that runs one cluster. */
        public static Settings of(Workspace workspace, BenchServer server, String database, String heap) {
            return new Settings(
                    workspace.home(),
                    server,
                    database,
                    workspace.password(),
                    heap,
                    workspace.directory().resolve("nodes"));
        }
    }

    /**
     * Where a node runs.
     *
     * @param host its address, for other nodes and for HTTP
     * @param within what comes before the command; empty, or a program that runs it with a network of its own
     */
    public record Place(String host, List<String> within) {
        /** Beside the benchmark. */
        public static final Place HERE = new Place("127.0.0.1", List.of());
    }

    /** @param name of its log */
    public static GodwitNode start(Settings settings, String name) {
        return start(settings, name, Place.HERE);
    }

    /** @param name of its log */
    public static GodwitNode start(Settings settings, String name, Place place) {
        try {
            Files.createDirectories(settings.logs());
            Path log = settings.logs().resolve(name + ".log");
            List<String> command = new ArrayList<>(place.within());
            command.addAll(List.of(
                    settings.home().resolve("godwit").toString(),
                    "node",
                    "--state-store-host=" + settings.server().host(),
                    "--state-store-port=" + settings.server().port(),
                    "--state-store-database=" + settings.database(),
                    "--state-store-user=" + BenchServer.ROLE,
                    "--state-store-password-env=" + PASSWORD_VARIABLE,
                    "--state-store-sslmode=disable",
                    "--cluster-host=" + place.host(),
                    "--http-host=" + place.host(),
                    "--http-port=0",
                    "--heap=" + settings.heap()));
            ProcessBuilder builder =
                    new ProcessBuilder(command).redirectError(ProcessBuilder.Redirect.appendTo(log.toFile()));
            builder.environment().put(PASSWORD_VARIABLE, settings.password());
            GodwitNode node = new GodwitNode(builder.start(), log);
            Thread reader = new Thread(node::readOutput, "node-" + name);
            reader.setDaemon(true);
            reader.start();
            // A benchmark that is interrupted leaves no node behind.
            Runtime.getRuntime().addShutdownHook(new Thread(node::kill));
            return node;
        } catch (IOException e) {
            throw new IllegalStateException("a node could not be started", e);
        }
    }

    private void readOutput() {
        try (BufferedReader lines = process.inputReader(StandardCharsets.UTF_8)) {
            for (String line = lines.readLine(); line != null; line = lines.readLine()) {
                Matcher matcher = READY.matcher(line);
                if (matcher.find()) {
                    ready.complete(URI.create(matcher.group(1)));
                }
            }
        } catch (IOException e) {
            // the process is gone: the line below says so
        }
        ready.completeExceptionally(new IllegalStateException("ended before it was ready"));
    }

    /** Waits until it is ready. */
    public URI http() {
        try {
            return ready.get(READY_WITHIN_SECONDS, TimeUnit.SECONDS);
        } catch (ExecutionException | TimeoutException e) {
            throw new IllegalStateException("a node did not get ready; its log is " + log, e);
        } catch (InterruptedException e) {
            Thread.currentThread().interrupt();
            throw new IllegalStateException("interrupted", e);
        }
    }

    public boolean alive() {
        return process.isAlive();
    }

    public long pid() {
        return process.pid();
    }

    public Path log() {
        return log;
    }

    /** Since when it runs, by {@link System#nanoTime}. */
    public long startedNanos() {
        return startedNanos;
    }

    /** SIGKILL. */
    public void kill() {
        process.destroyForcibly();
    }

    /** SIGTERM, and waits for the end. */
    @Override
    public void close() {
        process.destroy();
        try {
            if (!process.waitFor(ENDS_WITHIN_SECONDS, TimeUnit.SECONDS)) {
                process.destroyForcibly().waitFor();
            }
        } catch (InterruptedException e) {
            process.destroyForcibly();
            Thread.currentThread().interrupt();
        }
    }
}
