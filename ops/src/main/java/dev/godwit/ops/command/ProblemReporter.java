package dev.godwit.ops.command;

import dev.godwit.ops.client.Json;
import dev.godwit.ops.client.RefusedException;
import dev.godwit.ops.view.Answer;
import dev.godwit.ops.view.StatusText;
import dev.godwit.ops.view.Terminal;
import dev.godwit.protocol.error.ErrorCode;
import dev.godwit.protocol.error.GodwitException;
import dev.godwit.protocol.error.Problem;
import java.util.List;
import picocli.CommandLine;
import picocli.CommandLine.ParseResult;
import picocli.CommandLine.UnmatchedArgumentException;

/** The one place where a failure becomes words on standard error and an exit code. */
public final class ProblemReporter
        implements CommandLine.IExecutionExceptionHandler, CommandLine.IParameterExceptionHandler {
    private static final String DEBUG = "GODWIT_DEBUG";

    private final Terminal terminal;

    public ProblemReporter(Terminal terminal) {
        this.terminal = terminal;
    }

    @Override
    public int handleExecutionException(Exception failure, CommandLine command, ParseResult parsed) {
        if (failure instanceof CommandLine.ParameterException usage) {
            return handleParseException(usage, new String[0]);
        }
        if (!terminal.environment().getOrDefault(DEBUG, "").isEmpty()) {
            failure.printStackTrace(terminal.err());
        }
        List<Problem> problems = problems(failure);
        boolean json = answer(command) != Answer.TEXT;
        StatusText text = new StatusText(terminal.errStyle());
        for (Problem problem : problems) {
            if (json) {
                terminal.err().println(Json.line(problem));
            } else {
                text.problem(problem).forEach(terminal.err()::println);
            }
        }
        return problems.get(0).code().exitCode();
    }

    private static Answer answer(CommandLine command) {
        Object verb = command.getCommand();
        return verb instanceof Verb known ? known.answer() : Answer.TEXT;
    }

    /** An unforeseen failure is told by its type alone: its message may hold anything. */
    private static List<Problem> problems(Exception failure) {
        if (failure instanceof RefusedException refused) {
            return refused.problems();
        }
        if (failure instanceof GodwitException known) {
            return List.of(known.problem());
        }
        return List.of(new Problem(
                ErrorCode.INTERNAL,
                "The command failed unexpectedly: " + failure.getClass().getName() + ".",
                "",
                "Report this as a bug; " + DEBUG + "=1 shows where it happened."));
    }

    @Override
    public int handleParseException(CommandLine.ParameterException failure, String[] args) {
        CommandLine command = failure.getCommandLine();
        StatusText text = new StatusText(terminal.errStyle());
        Problem problem = new Problem(
                ErrorCode.USAGE,
                failure.getMessage(),
                "",
                "See '" + command.getCommandSpec().qualifiedName() + " --help'.");
        text.problem(problem).forEach(terminal.err()::println);
        UnmatchedArgumentException.printSuggestions(failure, command.getErr());
        command.getErr().flush();
        return ErrorCode.USAGE.exitCode();
    }
}
