package dev.godwit.ops.cluster;

import dev.godwit.protocol.error.ErrorCode;
import dev.godwit.protocol.error.GodwitException;
import java.io.BufferedReader;
import java.io.IOException;
import java.net.URI;
import java.nio.charset.StandardCharsets;
import java.nio.file.Path;
import java.util.List;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.TimeUnit;
import java.util.regex.Matcher;
import java.util.regex.Pattern;

/** One node's process, a child of this one. Its ports are its own choice; it says its URL when it is ready. */
public final class NodeProcess {
    private static final Pattern READY = Pattern.compile("godwit node ready on (http://\\S+)");

    private final int number;
    private final Process process;
    private final Path log;
    private final CompletableFuture<URI> ready = new CompletableFuture<>();

    private NodeProcess(int number, Process process, Path log) {
        this.number = number;
        this.process = process;
        this.log = log;
    }

    /**
     * @param number 1 for the first of a cluster
     * @param log gets the node's standard error
     */
    static NodeProcess start(int number, List<String> command, Path log) {
        try {
            Process process = new ProcessBuilder(command)
                    .redirectError(ProcessBuilder.Redirect.appendTo(log.toFile()))
                    .start();
            process.getOutputStream().close();
            NodeProcess node = new NodeProcess(number, process, log);
            Thread reader = new Thread(node::readOutput, "godwit-node-" + number + "-output");
            reader.setDaemon(true);
            reader.start();
            return node;
        } catch (IOException e) {
            throw new GodwitException(
                    ErrorCode.INTERNAL,
                    "A node's process could not be started.",
                    log.toString(),
                    "See the log's directory.");
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
        ready.completeExceptionally(new IllegalStateException("node " + number + " ended before it was ready"));
    }

    public int number() {
        return number;
    }

    public long pid() {
        return process.pid();
    }

    public boolean alive() {
        return process.isAlive();
    }

    /** Completed with the node's URL when it is ready, exceptionally if it ends before. */
    CompletableFuture<URI> ready() {
        return ready;
    }

    /** Whether it has said that it is ready; it may have ended since. */
    boolean isReady() {
        return ready.isDone() && !ready.isCompletedExceptionally();
    }

    /** Exit code of a process whose output has ended, so that it is about to end too; -1 if it does not. */
    int awaitExitCode() {
        try {
            return process.waitFor(2, TimeUnit.SECONDS) ? process.exitValue() : -1;
        } catch (InterruptedException e) {
            Thread.currentThread().interrupt();
            return -1;
        }
    }

    /** The URL of a node that is ready. */
    public URI http() {
        return ready.join();
    }

    public Path log() {
        return log;
    }

    /** Completed with this node when its process has ended. */
    CompletableFuture<NodeProcess> ended() {
        return process.onExit().thenApply(p -> this);
    }

    /** Exit code of a process that has ended; 128 and the signal's number if a signal ended it. */
    public int exitCode() {
        return process.exitValue();
    }

    /** SIGKILL: the node has no time to say good-bye. */
    public void kill() {
        process.destroyForcibly();
    }

    /** SIGTERM: the node finishes or gives back its shards and leaves. */
    void terminate() {
        process.destroy();
    }

    /** Waits for the end; after {@code seconds} the process is killed. */
    void awaitEnd(long seconds) {
        try {
            if (!process.waitFor(seconds, TimeUnit.SECONDS)) {
                process.destroyForcibly();
                process.waitFor(seconds, TimeUnit.SECONDS);
            }
        } catch (InterruptedException e) {
            process.destroyForcibly();
            Thread.currentThread().interrupt();
        }
    }

    @Override
    public String toString() {
        return "node " + number + " (pid " + pid() + ")";
    }
}
