package dev.godwit.ops.view;

import java.io.PrintStream;
import java.nio.charset.StandardCharsets;
import java.util.Map;

/**
 * Where the command line writes to, and what it knows of its surroundings. Data goes to {@code out}, everything else to
 * {@code err}.
 *
 * @param out standard output
 * @param err standard error
 * @param outColumns width of the terminal that {@code out} is, in characters; 0 if it is not a terminal
 * @param errColumns the same of {@code err}
 * @param environment environment variables
 */
public record Terminal(
        PrintStream out, PrintStream err, int outColumns, int errColumns, Map<String, String> environment) {
    public Terminal {
        environment = Map.copyOf(environment);
    }

    /** The process's own. The script that starts it says what is a terminal, since Java can't ask for each stream. */
    public static Terminal ofProcess() {
        return new Terminal(
                new PrintStream(new java.io.FileOutputStream(java.io.FileDescriptor.out), true, StandardCharsets.UTF_8),
                new PrintStream(new java.io.FileOutputStream(java.io.FileDescriptor.err), true, StandardCharsets.UTF_8),
                Integer.getInteger("godwit.stdout.columns", 0),
                Integer.getInteger("godwit.stderr.columns", 0),
                System.getenv());
    }

    /** Colours for standard output; plain if it is not a terminal or the user set NO_COLOR. */
    public Style outStyle() {
        return new Style(outColumns > 0 && coloursWanted());
    }

    /** Colours for standard error, likewise. */
    public Style errStyle() {
        return new Style(errColumns > 0 && coloursWanted());
    }

    /** Whether standard error may be redrawn in place. */
    public boolean errRedraws() {
        return errColumns > 0 && !"dumb".equals(environment.get("TERM"));
    }

    private boolean coloursWanted() {
        return environment.getOrDefault("NO_COLOR", "").isEmpty() && !"dumb".equals(environment.get("TERM"));
    }
}
