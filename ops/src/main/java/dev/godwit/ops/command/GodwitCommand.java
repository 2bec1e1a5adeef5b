package dev.godwit.ops.command;

import dev.godwit.ops.cluster.Installation;
import dev.godwit.ops.view.Terminal;
import picocli.CommandLine.Command;
import picocli.CommandLine.Model.CommandSpec;
import picocli.CommandLine.ParameterException;
import picocli.CommandLine.Spec;

/** The root: it only knows its surroundings and its verbs. */
@Command(
        name = "godwit",
        description = "Moves a PostgreSQL database of any size into another one, on a cluster of equal nodes.",
        version = "godwit 0.1.0",
        mixinStandardHelpOptions = true,
        synopsisSubcommandLabel = "VERB",
        subcommands = {
            DemoCommand.class,
            CheckCommand.class,
            RunCommand.class,
            NodeCommand.class,
            ApplyCommand.class,
            StatusCommand.class,
            PauseCommand.class,
            ResumeCommand.class,
            SyncCommand.class,
            CompleteCommand.class,
            CancelCommand.class
        },
        exitCodeListHeading = "%nExit codes:%n",
        exitCodeList = {
            "0:done",
            "1:failure",
            "2:usage",
            "3:plan invalid",
            "6:source",
            "7:target",
            "9:rows of source and target differ",
            "10:not yet in step, when the time was up",
            "11:conflict: a name that is taken, a target that is not empty, an action that does not fit",
            "12:not allowed",
            "130:interrupted and resumable"
        },
        footer = {"", "Start with: godwit demo"})
public final class GodwitCommand implements Runnable {
    private final Terminal terminal;

    @Spec
    private CommandSpec spec;

    public GodwitCommand(Terminal terminal) {
        this.terminal = terminal;
    }

    Terminal terminal() {
        return terminal;
    }

    Installation installation() {
        return Installation.find(terminal.environment());
    }

    @Override
    public void run() {
        throw new ParameterException(spec.commandLine(), "Missing verb.");
    }
}
