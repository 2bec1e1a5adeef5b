package dev.godwit.node.postgres;

import java.io.ByteArrayOutputStream;
import java.io.File;
import java.io.IOException;
import java.io.InputStream;
import java.nio.charset.StandardCharsets;
import java.time.Duration;
import java.util.ArrayDeque;
import java.util.Deque;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.concurrent.TimeUnit;

/**
 * One run of {@code pg_dump} or {@code pg_restore}: bounded in time and in what is kept of its output. A thread that is
 * interrupted while it waits ends the program.
 */
final class ClientProgram {
    private static final Duration TIME_TO_END = Duration.ofSeconds(5);
    private static final int COMPLAINTS = 40;
    private static final int LONGEST_COMPLAINT = 2_000;
    private static final int BUFFER = 1 << 16;

    /** How a run ended. */
    enum End {
        EXITED,
        TIMED_OUT,
        INTERRUPTED,
        TOO_MUCH_OUTPUT
    }

    /**
     * @param exit the program's exit code; only where it exited by itself
     * @param output all of its standard output; empty where it did not exit by itself
     * @param complaints the last lines that begin with the program's own name on standard error, without that name.
     *     Statements and details that follow an error begin otherwise and are left out
     */
    record Outcome(End end, int exit, byte[] output, List<String> complaints) {
        boolean isGood() {
            return end == End.EXITED && exit == 0;
        }
    }

    private ClientProgram() {}

    /**
     * Variables for a program's environment, to be added to: none of the node's own that libpq would read. Messages are
     * in English, as far as they are the program's own.
     */
    static Map<String, String> environment() {
        Map<String, String> environment = new HashMap<>();
        environment.put("LC_ALL", "C");
        environment.put("HOME", System.getProperty("user.home"));
        for (String name : List.of("PATH", "LD_LIBRARY_PATH", "TMPDIR")) {
            if (System.getenv(name) != null) {
                environment.put(name, System.getenv(name));
            }
        }
        return environment;
    }

    /**
     * Runs it to its end.
     *
     * @param environment all of it
     * @param most bytes of standard output to take at most
     * @throws IOException where it can't be started
     */
    static Outcome run(List<String> command, Map<String, String> environment, Duration limit, int most)
            throws IOException {
        ProcessBuilder builder = new ProcessBuilder(command).redirectInput(new File("/dev/null"));
        builder.environment().clear();
        builder.environment().putAll(environment);
        Process process = builder.start();
        Output output = new Output(process, most);
        Complaints complaints = new Complaints(process, new File(command.get(0)).getName() + ": ");
        Thread out = started(output, "output of a client program");
        Thread err = started(complaints, "complaints of a client program");
        End end = End.EXITED;
        try {
            if (!process.waitFor(limit.toMillis(), TimeUnit.MILLISECONDS)) {
                end = End.TIMED_OUT;
            }
            stop(process);
            out.join(TIME_TO_END.toMillis());
            err.join(TIME_TO_END.toMillis());
        } catch (InterruptedException e) {
            stop(process);
            Thread.currentThread().interrupt();
            return new Outcome(End.INTERRUPTED, -1, new byte[0], complaints.lines());
        }
        if (output.tooMuch) {
            end = End.TOO_MUCH_OUTPUT;
        }
        boolean exited = end == End.EXITED && output.complete;
        return new Outcome(
                end, exited ? process.exitValue() : -1, exited ? output.bytes() : new byte[0], complaints.lines());
    }

    private static Thread started(Runnable work, String name) {
        Thread thread = new Thread(work, name);
        thread.setDaemon(true);
        thread.start();
        return thread;
    }

    /** The programs tell the server on SIGTERM to cancel what it does for them. */
    private static void stop(Process process) {
        if (!process.isAlive()) {
            return;
        }
        process.destroy();
        boolean interrupted = Thread.interrupted();
        try {
            process.waitFor(TIME_TO_END.toMillis(), TimeUnit.MILLISECONDS);
        } catch (InterruptedException e) {
            interrupted = true;
        }
        process.destroyForcibly();
        if (interrupted) {
            Thread.currentThread().interrupt();
        }
    }

    /** Takes standard output; ends the program that writes too much. */
    private static final class Output implements Runnable {
        private final Process process;
        private final int most;
        private final ByteArrayOutputStream bytes = new ByteArrayOutputStream();
        private volatile boolean tooMuch;
        private volatile boolean complete;

        Output(Process process, int most) {
            this.process = process;
            this.most = most;
        }

        @Override
        public void run() {
            byte[] buffer = new byte[BUFFER];
            try (InputStream in = process.getInputStream()) {
                for (int read = in.read(buffer); read >= 0; read = in.read(buffer)) {
                    if (read > most - bytes.size()) {
                        tooMuch = true;
                        process.destroy();
                        return;
                    }
                    bytes.write(buffer, 0, read);
                }
                complete = true;
            } catch (IOException e) {
                // The program was ended; what there is of its output is not used.
            }
        }

        byte[] bytes() {
            return bytes.toByteArray();
        }
    }

    /** Takes standard error to its end and keeps the program's own last lines. */
    private static final class Complaints implements Runnable {
        private final Process process;
        private final String prefix;
        private final Deque<String> kept = new ArrayDeque<>();
        private final ByteArrayOutputStream line = new ByteArrayOutputStream();

        Complaints(Process process, String prefix) {
            this.process = process;
            this.prefix = prefix;
        }

        @Override
        public void run() {
            byte[] buffer = new byte[BUFFER];
            try (InputStream in = process.getErrorStream()) {
                for (int read = in.read(buffer); read >= 0; read = in.read(buffer)) {
                    for (int i = 0; i < read; i++) {
                        take(buffer[i]);
                    }
                }
            } catch (IOException e) {
                // The program was ended.
            }
            take((byte) '\n');
        }

        private void take(byte next) {
            if (next != '\n') {
                if (line.size() < LONGEST_COMPLAINT) {
                    line.write(next);
                }
                return;
            }
            String text = line.toString(StandardCharsets.UTF_8);
            line.reset();
            if (text.startsWith(prefix)) {
                synchronized (kept) {
                    kept.add(text.substring(prefix.length()));
                    if (kept.size() > COMPLAINTS) {
                        kept.remove();
                    }
                }
            }
        }

        List<String> lines() {
            synchronized (kept) {
                return List.copyOf(kept);
            }
        }
    }
}
