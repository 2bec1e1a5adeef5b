package dev.godwit.load.carrier;

import dev.godwit.load.measure.ProcessorTime;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import java.util.concurrent.TimeUnit;
import java.util.regex.Pattern;
import java.util.stream.IntStream;

/** Command lines of peers, run by bash: how long they take, how they end, and of what they complain. */
final class Commands {
    private static final long WITHIN_HOURS = 2;
    private static final int COMPLAINT_LINES = 4;
    private static final int COMPLAINT_CHARACTERS = 300;

    /** How these programs write that something went wrong; some of them end with 0 all the same. */
    private static final Pattern COMPLAINT = Pattern.compile("\\b(ERROR|FATAL|PANIC|CRITICAL)\\b|: error: ");

    /** Not a line of a log, which begins with the time. */
    private static final Pattern VERSION = Pattern.compile("^[a-z_]+ .*\\d+\\.\\d+");

    private final Route route;
    private final Path log;

    /** @param run the name of the log, to which all that they say is appended */
    Commands(Route route, String run) {
        this.route = route;
        try {
            this.log = Files.createDirectories(route.workspace().directory().resolve("peers"))
                    .resolve(run + ".log");
        } catch (IOException e) {
            throw new IllegalStateException("no directory could be made for logs", e);
        }
    }

    /**
     * Runs steps one after the other, the commands of each at once, and measures them together.
     *
     * @throws IllegalStateException if one failed or complained
     */
    Carried carry(List<List<String>> steps) {
        Meter meter = new Meter(route, ProcessorTime::ofEndedChildren);
        Meter.Reading before = meter.read();
        steps.forEach(this::run);
        Spent spent = meter.read().since(before);
        complaint().ifPresent(said -> {
            throw new IllegalStateException("complained: " + said);
        });
        return new Carried(spent, spent, 0, 0);
    }

    /** Runs commands at once and waits for all of them. */
    void run(List<String> commands) {
        List<Process> running = new ArrayList<>();
        try {
            for (String command : commands) {
                running.add(start(command));
            }
            for (Process process : running) {
                if (!process.waitFor(WITHIN_HOURS, TimeUnit.HOURS)) {
                    throw new IllegalStateException("did not end in " + WITHIN_HOURS + " hours");
                }
                if (process.exitValue() != 0) {
                    throw new IllegalStateException("ended with code " + process.exitValue() + ": " + lastWords());
                }
            }
        } catch (InterruptedException e) {
            throw interrupted(e);
        } finally {
            running.forEach(process -> {
                process.descendants().forEach(ProcessHandle::destroyForcibly);
                process.destroyForcibly();
            });
        }
    }

    /**
     * What a program says of its version: the first line that has one.
     *
     * @throws IllegalStateException if it is not installed
     */
    static String version(String program) {
        return output(program, "--version")
                .lines()
                .filter(line -> VERSION.matcher(line).find())
                .findFirst()
                .orElse(program);
    }

    /**
     * All that a program prints when it is asked about itself.
     *
     * @throws IllegalStateException if it is not installed
     */
    static String output(String... command) {
        try {
            Process process =
                    new ProcessBuilder(command).redirectErrorStream(true).start();
            process.getOutputStream().close();
            String output = new String(process.getInputStream().readAllBytes(), StandardCharsets.UTF_8);
            process.waitFor();
            return output;
        } catch (IOException e) {
            throw new IllegalStateException(
                    command[0] + " can't be run. Fix: install it, or leave it out by --peers", e);
        } catch (InterruptedException e) {
            throw interrupted(e);
        }
    }

    private static IllegalStateException interrupted(InterruptedException e) {
        Thread.currentThread().interrupt();
        return new IllegalStateException("interrupted", e);
    }

    private Process start(String command) {
        ProcessBuilder builder = new ProcessBuilder("bash", "-c", "set -o pipefail; " + command)
                .redirectErrorStream(true)
                .redirectOutput(ProcessBuilder.Redirect.appendTo(log.toFile()));
        builder.environment().put("PGPASSWORD", route.workspace().password());
        builder.environment().put("PGOPTIONS", "-c statement_timeout=0");
        try {
            return builder.start();
        } catch (IOException e) {
            throw new IllegalStateException("bash could not be started", e);
        }
    }

    private String lastWords() {
        List<String> lines = lines();
        return complaint().orElse(lines.isEmpty() ? "without a word" : lines.get(lines.size() - 1));
    }

    /** The first complaint, with what stands below it, since some programs break it into lines. */
    private Optional<String> complaint() {
        List<String> lines = lines();
        return IntStream.range(0, lines.size())
                .filter(i -> COMPLAINT.matcher(lines.get(i)).find())
                .mapToObj(i -> String.join(" ", lines.subList(i, Math.min(lines.size(), i + COMPLAINT_LINES))))
                .map(said -> said.substring(0, Math.min(said.length(), COMPLAINT_CHARACTERS)))
                .findFirst();
    }

    private List<String> lines() {
        try {
            return new String(Files.readAllBytes(log), StandardCharsets.UTF_8)
                    .lines()
                    .map(String::strip)
                    .filter(line -> !line.isEmpty())
                    .toList();
        } catch (IOException e) {
            return List.of();
        }
    }
}
