package dev.godwit.ops;

import dev.godwit.ops.command.GodwitCommand;
import dev.godwit.ops.command.ProblemReporter;
import dev.godwit.ops.view.Terminal;
import picocli.CommandLine;

/** The {@code godwit} command. */
public final class Main {
    private Main() {}

    public static void main(String[] args) {
        System.exit(run(Terminal.ofProcess(), args));
    }

    /** Runs a command on the process's own terminal. Returns its exit code: DESIGN.md section 7. */
    public static int run(String... args) {
        return run(Terminal.ofProcess(), args);
    }

    /** Runs a command; returns its exit code. */
    public static int run(Terminal terminal, String... args) {
        CommandLine.Help.Ansi ansi =
                terminal.outStyle().colours() ? CommandLine.Help.Ansi.ON : CommandLine.Help.Ansi.OFF;
        ProblemReporter reporter = new ProblemReporter(terminal);
        return new CommandLine(new GodwitCommand(terminal))
                .setOut(new java.io.PrintWriter(terminal.out(), true))
                .setErr(new java.io.PrintWriter(terminal.err(), true))
                .setColorScheme(CommandLine.Help.defaultColorScheme(ansi))
                .setCaseInsensitiveEnumValuesAllowed(true)
                .setExecutionExceptionHandler(reporter)
                .setParameterExceptionHandler(reporter)
                .execute(args);
    }
}
