package dev.godwit.ops.command;

import dev.godwit.ops.Main;
import dev.godwit.ops.view.Terminal;
import java.io.ByteArrayOutputStream;
import java.io.PrintStream;
import java.nio.charset.StandardCharsets;
import java.util.Map;

/**
 * A command that was run, not on a terminal.
 *
 * @param exitCode that it returned
 * @param out what it wrote to standard output
 * @param err what it wrote to standard error
 */
public record Recorded(int exitCode, String out, String err) {
    public static Recorded run(Map<String, String> environment, String... args) {
        ByteArrayOutputStream out = new ByteArrayOutputStream();
        ByteArrayOutputStream err = new ByteArrayOutputStream();
        Terminal terminal = new Terminal(
                new PrintStream(out, true, StandardCharsets.UTF_8),
                new PrintStream(err, true, StandardCharsets.UTF_8),
                0,
                0,
                environment);
        int exitCode = Main.run(terminal, args);
        return new Recorded(exitCode, out.toString(StandardCharsets.UTF_8), err.toString(StandardCharsets.UTF_8));
    }
}
