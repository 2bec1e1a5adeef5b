package dev.godwit.node.cluster;

import java.io.BufferedReader;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.net.URI;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.TimeoutException;
import java.util.regex.Matcher;
import java.util.regex.Pattern;

/**
 * One node in a JVM of its own, a child of this one, with this one's class path and free ports. Its standard error goes
 * to a file. Those that live when this JVM ends are killed.
 */
public final class NodeJvm implements AutoCloseable {
    private static final Pattern READY = Pattern.compile("godwit node ready on (http://\\S+)");
    private static final Duration STARTS_WITHIN = Duration.ofSeconds(120);
    private static final Duration DIES_WITHIN = Duration.ofSeconds(30);
    private static final Set<Process> STARTED = ConcurrentHashMap.newKeySet();

    static {
        Runtime.getRuntime()
                .addShutdownHook(
                        new Thread(() -> STARTED.forEach(Process::destroyForcibly), "end-of-the-nodes-of-tests"));
    }

    private final String name;
    private final Process process;
    private final Path log;
    private final StringBuffer output = new StringBuffer();
    private final CompletableFuture<URI> ready = new CompletableFuture<>();

    private NodeJvm(String name, Process process, Path log) {
        this.name = name;
        this.process = process;
        this.log = log;
    }

    /**
     * Starts a node and returns at once.
     *
     * @param name of the node in messages and of its log
     * @param heap largest heap as {@code -Xmx} takes it
     * @param settings system properties of the node
     * @param log gets standard error
     */
    public static NodeJvm start(String name, String heap, Map<String, String> settings, Path log) {
        List<String> command = new ArrayList<>(List.of(
                Path.of(System.getProperty("java.home"), "bin", "java").toString(),
                "-Xmx" + heap,
                "-XX:+ExitOnOutOfMemoryError",
                // Many JVMs start on few processors: what costs least until they have ended.
                "-XX:+UseSerialGC",
                "-XX:TieredStopAtLevel=1",
                "-Xshare:auto"));
        if (Runtime.version().feature() >= 24) {
            command.add("--sun-misc-unsafe-memory-access=allow");
        }
        settings.forEach((key, value) -> command.add("-D" + key + "=" + value));
        command.addAll(List.of("-cp", System.getProperty("java.class.path"), "dev.godwit.node.boot.Main", "node"));
        try {
            Files.createDirectories(log.getParent());
            Process process = new ProcessBuilder(command)
                    .redirectError(ProcessBuilder.Redirect.appendTo(log.toFile()))
                    .start();
            STARTED.add(process);
            process.getOutputStream().close();
            NodeJvm node = new NodeJvm(name, process, log);
            Thread reader = new Thread(node::readOutput, "output-of-" + name);
            reader.setDaemon(true);
            reader.start();
            return node;
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        }
    }

    private void readOutput() {
        try (BufferedReader lines = process.inputReader(StandardCharsets.UTF_8)) {
            for (String line = lines.readLine(); line != null; line = lines.readLine()) {
                output.append(line).append('\n');
                Matcher matcher = READY.matcher(line);
                if (matcher.find()) {
                    ready.complete(URI.create(matcher.group(1)));
                }
            }
        } catch (IOException e) {
            // The process is gone: the line below says so.
        }
        ready.completeExceptionally(new IllegalStateException(name + " ended before it was ready"));
    }

    /** Waits for the line on standard output that says that the node is a member and serves. */
    public NodeJvm awaitReady() {
        try {
            ready.get(STARTS_WITHIN.toSeconds(), TimeUnit.SECONDS);
            return this;
        } catch (ExecutionException | TimeoutException e) {
            throw new AssertionError(this + " is not ready; its log ends:\n" + logEnd(), e);
        } catch (InterruptedException e) {
            throw interrupted(e);
        }
    }

    public String name() {
        return name;
    }

    public long pid() {
        return process.pid();
    }

    public boolean alive() {
        return process.isAlive();
    }

    /** Whether it has said that it is ready, and lives. */
    public boolean serves() {
        return alive() && ready.isDone() && !ready.isCompletedExceptionally();
    }

    /** Of a node that is ready. */
    public URI http() {
        return ready.join();
    }

    /** kill -9; returns when the process is gone. */
    public void kill() {
        process.destroyForcibly();
        awaitExit(DIES_WITHIN);
    }

    /** kill -TERM: the node drains and leaves. Returns at once. */
    public void terminate() {
        signal("TERM");
    }

    /** kill -STOP: it stands still, its connections stay open. */
    public void freeze() {
        signal("STOP");
    }

    /** kill -CONT. */
    public void thaw() {
        signal("CONT");
    }

    /** By the program and not by the shell's builtin, which is not there without a shell. */
    private void signal(String signal) {
        try {
            Process kill = new ProcessBuilder("kill", "-" + signal, Long.toString(pid()))
                    .redirectErrorStream(true)
                    .start();
            String output = new String(kill.getInputStream().readAllBytes(), StandardCharsets.UTF_8);
            if (kill.waitFor() != 0) {
                throw new IllegalStateException("kill -" + signal + " of " + this + ": " + output);
            }
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        } catch (InterruptedException e) {
            throw interrupted(e);
        }
    }

    /**
     * Waits for the end of the process.
     *
     * @return its exit code; 128 and the signal's number if a signal ended it
     */
    public int awaitExit(Duration atMost) {
        try {
            if (!process.waitFor(atMost.toMillis(), TimeUnit.MILLISECONDS)) {
                throw new AssertionError(this + " lives on after " + atMost + "; its log ends:\n" + logEnd());
            }
            return process.exitValue();
        } catch (InterruptedException e) {
            throw interrupted(e);
        }
    }

    private static IllegalStateException interrupted(InterruptedException e) {
        Thread.currentThread().interrupt();
        return new IllegalStateException(e);
    }

    /** All that it has logged so far. */
    public String log() {
        try {
            return Files.readString(log);
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        }
    }

    /** All that it has written to standard output so far. */
    public String output() {
        return output.toString();
    }

    private String logEnd() {
        String all = log();
        return all.substring(Math.max(0, all.length() - 6_000));
    }

    /** Kills it, if it lives. */
    @Override
    public void close() {
        kill();
        STARTED.remove(process);
    }

    @Override
    public String toString() {
        return name + " (pid " + pid() + ", " + log + ")";
    }
}
